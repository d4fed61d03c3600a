"""Settings: documented where people look, refused with a sentence, secret where they are secret."""

from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from adapters.console import Settings as ConsoleSettings
from adapters.discord import Settings as DiscordSettings
from adapters.slack import Settings as SlackSettings
from bot.errors import SettingsError
from bot.sandbox.config import SandboxSettings
from bot.settings import Settings, example, load_settings

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("settings", [Settings, ConsoleSettings, DiscordSettings, SlackSettings, SandboxSettings])
def test_env_example_has_every_setting(settings: type[BaseSettings]) -> None:
    """`.env.example` holds each setting with its default and its line, exactly as the code has them."""
    assert example(settings).strip() in (ROOT / ".env.example").read_text(encoding="utf-8")


def test_env_example_has_nothing_else() -> None:
    """A setting that the code no longer knows is gone from `.env.example` too."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    documented = {
        line.split("=")[0].removeprefix("#") for line in text.splitlines() if "=" in line and line[:2] != "# "
    }
    known = {
        name.upper()
        for each in (Settings, ConsoleSettings, DiscordSettings, SlackSettings, SandboxSettings)
        for name in each.model_fields
    }
    assert documented == known


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("AIMODELS_API_FLAVOR", "soap", "'aimodels' or 'openai'"),
        ("AIMODELS_BASE_URL", "api.example.com", "http:// or https://"),
        ("BOT_PORT", "99999", "less than or equal to 65535"),
        ("BOT_DATABASE_URL", "mysql://x", "sqlite:///"),
        ("BOT_DATABASE_URL", "postgresql://ann:hunter#2@host/db", "%23 for #"),
        ("BOT_DATABASE_URL", "postgresql://ann:hunter/2@host/db", "%23 for #"),
        ("BOT_CHAT_MODELS", ",", "at least 1 item"),
        ("AIMODELS_STREAMING", "maybe", "true or false"),
        ("BOT_LOG_LEVEL", "loud", "'auto', 'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    """The sentence names the setting and what is allowed."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name) as caught:
        load_settings()
    assert allowed in str(caught.value)
    assert "hunter" not in str(caught.value)


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
    """It is in no text made of the settings, and is told, however it is written, as one to keep out of logs."""
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


def test_the_defaults_are_those_of_the_reference() -> None:
    """With nothing configured: the reference's address, its five models, a database under the data folder."""
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
