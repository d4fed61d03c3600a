"""Slack simulator: slack_sdk and slack_bolt run against it unmodified.

    async with SlackSimulator() as slack:
        client = AsyncWebClient(token=slack.token, base_url=slack.api_url)   # SLACK_API_URL=slack.api_url
        question = slack.ada.mention("hello")            # in #general; a `message` and an `app_mention` go out
        await slack.until(lambda: slack.from_bot(slack.general, thread=question.ts))
        [answer] = slack.from_bot(slack.general, thread=question.ts)
        assert answer.content == "Hello, Ada."

**State.** `slack.team` (workspace T0LAB), `slack.general` (C0GENERAL), `slack.ada` (an administrator),
`slack.bob`; `slack.token` (the bot's), `slack.app_token`, `slack.signing_secret`, `slack.client_id`,
`slack.client_secret`, `slack.url`, `slack.api_url`. More with `slack.add_team(id, name, enterprise=…)`,
`slack.add_channel(name, team=…, id=…, is_private=…, members=…)` (the same id in two workspaces is fine),
`slack.person(name, team=…, home="T0ELSE")` (a Slack Connect stranger), `slack.person(name, is_bot=True)`,
`slack.group(name, *people)` (a user group), `slack.install(team, *scopes)` (a token),
`slack.revoke(token, "revoked" | "inactive")`. `team.direct(user_id)` is a person's direct messages.

**Actions of people** (methods of a `Person`; all but `modal` and `submit` return before the delivery is done):
`say`, `mention`, `direct` (→ `Message`; take `channel=`, `thread=message`, `files=[person.file(name, bytes)]`),
`upload`, `edit`, `delete`, `react`; `slash(command, text)`, `press(message_or_view, action_id_or_label, value=…)`,
`press_home`, `shortcut(callback_id)`, `message_shortcut(callback_id, message)` (→ `Delivery`); `await modal()`,
`await submit(view, {block_id_or_action_id_or_label: value})`, `close(view)`; `open_home("home" | "messages")`,
`stop(message)`; `sees(channel, thread=…)`: the bot's messages that this person sees, ephemeral ones included.
`slack.people.uninstall(team)`; `slack.people.group_members(team, group, added=[…], removed=[…])`,
`slack.people.group_updated(team, group)`; `slack.people.event(team, {"type": …})` for any other event.

**Delivery to the app.** Over Socket Mode, or with `slack.sender.url = "http://…/slack/events"` by signed requests;
`slack.sender.signature` = "right" | "wrong" | "missing" | "old"; `.timeout` (3 s), `.pauses` between tries;
`slack.sender.deliveries`: a `Delivery` has `tries`, `statuses`, `is_acknowledged`, `response`;
`await slack.sender.again(delivery, number=2)` delivers once more; `await slack.until_delivered()` waits for all.
`slack.people.subscribed` (names as in a manifest), `.mention_first` (order of the two events),
`.delivers_own_messages` (the app receives its own messages, as with Slack). `slack.sockets`: `.open`, `.connected`,
`await .disconnect(reason)`, `await .drop()`, `.stall()`, `.is_stalled` (new sockets, too), `.answers_pings`.

**Results.** `slack.messages(channel, thread=ts, viewer=id)`, `slack.from_bot(…)`: `Message` with `text`, `blocks`,
`markdown` (streamed or given as `markdown_text`), `content` (all a reader sees), `versions` (the visible texts, one
after another), `stream` ("streaming" | "stopped" | "expired" | ""), `files`, `viewer`, `metadata`. `team.statuses`,
`team.sessions`, `team.titles`, `team.prompts` by (channel, thread), `team.homes` by user,
`slack.modals.top(user_id)` (the open modal), `slack.responses.received`, `team.files`, `slack.storage.downloads`.
`slack.calls` (every Web API call with parameters, status and answer), `slack.called("chat.update")`.
`await slack.until(condition)` waits for any change; `slack.notify()` announces one.

**Faults** (patterns: a method, `chat.*`, `*`; also "upload" and "download" for the bytes of files):
`slack.faults.fail(pattern, error, times=1)`, `.unknown(pattern)`, `.limit(pattern, retry_after)` (429),
`.crash(pattern, 500, when="before" | "after")`, `.drop(pattern, when=…)`, `.hold(pattern)` (→ an Event to set),
`.at(n, "before" | "after", hook)` at the n-th Web API call, `.clear()`; `slack.limits.enabled = True` for Slack's own
tiers (`.window`, `.per_window`); `slack.stream_lifetime`, `slack.history_lag`, `slack.trigger_lifetime`,
`slack.responses.lifetime` (seconds); `slack.storage.cut_after` (bytes, then the upload's connection is cut),
`slack.storage.delay` (shares appear late).

**OAuth.** `slack.url + "/oauth/v2/authorize"` is a consent page where Allow is pressed at once (`slack.consent.team`,
`.is_org`, `.denies`, `.rotates`).

The rules are those of Slack's documentation; behaviour that is only known from measurements is marked where it is
implemented.
"""

from simulators.slack.delivery import Delivery
from simulators.slack.messages import File, Message, words
from simulators.slack.people.person import Person
from simulators.slack.server import SlackSimulator
from simulators.slack.state import Call
from simulators.slack.values import Json
from simulators.slack.workspace import Channel, Grant, Team, User, UserGroup, View

__all__ = [
    "Call",
    "Channel",
    "Delivery",
    "File",
    "Grant",
    "Json",
    "Message",
    "Person",
    "SlackSimulator",
    "Team",
    "User",
    "UserGroup",
    "View",
    "words",
]
