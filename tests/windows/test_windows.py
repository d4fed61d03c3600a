"""Windows, as far as it can be had here: without what it lacks, everything imports and the terminal answers.

The core's tests pass like this, too, but for `tests/pipeline/test_worker_stop.py`, which is about signals:
`python -m pytest -p tests.support.windows.absent` with `tests/pipeline tests/commands tests/conversation
tests/approvals tests/scoped_settings tests/spending
tests/policy tests/commandline tests/schedules tests/moderation tests/memory tests/settings tests/calls tests/security`.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORE = ROOT / "tests" / "pipeline" / "test_erasure.py"


def test_the_terminal_and_a_test_of_the_core_do_without_what_windows_lacks(tmp_path: Path) -> None:
    """No fcntl, no signal handlers in event loops, no process groups, no resource limits.

    As this test of the core the others pass; what all need, such as `conftest.py`, is loaded without it, too.
    """
    recorder = {"BOT_RECORDER": "redacted"}
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "HOME": str(tmp_path), **recorder}
    options = ["-q", "-p", "no:cacheprovider", "--assert=plain"]  # what is loaded already can't be rewritten
    command = [sys.executable, "-m", "tests.support.windows.walk", *options, str(CORE)]
    words = "my name is Ada\n"
    done = subprocess.run(
        command, input=words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nice to meet you, Ada" in done.stdout
    assert " passed" in done.stdout
