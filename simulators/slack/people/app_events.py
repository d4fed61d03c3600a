"""Events for the app, in their envelopes."""

import time
from typing import Any

from simulators.slack.delivery import Delivery
from simulators.slack.event_sender import EventSender
from simulators.slack.messages import File, Message
from simulators.slack.state import SlackState
from simulators.slack.values import Json, new_id
from simulators.slack.workspace import Channel, Team, UserGroup

EVENTS = {
    *(
        "app_context_changed",
        "app_home_opened",
        "app_mention",
        "app_uninstalled",
        "agent_session_stopped",
        "channel_id_changed",
        "assistant_thread_started",
    ),
    *("assistant_thread_context_changed", "file_shared", "member_joined_channel", "reaction_added"),
    *("reaction_removed", "subteam_created", "subteam_members_changed", "subteam_updated", "tokens_revoked"),
    *("message.channels", "message.groups", "message.im", "message.mpim"),
}


def viewing(team: Team, channel: Channel | None) -> Json:
    """The place that somebody looks at, as events say it."""
    if channel is None:
        return {}
    return {"entities": [{"type": "slack#/types/channel_id", "value": channel.id, "team_id": team.id}]}


class AppEvents:
    """Delivers the events that the app subscribes to."""

    def __init__(self, slack: SlackState, sender: EventSender) -> None:
        self.slack = slack
        self.sender = sender
        self.viewed: dict[str, Json] = {}  #: what people look at next to the messages tab, by their direct messages
        self.subscribed = set(EVENTS)  #: as in the app's manifest
        self.delivers_own_messages = True  #: the app is told of its own messages and edits, as Slack does
        self.mention_first = False  #: which of the twins `app_mention` and `message` comes first

    def event(self, team: Team, event: Json, *, channel: Channel | None = None) -> Delivery:
        """Deliver an event of a workspace."""
        event = {**event, "event_ts": event.get("event_ts") or self.slack.clock.ts()}
        authorization = {
            "enterprise_id": team.enterprise or None,
            "team_id": team.id,
            "user_id": team.bot.id,
            "is_bot": True,
            "is_enterprise_install": self.is_by_organisation(team),
        }
        body = {
            "token": self.slack.verification_token,
            "team_id": team.id,
            "context_team_id": team.id,
            "context_enterprise_id": team.enterprise or None,
            "api_app_id": self.slack.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": new_id("Ev"),
            "event_time": int(time.time()),
            "authorizations": [authorization],
            "is_ext_shared_channel": bool(channel and channel.is_shared),
            "event_context": f"4-{new_id('e')}",
        }
        return self.sender.send("events_api", body)

    def message_event(self, team: Team, channel: Channel, message: Message) -> Json:
        """The JSON form of a message in events."""
        fields = {**message.to_json(self.slack.url), "channel": channel.id, "event_ts": message.ts}
        if message.thread_ts and message.thread_ts != message.ts:
            parent = channel.message(message.thread_ts)
            if parent:
                fields["parent_user_id"] = parent.user
        if channel.id in self.viewed and message.user != team.bot.id:
            fields["app_context"] = self.viewed[channel.id]
        if message.user_team != team.id:
            fields |= {"user_team": message.user_team, "source_team": message.user_team}
        return fields

    def message_posted(self, team: Team, channel: Channel, message: Message) -> list[Delivery]:
        """Deliver a new message: as `message`, and as `app_mention` where it mentions the bot in a channel.

        Of a channel that workspaces share it is delivered once, for one installation: "No duplicated event triggering
        between shared channels", https://docs.slack.dev/apis/slack-connect/using-slack-connect
        """
        if message.app_id == self.slack.app_id and not self.delivers_own_messages:
            return []
        bots = {one.bot.id for one in self.slack.teams.values() if channel.id in one.channels}
        team = self.slack.teams.get(channel.seen_by, team)
        fields, deliveries = self.message_event(team, channel, message), []
        kinds = [("message", {**fields, "type": "message", "channel_type": channel.kind})]
        is_mention = any(f"<@{bot}>" in message.text for bot in (bots if channel.is_shared else {team.bot.id}))
        if is_mention and not channel.is_im and message.user not in bots:
            mention = {**fields, "type": "app_mention"}
            mention.pop("subtype", None)
            kinds.insert(0 if self.mention_first else 1, ("app_mention", mention))
        for kind, event in kinds:
            name = f"message.{_plural(channel)}" if kind == "message" else kind
            is_member = team.bot.id in channel.members
            if name in self.subscribed and (is_member or kind == "app_mention"):
                deliveries.append(self.event(team, event, channel=channel))
        return deliveries

    def _send_subtype(self, team: Team, channel: Channel, subtype: str, **more: Any) -> Delivery | None:
        if f"message.{_plural(channel)}" not in self.subscribed or team.bot.id not in channel.members:
            return None
        fields = {"type": "message", "subtype": subtype, "hidden": True, "channel": channel.id, **more}
        ts = self.slack.clock.ts()
        event = {**fields, "ts": ts, "event_ts": ts, "channel_type": channel.kind}
        return self.event(team, event, channel=channel)

    def message_changed(self, team: Team, channel: Channel, message: Message, before: Json | None = None) -> None:
        """Deliver an edit as `message_changed`."""
        if message.app_id == self.slack.app_id and not self.delivers_own_messages:
            return
        fields = message.to_json(self.slack.url)
        self._send_subtype(team, channel, "message_changed", message=fields, previous_message=before or fields)

    def message_deleted(self, team: Team, channel: Channel, message: Message) -> None:
        """Deliver a deletion as `message_deleted`."""
        if message.app_id == self.slack.app_id and not self.delivers_own_messages:
            return
        fields = message.to_json(self.slack.url)
        self._send_subtype(team, channel, "message_deleted", previous_message=fields, deleted_ts=message.ts)

    def file_shared(self, team: Team, channel: Channel, file: File) -> None:
        """Deliver `file_shared`."""
        if "file_shared" in self.subscribed:
            fields = {"type": "file_shared", "file_id": file.id, "user_id": file.user, "channel_id": channel.id}
            self.event(team, {**fields, "file": {"id": file.id}})

    def group_members(self, team: Team, group: UserGroup, *, added: list[str], removed: list[str]) -> None:
        """Change a user group's members; deliver `subteam_members_changed`, whose counts are texts.

        https://docs.slack.dev/reference/events/subteam_members_changed
        """
        group.users = [user for user in group.users if user not in removed] + added
        if "subteam_members_changed" in self.subscribed:
            more = {"added_users_count": str(len(added)), "removed_users_count": str(len(removed))}
            event: Json = {"type": "subteam_members_changed", "subteam_id": group.id, "team_id": team.id}
            event |= {"date_previous_update": 1767224888, "date_update": int(time.time())}
            self.event(team, {**event, "added_users": added, "removed_users": removed, **more})

    def group_updated(self, team: Team, group: UserGroup, *, is_new: bool = False) -> None:
        """Deliver `subteam_created`, or `subteam_updated` for a group that was renamed, disabled or enabled.

        https://docs.slack.dev/reference/events/subteam_updated
        """
        name = "subteam_created" if is_new else "subteam_updated"
        if name in self.subscribed:
            self.event(team, {"type": name, "subteam": group.to_json(include_users=True, include_count=True)})

    def rename_channel(self, team: Team, channel: Channel, name: str) -> None:
        """Give a channel another name: https://docs.slack.dev/reference/events/message/channel_name."""
        old, channel.name = channel.name, name
        self._notice(team, channel, "channel_name", old_name=old, name=name)

    def convert_channel(self, team: Team, channel: Channel, *, is_private: bool) -> None:
        """Make a channel private or public: its id stays, and its kind is the new one.

        https://docs.slack.dev/reference/events/message/channel_convert_to_private
        """
        channel.is_private = is_private
        self._notice(team, channel, f"channel_convert_to_{'private' if is_private else 'public'}")

    def _notice(self, team: Team, channel: Channel, subtype: str, **more: Any) -> None:
        """Post a notice of Slack in the name of the person who changed the channel."""
        by = next(user for user in channel.members if user != team.bot.id)
        message = Message(
            ts=self.slack.clock.ts(), channel=channel.id, team=team.id, user=by, user_team=team.id, text=f"({subtype})"
        )
        message.subtype = subtype
        channel.messages.append(message)
        if f"message.{_plural(channel)}" in self.subscribed and team.bot.id in channel.members:
            fields = {**self.message_event(team, channel, message), **more}
            self.event(team, {**fields, "type": "message", "channel_type": channel.kind}, channel=channel)

    def share_private_channel(self, team: Team, channel: Channel) -> None:
        """Share a private channel by Slack Connect: it gets another id for ever, and Slack no longer knows the old one.

        https://docs.slack.dev/reference/events/channel_id_changed: sent to apps that have access to the channel.
        """
        old, channel.id = channel.id, new_id("C")
        team.channels = {one.id: one for one in team.channels.values()}
        channel.is_shared = True
        for message in channel.messages:
            message.channel = channel.id
        team.statuses = {(channel.id if at == old else at, ts): one for (at, ts), one in team.statuses.items()}
        if "channel_id_changed" in self.subscribed and team.bot.id in channel.members:
            self.event(team, {"type": "channel_id_changed", "old_channel_id": old, "new_channel_id": channel.id})

    def uninstall(self, team: Team) -> None:
        """Remove the app from a workspace: revoke its tokens and deliver the events."""
        tokens = [grant for grant in self.slack.grants.values() if grant.team == team.id]
        for grant in tokens:
            grant.state = "inactive"
        self.event(team, {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [team.bot.id]}})
        self.event(team, {"type": "app_uninstalled"})

    def base(self, team: Team, user: str) -> Json:
        """The fields that all interaction payloads share: user, app and workspace."""
        name = team.users[user].name.lower()
        return {
            "user": {"id": user, "username": name, "name": name, "team_id": team.users[user].team},
            "api_app_id": self.slack.app_id,
            "token": self.slack.verification_token,
            "team": {"id": team.id, "domain": team.domain},
            "enterprise": {"id": team.enterprise, "name": team.enterprise} if team.enterprise else None,
            "is_enterprise_install": self.is_by_organisation(team),
        }

    def is_by_organisation(self, team: Team) -> bool:
        """Whether the organisation has installed the app for all its workspaces."""
        grants = self.slack.grants.values()
        return bool(team.enterprise) and any(g.enterprise == team.enterprise and not g.team for g in grants)


def _plural(channel: Channel) -> str:
    return {"channel": "channels", "group": "groups"}.get(channel.kind, channel.kind)
