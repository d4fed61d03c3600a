"""The pages to try the service, started in a process of their own."""

from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from bot.ops.play_pages import PlayPages


@pytest.mark.parametrize("does", ["pass", "print('no address', flush=True)"])
async def test_a_program_without_an_address_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str
) -> None:
    """One that prints none, or nothing at all, does not keep the next start from being tried."""
    program = tmp_path / "simulators" / "play.py"
    program.parent.mkdir()
    program.write_text(f"import sys\n{does}\nsys.stdin.read()\n")
    monkeypatch.chdir(tmp_path)
    pages = PlayPages(seconds=0.5)
    with capture_logs() as logs:
        assert not await pages.start()
        assert not await pages.start()
    assert [entry["event"] for entry in logs] == ["the pages to try the service did not start"] * 2
    assert pages.url == ""
    assert not [child for child in psutil.Process().children() if "simulators.play" in child.cmdline()]
