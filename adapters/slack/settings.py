"""Settings of the Slack side."""

from typing import Annotated

from pydantic import AfterValidator, AliasChoices, Field, SecretStr

from bot.errors import SettingsError
from bot.settings.base import EnvironmentSettings, HttpUrl

#: The page of Slack where apps are managed.
APPS = "https://api.slack.com/apps"
_MAX_PREFIX = 20


def _prefix(value: str) -> str:
    value = value.strip().lstrip("/").lower()
    if value and (len(value) > _MAX_PREFIX or not value.replace("-", "").replace("_", "").isalnum()):
        raise ValueError("must be letters, digits, - and _ only, such as muse-")
    return value


class Settings(EnvironmentSettings):
    """Settings from the environment and `.env`. Each field's description is its line in `.env.example`."""

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
    slack_stalled_after: float = Field(
        60,
        ge=1,
        le=86400,
        validation_alias=AliasChoices("slack_stalled_after", "slack_deaf_after"),
        description="Seconds of silence from a Socket Mode connection after which a new one is made.",
    )
    slack_api_url: HttpUrl = Field(
        "", description="Where Slack's Web API is, such as https://slack-gov.com/api; empty: https://slack.com/api."
    )


def require_consistent(settings: Settings) -> None:
    """Raise a `SettingsError` that says what to do when settings are missing or mixed up."""
    if settings.slack_bot_token is not None:
        _require_prefix("SLACK_BOT_TOKEN", settings.slack_bot_token, "xoxb-", "Install App, Bot User OAuth Token")
    elif settings.slack_client_secret is None:
        raise SettingsError(f"SLACK_CLIENT_SECRET is not set: open {APPS}, your app, Basic Information, and copy it")
    if settings.slack_app_token is not None:
        _require_prefix("SLACK_APP_TOKEN", settings.slack_app_token, "xapp-", "Basic Information, App-Level Tokens")
    elif settings.slack_signing_secret is None:
        raise SettingsError(
            f"set SLACK_APP_TOKEN (Socket Mode: open {APPS}, your app, Basic Information, App-Level Tokens, generate "
            "one with connections:write) or SLACK_SIGNING_SECRET (HTTP mode: Basic Information, App Credentials)"
        )


def _require_prefix(name: str, token: SecretStr, prefix: str, where: str) -> None:
    given = token.get_secret_value().strip()
    rotating = prefix.replace("xoxb-", "xoxe.xoxb-")
    if not given.startswith((prefix, rotating)):
        raise SettingsError(f"{name} must begin with {prefix}: open {APPS}, your app, {where}, and copy that one")
