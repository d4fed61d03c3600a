"""Commands, shortcuts, forms and buttons: understood, written down, and only then acknowledged."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog

from adapters.kit import forms
from adapters.kit.message_actions import MESSAGE_ACTIONS
from adapters.slack.connection.bolt_app import Reply
from adapters.slack.connection.errors import FAILED, UNREADABLE, code, reason
from adapters.slack.connection.workspaces import Workspace, Workspaces
from adapters.slack.inbound import interaction_events, parse
from adapters.slack.inbound.acks import first, taken, told, wrong
from adapters.slack.inbound.interaction_events import ANYWHERE, OF_A_TALK, OF_A_TALK_OR_CHANNEL, Asker
from adapters.slack.inbound.parse import Json
from adapters.slack.inbound.recent_threads import Recent
from adapters.slack.inbound.thread_conversations import Roots
from adapters.slack.inbound.users import People, Person
from adapters.slack.ui import modals
from adapters.slack.ui.buttons import Button
from bot.commandline import parser
from bot.errors import StoreError
from bot.i18n import translate
from bot.models import CommandSpec, Event
from bot.ports import Sink

log = structlog.get_logger(__name__)

_PATIENCE = 1.5  # seconds for Slack to answer, while it waits for an acknowledgement itself


class Interactions:
    """Turns interactions into events, and answers those that are none."""

    def __init__(
        self,
        *,
        workspaces: Workspaces,
        people: People,
        roots: Roots,
        recent: Recent,
        sink: Sink,
        commands: Sequence[CommandSpec],
        prefix: str,
    ) -> None:
        self._workspaces = workspaces
        self._people = people
        self._roots = roots
        self._recent = recent
        self._sink = sink
        self._specs = {spec.name: spec for spec in commands}
        self._commands = commands
        self._prefix = f"/{prefix}"

    # -- slash commands

    async def command(self, workspace: Workspace, body: Json) -> Reply:
        """Record a slash command; bad input gets its usage at once, an empty one that needs a prompt gets a form."""
        person = await self._person(workspace, body)
        named = str(body.get("command") or "")
        text = parse.plain(str(body.get("text") or ""), {})
        spec = self._specs.get(named.removeprefix(self._prefix))
        if spec is None or not named.startswith(self._prefix):
            return told(translate("slack.gone", person.locale))
        channel = str(body.get("channel_id") or "")
        needs_form = not text and spec.kind is not None and spec.prompt is not None
        if needs_form and await self._ask(workspace, body, spec, person, channel=channel):
            return None
        request = parser.parse(f"{named} {text}", self._commands, locale=person.locale, prefix=self._prefix)
        if request.rejection:
            usage = translate("slack.form.usage", person.locale, usage=parser.usage_line(spec, prefix=self._prefix))
            return told(f"{request.rejection}\n{usage}")
        asker = Asker(
            workspace=workspace,
            person=person,
            channel=channel,
            id=interaction_events.id_of(workspace.owner, channel, "command", body.get("trigger_id")),
            response_url=str(body.get("response_url") or ""),
        )
        return await self._taken(asker, spec, request, command=named)

    async def _taken(self, asker: Asker, spec: CommandSpec, request: parser.Request, *, command: str) -> Reply:
        """Record a command, and tell which conversation it was taken to be about, where it is about one."""
        locale, talk = asker.person.locale, None
        if spec.name in OF_A_TALK + OF_A_TALK_OR_CHANNEL:
            try:
                talk = await self._recent.find(asker.workspace, asker.channel, asker.person)
            except StoreError as exc:
                log.warning("conversations not read", reason=str(exc))
                return told(translate("slack.not_kept", locale))
        if talk is None and spec.name in OF_A_TALK:
            return told(translate("slack.which_talk", locale, command=spec.name))
        if not await self._kept(interaction_events.slash(asker, spec, request, command=command, talk=talk)):
            return told(translate("slack.not_kept", locale))
        return taken(talk, asker) if talk is not None else None

    async def _ask(
        self, workspace: Workspace, body: Json, spec: CommandSpec, person: Person, *, channel: str = ""
    ) -> bool:
        """Open a command's form. `channel`: where to show what is made; "": the form asks. False: it did not open."""
        key = f"slack.make.{spec.name}"
        named = translate(key, person.locale) if spec.name in ANYWHERE else f"{self._prefix}{spec.name}"
        meta = {"channel": channel, "response_url": str(body.get("response_url") or "")} if channel else {}
        view = modals.form(
            spec,
            spec.options,
            callback_id=f"{modals.MAKE}{spec.name}",
            title=named,
            locale=person.locale,
            meta=meta,
            asks_where=not channel,
        )
        return await self._open(workspace, body, view)

    async def _open(self, workspace: Workspace, body: Json, view: Mapping[str, Any]) -> bool:
        try:
            await self._workspaces.of(workspace).views_open(trigger_id=str(body.get("trigger_id")), view=dict(view))
        except FAILED as exc:
            log.warning("form not opened", reason=reason(exc))
            return False
        return True

    # -- shortcuts

    async def shortcut(self, workspace: Workspace, body: Json) -> None:
        """Open a command's form, or record what is asked about a message."""
        name = str(body.get("callback_id") or "")
        if body.get("type") != "message_action":
            await self.make(workspace, body, name.removeprefix(modals.MAKE))
            return
        person = await self._person(workspace, body)
        if name not in MESSAGE_ACTIONS:
            await self._tell(workspace, body, person, "slack.gone")
            return
        message = body.get("message") or {}
        channel = str((body.get("channel") or {}).get("id") or "")
        ts = str(body.get("message_ts") or message.get("ts") or "")
        thread = str(message.get("thread_ts") or ts)
        known = await self._roots.find(workspace.owner, channel, thread)
        asker = Asker(
            workspace=workspace,
            person=person,
            channel=channel,
            thread=thread,
            conversation=known or parse.message_id(workspace.owner, channel, thread),
            id=interaction_events.id_of(workspace.owner, channel, "shortcut", body.get("trigger_id")),
            response_url=str(body.get("response_url") or ""),
        )
        named = await self._people.named(workspace, [str(message.get("user") or ""), *parse.mentioned(message)])
        event = interaction_events.on_message(asker, name, message, named)
        if event.has_prior_messages and not await self._reads(workspace, channel, thread):
            event = replace(event, has_prior_messages=False, rejection=translate("slack.unread", person.locale))
        await self._take(workspace, body, event)

    async def _reads(self, workspace: Workspace, channel: str, thread: str) -> bool:
        """Whether the bot may read a thread, as far as Slack says so in time."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._workspaces.of(workspace).conversations_replies(channel=channel, ts=thread, limit=1)
        except FAILED as exc:
            return code(exc) not in UNREADABLE
        return True

    async def make(self, workspace: Workspace, body: Json, command: str) -> None:
        """Open a command's form, from anywhere."""
        spec = self._specs.get(command)
        person = await self._person(workspace, body)
        if spec is None:
            await self._tell(workspace, body, person, "slack.gone")
        elif not await self._ask(workspace, body, spec, person):
            await self._tell(workspace, body, person, "slack.form.late")

    # -- buttons

    async def press(self, workspace: Workspace, body: Json, action: Json) -> None:
        """Ask for what a button needs, or record the press."""
        button = Button.of(action)
        person = await self._person(workspace, body)
        if button is None:
            await self._tell(workspace, body, person, "slack.gone")
            return
        spec = self._specs.get(button.command)
        options = forms.prompted_options(spec, button.asks.split(","))
        label = str((action.get("text") or {}).get("text") or "")
        asker = self._at_button(workspace, body, person, button, str(action.get("action_ts") or ""))
        if spec is None or not options:
            await self._take(workspace, body, interaction_events.press(asker, button, {}, label=label))
            return
        meta = {"button": button.value, "channel": asker.channel, "thread": asker.thread, "label": label}
        view = modals.form(
            spec,
            options,
            callback_id=modals.PRESS,
            title=label or spec.name,
            locale=person.locale,
            meta=meta,
            is_optional=True,
        )
        if not await self._open(workspace, body, view):
            await self._tell(workspace, body, person, "slack.form.late")

    def _at_button(self, workspace: Workspace, body: Json, person: Person, button: Button, when: str) -> Asker:
        container, message = body.get("container") or {}, body.get("message") or {}
        channel = str(container.get("channel_id") or (body.get("channel") or {}).get("id") or "")
        ts = str(container.get("message_ts") or "")
        thread = str(container.get("thread_ts") or message.get("thread_ts") or button.thread)
        if not thread and not container.get("is_ephemeral"):
            thread = ts
        return Asker(
            workspace=workspace,
            person=person,
            channel=channel,
            thread=thread,
            id=interaction_events.id_of(
                workspace.owner, channel, "press", ts, person.id, when or body.get("trigger_id")
            ),
            response_url=str(body.get("response_url") or ""),
        )

    # -- forms

    async def submitted(self, workspace: Workspace, body: Json) -> Reply:
        """Record a sent form; what is wrong with it is shown in it, and nothing typed is lost."""
        view = body.get("view") or {}
        person = await self._person(workspace, body)
        name = str(view.get("callback_id") or "")
        meta = modals.meta_of(view)
        values, files = modals.filled(view)
        button = Button.read(meta.get("button", "")) if name == modals.PRESS else None
        spec = self._specs.get(button.command if button is not None else name.removeprefix(modals.MAKE))
        if spec is None:
            return wrong({first(view): translate("slack.gone", person.locale)})
        if problems := forms.problems(spec, values, locale=person.locale):
            return wrong(problems)
        urls = body.get("response_urls") or ()
        where = values.pop(modals.WHERE, "")
        asker = Asker(
            workspace=workspace,
            person=person,
            channel=where or meta.get("channel", ""),
            thread=meta.get("thread", ""),
            id=interaction_events.id_of(workspace.owner, "form", view.get("id")),
            response_url=str(urls[0].get("response_url") or "") if urls else meta.get("response_url", ""),
        )
        if button is not None:
            event = interaction_events.press(asker, button, values, label=meta.get("label", ""))
        else:
            command = f"{self._prefix}{spec.name}"
            event = interaction_events.submitted(asker, spec, values, files, command=command)
            request = parser.parse(f"{command} {event.prompt}", [spec], locale=person.locale, prefix=self._prefix)
            if not event.prompt.strip() and request.rejection:
                return wrong({first(view): request.rejection.replace("`", "")})
        if not await self._kept(event):
            return wrong({first(view): translate("slack.not_kept", person.locale)})
        return None

    # -- Slack's own Stop

    async def stopped(self, workspace: Workspace, event: Json) -> None:
        """Stop what runs in a thread of the agent view. Raises `StoreError`."""
        channel, thread = str(event.get("channel") or ""), str(event.get("thread_ts") or "")
        known = await self._roots.find(workspace.owner, channel, thread)
        asker = Asker(
            workspace=workspace,
            person=await self._people.find(workspace, str(event.get("user") or "")),
            channel=channel,
            thread=thread,
            conversation=known or parse.message_id(workspace.owner, channel, thread),
            id=interaction_events.id_of(workspace.owner, channel, thread, "stop", event.get("event_ts")),
        )
        await self._sink(interaction_events.stop(asker))

    # -- taking

    async def _take(self, workspace: Workspace, body: Json, event: Event) -> None:
        """Record the event, or tell the person that it could not be."""
        if not await self._kept(event):
            await self._tell(workspace, body, await self._person(workspace, body), "slack.not_kept")

    async def _tell(self, workspace: Workspace, body: Json, person: Person, key: str) -> None:
        """Say something to who used something, alone: where they did, else in their direct messages."""
        container = body.get("container") or {}
        channel = str(container.get("channel_id") or (body.get("channel") or {}).get("id") or "")
        thread = container.get("thread_ts") or (body.get("message") or {}).get("thread_ts")
        client, text = self._workspaces.of(workspace), translate(key, person.locale)
        try:
            if channel:
                await client.chat_postEphemeral(channel=channel, user=person.id, thread_ts=thread, text=text)
            else:
                await client.chat_postMessage(channel=person.id, text=text)
        except FAILED as exc:
            log.warning("not told", reason=reason(exc), kind=str(body.get("type")))

    async def _kept(self, event: Event) -> bool:
        try:
            await self._sink(event)
        except StoreError as exc:
            log.warning("interaction not kept", reason=str(exc))
            return False
        return True

    async def _person(self, workspace: Workspace, body: Json) -> Person:
        user = body.get("user")
        if isinstance(user, dict):
            return await self._people.find(workspace, str(user.get("id") or ""), team=str(user.get("team_id") or ""))
        return await self._people.find(workspace, str(body.get("user_id") or ""), team=str(body.get("team_id") or ""))
