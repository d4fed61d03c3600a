"""Conventions that matter are tests: who may import whom, what may be named where, how big a module may be."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "adapters", "aimodels", "sandbox", "simulators")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
FOLDERS = sorted({path.parent for path in SOURCES} | {path.parent for path in (ROOT / "bench").rglob("*.py")})
#: What an adapter may import of the core: values, errors, seams and pure helpers.
PURE = {"bot.models", "bot.ports", "bot.errors", "bot.settings.base", "bot.commandline.parser", "bot.i18n"}
PURE |= {"bot.markdown", "bot.markdown.split"}
#: Folders in which no two public classes share a name.
UNITS = ["bot", "adapters/kit", "adapters/console", "adapters/discord", "adapters/slack", "sandbox", "simulators/slack"]
UNITS += ["simulators/discord"]


def module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Every module of ours that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.split(".")[0] in PACKAGES)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in PACKAGES:
            for name in node.names:
                full = f"{node.module}.{name.name}"
                is_module = (ROOT / Path(*full.split("."))).with_suffix(".py").exists() or (
                    ROOT / Path(*full.split("."))
                ).is_dir()
                yield full if is_module else node.module


@pytest.mark.parametrize("path", SOURCES, ids=module)
def test_the_dependency_rule_holds(path: Path) -> None:
    """Values know nothing; adapters know values, seams and pure helpers; only the composition root knows adapters."""
    name, used = module(path), set(imports(path))
    if name in {"bot.models", "bot.errors"}:
        assert not used
    if name.startswith("bot.ports"):
        assert {u for u in used if not u.startswith("bot.ports")} <= {"bot.models", "bot.errors"}
    if name.startswith("adapters."):
        own = ".".join(name.split(".")[:2])
        assert {u for u in used if not u.startswith((own, "adapters.kit"))} <= PURE
    if name.startswith("bot.") and name != "bot.bootstrap":
        assert not any(u.startswith("adapters") for u in used)
    if name.startswith("bot.commands"):
        assert not any(u.startswith("bot.store") for u in used)
    if name.startswith("bot.") and name not in {"bot.__main__", "bot.bootstrap", "bot.settings.api_endpoint"}:
        assert not any(u.startswith("sandbox") for u in used)
    if name.startswith("aimodels"):
        assert all(u.startswith("aimodels") for u in used)
    if name.startswith("sandbox"):
        assert {u for u in used if not u.startswith("sandbox")} <= {"aimodels.reference"}
    if name.startswith("simulators"):
        assert all(u.startswith("simulators") for u in used)


@pytest.mark.parametrize("path", [p for p in SOURCES if p.is_relative_to(ROOT / "bot")], ids=module)
def test_the_core_names_no_platform(path: Path) -> None:
    """A platform's name in the core is a seam that leaks."""
    text = path.read_text(encoding="utf-8").lower()
    assert "slack" not in text
    assert "discord" not in text


@pytest.mark.parametrize("path", SOURCES, ids=module)
def test_a_module_is_one_idea(path: Path) -> None:
    """A module of more than 350 lines has more than one reason to change."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_folder_has_at_most_15_modules(folder: Path) -> None:
    """More can't be taken in at a glance; `bot/commands` has one file a command."""
    modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= 15 or folder == ROOT / "bot" / "commands"


def test_an_idle_service_loads_no_media_library(tmp_path: Path) -> None:
    """Where the API is not the sandbox, a whole run of the service needs no numpy, Pillow, PyAV or FastAPI."""
    script = (
        "import sys; from bot.__main__ import main; assert main([]) == 0;"
        "print('loaded:', *sorted({'numpy', 'PIL', 'av', 'fastapi'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input="/help image\n",
        env={**os.environ, "PYTHONPATH": str(ROOT), "AIMODELS_API_KEY": "sk-x", "BOT_PORT": "0"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "/image a red fox" in done.stdout
    assert done.stdout.splitlines()[-1] == "loaded:"


def test_the_map_names_every_folder() -> None:
    """The map in docs/architecture.md has every package of the service, and nothing that is gone."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `([a-z_/0-9]+)/` \|", text, re.MULTILINE))
    there = {str(path.parent.relative_to(ROOT)) for path in SOURCES}
    assert named == there
