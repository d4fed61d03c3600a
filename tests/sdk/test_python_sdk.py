"""The SDK for Python as a distribution of its own: built, installed where nothing else is, run with the samples."""

import asyncio
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from shutil import copytree, ignore_patterns

import httpx
import pytest

import aimodels
from sandbox.server import Sandbox
from tests.support.deploy.wheels import build_wheel, install
from tests.support.reference import PYTHON_SAMPLE, REFERENCE

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "sdk" / "python"
GUIDE = ROOT / "docs" / "python-sdk.md"


def samples(page: Path) -> list[str]:
    """The Python programs of a page."""
    return re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the sources and without a network."""
    folder = tmp_path_factory.mktemp("sdk")
    built = ignore_patterns("__pycache__", "build", "*.egg-info")
    copytree(ROOT / "aimodels", folder / "aimodels", ignore=built)
    copytree(PROJECT, folder / "sdk" / "python", ignore=built)
    return build_wheel(folder / "sdk" / "python", folder)


@pytest.fixture(scope="session")
def installed(wheel: Path) -> Path:
    """A folder with the wheel and what it requires, and nothing else."""
    return install(wheel)


#: Written after each program's output.
END = "-- the end of a program --\n"


def run(installed: Path, programs: Sequence[str], folder: Path, **environment: str) -> list[str]:
    """Run programs in one process with the standard library and that folder only; the output of each."""
    for number, program in enumerate(programs):
        (folder / f"sample{number}.py").write_text(program, encoding="utf-8")
    start = f"""
import runpy, sys
sys.path.insert(0, {str(installed)!r})
for number in range({len(programs)}):
    runpy.run_path(f'sample{{number}}.py', run_name='__main__')
    print({END!r}, end='')
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", "-X", "utf8", "-c", start],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    *outputs, rest = done.stdout.split(END)
    assert (len(outputs), rest) == (len(programs), "")
    return outputs


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """The API at the sample's own key."""
    async with Sandbox(api_key="YOUR_API_KEY") as running:
        yield running


def lines(output: str) -> Iterator[str]:
    return iter(output.splitlines())


@pytest.mark.optional
def test_the_sample_is_the_references() -> None:
    """The sample kept here is the reference's, where it lies beside the checkout."""
    if not REFERENCE.exists():
        pytest.skip(f"the reference is not at {REFERENCE}")
    text = REFERENCE.read_text(encoding="utf-8")
    found = re.search(r"^pip install aimodels-sdk\n(.*?)^npm install", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    assert found[1] == PYTHON_SAMPLE


async def test_the_samples_run_verbatim(installed: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    """The installed wheel runs the samples of the reference, of docs/python-sdk.md and of the distribution's README.

    They are as printed; the address comes from the environment. Neither the service nor what only the service needs
    is there, or imported.
    """
    loaded = "import sys\nprint(*sorted({name.partition('.')[0] for name in sys.modules}))"
    programs = [PYTHON_SAMPLE, *samples(GUIDE), *samples(PROJECT / "README.md"), loaded]
    assert len(programs) == 7
    assert samples(GUIDE) == samples(GUIDE.with_name("python-sdk.zh-Hant.md"))
    outputs = await asyncio.to_thread(run, installed, programs, tmp_path, AIMODELS_BASE_URL=sandbox.base_url)
    assert [program for program, output in zip(programs, outputs, strict=True) if not output.strip()] == []
    names = set(outputs.pop().split())
    assert "aimodels" in names
    assert not names & {"bot", "adapters", "sandbox", "simulators", "pydantic_settings", "structlog", "starlette"}
    assert not {"bot", "adapters", "sandbox", "pydantic_settings"} & {path.name for path in installed.iterdir()}
    *answer, url = lines(outputs[0])
    assert "".join(answer).strip()
    async with httpx.AsyncClient() as http:
        assert (await http.get(url)).content.startswith(b"\x89PNG")


def test_the_wheel_has_everything(wheel: Path) -> None:
    """Every module, the marker of typed packages and the license; the version is the package's."""
    assert wheel.name == f"aimodels_sdk-{aimodels.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    sources = {str(path.relative_to(ROOT)) for path in (ROOT / "aimodels").rglob("*.py")}
    assert sources <= names
    assert "aimodels/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_synchronous_client_is_up_to_date() -> None:
    """`aimodels/sync.py` is what the generator makes of the asynchronous client."""
    command = [sys.executable, str(PROJECT / "generate_sync.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
