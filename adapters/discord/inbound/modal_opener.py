"""Opens modals; with selects alone for a while, where Discord refuses radio buttons and checkboxes."""

from collections.abc import Sequence
from functools import partial

import discord
import structlog

from adapters.discord.gateway.errors import describe_error
from adapters.discord.ui import modals
from adapters.kit.bounded import BoundedDict
from bot.models import CommandSpec, Option

log = structlog.get_logger(__name__)

_INVALID_FORM = 50035
_GROUPS = "groups"  # feature: radio buttons and checkboxes


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
        """Open a modal for options of a command. Raises `discord.HTTPException`."""
        build = partial(
            modals.build_modal,
            spec,
            options,
            custom_id=custom_id,
            locale=str(interaction.locale),
            is_optional=is_optional,
            takes_file=takes_file,
        )
        has_groups = _GROUPS not in self._refused
        try:
            await interaction.response.send_modal(build(has_groups=has_groups))
        except discord.HTTPException as exc:
            if exc.code != _INVALID_FORM or not has_groups:
                raise
            reason = describe_error(exc)
            await interaction.response.send_modal(build(has_groups=False))  # which may be refused for another reason
            log.warning("no radio buttons", reason=reason)
            self._refused[_GROUPS] = None
