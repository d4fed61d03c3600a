"""The notes of a release, out of the changelog: `python -m deploy.release_notes v0.2.0`.

The tag has to be the version of the code, and of the changelog's newest section, `## 0.2.0 - 2026-12-01`.
"""

import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
_SECTION = re.compile(r"^## (?P<version>\S+)(?: - (?P<day>\d{4}-\d\d-\d\d))?$", re.MULTILINE)


def release_notes(root: Path, tag: str) -> str:
    """Return the changelog's section of a version. Raises `ValueError`: something does not fit."""
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    for name in ("bot", "aimodels"):
        text = (root / name / "__init__.py").read_text(encoding="utf-8")
        if f'__version__ = "{version}"' not in text:
            raise ValueError(f"{name}/__init__.py has another version than pyproject.toml, which is {version}")
    if tag != f"v{version}":
        raise ValueError(f"the tag is {tag}, and the version of the code {version}: the tag must be v{version}")
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = list(_SECTION.finditer(changelog))
    if sections and sections[0]["version"] == "Unreleased":
        if _content(changelog, sections):
            raise ValueError(f"CHANGELOG.md has entries under Unreleased: give them the section {version}")
        del sections[0]
    if not sections or sections[0]["version"] != version or sections[0]["day"] is None:
        found = sections[0][0] if sections else "missing"
        raise ValueError(f"the newest section of CHANGELOG.md must be '## {version} - YYYY-MM-DD'; it is: {found}")
    notes = _content(changelog, sections)
    if not notes:
        raise ValueError(f"the section {version} of CHANGELOG.md is empty")
    return notes


def _content(changelog: str, sections: Sequence[re.Match[str]]) -> str:
    """Return what the first of the sections has."""
    end = sections[1].start() if len(sections) > 1 else None
    return changelog[sections[0].end() : end].strip()


def main(arguments: list[str]) -> int:
    """Print the notes, or what does not fit."""
    if len(arguments) != 1:
        print("Give the tag: make notes TAG=v0.2.0", file=sys.stderr)
        return 2
    try:
        print(release_notes(ROOT, arguments[0]))
    except ValueError as exc:
        print(f"No release: {exc}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
