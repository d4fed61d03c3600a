"""Discord: mentions, threads, direct messages, slash commands, context menus and buttons.

The library is `discord`. It is imported only where a token is configured, because importing it is slow.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.discord.settings import PORTAL, AccessSettings, Settings
from adapters.discord.wire_format import WIRE_FORMAT
from bot.errors import SettingsError
from bot.i18n import operator_text, register_catalogue
from bot.models import CommandSpec
from bot.ports import Platform
from bot.settings.base import read

if TYPE_CHECKING:
    from adapters.discord.adapter import Discord

register_catalogue(__name__)


def create(*, data_dir: Path, conversation: str | None) -> "Discord | None":  # noqa: ARG001 - the same for every platform
    """Return the adapter, or None where no token is set. Raises `SettingsError` for a wrong setting."""
    settings = read(Settings)
    if settings.discord_token is None:
        return None
    from adapters.discord.adapter import Discord

    access = read(AccessSettings)
    return Discord(
        token=settings.discord_token,
        message_content=settings.discord_message_content,
        reply_mode=settings.discord_reply_mode,
        stalled_after=settings.discord_stalled_after,
        shards=settings.discord_shards,
        api_url=settings.discord_api_url,
        servers=access.bot_allow_workspaces,
        serves_everybody=access.bot_allow_strangers,
    )


def manifest(commands: Sequence[CommandSpec], *, url: str | None) -> str:  # noqa: ARG001 - nothing is called over HTTP
    """Return the invite link and the commands as they are registered. Raises `SettingsError` without a token."""
    settings = read(Settings)
    if settings.discord_token is None:
        raise SettingsError(operator_text("discord.setting.no_token", portal=PORTAL))
    from adapters.discord.setup.check import describe_application

    return describe_application(settings.discord_token.get_secret_value(), commands)


PLATFORM = Platform(name="discord", settings=Settings, create=create, manifest=manifest, wire_format=WIRE_FORMAT)

__all__ = ["PLATFORM", "Settings", "create", "manifest"]
