"""`python -m sandbox`: the API offline as a program of its own."""

import asyncio
import os
import subprocess
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import httpx
import pytest

from sandbox.server import Sandbox

ROOT = Path(__file__).parents[2]


def environment(**settings: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **settings}


def refused(folder: Path, *arguments: str, **settings: str) -> str:
    """The sentence with which the program refuses to start."""
    command = [sys.executable, "-m", "sandbox", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment(**settings), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    return done.stderr


async def test_it_serves_until_it_is_stopped(tmp_path: Path) -> None:
    """It prints its address and takes the key that it was given; its limit is the environment's."""
    command = (sys.executable, "-m", "sandbox", "--port", "0", "--api-key", "k")
    async with asyncio.timeout(300):
        process = await asyncio.create_subprocess_exec(
            *command, cwd=tmp_path, env=environment(SANDBOX_REQUESTS_PER_MINUTE="7"), stdout=PIPE
        )
        assert process.stdout is not None
        url = (await process.stdout.readline()).split()[-1].decode()
        body = {"model": "gpt-4-turbo", "messages": [{"role": "user", "content": "hello"}]}
        async with httpx.AsyncClient(base_url=url, headers={"Authorization": "Bearer k"}) as api:
            answer = await api.post("/chat/completions", json=body)
        process.terminate()
        await process.communicate()
    assert process.returncode == 0
    assert answer.json()["success"] is True
    assert answer.headers["X-RateLimit-Limit"] == "7"


@pytest.mark.parametrize(
    ("settings", "names"),
    [({"SANDBOX_REQUESTS_PER_MINUTE": "0"}, "SANDBOX_REQUESTS_PER_MINUTE"), ({"SANDBOX_GGUF": "/x"}, "SANDBOX_GGUF")],
)
def test_a_wrong_setting_is_a_sentence(tmp_path: Path, settings: dict[str, str], names: str) -> None:
    """The setting is named."""
    assert names in refused(tmp_path, "--port", "0", **settings)


def test_an_env_file_that_is_no_text_is_a_sentence(tmp_path: Path) -> None:
    """The file is named."""
    (tmp_path / ".env").write_bytes(b"SANDBOX_GGUF=caf\xe9")
    assert ".env can't be read" in refused(tmp_path, "--port", "0")


async def test_a_taken_port_is_a_sentence(tmp_path: Path) -> None:
    """The port is named."""
    async with Sandbox() as running:
        port = running.base_url.rsplit(":")[-1].removesuffix("/v1")
        assert port in await asyncio.to_thread(refused, tmp_path, "--port", port)
    assert "no port" in await asyncio.to_thread(refused, tmp_path, "--port", "x")
