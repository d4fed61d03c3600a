"""The Makefile sets itself up with a Python that is new enough, and lists its targets."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with what setting up needs."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def make(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def old_python(path: Path) -> Path:
    """A program that answers as Python 3.10 does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('#!/bin/sh\ncase "$1" in --version) echo Python 3.10.13;; *) exit 1;; esac\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def quick_python(path: Path) -> Path:
    """This Python, except that the pip of the environments that it makes is empty: the real one takes seconds."""
    pip = f".venv/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages/pip.py"
    path.write_text(
        f'#!/bin/sh\n[ "$1 $2" = "-m venv" ] || exec "{sys.executable}" "$@"\n'
        f'"{sys.executable}" "$@" --without-pip && touch {pip}\n',
        encoding="utf-8",
    )
    path.chmod(0o755)
    return path


def test_help_has_a_line_for_every_target() -> None:
    """Each target that is meant to be typed is listed with what it does."""
    [phony] = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    done = make(ROOT, "help")
    assert done.returncode == 0
    assert re.findall(r"^make ([\w-]+) +\S", done.stdout, re.MULTILINE) == phony.split()


@pytest.mark.parametrize("name", ["python3.10", "none"])
def test_an_old_python_is_told_in_one_line(clone: Path, name: str) -> None:
    """Where there is no Python that is new enough, one line says so, and nothing is installed."""
    found = old_python(clone / "old").as_posix() if name == "python3.10" else "no-such-python"
    done = make(clone, "run", f"PYTHON={found}", "INSTALL=false")
    assert done.returncode != 0
    version = "Python 3.10.13" if name == "python3.10" else "not installed"
    [line] = [line for line in done.stderr.splitlines() if not line.startswith(("make", "Setting up"))]
    assert line == (
        f"Python 3.11 or newer is needed, and {found} is {version}: install it, or name another one as in "
        "make run PYTHON=python3.12"
    )
    assert not (clone / ".venv").exists()


@pytest.mark.parametrize("left", ["of an old Python", "without pip"])
def test_an_unusable_environment_is_made_anew(clone: Path, left: str) -> None:
    """A `.venv` of an older Python, or one that was not finished, does not have to be removed by hand."""
    python, chosen = clone / ".venv" / "bin" / "python", quick_python(clone / "python")
    if left == "of an old Python":
        old_python(python)
    else:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", clone / ".venv"], check=True, timeout=60)
    done = make(clone, ".venv/.run", f"PYTHON={chosen}", "INSTALL=:", "UV=")
    assert done.returncode == 0, done.stderr
    subprocess.run([python, "-c", "import pip, sys; assert sys.version_info >= (3, 11)"], check=True, timeout=60)


def test_a_usable_environment_is_kept(clone: Path) -> None:
    """Setting up again, as after an upgrade, keeps the environment that is there."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", clone / ".venv"], check=True, timeout=60)
    (clone / ".venv" / "mine").touch()
    assert make(clone, ".venv/.run", "PYTHON=no-such-python", "INSTALL=:", "UV=uv").returncode == 0
    assert (clone / ".venv" / "mine").exists()


def test_what_an_older_install_left_is_removed(clone: Path) -> None:
    """Its entry points would hide the platforms of this one: it goes, and the service is installed once more."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", clone / ".venv"], check=True, timeout=60)
    (clone / ".venv" / ".run").touch()
    (clone / "channelmuse.egg-info").mkdir()
    (clone / "channelmuse.egg-info" / "entry_points.txt").write_text("[channelmuse.adapters]\n", encoding="utf-8")
    arguments = (".venv/.run", f"PYTHON={sys.executable}", "INSTALL=echo installing", "UV=uv")
    done = make(clone, *arguments)
    assert done.returncode == 0, done.stderr
    assert "installing --no-deps --no-build-isolation -e ." in done.stderr
    assert not (clone / "channelmuse.egg-info").exists()
    assert "installing" not in make(clone, *arguments).stderr


def test_modules_are_compiled_before_a_start(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start compiles nothing, where Python writes no bytecode by itself, too; what has changed is compiled anew."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", clone / ".venv"], check=True, timeout=60)
    (clone / ".venv" / ".run").touch()
    module = clone / "bot" / "deep" / "one.py"
    module.parent.mkdir(parents=True)
    module.write_text("VALUE = 1\n", encoding="utf-8")
    compiled = Path(importlib.util.cache_from_source(str(module)))
    assert make(clone, ".venv/.bytecode").returncode == 0
    before = compiled.read_bytes()
    os.utime(module, (2**31, 2**31))
    assert make(clone, ".venv/.bytecode").returncode == 0
    assert compiled.read_bytes() != before


def test_a_manifest_needs_a_platform(clone: Path) -> None:
    """`make manifest` alone says what to add."""
    (clone / ".venv").mkdir()
    (clone / ".venv" / ".run").touch()
    done = make(clone, "manifest")
    assert done.returncode != 0
    assert "make manifest PLATFORM=slack" in done.stderr
