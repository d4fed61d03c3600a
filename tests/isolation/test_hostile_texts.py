"""Texts that people, models and APIs may write to hold the service up."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_no_text_is_slow_to_read() -> None:
    """Functions that read long texts have time for a text of tens of thousands of characters, whatever it repeats."""
    program = [sys.executable, "-m", "tests.support.hostile.texts"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, (done.stdout.splitlines()[-1:], done.stderr[-1000:])
