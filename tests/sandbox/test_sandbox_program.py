"""`python -m sandbox`: the API offline as a program of its own."""

import asyncio
import os
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from sandbox.__main__ import main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Start the program in a folder of its own; return the sentence with which it refuses."""

    def start(*arguments: str, **settings: str) -> str:
        monkeypatch.chdir(tmp_path)
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        try:
            status: object = main(arguments)
        except SystemExit as exc:
            status = exc.code
        assert status == 2
        return capsys.readouterr().err

    return start


async def test_it_serves_until_it_is_stopped(tmp_path: Path) -> None:
    """It prints its address and takes the key that it was given; its limit is the environment's."""
    command = (sys.executable, "-m", "sandbox", "--port", "0", "--api-key", "k")
    async with asyncio.timeout(300):
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "SANDBOX_REQUESTS_PER_MINUTE": "7"},
            stdout=PIPE,
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
def test_a_wrong_setting_is_a_sentence(refused: Callable[..., str], settings: dict[str, str], names: str) -> None:
    """The setting is named."""
    assert names in refused("--port", "0", **settings)


def test_an_env_file_that_is_no_text_is_a_sentence(refused: Callable[..., str], tmp_path: Path) -> None:
    """The file is named."""
    (tmp_path / ".env").write_bytes(b"SANDBOX_GGUF=caf\xe9")
    assert ".env can't be read" in refused("--port", "0")


def test_a_taken_port_is_a_sentence(refused: Callable[..., str]) -> None:
    """The port is named."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert port in refused("--port", port)
    assert "no port" in refused("--port", "x")
