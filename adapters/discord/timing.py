"""The durations and rates of the adapter, in one place and injected, so that tests can shorten them."""

from dataclasses import field

from adapters.kit.store_outage import OutageTiming
from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds, unless a field says otherwise."""

    # -- gateway
    reconnect_first: float = 1.0  #: longest pause before the first attempt to connect again; it doubles each time
    reconnect_longest: float = 60.0  #: longest pause between attempts; a session of that length starts over
    identify_interval: float = 5.0  #: pause between two sessions that are begun, as Discord wants it
    probe_timeout: float = 20.0  #: time that a silent gateway has to answer a probe before it counts as stalled
    rate_limit_wait: float = 60.0  #: longest wait of a request for its rate limit before it is given up for later
    rate_limit_cleanup: float = 10.0  #: pause between two searches for rate limits that nobody uses, and how long

    cancellation: float = 0.2  #: time for the library to end a connection before it is cancelled again

    # -- inbound
    record_timeout: float = 1.5  #: time to record an interaction before it is acknowledged all the same
    acknowledged: float = 3.5  #: time for which a process waits for another's acknowledgement of an interaction
    acknowledged_check: float = 0.05  #: first pause between two looks for it; it doubles
    double_press: float = 3.0  #: time in which a second press of the same button by the same person is the same press
    feature_retry: float = 6 * 3600.0  #: until radio buttons and checkboxes are tried again after a refusal
    outage: OutageTiming = field(default_factory=OutageTiming)  #: how what comes in while the database is away is held
    position_interval: float = 60.0  #: pause between two saves of the newest message's id
    position_timeout: float = 2.0  #: to save it before another process takes a shard over
    missed_reach: float = 86400.0  #: age of the oldest missed message that is answered after a lost session
    missed_retry: float = 1.0  #: longest pause before a history that could not be read is read again; it doubles
    download_connect: float = 15.0  #: time to connect to Discord's CDN
    download_read: float = 30.0  #: longest silence while a file is read

    # -- outbound
    guild_lifetime: float = 600.0  #: for which a server that was read is kept, where no gateway tells of changes
    edit_interval: float = 1.2  #: pause between two edits of one answer
    status_interval: float = 8.0  #: pause between two updates of a status
    edits_per_window: int = 5  #: count of edits in one channel that Discord allows within `edit_window`
    edit_window: float = 5.0
    typing_interval: float = 8.0  #: pause between two typing indicators; Discord shows one for ten seconds
    fresh_question: float = 10.0  #: age below which no earlier process can have begun the answer
    nonce_lifetime: float = 60.0  #: time for which Discord certainly knows a message by its nonce ("a few minutes")
    free_edits: float = 3600.0  #: age above which Discord limits how often a message may be edited
    token_reserve: float = 45.0  #: time before a token's end when its answer moves or is announced as late
    token_margin: float = 5.0  #: time before a token's end when it is no longer used
