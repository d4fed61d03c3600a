"""Wheels: built from a copy of the sources, and installed where there is nothing else but what they require."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Sequence
from importlib.metadata import PathDistribution, distribution
from importlib.util import cache_from_source
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]


def build_wheel(source: Path, folder: Path) -> Path:
    """Build the wheel of a project as installers do: by the program that its `pyproject.toml` names."""
    project = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))
    build = f"import sys, {project['build-system']['build-backend']} as backend; backend.build_wheel(sys.argv[1])"
    command = [sys.executable, "-c", build, str(folder)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    [made] = folder.glob("*.whl")
    return made


def install(wheel: Path, extras: Sequence[str] = ()) -> Path:
    """Return a folder with the wheel and what it requires, linked from here, and nothing else."""
    folder = wheel.parent / f"installed{'-'.join(('', *extras))}"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    _add_compiled(folder)
    [info] = folder.glob("*.dist-info")
    wanted = PathDistribution(info).requires or []
    for name in _required(wanted, set(), extras):
        for top in {file.parts[0] for file in distribution(name).files or () if file.parts[0] != ".."}:
            source, target = Path(str(distribution(name).locate_file(top))), folder / top
            if source.exists() and top != "__pycache__" and not target.exists():
                target.symlink_to(source)
    return folder


def _add_compiled(folder: Path) -> None:
    """Copy what is compiled of the same modules here: to compile them again takes seconds."""
    for path in folder.rglob("*.py"):
        source = ROOT / path.relative_to(folder)
        compiled = Path(cache_from_source(source))
        if compiled.exists() and source.read_bytes() == path.read_bytes():
            os.utime(path, ns=(source.stat().st_atime_ns, source.stat().st_mtime_ns))
            Path(cache_from_source(path)).parent.mkdir(exist_ok=True)
            shutil.copyfile(compiled, cache_from_source(path))


def _required(requirements: list[str], known: set[str], extras: Sequence[str] = ()) -> set[str]:
    """Return the names of all distributions that these requirements need."""
    for text in requirements:
        one = Requirement(text)
        name = canonicalize_name(one.name)
        chosen = ("", *extras)
        is_needed = one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in chosen)
        if is_needed and name not in known:
            known.add(name)
            _required(distribution(one.name).requires or [], known, tuple(one.extras))
    return known
