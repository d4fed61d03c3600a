"""The tables of all settings in the documents, generated from their registry.

`python -m tests.docs.test_settings_table` writes them anew.
"""

import re
from pathlib import Path

import pytest

from aimodels.reference import MODELS
from bot.commands import load_offered
from bot.i18n import FALLBACK, LANGUAGES
from bot.scoped_settings.registry import load_settings_registry
from bot.scoped_settings.setting import ScopedSetting
from bot.settings.core import Settings
from tests.support.documents import ROOT

BEGIN, END = "<!-- settings: generated, see tests/docs/test_settings_table.py -->", "<!-- end of settings -->"
DOCUMENTS = {"docs/administration.md": "en", "docs/administration.zh-Hant.md": "zh-Hant"}
_HEADS = {
    "en": "| Setting | What it is | Values | Default | For |",
    "zh-Hant": "| 設定 | 用途 | 值 | 預設 | 範圍 |",
}
_LONGEST = 40  # characters of a default


def table(locale: str) -> str:
    """Return the table of the settings as they are without any configuration, but with the API's models."""
    settings = Settings(_env_file=None, bot_chat_models=(MODELS["chat"],))  # type: ignore[call-arg]
    registry = load_settings_registry(settings, load_offered(settings).specs)
    rows = [_row(setting, locale) for setting in registry.values()]
    return "\n".join([_HEADS[locale], "| --- | --- | --- | --- | --- |", *rows])


def _row(setting: ScopedSetting, locale: str) -> str:
    option = setting.option
    values = ", ".join(f"`{choice}`" for choice in option.choices)
    if option.minimum is not None and option.maximum is not None:
        values = f"{option.minimum:g}–{option.maximum:g}"
    default = f"`{_cut(option.default)}`" if option.default else "–"
    scopes = ", ".join(f"`{scope}`" for scope in setting.scopes)
    return f"| `{setting.name}` | {setting.describe(locale)} | {values or '–'} | {default} | {scopes} |"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def write(document: Path, locale: str) -> str:
    """Return the document with the table as it is to be."""
    before, _, rest = document.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table(locale)}\n\n{END}{after}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_table_is_that_of_the_registry(document: str) -> None:
    """Every setting with its sentence, values, default and scopes, in the order of the registry."""
    path = ROOT / document
    assert path.read_text(encoding="utf-8") == write(path, DOCUMENTS[document]), "see the top of this file"


@pytest.mark.parametrize("locale", [language for language in LANGUAGES if language != FALLBACK])
def test_every_setting_has_a_sentence_in_every_language(locale: str) -> None:
    """In its script: one that is missing would show in English. The settings of some configurations are among them."""
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        aimodels_api_flavor="openai",
        bot_extra_parameters=("chat.top_p=0..1",),
        bot_chat_fallbacks=(MODELS["chat"],),
    )
    registry = load_settings_registry(settings, load_offered(settings).specs)
    assert {"moderation", "fallback.chat", "chat.top_p"} <= set(registry)
    for name, setting in registry.items():
        sentence = setting.describe(locale)
        assert sentence != setting.describe(FALLBACK), name
        assert re.search(r"[\u4e00-\u9fff]{2}", sentence), name


if __name__ == "__main__":
    for name, locale in DOCUMENTS.items():
        (ROOT / name).write_text(write(ROOT / name, locale), encoding="utf-8")
