"""The settings of the Slack adapter."""

from typing import Annotated

from pydantic import AfterValidator, AliasChoices, Field, SecretStr

from bot.errors import SettingsError
from bot.i18n import operator_text
from bot.settings.base import EnvironmentSettings, HttpUrl

#: The page of Slack where apps are managed.
APPS = "https://api.slack.com/apps"
_MAX_PREFIX = 20


def _prefix(value: str) -> str:
    value = value.strip().lstrip("/").lower()
    if value and (len(value) > _MAX_PREFIX or not value.replace("-", "").replace("_", "").isalnum()):
        raise ValueError(operator_text("slack.setting.prefix"))
    return value


class Settings(EnvironmentSettings):
    """Settings from the environment and `.env`. Each field's description is its line in `.env.example`."""

    slack_bot_token: SecretStr | None = Field(
        None,
        description="Token of the bot (xoxb-…), from the app's page OAuth & Permissions. Empty: no Slack, or many "
        "workspaces with SLACK_CLIENT_ID.",
    )
    slack_app_token: SecretStr | None = Field(
        None,
        description="App-level token (xapp-…) with connections:write, from the app's page Basic Information. With "
        "it the service connects to Slack (Socket Mode) and needs no public address.",
    )
    slack_signing_secret: SecretStr | None = Field(
        None,
        description="Signing secret, from the app's page Basic Information. Without SLACK_APP_TOKEN Slack calls "
        "POST /slack/events of the service (HTTP mode).",
    )
    slack_client_id: str = Field(
        "",
        description="Client id, from the app's page Basic Information. With SLACK_CLIENT_SECRET many workspaces "
        "can install the app, at /slack/install.",
    )
    slack_client_secret: SecretStr | None = Field(None, description="Client secret, from the same page.")
    slack_command_prefix: Annotated[str, AfterValidator(_prefix)] = Field(
        "", description="Beginning of the slash commands, such as muse- for /muse-image. Empty: /image."
    )
    slack_config_token: SecretStr | None = Field(
        None,
        description="App configuration token (xoxe.xoxp-…) for check, which then compares the app's events and "
        "settings. It lasts 12 hours.",
    )
    slack_connections: int = Field(
        1,
        ge=1,
        le=10,
        description="Socket Mode connections of each process that receives. Slack allows an app ten in all, and sends "
        "each event over one.",
    )
    slack_one_receiver: bool = Field(
        False,
        description="Connect one process at a time to Slack (Socket Mode); the others that receive stand by.",
    )
    slack_stalled_after: float = Field(
        60,
        ge=1,
        le=86400,
        validation_alias=AliasChoices("slack_stalled_after", "slack_deaf_after"),
        description="Seconds without anything from Slack in Socket Mode after which a new connection is made.",
    )
    slack_api_url: HttpUrl = Field(
        "", description="Address of Slack's Web API, such as https://slack-gov.com/api. Empty: https://slack.com/api."
    )


def require_consistent(settings: Settings) -> None:
    """Raise a `SettingsError` that says what to do when settings are missing or mixed up."""
    if settings.slack_bot_token is not None:
        _require_prefix(
            "SLACK_BOT_TOKEN", settings.slack_bot_token, "xoxb-", "OAuth & Permissions, Bot User OAuth Token"
        )
    elif settings.slack_client_secret is None:
        raise SettingsError(operator_text("slack.setting.client_secret", apps=APPS))
    if settings.slack_app_token is not None:
        _require_prefix("SLACK_APP_TOKEN", settings.slack_app_token, "xapp-", "Basic Information, App-Level Tokens")
    elif settings.slack_signing_secret is None:
        raise SettingsError(operator_text("slack.setting.no_connection", apps=APPS))


def _require_prefix(name: str, token: SecretStr, prefix: str, where: str) -> None:
    given = token.get_secret_value().strip()
    rotating = prefix.replace("xoxb-", "xoxe.xoxb-")
    if not given.startswith((prefix, rotating)):
        text = operator_text("slack.setting.token_prefix", name=name, prefix=prefix, apps=APPS, where=where)
        raise SettingsError(text)
