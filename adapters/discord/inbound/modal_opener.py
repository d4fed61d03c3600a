"""Opens modals; with selects alone for a while, where Discord refuses radio buttons and checkboxes."""

from collections.abc import Sequence
from functools import partial

import discord
import structlog

from adapters.discord.gateway.errors import describe_error
from adapters.discord.ui import modals
from adapters.kit.bounded import BoundedDict
from bot.i18n import translate
from bot.models import CommandSpec, Option

log = structlog.get_logger(__name__)

_INVALID_FORM = 50035
_GROUPS = "groups"  # feature: radio buttons and checkboxes
_GROUP = (discord.ui.RadioGroup, discord.ui.CheckboxGroup, discord.ui.Checkbox)


class ModalOpener:
    """Opens modals. Radio buttons and checkboxes that were refused are tried again after `retry` seconds."""

    def __init__(self, *, retry: float) -> None:
        self._refused: BoundedDict[str, None] = BoundedDict(1, lifetime=retry)

    async def open(
        self,
        interaction: discord.Interaction,
        spec: CommandSpec,
        options: Sequence[Option],
        custom_id: str,
        *,
        is_optional: bool = False,
        takes_file: bool = False,
    ) -> None:
        """Open a modal for options of a command, or say that Discord refuses it. Raises `discord.HTTPException`."""
        build = partial(
            modals.build_modal,
            spec,
            options,
            custom_id=custom_id,
            locale=str(interaction.locale),
            is_optional=is_optional,
            takes_file=takes_file,
        )
        forms = [build(has_groups=False)]
        if _GROUPS not in self._refused and _has_groups(modal := build(has_groups=True)):
            forms.insert(0, modal)
        reasons: list[str] = []
        for form in forms:
            try:
                await interaction.response.send_modal(form)
            except discord.HTTPException as exc:
                if exc.code != _INVALID_FORM:
                    raise
                reasons.append(describe_error(exc))
                continue
            if reasons:
                log.warning("no radio buttons", reason=reasons[0])
                self._refused[_GROUPS] = None
            return
        log.warning("form refused", command=spec.name, reason=reasons[-1])
        text = translate("discord.form_refused", str(interaction.locale))
        await interaction.response.send_message(text, ephemeral=True)


def _has_groups(modal: discord.ui.Modal) -> bool:
    return any(isinstance(item, _GROUP) for item in modal.walk_children())
