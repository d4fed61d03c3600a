"""A setting whose name is nearly right is not ignored in silence."""

from pathlib import Path

import pytest

from adapters.discord import Settings as DiscordSettings
from adapters.slack import Settings as SlackSettings
from bot.platforms import known_settings
from bot.settings.base import read
from bot.settings.unknown import unknown_settings

ROOT = Path(__file__).parents[2]


def found(folder: Path) -> dict[str, str]:
    return {one.name: one.meant for one in unknown_settings(known_settings(), env_file=folder / ".env")}


def test_the_nearest_name_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the core, the sandbox and every platform, in the environment and in `.env`; the value is not shown."""
    monkeypatch.setenv("BOT_RETENTION_DAY", "3")
    monkeypatch.setenv("SLACK_BOT_TOKE", "xoxb-secret")
    (tmp_path / ".env").write_text("AIMODELS_APIKEY=sk-secret\nDISCORD_TOKENS=x\nexport SANDBOX_GUFF=x\n")
    assert found(tmp_path) == {
        "AIMODELS_APIKEY": "AIMODELS_API_KEY",
        "BOT_RETENTION_DAY": "BOT_RETENTION_DAYS",
        "DISCORD_TOKENS": "DISCORD_TOKEN",
        "SANDBOX_GUFF": "SANDBOX_GGUF",
        "SLACK_BOT_TOKE": "SLACK_BOT_TOKEN",
    }
    assert "secret" not in "".join(map(str, unknown_settings(known_settings(), env_file=tmp_path / ".env")))


def test_a_name_with_no_likeness_is_only_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program's variable may begin like ours."""
    monkeypatch.setenv("BOT_XYZZY", "1")
    assert found(tmp_path) == {"BOT_XYZZY": ""}


def test_what_is_right_or_not_ours_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings in any case, names that begin otherwise, and no `.env`: nothing to tell."""
    monkeypatch.setenv("bot_port", "80")
    monkeypatch.setenv("ROBOT_PORTS", "80")
    assert found(tmp_path) == {}


def test_a_former_name_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that was renamed is still read by its former name, and the new name wins."""
    monkeypatch.setenv("SLACK_DEAF_AFTER", "7")
    assert found(tmp_path) == {}
    assert read(SlackSettings).slack_stalled_after == 7
    monkeypatch.setenv("SLACK_STALLED_AFTER", "8")
    assert read(SlackSettings).slack_stalled_after == 8
    monkeypatch.setenv("DISCORD_DEAF_AFTER", "9")
    assert found(tmp_path) == {}
    assert read(DiscordSettings).discord_stalled_after == 9


def test_every_setting_of_the_example_is_known(tmp_path: Path) -> None:
    """`.env.example` with everything set has nothing to complain of."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    (tmp_path / ".env").write_text("\n".join(line.removeprefix("#") for line in lines if line[:2] != "# "))
    assert found(tmp_path) == {}
