"""The wheel, where there is no clone: everything is inside, and the terminal chat answers from the sandbox."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.deploy.wheels import build_wheel, install

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "adapters", "aimodels", "sandbox", "simulators")
#: Files of the packages that only their developers need.
DEVELOPERS = re.compile(r"simulators/.*/generate\.mjs")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / "source" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / "source")
    return build_wheel(folder / "source", folder)


def test_it_runs_outside_the_clone(wheel: Path, tmp_path: Path) -> None:
    """Every file is in it; the script remembers a name, runs in an empty folder and says how to go on."""
    installed = install(wheel, ["sandbox"])
    source = wheel.parent / "source"
    files = [path.relative_to(source).as_posix() for name in PACKAGES for path in (source / name).rglob("*")]
    absent = [name for name in files if not (installed / name).exists() and not DEVELOPERS.fullmatch(name)]
    assert absent == []
    assert f"dist/{wheel.name}[sandbox]" in (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    start = f"import sys; sys.path.insert(0, {str(installed)!r}); sys.argv[:1] = ['channelmuse']; "
    script = "from importlib.metadata import entry_points; [one] = entry_points(group='console_scripts', "
    script += "name='channelmuse'); sys.exit(one.load()())"

    def run(*arguments: str, text: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-I", "-S", "-c", start + script, *arguments],
            input=text,
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    done = run("--conversation", "bees", text="my name is Ada and I keep bees\nwhat is my name?\n")
    assert done.returncode == 0, done.stderr
    assert "Your name is Ada" in done.stdout
    assert "channelmuse --conversation bees" in done.stderr
    assert (tmp_path / "data" / "bot.db").exists()
    assert run("--help").stdout.startswith("usage: channelmuse ")


def test_it_names_the_extra_that_is_missing(wheel: Path, tmp_path: Path) -> None:
    """Without the sandbox and without a key it says what to install."""
    installed = install(wheel)
    start = (
        f"import sys; sys.path.insert(0, {str(installed)!r}); from bot.__main__ import main; sys.exit(main(['run']))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", start],
        input="hello\n",
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, "pip install 'FILE.whl[sandbox]'" in done.stderr) == (2, True), done.stderr
