"""Durations that the package chooses. Limits that Slack sets are constants in the modules that keep to them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Durations in seconds."""

    # -- connection
    ping_interval: float = 10.0  #: between two pings of a Socket Mode connection
    loss_noticed: float = 4.0  #: within which a closed connection is replaced
    hello_timeout: float = 20.0  #: for a new connection to say hello
    replace_after: float = 600.0  #: without any event until a connection is replaced, though it answers pings
    reconnect_first: float = 1.0  #: the first pause between two tries to connect
    reconnect_longest: float = 60.0
    rate_limit_patience: float = 20.0  #: that a call may wait for its turn before it is refused as delayed
    feature_retry: float = 6 * 3600.0  #: until a feature that a workspace refused is tried again
    feature_doubt: float = 600.0  #: for which a refusal that may be a passing trouble is remembered
    response_timeout: float = 10.0  #: of a request to a `response_url`

    # -- installations
    token_renewal: float = 120 * 60.0  #: before a token expires, when it is renewed in the background
    token_last_moment: float = 60.0  #: before a token expires, when the renewal is waited for
    token_retry: float = 30.0  #: until a renewal that Slack refused is tried again
    installation_lifetime: float = 60.0  #: of a cached installation: another process may have renewed its token

    # -- inbound
    user_lifetime: float = 3600.0  #: of what Slack said about a user
    admin_lifetime: float = 60.0  #: the same of an administrator, who may be none any more: no event tells
    user_retry: float = 60.0  #: until a failed lookup of a user is repeated
    groups_patience: float = 5.0  #: that an administrator's question about somebody waits for the user groups
    user_patience: float = 1.0  #: that an event waits for a lookup before it goes on without
    groups_lifetime: float = 900.0  #: of what Slack said about user groups; changes are reported meanwhile
    groups_retry: float = 60.0  #: until a failed read of user groups is repeated
    groups_pause: float = 3.0  #: between two reads of user groups that change: Slack allows 20 a minute
    double_press: float = 3.0  #: within which a second press of the same button by the same person is the same press
    #: Pauses before looks whether another process has recorded the other copy of a mention; Slack waits three seconds.
    mention_looks: tuple[float, ...] = (0.1, 0.4)
    late_event: float = 5.0  #: age of a message from which replies to it may have come before it
    position_interval: float = 30.0  #: between two notes that events are received
    #: Without events until it is read what was missed: Slack sends an event again for five minutes.
    absence: float = 240.0
    absence_before_start: float = 60.0  #: the same before a process began
    missed_reach: float = 86400.0  #: age of the oldest missed message that is answered
    missed_retry: float = 1.0  #: first pause before a channel that could not be read is read again; it doubles
    interaction_patience: float = 1.5  #: for one call while Slack waits three seconds for an acknowledgement

    # -- outbound
    edit_interval: float = 1.0  #: between two edits of an answer
    status_interval: float = 8.0  #: between two statuses of an answer
    announce_delay: float = 0.35  #: until the first status; an answer that is there sooner needs none
    status_lifetime: float = 20.0  #: during which the same status is not sent again; Slack removes it after 120
    status_patience: float = 2.0  #: that an answer waits for a status on its way
    #: Pauses between two tries to remove a status.
    status_removals: tuple[float, ...] = (1.0, 5.0, 20.0, 60.0, 60.0)
    card_after: float = 15.0  #: of a job until it is shown as a card, where it reports no progress
    stream_lifetime: float = 220.0  #: of a stream, then its message is edited instead; Slack ends it at about 300
    #: After the last message that an earlier try may have sent, until its absence from the history is believed: Slack
    #: shows messages late, and a process that died may have had one on its way.
    late_messages: float = 3.5
    in_flight: float = 1.0  #: of a post, after which its process confirms once more that the answer is its own
    duplicate_checks: tuple[float, ...] = (3.5, 10.0, 30.0, 120.0)  #: pauses before looks for a message posted twice
    visibility_checks: tuple[float, ...] = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)  #: pauses between looks for shared files
    clock_skew: float = 30.0  #: by which our clock may be ahead of Slack's
