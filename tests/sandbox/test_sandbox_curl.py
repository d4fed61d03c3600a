"""The reference's curl samples, run as they are printed."""

import asyncio
import json
import re
import shutil

import pytest

from bot.sandbox.server import Sandbox
from tests.fakes.reference import REFERENCE, SAMPLES


@pytest.mark.skipif(not REFERENCE.is_file(), reason=f"the reference is not at {REFERENCE}")
@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
async def test_the_curl_samples_run_verbatim() -> None:
    """Only host and key are replaced; every sample is answered with success."""
    samples = re.findall(r"^curl .*?\}'$", REFERENCE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert len(samples) == len(SAMPLES)
    async with Sandbox() as sandbox:
        for sample in samples:
            command = sample.replace("https://api.aimodels.com/v1", sandbox.base_url)
            process = await asyncio.create_subprocess_shell(
                command.replace("YOUR_API_KEY", sandbox.api_key),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            output, errors = await process.communicate()
            assert process.returncode == 0, errors
            assert json.loads(output)["success"] is True
