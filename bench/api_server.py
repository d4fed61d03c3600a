"""A minimal API server that answers every chat request after a given time."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager

BODY = (
    b'{"success": true, "data": {"id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, '
    b'"model": "gpt-4-turbo", "choices": [{"index": 0, "message": {"role": "assistant", "content": "'
    + b"A plain answer of an everyday length, with a few sentences in it. "
    * 6
    + b'"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 120, "completion_tokens": 80, "total_tokens": 200}}, '
    b'"message": "ok", "timestamp": "2024-01-15T10:30:00Z"}'
)
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
    + str(len(BODY)).encode()
    + b"\r\n\r\n"
    + BODY
)


class Handler(asyncio.Protocol):
    """HTTP/1.1 with keep-alive and one request at a time per connection."""

    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        if len(body) >= length:
            self._received = body[length:]
            asyncio.get_running_loop().call_later(self._latency, self._answer)

    def _answer(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(ANSWER)


async def main(latency: float) -> None:
    """Serve until killed; the first line of output is the port."""
    server = await asyncio.get_running_loop().create_server(lambda: Handler(latency), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def api_server(latency: float) -> AbstractContextManager[str]:
    """Run the server in a process of its own; `latency`: seconds. Yields its base URL."""
    return run_server("bench.api_server", latency)


@contextlib.contextmanager
def run_server(module: str, argument: float) -> Iterator[str]:
    """Run the API server of a module, which prints its port first, in a process of its own. Yields its base URL."""
    process = subprocess.Popen([sys.executable, "-m", module, str(argument)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
    finally:
        process.kill()
        process.communicate()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(float(sys.argv[1])))
