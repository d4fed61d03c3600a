"""Windows, as far as it can be had here: without what it lacks, everything imports and the terminal answers.

The core's tests pass like this, too: `python -m pytest -p tests.support.windows.absent tests/pipeline tests/commands`.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_terminal_answers_without_what_windows_lacks(tmp_path: Path) -> None:
    """No fcntl, no signal handlers in event loops, no process groups, no resource limits."""
    recorder = {"BOT_RECORDER": "redacted"}
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "HOME": str(tmp_path), **recorder}
    command = [sys.executable, "-m", "tests.support.windows.walk"]
    words = "my name is Ada\n"
    done = subprocess.run(
        command, input=words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "Nice to meet you, Ada" in done.stdout
