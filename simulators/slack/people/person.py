"""Actions of people in Slack, each of which is also delivered to the app."""

import html
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from simulators.changes import PATIENCE
from simulators.slack.delivery import Delivery
from simulators.slack.messages import File, Message
from simulators.slack.parts import SlackParts
from simulators.slack.people.app_events import viewing
from simulators.slack.people.forms import control, pressed, state
from simulators.slack.values import Json
from simulators.slack.workspace import Channel, Team, User, View


class Person:
    """A user in a workspace. Channels default to the workspace's first."""

    def __init__(self, slack: SlackParts, team: Team, user: User) -> None:
        self.slack = slack
        self.team = team
        self.user = user
        self.id = user.id

    # ---- messages

    def say(
        self,
        text: str,
        *,
        channel: Channel | None = None,
        thread: Message | str = "",
        files: Sequence[File] = (),
        **more: Any,
    ) -> Message:
        """Write in a channel or, with `thread`, in the thread of a message."""
        if channel is None and isinstance(thread, Message):
            channel = self.team.channels[thread.channel]
        channel = channel or self._first()
        root = thread.root if isinstance(thread, Message) else thread
        message = Message(
            ts=self.slack.clock.ts(),
            channel=channel.id,
            team=self.team.id,
            user=self.id,
            user_team=self.user.team,
            text=text,
            thread_ts=root,
            files=list(files),
            subtype="file_share" if files else more.pop("subtype", ""),
            client_msg_id="" if self.user.is_bot else str(uuid.uuid4()),
            bot_id=self.user.bot_id,
            app_id=self.user.app_id,
            blocks=[] if not text or self.user.is_bot else [_rich(text)],
            **more,
        )
        for file in files:
            file.shares.setdefault(channel.id, []).append(message.ts)
        channel.messages.append(message)
        self.slack.people.message_posted(self.team, channel, message)
        for file in files:
            self.slack.people.file_shared(self.team, channel, file)
        self.slack.notify()
        return message

    def mention(self, text: str, **more: Any) -> Message:
        """Write a message that mentions the bot."""
        return self.say(f"<@{self.team.bot.id}> {text}", **more)

    def direct(self, text: str, **more: Any) -> Message:
        """Write a direct message to the bot."""
        return self.say(text, channel=self.team.direct(self.id), **more)

    def file(self, name: str, content: bytes, **more: str) -> File:
        """Make a file for `say(files=…)`."""
        return self.slack.storage.add(self.team, self.id, name, content, **more)

    def upload(self, name: str, content: bytes, text: str = "", **more: Any) -> Message:
        """Share a file, with a message."""
        return self.say(text, files=[self.file(name, content)], **more)

    def edit(self, message: Message, text: str) -> None:
        """Edit one's message."""
        before = message.to_json(self.slack.url)
        message.text, message.blocks = text, [_rich(text)]
        message.edited = {"user": self.id, "ts": self.slack.clock.ts()}
        message.changed()
        self.slack.people.message_changed(self.team, self.team.channels[message.channel], message, before)
        self.slack.notify()

    def delete(self, message: Message) -> None:
        """Delete one's message."""
        message.is_deleted = True
        self.slack.people.message_deleted(self.team, self.team.channels[message.channel], message)
        self.slack.notify()

    def react(self, message: Message, name: str = "+1") -> None:
        """Add a reaction to a message."""
        message.reactions.setdefault(name, []).append(self.id)
        item = {"type": "message", "channel": message.channel, "ts": message.ts}
        event = {"type": "reaction_added", "user": self.id, "reaction": name, "item": item, "item_user": message.user}
        self.slack.people.event(self.team, event)

    def sees(self, channel: Channel | None = None, *, thread: str = "") -> list[Message]:
        """The bot's messages that this person sees, ephemeral ones included."""
        return self.slack.from_bot(channel or self._first(), thread=thread, viewer=self.id)

    # ---- commands, buttons, shortcuts

    def slash(self, command: str, text: str = "", *, channel: Channel | None = None) -> Delivery:
        """Type a slash command."""
        channel = channel or self._first()
        body = {
            "token": self.slack.verification_token,
            "team_id": self.team.id,
            "team_domain": self.team.domain,
            "channel_id": channel.id,
            "channel_name": channel.name or "directmessage",
            "user_id": self.id,
            "user_name": self.user.name.lower(),
            "command": command if command.startswith("/") else f"/{command}",
            "text": text,
            "api_app_id": self.slack.app_id,
            "is_enterprise_install": str(self.slack.people.is_by_organisation(self.team)).lower(),
            **({"enterprise_id": self.team.enterprise} if self.team.enterprise else {}),
            "response_url": self.slack.responses.new(self.team, channel, self.id),
            "trigger_id": self.slack.modals.trigger(self.team, self.id),
        }
        return self.slack.sender.send("slash_commands", body)

    def press(self, message: Message | View, action: str, **chosen: Any) -> Delivery:
        """Press a button of a message or view, by `action_id` or label; or choose an option: `value=`, `good=True`."""
        if isinstance(message, View):
            return self._press_in_view(message, action, chosen)
        channel = self.team.channels[message.channel]
        container = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": message.is_ephemeral,
            **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
        }
        payload = {
            "type": "block_actions",
            **self.slack.people.base(self.team, self.id),
            "container": container,
            "trigger_id": self.slack.modals.trigger(self.team, self.id),
            "channel": {"id": channel.id, "name": channel.name or "directmessage"},
            "state": {"values": {}},
            "response_url": self.slack.responses.new(self.team, channel, self.id, message),
            "actions": [pressed(message.blocks, action, chosen, self.slack.clock.ts())],
        }
        if not message.is_ephemeral:
            payload["message"] = message.to_json(self.slack.url)
        return self.slack.sender.send("interactive", payload)

    def press_home(self, action: str, **chosen: Any) -> Delivery:
        """Press a button on the bot's home tab."""
        view = self.team.homes[self.id]
        return self._interact(
            "block_actions",
            container={"type": "view", "view_id": view["id"]},
            view=view,
            trigger_id=self.slack.modals.trigger(self.team, self.id),
            actions=[pressed(view["blocks"], action, chosen, self.slack.clock.ts())],
        )

    def _press_in_view(self, view: View, action: str, chosen: Json) -> Delivery:
        return self._interact(
            "block_actions",
            container={"type": "view", "view_id": view.id},
            view=self.slack.modals.to_json(view),
            trigger_id=self.slack.modals.trigger(self.team, self.id, view.id),
            actions=[pressed(view.content["blocks"], action, chosen, self.slack.clock.ts())],
        )

    def shortcut(self, callback_id: str) -> Delivery:
        """Choose a global shortcut."""
        trigger = self.slack.modals.trigger(self.team, self.id)
        return self._interact("shortcut", callback_id=callback_id, trigger_id=trigger, action_ts=self.slack.clock.ts())

    def message_shortcut(self, callback_id: str, message: Message) -> Delivery:
        """Choose a shortcut from a message's menu."""
        channel = self.team.channels[message.channel]
        return self._interact(
            "message_action",
            callback_id=callback_id,
            trigger_id=self.slack.modals.trigger(self.team, self.id),
            action_ts=self.slack.clock.ts(),
            response_url=self.slack.responses.new(self.team, channel, self.id, message),
            channel={"id": channel.id, "name": channel.name or "directmessage"},
            message_ts=message.ts,
            message=message.to_json(self.slack.url),
        )

    # ---- modals and the home tab

    async def modal(self, seconds: float = PATIENCE) -> View:
        """Wait for a modal and return it."""
        return await self.slack.until(lambda: self.slack.modals.top(self.id), seconds)  # type: ignore[no-any-return]

    async def submit(self, view: View, values: Mapping[str, Any]) -> Delivery:
        """Fill in and submit a modal: values by block id, action id or label. Returns once it is acknowledged.

        A modal with refused fields stays open, with `view.errors`.
        """
        filled = state(view.content["blocks"], values, self.team, self.slack.url)
        delivery = self._interact(
            "view_submission",
            trigger_id=self.slack.modals.trigger(self.team, self.id, view.id),
            view=self.slack.modals.to_json(view, filled),
            response_urls=[],
        )
        await self.slack.until(lambda: delivery.is_done)
        answer = delivery.response if isinstance(delivery.response, dict) else {}
        view.errors = {}
        match answer.get("response_action"):
            case "errors":
                view.errors = answer["errors"]
            case "update":
                view.content = answer["view"]
            case "push":
                self.slack.modals.show(self.team, self.id, answer["view"], previous=view.id)
            case "clear":
                self.slack.modals.close(view, all_of_them=True)
            case _ if delivery.is_acknowledged:
                self.slack.modals.close(view)
        return delivery

    def close(self, view: View) -> None:
        """Close a modal without submitting it."""
        self.slack.modals.close(view)
        if view.content.get("notify_on_close"):
            self._interact("view_closed", view=self.slack.modals.to_json(view), is_cleared=False)

    def open_home(self, tab: str = "home") -> Delivery:
        """Open the bot's page at its "home" or "messages" tab."""
        direct = self.team.direct(self.id)
        event = {"type": "app_home_opened", "user": self.id, "channel": direct.id, "tab": tab}
        home = self.team.homes.get(self.id)
        return self.slack.people.event(self.team, event | ({"view": home} if home and tab == "home" else {}))

    def view(self, channel: Channel | None) -> Delivery:
        """Look at a channel beside the bot's messages tab; None: at nothing.

        https://docs.slack.dev/reference/events/app_context_changed, with the fields of `AppContextChangedEvent` of
        Slack's published types. Messages to the app then say the same in `app_context`.
        """
        direct = self.team.direct(self.id)
        self.slack.people.viewed[direct.id] = context = viewing(self.team, channel)
        event = {"type": "app_context_changed", "user": self.id, "channel": direct.id, "context": context}
        return self.slack.people.event(self.team, event)

    def stop(self, thread: Message | str, *, channel: Channel | None = None) -> Delivery:
        """Press Stop while the bot works in a thread; Slack ends its streams there."""
        if isinstance(thread, Message):
            channel = self.team.channels[thread.channel]
        channel = channel or self._first()
        root = thread.root if isinstance(thread, Message) else thread
        streams = [m for m in channel.messages if m.thread_ts == root and m.stream == "streaming"]
        for message in streams:
            message.stream = "stopped"
        event = {"type": "agent_session_stopped", "user": self.id, "channel": channel.id, "thread_ts": root}
        return self.slack.people.event(self.team, {**event, "streaming_message_ts": [m.ts for m in streams]})

    def control(self, message: Message, action: str) -> Json:
        """Find the element of a message with this `action_id` or label. Raises `LookupError`."""
        return control(message.blocks, action)[1]

    def _interact(self, kind: str, **more: Any) -> Delivery:
        payload = {"type": kind, **self.slack.people.base(self.team, self.id), **more}
        return self.slack.sender.send("interactive", payload)

    def _first(self) -> Channel:
        return next(channel for channel in self.team.channels.values() if not channel.is_im)


_MENTIONED = re.compile(r"<@([UW][A-Z0-9]+)>")


def _rich(text: str) -> Json:
    """A text as Slack's clients send it: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block."""
    found = [
        {"type": "user", "user_id": part} if number % 2 else {"type": "text", "text": html.unescape(part)}
        for number, part in enumerate(_MENTIONED.split(text))
        if part
    ]
    section = {"type": "rich_text_section", "elements": found}
    return {"type": "rich_text", "block_id": "rich", "elements": [section]}
