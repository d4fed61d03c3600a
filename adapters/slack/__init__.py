"""Slack: mentions, threads, direct messages, slash commands, shortcuts, forms, buttons and the App Home.

The libraries are `slack_bolt` and `slack_sdk`, imported only where Slack is configured.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.slack.settings import Settings, require_consistent
from adapters.slack.wire_format import WIRE_FORMAT
from bot.i18n import operator_locale, register_catalogue
from bot.models import CommandSpec
from bot.ports import Platform
from bot.settings.base import read

if TYPE_CHECKING:
    from adapters.slack.adapter import Slack

register_catalogue(__name__)


def create(*, data_dir: Path, conversation: str | None) -> "Slack | None":  # noqa: ARG001 - the same everywhere
    """Return the adapter; None where neither a token nor a client id is set. Raises `SettingsError`."""
    settings = read(Settings)
    if settings.slack_bot_token is None and not settings.slack_client_id:
        return None
    require_consistent(settings)
    from adapters.slack.adapter import Slack

    return Slack(settings, folder=data_dir)


def manifest(commands: Sequence[CommandSpec], *, url: str | None) -> str:
    """Return the app manifest, to be pasted where an app is made. Raises `SettingsError`."""
    settings = read(Settings)
    from adapters.slack.setup.manifest import render_manifest

    return render_manifest(commands, url=url, prefix=settings.slack_command_prefix, locale=operator_locale())


PLATFORM = Platform(name="slack", settings=Settings, create=create, manifest=manifest, wire_format=WIRE_FORMAT)

__all__ = ["PLATFORM", "Settings", "create", "manifest"]
