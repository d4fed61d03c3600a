"""Memory growth while a large file is fetched.

Each case runs in a process of its own; a server in another process sends the file. The growth is the highest resident
set size, sampled every few milliseconds, minus the one just before `fetch`.
"""

import asyncio
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp
import psutil
from aiohttp import web
from pydantic import SecretStr

from bot.media import Spool

SIZE = 200_000_001  # bytes; a multiple of 3, so that base64 needs no padding
AIM = 16  # megabytes
_CHUNK = 1 << 20


@dataclass(frozen=True)
class OfferedFile:
    """A generated file in the API's answer."""

    url: str | None = None
    b64_json: str | None = None
    width: int | None = None
    height: int | None = None
    duration: float | None = None


def serve(size: int, port: Connection) -> None:
    """Serve a file of `size` bytes; sends the port through the connection `port`."""

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = size
        await response.prepare(request)
        first = b"\0\0\0\x20ftypisom" + bytes(_CHUNK - 12)
        for at in range(0, size, _CHUNK):
            await response.write((first if at == 0 else bytes(_CHUNK))[: size - at])
        return response

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/file", handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


def measure(work: Callable[[], object]) -> tuple[float, float, float]:
    """Run `work`; return the memory growth in MB, the wall time and the CPU time in seconds."""
    process = psutil.Process()
    before = highest = process.memory_info().rss
    done = threading.Event()

    def sample() -> None:
        nonlocal highest
        while not done.wait(0.005):
            highest = max(highest, process.memory_info().rss)

    sampler = threading.Thread(target=sample)
    sampler.start()
    cpu, wall = time.process_time(), time.perf_counter()
    try:
        work()
    finally:
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        done.set()
        sampler.join()
    return (highest - before) / 1e6, wall, cpu


def run_case(name: str, size: int, port: int, result: Connection) -> None:
    """Fetch the file once in the way called `name`; sends the measures through `result`."""
    origin = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        loop = runner.get_loop()

        async def opened() -> Spool:
            spool = Spool(Path(folder), secret=SecretStr("k"), max_bytes=size, timeout=300, allowed_origins=(origin,))
            return await spool.__aenter__()

        async def whole() -> None:  # as a client without streaming does
            async with aiohttp.ClientSession() as http, http.get(f"{origin}/file") as response:
                Path(folder, "file").write_bytes(await response.read())  # noqa: ASYNC240

        spool = runner.run(opened())
        small = OfferedFile(b64_json="iVBORw0KGgo" + "A" * 1001)
        runner.run(spool.fetch(small, kind="image", name="warm", event="up"))  # loads the code and starts a thread
        item = OfferedFile(url=f"{origin}/file")
        if name == "base64":
            item = OfferedFile(b64_json="AAAAIGZ0eXBpc29t" + "A" * (size * 4 // 3 - 16))
        work = whole() if name == "whole" else spool.fetch(item, kind="video", name="film", event="e")
        result.send(measure(lambda: loop.run_until_complete(work)))
        runner.run(spool.__aexit__(None, None, None))


def main() -> None:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe()
    server = context.Process(target=serve, args=(SIZE, sender), daemon=True)
    server.start()
    port = receiver.recv()
    print(f"A file of {SIZE / 1e6:.0f} MB; the aim is at most {AIM} MB of growth.\n")
    print("| way | RSS growth, MB | of the file | wall, s | CPU, s |\n| --- | ---: | ---: | ---: | ---: |")
    for name, label in (
        ("url", "`Spool.fetch`, URL"),
        ("base64", "`Spool.fetch`, base64 already in memory"),
        ("whole", "read whole, then written (for comparison)"),
    ):
        process = context.Process(target=run_case, args=(name, SIZE, port, sender))
        process.start()
        grown, wall, cpu = receiver.recv()
        process.join()
        print(f"| {label} | {grown:.1f} | {grown * 1e6 / SIZE:.1%} | {wall:.2f} | {cpu:.2f} |", flush=True)
    server.terminate()
    server.join()


if __name__ == "__main__":
    main()
