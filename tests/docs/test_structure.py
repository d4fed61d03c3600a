"""What the documents promise to tell is in them."""

import re
import tomllib
from pathlib import Path

import pytest

from bot.platforms import known_settings
from bot.ports import Adapter
from bot.telemetry.metrics import Metrics
from tests.support.documents import DOCUMENTS, ROOT, blocks
from tests.support.layout import PURE, SOURCES

README = (ROOT / "README.md").read_text(encoding="utf-8")
_DOCUMENT = re.compile(r"\b(?:docs|bench|sdk|simulators)/[\w/-]+\.md\b")


def test_the_readme_is_short_and_shows_first() -> None:
    """Fewer than 200 lines; the pictures and the transcript come before the first explanation of set-up."""
    assert len(README.splitlines()) < 200
    headings = re.findall(r"^## (.*)$", README, re.MULTILINE)
    assert headings[0] == "What it looks like"


def test_every_document_can_be_found() -> None:
    """Each page of docs/ is linked from the README."""
    pages = [path.name for path in (ROOT / "docs").glob("*.md") if "zh-Hant" not in path.name]
    assert [name for name in pages if f"docs/{name}" not in README] == []


@pytest.mark.parametrize("document", ["operating.md", "operating.zh-Hant.md"])
def test_operating_names_every_extra(document: str) -> None:
    """Who installs the wheel reads which extras there are, in the line above the commands."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    above, found, _ = (ROOT / "docs" / document).read_text(encoding="utf-8").partition("```console\nmake wheel\n")
    assert found
    assert set(re.findall(r"`(\w+)`", above.split("```")[-1])) >= extras.keys() - {"dev"}


def test_extending_tells_what_may_be_imported() -> None:
    """What a new platform may import is what the dependency rule allows."""
    text = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    assert [name for name in PURE if f"`{name}`" not in text] == []


def test_extending_tells_of_every_method_of_an_adapter() -> None:
    """The table of a platform's parts has each member of the port, and no other."""
    text = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8").partition("## A platform")[2]
    rows = re.findall(r"^\| (`.*?) \|", text.partition("\n## ")[0], re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == {name for name in dir(Adapter) if not name.startswith("_")}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_named_settings_and_metrics_exist(document: Path) -> None:
    """A setting or a metric that a document names is one that the service has."""
    text = document.read_text(encoding="utf-8")
    known = {name.upper() for kind in known_settings() for name in kind.model_fields}
    prefixes = "|".join(sorted({name.partition("_")[0] for name in known}))
    named = re.findall(rf"\b(?:{prefixes})_[A-Z_]*[A-Z]\b", text)
    assert sorted(set(named) - known) == []
    given = [line.partition("=")[0] for block in blocks(document, "ini") for line in block.splitlines()]
    assert [name for name in given if name.isupper() and name not in known] == []
    registry = Metrics(()).registry
    families = {family.name for family in registry.collect()}
    metrics = set(re.findall(r"`(bot_[a-z_]+)`", text))
    assert [name for name in metrics if name.removesuffix("_total").removesuffix("_info") not in families] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_named_files_exist(document: Path) -> None:
    """A path of the repository that a document names, in code or in a diagram, is there."""
    text = document.read_text(encoding="utf-8").replace("<br/>", "/")  # labels of a diagram are broken there
    roots = "bot|adapters|aimodels|sandbox|simulators|sdk|tests|bench|docs"
    named = set(re.findall(rf"`((?:{roots})/[\w./-]*\w/?)`|\b((?:{roots})/[\w/]+\.py)\b", text))
    assert sorted(name for pair in named for name in pair if not (ROOT / name).exists()) == []


def test_documents_that_the_code_names_exist() -> None:
    """A docstring or a comment leads its reader to a document that is there."""
    code = [*SOURCES, *(ROOT / "bench").rglob("*.py")]
    named = {(path, name) for path in code for name in _DOCUMENT.findall(path.read_text(encoding="utf-8"))}
    assert named
    assert [str(path) for path, name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("document", [*DOCUMENTS, ROOT / "CHANGELOG.md"], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_row_of_a_table_has_all_columns(document: Path) -> None:
    """A row with more cells than its heading, or with fewer, loses text where it is shown."""
    text = re.sub(r"^( *)(`{3,}).*?^\1\2$", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        heading, *rows = re.sub(r"`[^`\n]*`|\\\|", "", table).splitlines()
        assert [row for row in rows if row.count("|") != heading.count("|")] == []
