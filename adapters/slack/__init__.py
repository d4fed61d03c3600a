"""Slack: mentions, threads, direct messages, slash commands, shortcuts, forms, buttons and the App Home.

The libraries are `slack_bolt` and `slack_sdk`, imported only where Slack is configured.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, SecretStr

from bot.errors import SettingsError
from bot.models import CommandSpec
from bot.settings.base import EnvironmentSettings, HttpUrl, read

if TYPE_CHECKING:
    from adapters.slack.adapter import Slack

#: Where an app's settings are.
APPS = "https://api.slack.com/apps"
_MAX_PREFIX = 20


def _prefix(value: str) -> str:
    value = value.strip().lstrip("/").lower()
    if value and (len(value) > _MAX_PREFIX or not value.replace("-", "").replace("_", "").isalnum()):
        raise ValueError("must be letters, digits, - and _ only, such as muse-")
    return value


class Settings(EnvironmentSettings):
    """What the Slack side can be told. Each field's description is its line in `.env.example`."""

    slack_bot_token: SecretStr | None = Field(
        None,
        description="The bot's token (xoxb-…), from the app's page Install App. Empty: no Slack, or many workspaces by "
        "SLACK_CLIENT_ID.",
    )
    slack_app_token: SecretStr | None = Field(
        None,
        description="The app-level token (xapp-…) with connections:write, from the app's page Basic Information: "
        "Socket Mode, which needs no public address.",
    )
    slack_signing_secret: SecretStr | None = Field(
        None,
        description="The signing secret, from the app's page Basic Information: HTTP mode, used without "
        "SLACK_APP_TOKEN. Slack then calls POST /slack/events.",
    )
    slack_client_id: str = Field(
        "",
        description="With SLACK_CLIENT_SECRET: many workspaces, each installed at /slack/install; from the app's page "
        "Basic Information.",
    )
    slack_client_secret: SecretStr | None = Field(None, description="The secret of SLACK_CLIENT_ID.")
    slack_command_prefix: Annotated[str, AfterValidator(_prefix)] = Field(
        "", description="What slash commands begin with, such as muse- for /muse-image; empty: /image."
    )
    slack_config_token: SecretStr | None = Field(
        None,
        description="An app configuration token (xoxe.xoxp-…), only for `check`: with it the app's events and settings "
        "are compared. It lasts 12 hours.",
    )
    slack_deaf_after: float = Field(
        60,
        ge=1,
        le=86400,
        description="Seconds of silence from a Socket Mode connection after which a new one is made.",
    )
    slack_api_url: HttpUrl = Field(
        "", description="Where Slack's Web API is, such as https://slack-gov.com/api; empty: https://slack.com/api."
    )


def create(*, data_dir: Path, conversation: str | None) -> "Slack | None":  # noqa: ARG001 - the same everywhere
    """The adapter; None where neither a token nor a client id is set. Raises `SettingsError` for a wrong setting."""
    settings = read(Settings)
    if settings.slack_bot_token is None and not settings.slack_client_id:
        return None
    _consistent(settings)
    from adapters.slack.adapter import Slack

    return Slack(settings, folder=data_dir)


def _consistent(settings: Settings) -> None:
    """Raises `SettingsError` with what to do when settings are missing or mixed up."""
    if settings.slack_bot_token is not None:
        _kind("SLACK_BOT_TOKEN", settings.slack_bot_token, "xoxb-", "Install App, Bot User OAuth Token")
    elif settings.slack_client_secret is None:
        raise SettingsError(f"SLACK_CLIENT_SECRET is not set: open {APPS}, your app, Basic Information, and copy it")
    if settings.slack_app_token is not None:
        _kind("SLACK_APP_TOKEN", settings.slack_app_token, "xapp-", "Basic Information, App-Level Tokens")
    elif settings.slack_signing_secret is None:
        raise SettingsError(
            f"set SLACK_APP_TOKEN (Socket Mode: open {APPS}, your app, Basic Information, App-Level Tokens, generate "
            "one with connections:write) or SLACK_SIGNING_SECRET (HTTP mode: Basic Information, App Credentials)"
        )


def _kind(name: str, token: SecretStr, prefix: str, where: str) -> None:
    given = token.get_secret_value().strip()
    rotating = prefix.replace("xoxb-", "xoxe.xoxb-")
    if not given.startswith((prefix, rotating)):
        raise SettingsError(f"{name} must begin with {prefix}: open {APPS}, your app, {where}, and copy that one")


def manifest(commands: Sequence[CommandSpec], *, url: str | None) -> str:
    """The app manifest, to be pasted where an app is made. Raises `SettingsError` for a wrong setting."""
    settings = read(Settings)
    from adapters.slack.setup.manifest import describe

    return describe(commands, url=url, prefix=settings.slack_command_prefix)


__all__ = ["APPS", "Settings", "create", "manifest"]
