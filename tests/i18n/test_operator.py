"""The operator's language: that of the shell, or the one that `--language` chooses."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.i18n import LANGUAGES, choose_language, is_known, locale_of, operator_locale, operator_text
from tests.support.forked import command_line

LOCALES = Path(__file__).parents[2] / "bot" / "i18n" / "locales"


@pytest.fixture(autouse=True)
def _of_the_environment() -> Iterator[None]:
    yield
    choose_language("")


def bot(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, "BOT_DATA_DIR": str(folder / "data"), **environment}
    return command_line.bot(*arguments, environment=given, folder=folder)


@pytest.mark.parametrize(
    ("environment", "locale"),
    [
        ({}, ""),
        ({"LANG": "C.UTF-8"}, ""),
        ({"LANG": "zh_TW.UTF-8"}, "zh-TW"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN"}, "zh-CN"),
        ({"LANG": "zh_TW.UTF-8", "LC_ALL": "POSIX"}, ""),
        ({"LANG": "de_DE@euro", "LC_ALL": ""}, "de-DE"),
    ],
)
def test_the_environment_names_a_language(environment: dict[str, str], locale: str) -> None:
    """`LC_ALL` is stronger than `LC_MESSAGES`, and that than `LANG`; an empty one counts as none."""
    assert locale_of(environment) == locale


def test_a_chosen_language_is_stronger(monkeypatch: pytest.MonkeyPatch) -> None:
    """The choice of `--language` wins over the environment."""
    monkeypatch.setenv("LANG", "zh_TW.UTF-8")
    assert operator_text("check.settings") == "設定"
    choose_language("zh-Hans")
    assert operator_locale() == "zh-Hans"
    assert operator_text("check.settings") == "设置"
    choose_language("en")
    assert operator_text("check.settings") == "settings"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_to_be_installed_is_at_hand(language: str) -> None:
    """No sentence installs what somebody may publish under the service's name: it installs a clone or a file."""
    text = (LOCALES / f"operator.{language}.toml").read_text(encoding="utf-8")
    installed = re.findall(r"pip install (?:-e )?(\S+)", text)
    assert len(installed) > 9
    assert [name for name in installed if "channelmuse" in name] == []


def test_known_languages() -> None:
    """Tags of a region lead to a language, too; others are refused."""
    assert all(is_known(language) for language in (*LANGUAGES, "zh-TW", "zh_CN", "en-GB"))
    assert not any(is_known(language) for language in ("", "de", "xx", "english"))


@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize(
    ("language", "words"), [("zh-Hant", "檢查設定"), ("zh-CN", "检查设置"), ("en", "look at settings")]
)
def test_help_is_translated(capsys: pytest.CaptureFixture[str], where: str, language: str, words: str) -> None:
    """`--language` may stand before or after the command; every line of the help follows it."""
    given = ["--language", language]
    with pytest.raises(SystemExit, match="0"):
        main([*given, "check", "--help"] if where == "before" else ["check", "--help", *given])
    out = capsys.readouterr().out
    assert words in out
    assert ("usage:" in out) == (language == "en")
    assert ("options" in out) == (language == "en")


def test_an_unknown_language_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """With those that there are."""
    with pytest.raises(SystemExit, match="2"):
        main(["check", "--language", "de"])
    assert "en, zh-Hant, zh-Hans" in capsys.readouterr().err


def test_check_speaks_the_language_of_the_shell(tmp_path: Path) -> None:
    """Good lines, wrong settings and misspelt ones."""
    good = bot(tmp_path, "check", LANG="zh_TW.UTF-8")
    assert "正常 設定：所有的值都可用" in good.stdout.splitlines()
    assert "正常 API 沙盒：有回應；要使用真正的 API，請設定 AIMODELS_API_KEY" in good.stdout.splitlines()
    wrong = bot(tmp_path, "check", LANG="zh_TW.UTF-8", BOT_PORT="99999", BOT_RETENTION_DAY="3")
    assert wrong.returncode == 1
    assert "修正 設定：BOT_PORT：必須是 0 到 65535 之間的整數" in wrong.stdout.splitlines()
    assert (
        "修正 設定：沒有 BOT_RETENTION_DAY 這個設定，已忽略：你是指 BOT_RETENTION_DAYS 嗎？"
        in wrong.stdout.splitlines()
    )


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"BOT_LOG_FORMAT": "xml"}, "BOT_LOG_FORMAT：必须是 auto、console 或 json"),
        ({"AIMODELS_TIMEOUT": "0"}, "AIMODELS_TIMEOUT：必须是大于 0 且不超过 3600 的数字"),
        ({"BOT_MEDIA_PER_DAY": "-1"}, "BOT_MEDIA_PER_DAY：必须是不小于 0 的整数"),
        ({"BOT_ALLOW_BOTS": "maybe"}, "BOT_ALLOW_BOTS：必须是 true 或 false"),
        ({"BOT_CHAT_MODELS": ","}, "BOT_CHAT_MODELS：必须是以逗号分隔的列表，至少一项"),
        ({"AIMODELS_BASE_URL": "x"}, "AIMODELS_BASE_URL：必须是 http:// 或 https:// 网址"),
        ({"CONSOLE_CONVERSATION": "x" * 101}, "CONSOLE_CONVERSATION：最多 100 个字符"),
    ],
)
def test_wrong_settings_are_explained(tmp_path: Path, settings: dict[str, str], text: str) -> None:
    """The start is refused with the sentence, in the chosen language."""
    done = bot(tmp_path, "--language", "zh-Hans", **settings)
    assert done.returncode == 2
    assert text in done.stderr.splitlines()


def test_the_start_notice_and_the_terminal_follow_the_choice(tmp_path: Path) -> None:
    """The person at the terminal is the operator."""
    done = bot(tmp_path, "run", "--language", "zh-Hant")
    assert done.returncode == 0
    assert "未設定 AIMODELS_API_KEY" in done.stderr
    assert "對話 " in done.stderr


def test_a_manifest_is_in_the_language(tmp_path: Path) -> None:
    """Descriptions that people read on the platform are translated."""
    text = bot(tmp_path, "manifest", "slack", "--language", "zh-Hant").stdout
    commands = {c["command"]: c["description"] for c in json.loads(text)["features"]["slash_commands"]}
    assert commands["/image"] == "依描述產生圖片。"
    assert json.loads(bot(tmp_path, "manifest", "slack").stdout)["features"]["shortcuts"][0]["name"] == "Explain"
