"""The sandbox's server: inside a running event loop, or as a program."""

import asyncio
import contextlib
import importlib.util
import secrets
import signal
import socket
from collections.abc import Iterator
from dataclasses import replace
from types import TracebackType
from typing import Self

import uvicorn

from sandbox.app import SandboxState, create_app
from sandbox.config import Fault, SandboxConfig, config_from_environment
from sandbox.errors import SandboxError

__all__ = ["Fault", "Sandbox", "SandboxConfig", "create_app", "serve"]

#: Seconds for answers under way when the sandbox is closed.
GRACE = 2


class _Server(uvicorn.Server):
    """Leaves signals to the program around it, and announces that it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture no signals."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then set `listening`."""
        await super().startup(sockets)
        self.listening.set()


class Sandbox:
    """The sandbox on a port of this machine, as an async context manager.

    `port` 0 picks a free one; without an `api_key` a random one is made; without a `config` the environment's
    `SANDBOX_…` settings apply. Raises `SandboxError` when the address can't be listened on or the model file is absent.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        api_key: str | None = None,
        config: SandboxConfig | None = None,
    ) -> None:
        self.api_key = api_key or f"sandbox-{secrets.token_hex(8)}"
        config = config or config_from_environment()
        self.config = replace(config, keys={self.api_key: None, **config.keys})
        self._address = (host, port)
        self._stack = contextlib.AsyncExitStack()
        self.base_url = ""  #: such as http://127.0.0.1:4321/v1, once entered
        self._state: SandboxState | None = None

    def inject(self, *faults: Fault) -> None:
        """Let the next calls fail."""
        assert self._state
        self._state.faults.waiting.extend(faults)

    async def __aenter__(self) -> Self:
        """Listen. Raises `SandboxError`."""
        host, port = self._address
        if self.config.gguf and not self.config.gguf.is_file():
            raise SandboxError(f"SANDBOX_GGUF: there is no file {self.config.gguf}")
        if self.config.gguf and importlib.util.find_spec("xllamacpp") is None:
            raise SandboxError(
                "SANDBOX_GGUF needs llama.cpp, which is not installed: "
                "run make llama, or .venv/bin/pip install -e '.[llama]'"
            )
        try:
            listener = await asyncio.to_thread(
                socket.create_server,
                self._address,
                family=socket.AF_INET6 if ":" in host else socket.AF_INET,
            )
        except OSError as exc:
            reason = str(exc.strerror or exc).partition(" (while")[0]
            raise SandboxError(f"the sandbox can't listen on {host}:{port}: {reason}") from exc
        address = f"[{host}]" if ":" in host else host
        self.base_url = f"http://{address}:{listener.getsockname()[1]}/v1"
        app = create_app(self.config)
        self._state = app.state.sandbox
        server = _Server(
            uvicorn.Config(
                app, log_config=None, log_level="critical", access_log=False, ws="none", timeout_graceful_shutdown=GRACE
            )
        )
        task = asyncio.create_task(server.serve(sockets=[listener]), name="sandbox")
        self._stack.push_async_callback(self._stop, server, task)
        await server.listening.wait()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel running work, end the processes, remove the temporary files."""
        await self._stack.aclose()

    async def _stop(self, server: _Server, task: asyncio.Task[None]) -> None:
        assert self._state
        await self._state.close()
        server.should_exit = True
        await task


async def serve(host: str, port: int, api_key: str | None, config: SandboxConfig) -> None:
    """Run the sandbox until SIGINT or SIGTERM and print how to try it. Raises `SandboxError`."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C cancels this call
            loop.add_signal_handler(number, stop.set)
    try:
        async with Sandbox(host=host, port=port, api_key=api_key, config=config) as sandbox:
            print(_greeting(sandbox), flush=True)  # noqa: T201 - this is a program of its own
            await stop.wait()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                loop.remove_signal_handler(number)


def _greeting(sandbox: Sandbox) -> str:
    return f"""\
The sandbox API listens at {sandbox.base_url}
API key: {sandbox.api_key}
Reference page: {sandbox.base_url.removesuffix("/v1")}/docs

curl -X POST {sandbox.base_url}/chat/completions \\
  -H "Authorization: Bearer {sandbox.api_key}" \\
  -H "Content-Type: application/json" \\
  -d '{{"model": "gpt-4-turbo", "messages": [{{"role": "user", "content": "hello"}}]}}'

Ctrl-C stops it."""
