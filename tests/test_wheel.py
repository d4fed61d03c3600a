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
    """Every file is in it; the script names the extra that is missing.

    With it the script remembers a name, runs in an empty folder and says how to go on.
    """
    without, installed = install(wheel), install(wheel, ["sandbox"])
    source = wheel.parent / "source"
    files = [path.relative_to(source).as_posix() for name in PACKAGES for path in (source / name).rglob("*")]
    absent = [name for name in files if not (installed / name).exists() and not DEVELOPERS.fullmatch(name)]
    assert absent == []
    assert f"dist/{wheel.name}[sandbox]" in (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    script = f"""
import sys
from contextlib import suppress
from importlib.metadata import entry_points
sys.path.insert(0, {str(without)!r})
sys.argv[:1] = ["channelmuse"]
[script] = entry_points(group="console_scripts", name="channelmuse")
main = script.load()
with suppress(SystemExit):
    main(["--help"])
assert main(["run"]) == 2
sys.path.insert(0, {str(installed)!r})
sys.exit(main())
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, "--conversation", "bees"],
        input="my name is Ada and I keep bees\nwhat is my name?\n",
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "usage: channelmuse " in done.stdout
    assert "pip install 'FILE.whl[sandbox]'" in done.stderr
    assert "Your name is Ada" in done.stdout
    assert "channelmuse --conversation bees" in done.stderr
    assert (tmp_path / "data" / "bot.db").exists()
