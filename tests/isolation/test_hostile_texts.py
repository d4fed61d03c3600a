"""Texts that people, models and APIs may write to hold the service up."""

import asyncio
from pathlib import Path

from tests.support.hostile.texts import main
from tests.support.processes import process


async def test_no_text_is_slow_to_read(tmp_path: Path) -> None:
    """Functions that read long texts have time for a text of tens of thousands of characters, whatever it repeats."""
    async with asyncio.timeout(600), process(main, environment={}, folder=tmp_path) as reading:
        status = await reading.wait()
    log = (tmp_path / "log").read_text("utf-8")
    assert status == 0, log[-1000:]
