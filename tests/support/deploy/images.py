"""The service's image as its file describes it, without a container: what is started with which environment."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from pathlib import Path

import httpx

from tests.support.processes import Process, process, program

ROOT = Path(__file__).parents[3]
PATIENCE = 60.0  #: seconds until a test that waits in vain fails
DOCKERFILE = [
    line.partition(" ")[::2] for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines() if line
]


def said(word: str) -> list[str]:
    """What follows an instruction of the Dockerfile, wherever it stands."""
    return [rest for instruction, rest in DOCKERFILE if instruction == word]


def entrypoint() -> list[str]:
    """The command that a container runs, with this interpreter found by the path."""
    return [str(word) for line in said("ENTRYPOINT") for word in json.loads(line)]


def default_command() -> list[str]:
    return [str(word) for line in said("CMD") for word in json.loads(line)]


def environment_of_image() -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in said("ENV")[0].split())


def environment(**own: str) -> dict[str, str]:
    """The environment of a process that finds this interpreter and this code."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"PYTHONPATH": str(ROOT), "PATH": path, "LANG": "C.UTF-8", **own}


def free_port() -> int:
    """Return a port that is free, below those that the system gives to connections: none of them takes it meanwhile."""
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with suppress(OSError), socket.create_server(("0.0.0.0", port)):
            return port


@contextmanager
def started(command: list[str], env: Mapping[str, str], folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a process; it is killed at the end of the block if it still runs."""
    with subprocess.Popen(command, cwd=folder, env=dict(env), stdin=subprocess.PIPE) as one:
        try:
            yield one
        finally:
            one.kill()


def start_forked(
    arguments: Sequence[str], env: Mapping[str, str], folder: Path
) -> AbstractAsyncContextManager[Process]:
    """Run what the entry point runs with these arguments, forked so that it starts fast, until the end of the block."""
    assert entrypoint() == ["python", "-m", "bot"]
    return process(program, *arguments, environment=env, folder=folder)


def wait_for(status: Callable[[], int | None], url: str) -> httpx.Response:
    """Ask until there is a success. Fails when the process ends before. `status`: its exit status; None: it runs."""
    deadline = time.monotonic() + PATIENCE
    with httpx.Client() as client:
        while True:
            try:
                found = client.get(url)
                if found.is_success:
                    return found
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline
            assert status() is None
            time.sleep(0.1)


def healthy(env: Mapping[str, str]) -> int:
    """The exit status of the container's health check."""
    command = json.loads(said("HEALTHCHECK")[0].partition(" CMD ")[2])
    done = subprocess.run([sys.executable, *command[1:]], env=dict(env), capture_output=True, check=False, timeout=60)
    return done.returncode
