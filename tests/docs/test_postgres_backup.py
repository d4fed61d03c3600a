"""The backup of a PostgreSQL database, typed as operating.md tells it, restores what was said."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.database.postgres import database, pgserver, server
from tests.support.documents import ROOT, blocks

pytestmark = pytest.mark.usefixtures(server.__name__)


def programs(version: str) -> Path:
    """The folder of PostgreSQL's own programs of the server's major version."""
    for found in Path(pgserver.__file__).parent.rglob("pg_dump"):
        told = subprocess.run([found, "--version"], capture_output=True, text=True, check=True, timeout=60).stdout
        if f" {version}." in told:
            return found.parent
    pytest.skip(f"no programs of PostgreSQL {version}")


def line_with(program: str) -> str:
    """The line of operating.md that runs a program."""
    text = "".join(blocks(ROOT / "docs" / "operating.md", "console"))
    [line] = [line for line in text.splitlines() if line.startswith(program)]
    return line


async def test_a_dump_restores_conversations(tmp_path: Path, server: Any) -> None:
    """What was said in one database is known in another one after pg_dump and pg_restore."""
    version = server.psql("SHOW server_version").split()[2].partition(".")[0]
    path = f"{programs(version)}{os.pathsep}{os.environ['PATH']}"

    def typed(url: str, line: str, text: str = "") -> str:
        environment = {"PYTHONPATH": str(ROOT), "PATH": path, "BOT_DATABASE_URL": url, "LANG": "C.UTF-8"}
        done = subprocess.run(
            ["sh", "-ec", line],
            input=text,
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    bot = f"{sys.executable} -m bot run --conversation backup"
    async with database(server, "template1") as first, database(server, "template1") as second:
        typed(first.get_secret_value(), bot, "my name is Ada and I keep bees\n")
        typed(first.get_secret_value(), line_with("pg_dump"))
        typed(second.get_secret_value(), line_with("pg_restore"))
        assert "Your name is Ada" in typed(second.get_secret_value(), bot, "what is my name?\n")
