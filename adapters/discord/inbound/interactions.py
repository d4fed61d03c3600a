"""Commands, forms and buttons: written down, then acknowledged, always within the three seconds that Discord allows."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import discord
import structlog

from adapters.discord.gateway.errors import NETWORK, reason
from adapters.discord.inbound import interaction_events, reply_mode
from adapters.discord.inbound.interaction_events import Asked, data_of
from adapters.discord.outbound.token_expiry import Deadlines
from adapters.discord.reply_target import Address
from adapters.discord.setup import application_commands
from adapters.discord.ui import buttons, modals
from bot.errors import StoreError
from bot.i18n import translate
from bot.models import CommandSpec
from bot.ports import Sink

log = structlog.get_logger(__name__)

#: Seconds that writing down may take before a command is acknowledged all the same.
PATIENCE = 1.5
_KEPT = 2000  # interactions that are remembered
_COMMAND_FORM = re.compile(buttons.FORM + r":(?P<command>[\w-]+)")
_UNANSWERABLE = (10062, 40060)  # it is too old, or answered already
_TYPE = discord.InteractionType


class Deferrals:
    """Which interactions of this process are acknowledged, so that no answer is sent before."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, asyncio.Future[bool]] = OrderedDict()

    def begin(self, interaction: str) -> "asyncio.Future[bool] | None":
        """Something that is set to whether Discord took the acknowledgement; None: it has begun before."""
        if interaction in self._known:
            return None
        self._known[interaction] = asyncio.get_running_loop().create_future()
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return self._known[interaction]

    async def settled(self, interaction: str) -> bool | None:
        """Wait until an interaction is acknowledged. False: Discord did not take it; None: another process's."""
        known = self._known.get(interaction)
        return None if known is None else await asyncio.shield(known)


class Interactions:
    """Turns interactions into events, and answers those that are none."""

    def __init__(
        self,
        *,
        sink: Sink,
        commands: Sequence[CommandSpec],
        deferrals: Deferrals,
        deadlines: Deadlines,
        replies: reply_mode.Replies,
        learn_locale: Callable[[int, str], None],
    ) -> None:
        self._sink = sink
        self._specs = {spec.name: spec for spec in commands}
        self._commands = commands
        self._deferrals = deferrals
        self._deadlines = deadlines
        self._replies = replies
        self._learn_locale = learn_locale

    async def interaction(self, interaction: discord.Interaction) -> None:
        """Deal with a command, a form that was sent, or a question for choices. Buttons come to `pressed`."""
        self._learn_locale(interaction.user.id, str(interaction.locale))
        if interaction.type is _TYPE.application_command:
            await self._guarded(interaction, self._command(interaction))
        elif interaction.type is _TYPE.autocomplete:
            await self._guarded(interaction, self._autocomplete(interaction))
        elif interaction.type is _TYPE.modal_submit:
            await self._guarded(interaction, self._form(interaction))

    async def pressed(self, interaction: discord.Interaction, button: re.Match[str]) -> None:
        """Deal with a pressed button: ask for what it needs, or take it."""
        await self._guarded(interaction, self._press(interaction, button))

    async def _guarded(self, interaction: discord.Interaction, dealing: Awaitable[None]) -> None:
        """Deal with an interaction; what goes wrong is told the person, where Discord still lets it be told."""
        try:
            await dealing
        except (discord.HTTPException, discord.InteractionResponded, *NETWORK) as exc:
            log.warning("interaction not answered", interaction=interaction.id, reason=reason(exc))
        except Exception:  # a mistake of ours, or something that Discord did not tell before: no reason for silence
            log.exception("interaction not understood", interaction=interaction.id)
            with suppress(discord.HTTPException, discord.InteractionResponded, *NETWORK):
                await self._refuse(interaction, "discord.not_kept")

    # -- kinds

    async def _press(self, interaction: discord.Interaction, button: re.Match[str]) -> None:
        command, _, names = (button["asks"] or "").partition("=")
        spec = self._specs.get(command)
        options = [option for name in names.split(",") if spec is not None and (option := spec.option(name))]
        if spec is not None and options:
            custom_id = buttons.FORM + button[0].removeprefix(buttons.BUTTON)
            await interaction.response.send_modal(
                modals.form(spec, options, custom_id=custom_id, locale=str(interaction.locale), is_optional=True)
            )
            return
        found = interaction_events.press(interaction, button["event"], button["action"], button["conversation"], {})
        await self._take(interaction, found)

    async def _command(self, interaction: discord.Interaction) -> None:
        data = data_of(interaction)
        name = str(data.get("name", ""))
        if data.get("type", 1) != 1:
            found = interaction_events.menu(interaction)
            await (self._take(interaction, found) if found else self._refuse(interaction, "discord.gone"))
            return
        values = {str(option["name"]): option.get("value") for option in data.get("options", ())}
        spec = self._specs.get(str(values.get("command")) if name == application_commands.COMPOSE else name)
        if name == reply_mode.COMMAND:
            await self._set_replies(interaction, str(values.get("mode") or ""))
        elif spec is None:
            await self._refuse(interaction, "discord.gone")
        elif name == application_commands.COMPOSE or (not values and spec.prompt is not None and spec.kind is not None):
            locale = str(interaction.locale)
            custom_id = f"{buttons.FORM}:{spec.name}"
            await interaction.response.send_modal(modals.form(spec, spec.options, custom_id=custom_id, locale=locale))
        else:
            await self._take(interaction, interaction_events.slash(interaction, spec))

    async def _autocomplete(self, interaction: discord.Interaction) -> None:
        data = data_of(interaction)
        options = data.get("options", ())
        typed = next((option for option in options if option.get("focused")), None)
        given = {str(option["name"]): str(option.get("value", "")) for option in options if option is not typed}
        found = (
            application_commands.suggestions(
                self._commands, str(data["name"]), typed["name"], given, str(typed.get("value", ""))
            )
            if typed is not None
            else []
        )
        choices = [discord.app_commands.Choice(name=value[:100], value=value) for value in found]
        await interaction.response.autocomplete(choices)

    async def _form(self, interaction: discord.Interaction) -> None:
        data = data_of(interaction)
        custom_id = str(data.get("custom_id", ""))
        values, files = modals.filled(data)
        if button := buttons.FORM_ID.fullmatch(custom_id):
            found = interaction_events.press(
                interaction, button["event"], button["action"], button["conversation"], values
            )
            await self._take(interaction, found)
        elif (match := _COMMAND_FORM.fullmatch(custom_id)) and (spec := self._specs.get(match["command"])):
            await self._take(interaction, interaction_events.submitted(interaction, spec, values, files))
        else:
            await self._refuse(interaction, "discord.gone")

    async def _set_replies(self, interaction: discord.Interaction, mode: str) -> None:
        """Where mentions in this channel are answered: asked for, or changed by who may manage the channel."""
        locale, guild = str(interaction.locale), str(interaction.guild_id or "")
        thread = interaction_events.thread_of(interaction)
        channel = str(thread.parent_id if thread is not None else interaction.channel_id)
        if not guild or not interaction.permissions.manage_channels:
            await self._refuse(interaction, "discord.not_yours")
            return
        chosen = next((known for known in reply_mode.MODES if known == mode), None)
        await interaction.response.defer(thinking=True, ephemeral=True)  # reading may take longer than it may wait
        try:
            if chosen is not None:
                await self._replies.choose(guild, channel, chosen)
            current = await self._replies.mode(guild, channel)
            text = translate("discord.replies_are", locale, mode=translate(f"discord.mode.{current}", locale))
        except StoreError:
            text = translate("discord.not_kept", locale)
        await interaction.edit_original_response(content=text)

    # -- taking

    async def _take(self, interaction: discord.Interaction, found: Asked) -> None:
        """Write the event down, then acknowledge; when writing takes too long, acknowledge first."""
        deferral = self._deferrals.begin(str(interaction.id))
        if deferral is None:
            return  # told twice
        recording = asyncio.ensure_future(self._sink(found.event))
        is_taken = False
        try:
            await asyncio.wait({recording}, timeout=PATIENCE)
            if recording.done() and isinstance(recording.exception(), StoreError):
                await self._refuse(interaction, "discord.not_kept")
                return
            await interaction.response.defer(thinking=True, ephemeral=found.is_private)
            is_taken = True
        except discord.HTTPException as exc:
            if exc.code not in _UNANSWERABLE:
                raise
            log.warning("interaction not acknowledged", interaction=interaction.id, code=exc.code)
        except NETWORK as exc:
            is_taken = True  # perhaps: the answer finds out, and nothing is left that says that it is coming
            log.warning("interaction perhaps not acknowledged", interaction=interaction.id, reason=reason(exc))
        finally:
            deferral.set_result(is_taken)
            await self._recorded(interaction, found, recording, is_taken=is_taken)

    async def _recorded(
        self, interaction: discord.Interaction, found: Asked, recording: "asyncio.Future[None]", *, is_taken: bool
    ) -> None:
        """Wait for the event to be written down; an acknowledged one that could not be is told so."""
        try:
            await recording
            if is_taken:  # it may wait for its turn for longer than its token works
                await self._deadlines.keep(Address.of(found.event.reply_to), found.event.id)
        except StoreError as exc:
            log.warning("interaction not kept", interaction=interaction.id, reason=str(exc))
            if is_taken:
                text = translate("discord.not_kept", str(interaction.locale))
                await interaction.edit_original_response(content=text)

    async def _refuse(self, interaction: discord.Interaction, key: str) -> None:
        await interaction.response.send_message(translate(key, str(interaction.locale)), ephemeral=True)
