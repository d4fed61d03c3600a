"""Each threat in docs/threat-model.md that is held names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
HELD = [line for line in TEXT.splitlines() if line.startswith("|") and line.count(" | ") == 2 and "---" not in line]


def test_named_tests_exist() -> None:
    """A test that was renamed or removed holds nothing."""
    defined = {
        name
        for path in (ROOT / "tests").rglob("*.py")
        for name in re.findall(r"^\s*(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    named = set(re.findall(r"`(test_\w+)`", TEXT))
    assert sorted(named - defined) == []


@pytest.mark.parametrize("row", [row for row in HELD if not row.startswith("| threat |")])
def test_each_held_threat_names_its_test(row: str) -> None:
    """The last column is a test, or a campaign that can be run."""
    assert re.search(r"`test_\w+`|`make \w+`", row.rsplit(" | ", 1)[1])
