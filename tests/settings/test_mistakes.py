"""What would be ignored in silence is told: names that are nearly right, broken lines, keys under another name."""

import re
from pathlib import Path

import pytest

from adapters.discord import Settings as DiscordSettings
from adapters.slack import Settings as SlackSettings
from bot.platforms import known_settings
from bot.settings.base import read
from bot.settings.mistakes import Mistake, find_mistakes

ROOT = Path(__file__).parents[2]


def mistakes(folder: Path) -> list[Mistake]:
    return find_mistakes(known_settings(), env_file=folder / ".env")


def found(folder: Path) -> dict[str, str]:
    """What was meant by each name; "": nothing near."""
    texts = [mistake.text for mistake in mistakes(folder)]
    return {text.split()[0]: "".join(re.findall(r"did you mean (\w+)", text)) for text in texts}


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
    assert "secret" not in "".join(mistake.text for mistake in mistakes(tmp_path))


def test_a_name_that_is_almost_a_setting_need_not_begin_like_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The likeliest slip is in the first word."""
    monkeypatch.setenv("AIMODEL_API_KEY", "sk-secret")
    assert found(tmp_path) == {"AIMODEL_API_KEY": "AIMODELS_API_KEY"}


@pytest.mark.parametrize(
    ("environment", "env_file", "told"),
    [
        ({"OPENAI_API_KEY": "sk-x"}, "", [False]),
        ({}, "OPENAI_API_KEY=sk-x\n", [True]),
        ({"OPENAI_API_KEY": ""}, "", []),
        ({"OPENAI_API_KEY": "sk-x"}, "AIMODELS_API_KEY=sk-y\n", []),
        ({"OPENAI_API_KEY": "sk-x", "AIMODELS_BASE_URL": "http://127.0.0.1:11434/v1"}, "", []),
    ],
)
def test_a_key_under_another_programs_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], env_file: str, told: list[bool]
) -> None:
    """It is named where no API is configured; in the environment it may be there for another program."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    (tmp_path / ".env").write_text(env_file)
    assert [mistake.is_certain for mistake in mistakes(tmp_path)] == told
    assert all("AIMODELS_API_KEY" in mistake.text for mistake in mistakes(tmp_path))


def test_a_line_that_can_not_be_read_is_named_by_its_number(tmp_path: Path) -> None:
    """Once, with the file; what is in the line may be a secret."""
    (tmp_path / ".env").write_text("# fine\nBOT_PORT=80\n\nAIMODELS_API_KEY sk-secret\n<<<<<<< HEAD\n\n\nsecret\n")
    texts = [mistake.text for mistake in mistakes(tmp_path)]
    assert [re.findall(r"line (\d+)", text) for text in texts] == [["4"], ["5"], ["8"]]
    assert all(str(tmp_path / ".env") in text for text in texts)
    assert "secret" not in "".join(texts)


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
