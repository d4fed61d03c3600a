"""The SDK for Node.js: its own tests, run by node; its types; and the reference's sample."""

import asyncio
import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from sandbox.server import Sandbox
from tests.support.reference import REFERENCE, SAMPLES

SDK = Path(__file__).parents[2] / "sdk" / "node"
TESTS = sorted((SDK / "test").glob("*.test.js"))
OFFLINE = SDK / "test" / "sandbox.test.js"
pytestmark = pytest.mark.programs


@cache
def node() -> str:
    """Node.js 20 or newer; skips the test where there is none."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("node is not installed")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.strip().removeprefix("v").partition(".")[0]) < 20:
        pytest.skip(f"node is {version.strip()}; the SDK needs 20 or newer")
    return found


def test_there_are_tests() -> None:
    """All test files are found."""
    assert [path.stem for path in TESTS] == [
        "client.test",
        "media.test",
        "rate_limit.test",
        "retries.test",
        "sandbox.test",
        "streaming.test",
    ]


def run_tests(path: Path, **environment: str) -> None:
    done = subprocess.run(
        [node(), "--test", "--test-reporter=spec", str(path)],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **environment},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if "skipped 0\n" not in done.stdout:
        pytest.skip("npm is not installed")


@pytest.mark.parametrize("path", [path for path in TESTS if path != OFFLINE], ids=lambda path: path.name)
def test_the_node_sdk_passes_its_own_tests(path: Path) -> None:
    """The SDK's tests pass."""
    run_tests(path)


async def test_the_node_sdk_passes_its_tests_with_the_offline_api() -> None:
    """So do those with the offline API, which this process has loaded already."""
    async with Sandbox(api_key="sandbox-key") as sandbox:
        await asyncio.to_thread(run_tests, OFFLINE, TEST_SANDBOX_URL=sandbox.base_url)


def test_the_node_tests_send_the_samples() -> None:
    """The request bodies kept with the SDK are those of the reference."""
    script = "console.log(JSON.stringify(require('./test/support/reference').BODIES))"
    done = subprocess.run([node(), "-e", script], cwd=SDK, capture_output=True, encoding="utf-8", check=True)
    assert json.loads(done.stdout) == SAMPLES


@pytest.mark.optional
def test_the_node_sample_is_the_references() -> None:
    """The sample kept with the SDK is the reference's, where it lies beside the checkout."""
    if not REFERENCE.exists():
        pytest.skip(f"the reference is not at {REFERENCE}")
    text = REFERENCE.read_text(encoding="utf-8")
    sample = re.search(r"^npm install aimodels-sdk\n(.*?^generateText\(\);\n)", text, re.DOTALL | re.MULTILINE)
    assert sample is not None
    kept = (SDK / "test" / "support" / "reference.js").read_text(encoding="utf-8")
    assert f"const NODE_SAMPLE = `\\\n{sample[1]}`;\n" in kept


@pytest.mark.optional
def test_the_type_declarations_fit_the_calls() -> None:
    """The type declarations fit the calls that they should allow, and no others."""
    local = SDK / "node_modules" / ".bin"
    compiler = shutil.which("tsc", path=f"{local}{os.pathsep}{os.environ['PATH']}")
    if compiler is None:
        pytest.skip("TypeScript is not installed: npm install --prefix sdk/node")
    done = subprocess.run(
        [compiler, "-p", str(SDK / "test" / "types")], capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
