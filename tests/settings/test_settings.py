"""Settings: documented where people look, refused with a sentence, secret where they are secret."""

from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from bot.errors import SettingsError
from bot.platforms import known_settings
from bot.settings.base import read
from bot.settings.core import example, load_settings
from sandbox.config import SandboxConfig

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


#: Every class of settings of the repository, found as the service finds them.
KINDS = [kind for kind in known_settings() if kind.__module__.split(".")[0] in ("bot", "adapters", "sandbox")]


@pytest.mark.parametrize("settings", KINDS, ids=lambda kind: kind.__module__)
def test_env_example_has_every_setting(settings: type[BaseSettings]) -> None:
    """`.env.example` holds each setting with its default and its line, exactly as the code has them."""
    text, wanted = (ROOT / ".env.example").read_text(encoding="utf-8"), example(settings).strip()
    assert [line for line in wanted.splitlines() if line not in text.splitlines()] == []
    assert wanted in text, f"the lines are there, in another order than in {settings}"


def test_env_example_has_nothing_else() -> None:
    """A setting that the code no longer knows is gone from `.env.example` too."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    documented = {
        line.split("=")[0].removeprefix("#") for line in text.splitlines() if "=" in line and line[:2] != "# "
    }
    known = {name.upper() for each in KINDS for name in each.model_fields}
    assert documented == known


# What each constrained setting is given, and what it then says is allowed.
_NO_IDS = (("@ada", "U01,Ada Lovelace", "#general", "<@U01>"), "be ids, separated by commas")
WRONG = {
    **{
        f"BOT_{rule}_{what}": _NO_IDS
        for rule in ("ALLOW", "DENY")
        for what in ("PEOPLE", "ROLES", "CHANNELS", "WORKSPACES")
    },
    "BOT_ADMINS": _NO_IDS,
    "AIMODELS_BASE_URL": (
        ("api.example.com", "ftp://x", "http://[::1", "http://x:0"),
        "an http:// or https:// address",
    ),
    "AIMODELS_API_FLAVOR": (("soap",), "aimodels or openai"),
    "AIMODELS_SPEECH": (("maybe", "2"), "true or false"),
    "AIMODELS_STREAMING": (("maybe", "2"), "true or false"),
    "AIMODELS_TIMEOUT": (("soon", "0", "3601", "nan", "inf"), "a number above 0 and at most 3600"),
    "AIMODELS_MEDIA_TIMEOUT": (("x", "-1", "7201"), "a number above 0 and at most 7200"),
    **{
        f"BOT_{kind}_MODELS": ((",", " , "), "a list separated by commas, with at least one entry")
        for kind in ("CHAT", "CODE", "IMAGE", "AUDIO", "VIDEO")
    },
    "BOT_BREAKER_FAILURES": (("x", "0", "101"), "a whole number from 1 to 100"),
    "BOT_BREAKER_SECONDS": (("x", "0", "3601"), "a number above 0 and at most 3600"),
    "BOT_CONTEXT_TURNS": (("x", "1", "1001", "2.5"), "a whole number from 2 to 1000"),
    "BOT_CONTEXT_TOKENS": (("x", "199", "1000001"), "a whole number from 200 to 1000000"),
    "BOT_ANSWER_TOKENS": (("x", "0", "1000001"), "a whole number from 1 to 1000000"),
    "BOT_GATHER_SECONDS": (("x", "-1", "31"), "a number from 0 to 30"),
    "BOT_ATTACHMENT_TOKENS": (("x", "-1", "1000001"), "a whole number from 0 to 1000000"),
    "BOT_DATABASE_URL": (("mysql://x",), "like sqlite:///"),
    "BOT_OIDC_ISSUER": (("login", "ftp://login", "http://login.example.com"), "an http"),
    "BOT_ROLES": (("all", "receive,serve", ","), "a list of receive, work, web"),
    "BOT_PORT": (("abc", "-1", "99999", "80.5"), "a whole number from 0 to 65535"),
    "BOT_OPS_PORT": (("abc", "-1", "99999"), "a whole number from 0 to 65535"),
    "BOT_OPS_TOKEN": (("short", "x" * 15), "at least 16 characters"),
    "BOT_EXTRA_PARAMETERS": (
        ("top_p", "chat.model", "talk.top_p", "chat.top_p=0..", "chat.top_p=", "chat.Top"),
        "chat.top_p=0..1",
    ),
    "BOT_MODEL_SIZES": (("m", "m=", "m=big", "m=1024x1024|", "=1024x1024"), "my-model=1024x1024|768x512"),
    "BOT_PRICES": (
        ("m", "m=", "m=0.04", "m=image:1", "m=picture:-1", "m=picture:0.0000001", "=input:1"),
        "my-model=picture:0.04",
    ),
    "BOT_TIME_ZONE": (("x", "utc+8", "../UTC"), "a time zone such as UTC"),
    "BOT_WORKSPACE_API_ORIGINS": (("api.openai.com", "https://x/v1", "private"), "https://files.internal"),
    "BOT_MEDIA_ORIGINS": (("files.internal", "ftp://x", "https://x/files", "https://u:p@x"), "https://files.internal"),
    "BOT_MEDIA_STORE": (("muse", "https://muse", "s3://", "s3://Muse", "s3://muse/../x y"), "s3://bucket/prefix"),
    "BOT_S3_ENDPOINT": (("minio:9000",), "an http:// or https:// address"),
    "BOT_S3_SECRET_KEY": (("without its id",), "together with BOT_S3_ACCESS_KEY"),
    "BOT_PUBLIC_URL": (
        ("example.com", "https://u:p@x", "https://x?y", "https://x#y", "https://..é"),
        "an http:// or https:// address",
    ),
    "BOT_PLAY_URL": (("example.com",), "an http:// or https:// address"),
    "BOT_CHAT_CONCURRENCY": (("x", "0", "1001"), "a whole number from 1 to 1000"),
    "BOT_MEDIA_CONCURRENCY": (("x", "0", "101"), "a whole number from 1 to 100"),
    "BOT_PATIENCE": (("x", "-1", "86401", "nan"), "a number from 0 to 86400"),
    "BOT_MAX_ATTEMPTS": (("x", "0", "21"), "a whole number from 1 to 20"),
    "BOT_SHUTDOWN_TIMEOUT": (("x", "-1", "601"), "a number from 0 to 600"),
    "BOT_RETENTION_DAYS": (("x", "-1", "36501"), "a whole number from 0 to 36500"),
    "BOT_MIGRATION_BACKUPS": (("x", "-1", "101"), "a whole number from 0 to 100"),
    "BOT_AUDIT_DAYS": (("x", "-1", "36501"), "a whole number from 0 to 36500"),
    "BOT_RECORDER": (("yes", "texts"), "off, redacted or full"),
    "BOT_RECORDER_MEGABYTES": (("x", "0", "100001"), "a whole number from 1 to 100000"),
    "BOT_RECORDER_DAYS": (("x", "0", "3651"), "a number above 0 and at most 3650"),
    "BOT_LOG_LEVEL": (("loud", "INFO"), "auto, debug, info, warning or error"),
    "BOT_LOG_FORMAT": (("xml",), "auto, console or json"),
    "BOT_MAX_DOWNLOAD_BYTES": (("x", "999999"), "a whole number of at least 1000000"),
    "BOT_MAX_ATTACHMENT_BYTES": (("x", "999"), "a whole number of at least 1000"),
    "BOT_DOWNLOAD_TIMEOUT": (("x", "0", "3601"), "a number above 0 and at most 3600"),
    "BOT_LINK_HOURS": (("x", "0", "8761"), "a number above 0 and at most 8760"),
    "BOT_ALLOW_BOTS": (("x",), "true or false"),
    "BOT_CONTENT_CREDENTIALS": (("x",), "true or false"),
    "BOT_COCKPIT": (("x",), "true or false"),
    "BOT_COCKPIT_TEXTS": (("x",), "true or false"),
    "BOT_ALLOW_STRANGERS": (("x",), "true or false"),
    "BOT_REQUESTS_PER_MINUTE": (("x", "-1", "0.5"), "a whole number of at least 0"),
    "BOT_MEDIA_PER_DAY": (("x", "-1"), "a whole number of at least 0"),
    "BOT_BUDGET_PER_DAY": (("x", "-1", "inf", "nan"), "a number of at least 0"),
    "BOT_QUOTE_ABOVE": (("x", "-1", "100001", "nan"), "a number from 0 to 100000"),
    "BOT_APPROVE_ABOVE": (("x", "-1", "100001", "nan"), "a number from 0 to 100000"),
    "BOT_APPROVERS": (("U1", "channel:C1", "person:"), "person:ID and role:ID"),
    "CONSOLE_CONVERSATION": (("x" * 101,), "at most 100 characters"),
    "BOT_LINKS": (("x", "auto"), "on, asked or off"),
    "BOT_MEMORY": (("x", "auto"), "propose, on or off"),
    "BOT_MEMORY_NOTES": (("x", "0", "501"), "a whole number from 1 to 500"),
    "BOT_MEMORY_TOKENS": (("x", "49", "100001"), "a whole number from 50 to 100000"),
    "BOT_SCHEDULES_PER_PERSON": (("x", "-1", "10001"), "a whole number from 0 to 10000"),
    "BOT_SCHEDULES_PER_WORKSPACE": (("x", "-1", "100001"), "a whole number from 0 to 100000"),
    "BOT_SCHEDULE_INTERVAL": (("x", "59", "2678401"), "a whole number from 60 to 2678400"),
    "BOT_SCHEDULE_GRACE": (("x", "59", "604801"), "a whole number from 60 to 604800"),
    "BOT_MEMORY_DAYS": (("x", "-1", "36501"), "a whole number from 0 to 36500"),
    "BOT_MODERATION": (("x", "answers"), "off, requests or both"),
    "BOT_MODERATION_FAILURE": (("x",), "refuse or allow"),
    "BOT_REDACTION": (("x", "MASK"), "off, pseudonyms or mask"),
    "CONSOLE_PREVIEW": (("big",), "auto, off, kitty, iterm or blocks"),
    "DISCORD_MESSAGE_CONTENT": (("x",), "auto, on or off"),
    "DISCORD_REPLY_MODE": (("x",), "auto, thread or reply"),
    "DISCORD_STALLED_AFTER": (("x", "0", "86401"), "a number from 1 to 86400"),
    "DISCORD_SHARDS": (("0", "many", "-1", "٣", "9" * 5000), "a number from 1, auto or all"),
    "DISCORD_API_URL": (("x",), "an http:// or https:// address"),
    "SLACK_COMMAND_PREFIX": (("A B",), "letters, digits, - and _"),
    "SLACK_CONNECTIONS": (("0", "11", "x"), "a whole number from 1 to 10"),
    "SLACK_ONE_RECEIVER": (("x",), "true or false"),
    "SLACK_STALLED_AFTER": (("x", "0", "86401"), "a number from 1 to 86400"),
    "SLACK_API_URL": (("x",), "an http:// or https:// address"),
    "SANDBOX_REQUESTS_PER_MINUTE": (("x", "0", "1.5"), "a whole number of at least 1"),
}
# Free text, secrets, paths and lists of whatever ids a platform has.
FREE = {
    "BOT_TRANSCRIPTION_MODEL",
    *("AIMODELS_API_KEY", "BOT_SEEING_MODELS", "BOT_SYSTEM_PROMPT", "BOT_DATA_DIR", "BOT_HOST", "BOT_OPS_HOST"),
    *("BOT_SECRET_KEY", "BOT_ENCRYPTION_KEYS", "SANDBOX_GGUF", "DISCORD_TOKEN", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"),
    *("SLACK_SIGNING_SECRET", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_CONFIG_TOKEN", "BOT_COMMAND_RULES"),
    "BOT_PLATFORMS",
    *("BOT_S3_REGION", "BOT_S3_ACCESS_KEY"),
    *("BOT_OIDC_CLIENT_ID", "BOT_OIDC_CLIENT_SECRET", "BOT_OIDC_SCOPES", "BOT_OIDC_OPERATORS"),
    *("BOT_DISABLED_COMMANDS", "BOT_CONTENT_RULES", "BOT_MODERATION_MODEL"),
    *(f"BOT_{kind}_FALLBACKS" for kind in ("CHAT", "CODE", "IMAGE", "AUDIO", "VIDEO")),
}


def kind_of(name: str) -> type[BaseSettings]:
    return next(kind for kind in KINDS if name.lower() in kind.model_fields)


def test_every_setting_is_constrained_or_free() -> None:
    """A new setting gets a row that says what it refuses, or is free on purpose."""
    assert {name.upper() for kind in KINDS for name in kind.model_fields} == WRONG.keys() | FREE


@pytest.mark.parametrize(
    ("name", "value", "read_as"),
    [
        ("DISCORD_SHARDS", " 2 ", "2"),
        ("DISCORD_SHARDS", "ALL", "all"),
        ("BOT_ROLES", "WORK, Receive", ("receive", "work")),
    ],
)
def test_capitals_and_blanks_do_not_matter(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, read_as: object
) -> None:
    """Words and numbers are read as they are meant."""
    monkeypatch.setenv(name, value)
    assert getattr(read(kind_of(name)), name.lower()) == read_as


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_named_with_what_is_allowed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The sentence names the setting and the whole range or all choices; the value itself may be a secret."""
    values, allowed = WRONG[name]
    for value in values:
        monkeypatch.setenv(name, value)
        with pytest.raises(SettingsError) as caught:
            read(kind_of(name))
        assert str(caught.value).startswith(f"{name}: must ")
        assert allowed in str(caught.value)
        assert "\n" not in str(caught.value)


def test_all_wrong_values_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line each."""
    monkeypatch.setenv("BOT_PORT", "abc")
    monkeypatch.setenv("BOT_LOG_LEVEL", "loud")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == ["BOT_PORT", "BOT_LOG_LEVEL"]


@pytest.mark.parametrize("password", ["hunter#2", "hunter/2"])
def test_a_password_that_must_be_written_otherwise(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    """The sentence shows how to write it, without the password."""
    monkeypatch.setenv("BOT_DATABASE_URL", f"postgresql://ann:{password}@host/db")
    with pytest.raises(SettingsError, match="%23 for #") as caught:
        load_settings()
    assert "hunter" not in str(caught.value)


def test_an_env_file_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    """As some editors save it: one sentence that names the file."""
    (tmp_path / ".env").write_bytes("BOT_SYSTEM_PROMPT=你好".encode("utf-16"))
    with pytest.raises(SettingsError, match=r"\.env can't be read: it is not UTF-8"):
        load_settings()


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither `repr` nor an error text holds a secret."""
    monkeypatch.setenv("AIMODELS_API_KEY", "sk-very-secret")
    monkeypatch.setenv("BOT_SECRET_KEY", "also-very-secret")
    shown = repr(load_settings()) + str(load_settings()) + load_settings().model_dump_json()
    monkeypatch.setenv("BOT_PORT", "x")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "very-secret" not in shown + str(caught.value) + repr(caught.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_the_password_of_a_database_is_a_secret(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    """It is in no text made of the settings, and it is among the secrets, however it is written."""
    monkeypatch.setenv("BOT_DATABASE_URL", f"{scheme}://ann:hunter%232@db.example:6543/muse?sslmode=require")
    settings = load_settings()
    assert settings.database_name == "db.example:6543/muse"
    assert "hunter" not in repr(settings) + str(settings) + settings.model_dump_json()
    assert {"hunter%232", "hunter#2"} <= {secret.get_secret_value() for secret in settings.secrets}


def test_each_encryption_key_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the comma-separated list, every one alone."""
    monkeypatch.setenv("BOT_ENCRYPTION_KEYS", "first-key, second-key")
    assert {"first-key", "second-key"} <= {secret.get_secret_value() for secret in load_settings().secrets}


def test_an_sqlite_file_may_be_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """sqlite:/// and a path; it is called by that path."""
    monkeypatch.setenv("BOT_DATABASE_URL", "sqlite:////var/lib/muse.db")
    settings = load_settings()
    assert (settings.database_path, settings.postgres_url) == (Path("/var/lib/muse.db"), None)
    assert settings.database_name == "/var/lib/muse.db"


def test_the_defaults_are_those_of_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference's address, its five models, a database under the data folder. The sandbox has a model more."""
    assert load_settings().models("chat") == SandboxConfig().models["chat"]
    monkeypatch.setenv("AIMODELS_API_KEY", "sk-x")
    settings = load_settings()
    assert settings.aimodels_base_url == "https://api.aimodels.com/v1"
    models = {kind: settings.models(kind) for kind in ("chat", "code", "image", "audio", "video")}
    assert models == {
        "chat": ("gpt-4-turbo",),
        "code": ("codellama-70b",),
        "image": ("seeddream-4.0",),
        "audio": ("audiogen",),
        "video": ("videogen-pro",),
    }
    assert settings.database_path == Path("data/bot.db")


def test_lists_are_comma_separated(monkeypatch: pytest.MonkeyPatch) -> None:
    """`a, b` is two models, the default first."""
    monkeypatch.setenv("BOT_IMAGE_MODELS", "a, b")
    assert load_settings().models("image") == ("a", "b")
