"""One person's view of the simulated Slack, as JSON for the page."""

from typing import Any

from simulators.slack import Channel, File, Message, SlackSimulator, Team, View

Json = dict[str, Any]
_KEPT = 200  #: messages of a channel that are shown


def view(slack: SlackSimulator, person: str, channel_id: str, thread: str) -> Json:
    """The whole content of the person's screen. `thread`: the open thread's first message; "": none."""
    team = slack.team
    team.direct(person)
    channel = team.channels.get(channel_id)
    if channel is None or person not in channel.members:
        channel = slack.general
    features = slack.manifest.get("features", {})
    return {
        "team": team.name,
        "bot": team.bot.id,
        "names": {user.id: user.name for user in team.users.values()},
        "groups": {group.id: group.name for group in team.groups.values()},
        "places": [_place(one, person, team) for one in team.channels.values() if person in one.members],
        "place": _place(channel, person, team),
        "messages": [_message(slack, one) for one in _top(channel, person)],
        "thread": _thread(slack, channel, thread, person),
        "statuses": _statuses(team, channel),
        "prompts": team.prompts.get((channel.id, thread)) or team.prompts.get((channel.id, "")),
        "titles": {ts: title for (place, ts), title in team.titles.items() if place == channel.id},
        "modal": _modal(slack, slack.modals.top(person)),
        "home": team.homes.get(person),
        "commands": features.get("slash_commands", []),
        "shortcuts": features.get("shortcuts", []),
    }


def _place(channel: Channel, person: str, team: Team) -> Json:
    name = channel.name
    if channel.is_im:
        others = [member for member in channel.members if member != person]
        name = team.users[others[0]].name if others else ""
    last = next((m.ts for m in reversed(channel.messages) if m.viewer in ("", person) and m.user != person), "")
    return {"id": channel.id, "name": name, "kind": channel.kind, "last": last}


def _top(channel: Channel, person: str) -> list[Message]:
    """The messages of the channel itself: no replies, but those that were also sent there."""
    found = [m for m in channel.visible(person) if m.thread_ts in ("", m.ts) or m.reply_broadcast]
    return found[-_KEPT:]


def _thread(slack: SlackSimulator, channel: Channel, ts: str, person: str) -> Json | None:
    if not ts:
        return None
    found = [m for m in channel.visible(person) if ts in (m.ts, m.thread_ts)]
    title = slack.team.titles.get((channel.id, ts), "")
    return {"ts": ts, "title": title, "messages": [_message(slack, one) for one in found]}


def _statuses(team: Team, channel: Channel) -> Json:
    """The status of each thread of the channel in which the app works."""
    return {ts: status for (place, ts), status in team.statuses.items() if place == channel.id}


def _message(slack: SlackSimulator, message: Message) -> Json:
    channel = slack.team.channels[message.channel]
    replies = [m for m in channel.visible() if m.thread_ts == message.ts != m.ts]
    return {
        **message.to_json(slack.url),
        "channel": message.channel,
        "viewer": message.viewer,
        "markdown": message.markdown,
        "chunks": message.chunks,
        "stream": message.stream,
        "files": [file_json(file) for file in message.files],
        "replies": len(replies),
        "last_reply": replies[-1].ts if replies else "",
    }


def file_json(file: File) -> Json:
    """A file, at the page's own address."""
    return {
        "id": file.id,
        "name": file.title or file.name,
        "type": file.mimetype,
        "size": file.size,
        "alt": file.alt_txt,
        "url": f"/api/slack/files/{file.id}",
    }


def _modal(slack: SlackSimulator, shown: View | None) -> Json | None:
    if shown is None:
        return None
    return {**slack.modals.to_json(shown), "errors": shown.errors}
