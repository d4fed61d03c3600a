"""Incoming interactions: recorded, then acknowledged, always within the three seconds that Discord allows."""

import asyncio
import re
from collections.abc import Awaitable, MutableMapping, Sequence
from contextlib import suppress
from functools import partial

import discord
import structlog

from adapters.discord.gateway.errors import describe_error
from adapters.discord.inbound import interaction_events, reply_mode
from adapters.discord.inbound.interaction_events import AcknowledgedEvent, data_of
from adapters.discord.inbound.modal_opener import ModalOpener
from adapters.discord.inbound.parse import ADAPTER
from adapters.discord.inbound.places import ServedPlaces
from adapters.discord.interaction_tokens import Acknowledgements, TokenDeadlines
from adapters.discord.reply_target import ReplyTarget
from adapters.discord.setup import application_commands
from adapters.discord.timing import Timing
from adapters.discord.ui import buttons
from adapters.kit.active_channels import ActiveChannels
from adapters.kit.bounded import BoundedDict
from adapters.kit.errors import NETWORK_ERRORS
from adapters.kit.store_outage import hold
from bot.errors import StoreError
from bot.i18n import translate
from bot.models import CommandSpec
from bot.ports import AdapterServices, Sink, ValueSigner

log = structlog.get_logger(__name__)

_COMMAND_MODAL_ID = re.compile(buttons.MODAL + r":(?P<command>[\w-]+)")
#: Codes of a refused acknowledgement: it came too late, or there was one already.
_TOO_LATE, _ACKNOWLEDGED = 10062, 40060
_TYPE = discord.InteractionType
_PRESSES = 10_000  # buttons in memory


class InteractionHandler:
    """Turns interactions into events, and answers those that need no event."""

    def __init__(
        self,
        *,
        services: AdapterServices,
        sink: Sink,
        commands: Sequence[CommandSpec],
        acknowledgements: Acknowledgements,
        deadlines: TokenDeadlines,
        locales: MutableMapping[int, str],
        active_channels: ActiveChannels,
        served: ServedPlaces,
        timing: Timing,
    ) -> None:
        self._services = services
        self._sink = sink
        self._specs = {spec.name: spec for spec in commands}
        self._commands = commands
        self._acknowledgements = acknowledgements
        self._deadlines = deadlines
        self._locales = locales
        self._active_channels = active_channels
        self._served = served
        self._timing = timing
        self._modals = ModalOpener(retry=timing.feature_retry)
        self._pressed: BoundedDict[tuple[str, ...], None] = BoundedDict(_PRESSES, lifetime=timing.double_press)

    # -- events of the gateway

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Handle a command, a submitted modal or an autocompletion. Buttons go to `on_button`."""
        self._locales[interaction.user.id] = str(interaction.locale)
        if interaction.type is _TYPE.application_command:
            await self._guard(interaction, self._handle_command(interaction))
        elif interaction.type is _TYPE.autocomplete:
            await self._guard(interaction, self._handle_autocomplete(interaction))
        elif interaction.type is _TYPE.modal_submit:
            await self._guard(interaction, self._handle_modal(interaction))
        elif not buttons.BUTTON_ID.fullmatch(str(data_of(interaction).get("custom_id", ""))):
            await self._guard(interaction, self._refuse(interaction, "usage.button_gone"))

    async def on_button(self, interaction: discord.Interaction, custom_id: re.Match[str]) -> None:
        """Handle a button of an answer: open its modal, or record it."""
        await self._guard(interaction, self._handle_button(interaction, custom_id))

    async def _guard(self, interaction: discord.Interaction, handling: Awaitable[None]) -> None:
        """Handle an interaction; tell the person of a failure where Discord still accepts an answer."""
        self._deadlines.clock.note(interaction.id)
        try:
            await handling
        except (discord.HTTPException, discord.InteractionResponded, *NETWORK_ERRORS) as exc:
            log.warning("interaction not answered", interaction=interaction.id, reason=describe_error(exc))
        except Exception:  # a bug, or a kind of interaction that is new: the person gets an answer all the same
            log.exception("interaction not parsed", interaction=interaction.id)
            with suppress(discord.HTTPException, discord.InteractionResponded, *NETWORK_ERRORS):
                if interaction.type is _TYPE.autocomplete:  # takes no other answer than choices
                    await interaction.response.autocomplete([])
                else:
                    await self._refuse(interaction, "request.not_recorded")

    # -- kinds of interactions

    async def _handle_button(self, interaction: discord.Interaction, custom_id: re.Match[str]) -> None:
        signer = self._signer_of(interaction)
        if not buttons.is_signed(custom_id, signer):
            await self._refuse(interaction, "request.outdated")
            return
        command, _, names = (custom_id["asks"] or "").partition("=")
        spec = self._specs.get(command)
        if spec is not None and names:
            spec = await self._services.narrow(spec)
        asked = {"event": custom_id["event"], "action": custom_id["action"], "actor": str(interaction.user.id)}
        options = await self._services.form_options(
            ADAPTER, spec, names.split(","), locale=str(interaction.locale), **asked
        )
        if spec is not None and options:
            await self._modals.open(interaction, spec, options, buttons.modal_id(custom_id, signer), is_optional=True)
            return
        press = _press_of(interaction)
        if press in self._pressed:
            log.info("button pressed twice", interaction=interaction.id)
            await interaction.response.defer()  # which shows nothing
            return
        self._pressed[press] = None
        await self._record(interaction, interaction_events.event_from_button(interaction, custom_id, {}))

    def _signer_of(self, interaction: discord.Interaction) -> ValueSigner:
        return buttons.signer_of(self._services, str(interaction.channel_id), person=str(interaction.user.id))

    async def _handle_command(self, interaction: discord.Interaction) -> None:
        data = data_of(interaction)
        name = str(data.get("name", ""))
        if data.get("type", 1) != 1:
            event = interaction_events.event_from_context_menu(interaction, self._commands)
            await (self._record(interaction, event) if event else self._refuse(interaction, "request.outdated"))
            return
        values = {str(option["name"]): option.get("value") for option in data.get("options", ())}
        spec = self._specs.get(str(values.get("command")) if name == application_commands.COMPOSE else name)
        if name == application_commands.REPLIES:
            await self._record_reply_mode(interaction, str(values.get("mode") or ""))
        elif spec is None:
            await self._refuse(interaction, "request.outdated")
        elif name == application_commands.COMPOSE or (not values and application_commands.has_modal(spec)):
            modal_id = f"{buttons.MODAL}:{spec.name}"
            takes_file = application_commands.reads_files(spec)
            spec = await self._services.narrow(spec)
            await self._modals.open(interaction, spec, spec.options, modal_id, takes_file=takes_file)
        else:
            await self._record(interaction, interaction_events.event_from_command(interaction, spec))

    async def _handle_autocomplete(self, interaction: discord.Interaction) -> None:
        data = data_of(interaction)
        options = data.get("options", ())
        focused = next((option for option in options if option.get("focused")), None)
        others = {str(option["name"]): str(option.get("value", "")) for option in options if option is not focused}
        values: list[str] = []
        if focused is not None:
            typed = str(focused.get("value", ""))
            spec, name = self._specs.get(str(data["name"])), str(focused["name"])
            option = spec.option(name) if spec is not None else None
            if spec is not None and option is not None:
                known = self._services.completions(ADAPTER, name, {**others, name: typed})
                values = application_commands.autocomplete(self._commands, spec, option, others, typed, known)
        choices = [discord.app_commands.Choice(name=value[:100], value=value) for value in values]
        await interaction.response.autocomplete(choices)

    async def _handle_modal(self, interaction: discord.Interaction) -> None:
        data = data_of(interaction)
        modal_id = str(data.get("custom_id", ""))
        values, files = interaction_events.read_modal(interaction)
        button = buttons.MODAL_ID.fullmatch(modal_id)
        if button and buttons.is_signed(button, self._signer_of(interaction)):
            await self._record(interaction, interaction_events.event_from_button(interaction, button, values))
        elif (match := _COMMAND_MODAL_ID.fullmatch(modal_id)) and (spec := self._specs.get(match["command"])):
            await self._record(interaction, interaction_events.event_from_modal(interaction, spec, values, files))
        else:
            await self._refuse(interaction, "request.outdated")

    async def _record_reply_mode(self, interaction: discord.Interaction, mode: str) -> None:
        """Record the setting of the channel's reply mode; only for people who may manage the channel."""
        spec = self._specs.get(reply_mode.SETTINGS)
        if spec is None:
            await self._refuse(interaction, "request.outdated")
        elif interaction.guild_id is None or not interaction.permissions.manage_channels:
            await self._refuse(interaction, "discord.not_yours")
        else:
            await self._record(interaction, interaction_events.event_of_reply_mode(interaction, spec, mode))

    # -- recording and acknowledging

    async def _record(self, interaction: discord.Interaction, parsed: AcknowledgedEvent) -> None:
        """Record the event, then acknowledge it; acknowledge first when recording takes too long.

        While the database is away the event is held and tried again. The acknowledgement before the record is a
        sentence that stays true when this process dies.
        """
        acknowledgement = self._acknowledgements.begin(str(interaction.id))
        if acknowledgement is None:
            return  # delivered twice
        if not await self._served.serves_interaction(interaction):
            acknowledgement.set_result(False)
            await self._refuse(interaction, "discord.stranger")
            return
        attempt = partial(self._sink, parsed.event)
        recording = asyncio.ensure_future(hold(attempt, self._timing.outage, interaction=interaction.id))
        is_acknowledged, was_late = False, True
        try:
            await asyncio.wait({recording}, timeout=self._timing.record_timeout)
            was_late = not recording.done()
            is_acknowledged = await self._acknowledge(interaction, parsed, recording)
        finally:
            if not was_late:
                acknowledgement.set_result(is_acknowledged)
            try:
                await self._finish_recording(
                    interaction, parsed, recording, is_acknowledged=is_acknowledged, was_late=was_late
                )
            finally:
                if not acknowledgement.done():
                    acknowledgement.set_result(is_acknowledged)

    async def _acknowledge(
        self, interaction: discord.Interaction, parsed: AcknowledgedEvent, recording: "asyncio.Future[bool]"
    ) -> bool:
        """Acknowledge an event; whether Discord has an acknowledgement that the answer can replace."""
        try:
            if not recording.done():
                text = translate("discord.recording", str(interaction.locale))
                await interaction.response.send_message(text, ephemeral=parsed.is_private)
            elif recording.exception() is not None:
                await self._refuse(interaction, "discord.not_recorded")
                return False
            elif not recording.result():
                await self._refuse(interaction, "request.refused_before")
                return False
            else:
                await interaction.response.defer(thinking=True, ephemeral=parsed.is_private)
        except discord.HTTPException as exc:
            if exc.code == _ACKNOWLEDGED:  # by another process of this service, or by an attempt whose reply was lost
                return True
            if exc.code != _TOO_LATE:
                raise
            log.warning("interaction not acknowledged", interaction=interaction.id, code=exc.code)
            return False
        except NETWORK_ERRORS as exc:
            # Perhaps it was: then the answer replaces the "thinking" response; else sending it fails and it moves.
            log.warning("acknowledgement unconfirmed", interaction=interaction.id, reason=describe_error(exc))
        return True

    async def _finish_recording(
        self,
        interaction: discord.Interaction,
        parsed: AcknowledgedEvent,
        recording: "asyncio.Future[bool]",
        *,
        is_acknowledged: bool,
        was_late: bool,
    ) -> None:
        """Wait until the event is recorded; tell the person if it was acknowledged and could not be.

        `was_late`: the acknowledgement says that it is not recorded yet.
        """
        try:
            is_recorded = await recording
        except StoreError as exc:
            log.warning("interaction not recorded", interaction=interaction.id, reason=str(exc))
            self._pressed.pop(_press_of(interaction), None)
            if is_acknowledged:
                await self._replace_acknowledgement(interaction, parsed, "discord.not_recorded")
            return
        if not is_acknowledged:
            return
        if not is_recorded:
            await self._replace_acknowledgement(interaction, parsed, "request.refused_before")
            return
        if was_late:
            await self._replace_acknowledgement(interaction, parsed, "discord.long", is_stoppable=True)
        # it may be queued for longer than its token works
        await self._deadlines.watch_durably(ReplyTarget.of(parsed.event.reply_to), parsed.event.id)
        if interaction_events.can_post(interaction) and interaction.channel_id is not None:
            await self._active_channels.add(str(interaction.channel_id), parsed.event.location.workspace)

    async def _replace_acknowledgement(
        self, interaction: discord.Interaction, parsed: AcknowledgedEvent, key: str, *, is_stoppable: bool = False
    ) -> None:
        """Show another sentence in place of the acknowledgement, unless another process shows more there already."""
        event, locale = parsed.event, str(interaction.locale)
        view = discord.ui.View(timeout=None)
        if is_stoppable:
            channel, person = str(interaction.channel_id), str(interaction.user.id) if parsed.is_private else ""
            signer = buttons.signer_of(self._services, channel, person=person)
            ids = buttons.ButtonIds(event=event.id, conversation=event.conversation, channel=channel, signer=signer)
            label = translate("action.stop", locale)
            view.add_item(
                discord.ui.Button(label=label, custom_id=ids.of(buttons.STOP), style=discord.ButtonStyle.danger)
            )
        view.stop()  # `ActionButton` is told of presses, and nothing else
        try:
            shown = await interaction.original_response()
            if shown.flags.loading or shown.content == translate("discord.recording", locale):
                await interaction.edit_original_response(content=translate(key, locale), view=view)
                if self._services.has_peers:  # one of which may have shown the answer since that look
                    self._services.redeliver(ADAPTER, event.id)
        except (discord.HTTPException, discord.ClientException, *NETWORK_ERRORS) as exc:
            log.warning("acknowledgement not replaced", interaction=interaction.id, reason=describe_error(exc))

    async def _refuse(self, interaction: discord.Interaction, key: str) -> None:
        await interaction.response.send_message(translate(key, str(interaction.locale)), ephemeral=True)


def _press_of(interaction: discord.Interaction) -> tuple[str, ...]:
    """Return message, person and button of a press."""
    message = interaction.message
    button = str(data_of(interaction).get("custom_id", ""))
    return str(message.id if message is not None else ""), str(interaction.user.id), button
