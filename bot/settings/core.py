"""The service's settings: environment variables and `.env`, checked before anything starts."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings

from aimodels import reference
from bot.i18n import operator_text
from bot.settings.approvers import validate_approvers
from bot.settings.base import HttpUrl, PublicUrl, Words, read
from bot.settings.database_url import address, validate_database_url
from bot.settings.identity_provider import require_beside_issuer, validate_issuer
from bot.settings.memory import MemorySettings
from bot.settings.roles import ALL_ROLES, validate_roles

_SHORTEST_TOKEN = 16  # characters
#: The ways to redact a request to the API, the weakest first.
REDACTIONS = ("off", "pseudonyms", "mask")
#: Whether pages are read: each link, or where the words of a question ask for it, or none.
LINK_MODES = ("on", "asked", "off")
#: What the API's moderation endpoint checks, the least first.
MODERATIONS = ("off", "requests", "both")


def _token(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < _SHORTEST_TOKEN:
        raise ValueError(operator_text("setting.short_token", minimum=_SHORTEST_TOKEN))
    return value


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)  # to list all would read a thousand files at each start
    except (KeyError, ValueError, OSError):  # an unknown name, no name, a folder
        raise ValueError(operator_text("setting.time_zone")) from None
    return value


DEFAULT_SYSTEM_PROMPT = "You are a helpful assistant in a team chat. Answer in the language you are asked in."


class Settings(MemorySettings):
    """The settings of the core. Each field's description is its line in `.env.example`."""

    # Conversations
    bot_system_prompt: str = Field(
        DEFAULT_SYSTEM_PROMPT,
        description="First instruction to the model (system prompt). A channel can set its own with /system.",
    )
    bot_context_turns: int = Field(
        40, ge=2, le=1000, description="Newest turns of a conversation that are sent with a chat request, at most."
    )
    bot_context_tokens: int = Field(6000, ge=200, le=1_000_000, description="Estimated tokens of these turns, at most.")
    bot_answer_tokens: int = Field(
        reference.DEFAULT_MAX_TOKENS,
        ge=1,
        le=1_000_000,
        description="Length of a chat or code answer in tokens, at most.",
    )
    bot_links: Literal["on", "asked", "off"] = Field(
        "asked",
        description="Pages that questions link to are read: on (always), asked (where the words ask for it) or off. Needs the extra links. Off: nobody can choose more.",
    )
    bot_attachment_tokens: int = Field(
        8000, ge=0, le=1_000_000, description="Estimated tokens that are read from the files of a message, at most."
    )
    bot_gather_seconds: float = Field(
        0,
        ge=0,
        le=30,
        description="Seconds without a further message of the same person before their messages are answered together; 0: each is answered at once. A place can set its own with /settings gather_seconds.",
    )

    # The service
    bot_data_dir: Path = Field(Path("data"), description="Folder of the database, the generated files and the key.")
    bot_database_url: Annotated[SecretStr, AfterValidator(validate_database_url)] | None = Field(
        None,
        description="Database. sqlite:///folder/file.db for one process, postgresql://user:password@host/database for several (run make postgres first). Empty: an SQLite file in BOT_DATA_DIR.",
    )
    bot_roles: Annotated[Words, AfterValidator(validate_roles)] = Field(
        ALL_ROLES,
        description="Parts of the service that this process runs: receive (from the platforms), work (answers), web (cockpit, links). A process without receive or without work needs PostgreSQL and a platform.",
    )
    bot_platforms: Words = Field(
        (),
        description="Platforms that this process serves, by name. Empty: all that are configured; without any, the terminal.",
    )
    bot_host: str = Field("127.0.0.1", description="Address that the web server listens on.")
    bot_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Port of the web server (health, links, cockpit). Empty: it starts only if a platform needs it, on 8080.",
    )
    bot_ops_host: str = Field("127.0.0.1", description="Address that the operator's port listens on.")
    bot_ops_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Port of /metrics and /readyz, which are for the operator. Empty: there is none.",
    )
    bot_ops_token: Annotated[SecretStr, AfterValidator(_token)] | None = Field(
        None,
        description="Token that /metrics and /readyz want as Authorization: Bearer TOKEN; with it they are on the web server's port, too. Empty: only BOT_OPS_PORT has them.",
    )
    bot_public_url: PublicUrl = Field(
        "",
        description="Public address of the web server, for links to files that are too big to upload, and the cockpit.",
    )
    bot_cockpit: bool = Field(
        True,
        description="Web pages for the operator and administrators at /cockpit of BOT_PORT, on this machine or with an https BOT_PUBLIC_URL.",
    )
    bot_cockpit_texts: bool = Field(
        False,
        description="Show on these pages also what people write and get, and files made in private. Without it: when, by whom, and files made in channels.",
    )
    bot_play_url: HttpUrl = Field(
        "",
        description="Address of the pages of make play, which sets it: Try it in the cockpit leads there.",
    )
    bot_oidc_issuer: Annotated[HttpUrl, PublicUrl, AfterValidator(validate_issuer)] = Field(
        "",
        description="Address of an OpenID Connect provider with which operators sign in to these pages, such as https://login.example.com. Needs the extra oidc. Empty: only links sign in.",
    )
    bot_oidc_client_id: Annotated[str, AfterValidator(require_beside_issuer)] = Field(
        "", validate_default=True, description="Id of the service at the provider."
    )
    bot_oidc_client_secret: SecretStr | None = Field(
        None, description="Secret of the service at the provider. Empty: it has none, as a public client."
    )
    bot_oidc_scopes: Words = Field(
        ("openid", "email", "profile"), description="Scopes to ask the provider for; some need groups for its groups."
    )
    bot_oidc_operators: Annotated[Words, AfterValidator(require_beside_issuer)] = Field(
        (),
        validate_default=True,
        description="People of the provider who have the operator's rights: verified e-mail addresses, or CLAIM=VALUE such as groups=muse-operators.",
    )
    bot_secret_key: SecretStr | None = Field(
        None,
        description="Key that signs links, buttons, forms and sign-ins to the cockpit, of at least 32 random bytes. Empty: it is generated once and kept in BOT_DATA_DIR.",
    )
    bot_encryption_keys: SecretStr | None = Field(
        None,
        description="Keys, separated by commas, that encrypt tokens in the database: the first encrypts, all decrypt. Empty: the key that signs links. Change them in steps: docs/operating.md.",
    )
    bot_disabled_commands: Words = Field(
        (), description="Commands that are not offered, such as video where the API has none. Not chat."
    )
    bot_chat_concurrency: int = Field(
        50, ge=1, le=1000, description="Conversations that are answered at the same time."
    )
    bot_media_concurrency: int = Field(
        4, ge=1, le=100, description="Pictures, sounds and videos that are made at the same time."
    )
    bot_patience: float = Field(
        600,
        ge=0,
        le=86400,
        description="Seconds for which a request is tried again while the AI API is unavailable or busy. 0: BOT_MAX_ATTEMPTS decides.",
    )
    bot_max_attempts: int = Field(
        4,
        ge=1,
        le=20,
        description="Attempts at a request during which the process died, before the person is told that it failed. With BOT_PATIENCE=0 failures of the AI API count, too.",
    )
    bot_shutdown_timeout: float = Field(
        20, ge=0, le=600, description="Seconds that running answers have to finish when the service stops."
    )
    bot_retention_days: int = Field(
        90, ge=0, le=36500, description="Days for which conversations and files are kept. 0: for ever."
    )
    bot_migration_backups: int = Field(
        3,
        ge=0,
        le=100,
        description="Backups that are kept in BOT_DATA_DIR/backups of those made before a new version changes the database, and of those made before a restore (at least one). 0: a new version makes none.",
    )
    bot_audit_days: int = Field(365, ge=0, le=36500, description="Days for which the audit log is kept. 0: for ever.")
    bot_recorder: Literal["off", "redacted", "full"] = Field(
        "off",
        description="Flight recorder of each request: off, redacted (without texts, names, ids and secrets) or full (without secrets only).",
    )
    bot_recorder_megabytes: int = Field(
        64, ge=1, le=100_000, description="Size of all recordings together, at most; the oldest are deleted."
    )
    bot_recorder_days: float = Field(7, gt=0, le=3650, description="Days for which recordings are kept, at most.")
    bot_log_level: Literal["auto", "debug", "info", "warning", "error"] = Field(
        "auto",
        description="Level of the log: debug, info, warning, error, or auto (info; warning if only the terminal is used).",
    )
    bot_log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="Format of the log: console, json, or auto (console on a terminal, else json)."
    )

    # Who may do what; lists are comma-separated ids, empty: everybody
    bot_allow_people: Words = Field((), description="People who may use the service, by id. Empty: everybody.")
    bot_deny_people: Words = Field((), description="People who may not use it.")
    bot_allow_roles: Words = Field(
        (), description="Roles that may use it; one of a person's roles is enough. Empty: all."
    )
    bot_deny_roles: Words = Field((), description="Roles that may not use it.")
    bot_allow_channels: Words = Field((), description="Channels in which it answers. Empty: all.")
    bot_deny_channels: Words = Field((), description="Channels in which it does not answer.")
    bot_allow_workspaces: Words = Field((), description="Workspaces or servers in which it answers. Empty: all.")
    bot_deny_workspaces: Words = Field((), description="Workspaces or servers in which it does not answer.")
    bot_command_rules: Words = Field(
        (),
        description="Rules for single commands: video=role:112233445566778899 (only they may), image!=channel:C012 (not there). The words are person, role, channel and workspace.",
    )
    bot_admins: Words = Field(
        (), description="People and roles that administer the whole service, by id. Empty: nobody but the operator."
    )
    bot_allow_bots: bool = Field(False, description="Answer other bots.")
    bot_allow_strangers: bool = Field(
        False, description="Answer people from outside the workspace that installed the service."
    )
    # What may be said
    bot_redaction: Literal["off", "pseudonyms", "mask"] = Field(
        "off",
        description="Replacement of secrets and personal data in requests to the AI API: off, pseudonyms (put back in the answer) or mask. Nobody can choose less.",
    )
    bot_content_rules: Path | None = Field(
        None, description="File of your own rules: what else is replaced, and which words a request may not have."
    )
    bot_moderation: Literal["off", "requests", "both"] = Field(
        "off",
        description="What is checked by the moderation endpoint of an OpenAI-compatible API: off, requests, or both requests and answers. Nobody can choose less.",
    )
    bot_moderation_model: str = Field("omni-moderation-latest", description="Model of the moderation endpoint.")
    bot_moderation_failure: Literal["refuse", "allow"] = Field(
        "refuse", description="What happens to what can't be checked because the endpoint fails: refuse or allow."
    )

    # Limits
    bot_requests_per_minute: int = Field(
        20,
        ge=0,
        description="Requests of one person a minute. 0: no limit. At the terminal the limit applies only if it is set here.",
    )
    bot_media_per_day: int = Field(
        100, ge=0, description="Pictures, sounds and videos of one person a day. 0: no limit."
    )
    bot_time_zone: Annotated[str, AfterValidator(_time_zone)] = Field(
        "UTC",
        description="Time zone in which the days and months of limits begin, and of schedules of people whose own is not known, such as Asia/Taipei.",
    )
    bot_schedules_per_person: int = Field(
        20, ge=0, le=10_000, description="Schedules (/schedule) that one person may have. 0: nobody may schedule."
    )
    bot_schedules_per_workspace: int = Field(
        200, ge=0, le=100_000, description="Schedules that all people of a workspace or server may have together."
    )
    bot_schedule_interval: int = Field(
        900, ge=60, le=2_678_400, description="Shortest time between two requests of a schedule, in seconds."
    )
    bot_schedule_grace: int = Field(
        3600,
        ge=60,
        le=604_800,
        description="Seconds for which a scheduled request is made late, where the service was not running. Later it is told that it was missed.",
    )
    bot_budget_per_day: float = Field(
        0, ge=0, description="Money of all people a day, in the API's currency. 0: no limit."
    )

    bot_quote_above: float | None = Field(
        None,
        ge=0,
        le=100_000,
        description="Price of a request above which it first shows what it will cost. Administrators may lower it. Empty: no quotes unless they set a price.",
    )
    bot_approve_above: float | None = Field(
        None,
        ge=0,
        le=100_000,
        description="Price of a request above which an approver has to grant it. Administrators may lower it. Empty: no approvals unless they set a price.",
    )
    bot_approvers: Annotated[Words, AfterValidator(validate_approvers)] = Field(
        (),
        description="People and roles that grant requests: person:ID,role:ID, or person:PLATFORM:ID. Administrators "
        "do on a platform of which nobody is listed.",
    )

    @property
    def postgres_url(self) -> SecretStr | None:
        """URL of the PostgreSQL database; None: the database is an SQLite file."""
        url = self.bot_database_url
        return url if url is not None and url.get_secret_value().startswith("postgres") else None

    @property
    def database_path(self) -> Path:
        """The SQLite file, unless `postgres_url` is set."""
        url = self.bot_database_url.get_secret_value() if self.bot_database_url is not None else ""
        return Path(url.removeprefix("sqlite:///")) if url else self.bot_data_dir / "bot.db"

    @property
    def database_name(self) -> str:
        """Name of the database in messages."""
        return str(self.database_path) if self.postgres_url is None else address(self.postgres_url)

    @property
    def secrets(self) -> tuple[SecretStr, ...]:
        """All secret values, and the secrets within them."""
        found = [value for value in dict(self).values() if isinstance(value, SecretStr)]
        if self.postgres_url is not None:
            password = urlsplit(self.postgres_url.get_secret_value()).password or ""
            found += [SecretStr(password), SecretStr(unquote(password))]
        if self.bot_encryption_keys is not None:
            found += [SecretStr(key.strip()) for key in self.bot_encryption_keys.get_secret_value().split(",")]
        return tuple(found)

    @property
    def media_dir(self) -> Path:
        """The folder of generated files; with an object store what it has not got yet."""
        return self.bot_data_dir / "media"

    @property
    def recordings_dir(self) -> Path:
        """The folder of the flight recorder."""
        return self.bot_data_dir / "recordings"


def load_settings() -> Settings:
    """Read the settings. Raises `SettingsError` with each invalid setting's name and the allowed values."""
    return read(Settings)


def example(settings: type[BaseSettings]) -> str:
    """Return the lines of `.env.example` for a settings class: purpose, name and default of each setting."""
    lines = []
    for name, field in settings.model_fields.items():
        default = field.get_default()
        if isinstance(default, tuple):
            default = ",".join(default)
        if isinstance(default, bool):
            default = str(default).lower()
        lines += [f"# {field.description}", f"#{name.upper()}={'' if default is None else default}", ""]
    return "\n".join(lines)
