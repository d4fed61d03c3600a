"""CPU time per request of HTTP transports: httpx's own, aiohttp under httpx, and the API client on top.

`python -m bench.api_transport` prints a Markdown table. The server is another process, whose CPU time does
not count. The candidates alternate (A B C A B C …) in one run, so that other load slows all of them alike.
"""

import asyncio
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable

import httpx

from aimodels import AsyncAIModels
from aimodels.transport import open_http

CONCURRENCY = (1, 50, 200)
ROUNDS = 3
REQUESTS = {1: 50, 50: 150, 200: 250}
HELLO = [{"role": "user", "content": "hello"}]
LATENCY = 0.01  #: seconds that the server takes, so that calls overlap

_SERVER = f"""
import asyncio

BODY = (b'{{"success": true, "data": {{"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": '
    b'[{{"index": 0, "message": {{"role": "assistant", "content": "hello"}}, "finish_reason": "stop"}}], '
    b'"usage": {{"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}}}}}')
HEAD = b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(BODY)

async def serve(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\\r\\n\\r\\n")
            length = head.lower().partition(b"content-length:")[2].partition(b"\\r")[0]
            await reader.readexactly(int(length))
            await asyncio.sleep({LATENCY})
            writer.write(HEAD + BODY)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""

Ask = Callable[[], Awaitable[object]]


async def _measure_cpu(ask: Ask, concurrency: int) -> float:
    """Return the milliseconds of CPU time per request, with `concurrency` requests at a time."""
    left = REQUESTS[concurrency]

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await ask()

    before = _cpu_time()
    await asyncio.gather(*(worker() for _ in range(concurrency)))
    return (_cpu_time() - before) / REQUESTS[concurrency] * 1000


def _cpu_time() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def _measure(url: str) -> dict[str, dict[int, list[float]]]:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    headers = {"Authorization": "Bearer k"}
    async with (
        httpx.AsyncClient(limits=limits, timeout=60, headers=headers) as default,
        httpx.AsyncClient(transport=open_http(url), headers=headers, trust_env=False) as aiohttp,
        AsyncAIModels(api_key="k", base_url=url) as client,
    ):

        async def bare(http: httpx.AsyncClient) -> object:
            response = await http.post(f"{url}/chat/completions", json={"model": "m", "messages": HELLO})
            return response.json()

        asks: dict[str, Ask] = {
            "httpx, default transport": lambda: bare(default),
            "httpx, aiohttp transport": lambda: bare(aiohttp),
            "the API client": lambda: client.chat.completions.create(model="m", messages=HELLO),
        }
        found: dict[str, dict[int, list[float]]] = {name: {size: [] for size in CONCURRENCY} for name in asks}
        for size in CONCURRENCY:
            for ask in asks.values():  # opens the connections
                await asyncio.gather(*(ask() for _ in range(size)))
            for _ in range(ROUNDS):
                for name, ask in asks.items():
                    found[name][size].append(await _measure_cpu(ask, size))
        return found


def main() -> None:
    started = time.monotonic()
    server = subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        found = asyncio.run(_measure(f"http://127.0.0.1:{int(server.stdout.readline())}/v1"))
    finally:
        server.terminate()
        server.communicate()
    medians = {name: [statistics.median(sizes[size]) for size in CONCURRENCY] for name, sizes in found.items()}
    base = medians["httpx, aiohttp transport"]
    print("CPU per request in ms (ratio to httpx with the aiohttp transport), median of", ROUNDS, "rounds\n")
    print("| | " + " | ".join(f"{size} at a time" for size in CONCURRENCY) + " |")
    print("| --- |" + " ---: |" * len(CONCURRENCY))
    for name, values in medians.items():
        cells = (f"{value:.2f} ({value / one:.2f}×)" for value, one in zip(values, base, strict=True))
        print(f"| {name} | {' | '.join(cells)} |")
    print(f"\nTook {time.monotonic() - started:.0f} s.")


if __name__ == "__main__":
    main()
