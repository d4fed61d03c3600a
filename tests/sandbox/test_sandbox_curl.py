"""The reference's curl samples, run as they are printed."""

import asyncio
import json
import re
import shutil

import pytest

from sandbox.server import Sandbox
from tests.support.reference import REFERENCE, SAMPLES

needs_curl = pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")


async def run(sandbox: Sandbox, sample: str) -> None:
    """Run a shell command with the sandbox's address and key; it must be answered with success."""
    process = await asyncio.create_subprocess_shell(
        sample.replace("https://api.aimodels.com/v1", sandbox.base_url).replace("YOUR_API_KEY", sandbox.api_key),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors
    assert json.loads(output)["success"] is True


@needs_curl
@pytest.mark.programs
async def test_the_samples_run_with_curl() -> None:
    """Every sample request, with the headers that the reference shows, is answered with success.

    Only host and key are replaced in what the reference prints, where it lies beside the checkout.
    """
    samples = [
        f"curl -X POST https://api.aimodels.com/v1{endpoint} -H 'Authorization: Bearer YOUR_API_KEY' "
        f"-H 'Content-Type: application/json' -d '{json.dumps(body, ensure_ascii=False)}'"
        for endpoint, body in SAMPLES.items()
    ]
    if REFERENCE.is_file():
        samples = re.findall(r"^curl .*?\}'$", REFERENCE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
        assert [json.loads(sample.split("'")[-2]) for sample in samples] == list(SAMPLES.values())
    async with Sandbox() as sandbox:
        for sample in samples:
            await run(sandbox, sample)
