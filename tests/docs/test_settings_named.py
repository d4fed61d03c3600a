"""Every setting that `.env.example` offers is described in the documents, in both languages."""

import re
from pathlib import Path

import pytest

from tests.support.documents import ROOT

_SETTING = re.compile(r"^#?([A-Z][A-Z0-9_]+)=", re.MULTILINE)


@pytest.mark.parametrize("is_translation", [False, True])
def test_every_setting_is_described(*, is_translation: bool) -> None:
    """By its whole name, in one of the pages of that language."""
    pages = [page for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")) if page.name != "CHANGELOG.md"]
    text = "\n".join(_read(page) for page in pages if ("zh-Hant" in page.name) == is_translation)
    described = set(re.findall(r"[A-Z][A-Z0-9_]+", text))
    assert set(_SETTING.findall(_read(ROOT / ".env.example"))) - described == set()


def _read(page: Path) -> str:
    return page.read_text(encoding="utf-8")
