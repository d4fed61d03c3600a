"""Temporary folders: one's own while the process lives, removed by the next one after it was killed."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.temporary_folder import TemporaryFolder

ROOT = Path(__file__).parents[2]
OTHER = (
    "import sys; from sandbox.temporary_folder import TemporaryFolder; own = TemporaryFolder();"
    "(own.folder / 'image.png').write_bytes(b'x'); print(own.folder, flush=True); sys.stdin.read()"
)


@pytest.fixture(autouse=True)
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def other(parent: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process with a folder of its own."""
    environment = {**os.environ, "TMPDIR": str(parent)}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", OTHER], stdin=pipe, stdout=pipe, text=True, cwd=ROOT, env=environment
    ) as process:
        assert process.stdout
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_what_a_killed_process_left_is_removed(other: tuple[subprocess.Popen[str], Path]) -> None:
    """A folder stays while its process lives, and goes with the first start after it was killed."""
    process, folder = other
    TemporaryFolder().close()
    assert (folder / "image.png").exists()
    process.kill()
    process.wait()
    TemporaryFolder().close()
    assert not folder.exists()


def test_two_in_one_process_leave_each_other_alone(parent: Path) -> None:
    """A second one does not take the first one's folder for ownerless."""
    first, second = TemporaryFolder(), TemporaryFolder()
    assert first.folder.is_dir()
    first.close()
    first.close()
    second.close()
    assert list(parent.iterdir()) == []


def test_what_is_no_folder_of_ours_stays(parent: Path) -> None:
    """Neither a link that leads elsewhere nor another program's folder is touched."""
    elsewhere = parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("x")
    (parent / "channelmuse-sandbox-link").symlink_to(elsewhere)
    (parent / "sandbox-other").mkdir()
    TemporaryFolder().close()
    assert (elsewhere / "kept").exists()
    assert (parent / "sandbox-other").is_dir()
