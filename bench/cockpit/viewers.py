"""Benchmark of the cockpit's overview: CPU per message with and without 100 people who look at it.

`python -m bench.cockpit.viewers` answers messages as fast as it can, in turn without and with the viewers (A B A B A),
who are in another process. Every run with viewers is compared with the mean of those around it. A profile of what the
viewers cost: `python -m bench.cockpit.viewers profile`.
"""

import asyncio
import cProfile
import pstats
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bench import service
from bench.api_server import api_server
from bench.cockpit.looking import STREAMS
from bot import web_servers
from bot.security.keys import signing_key
from bot.sign_in.links import LinkSigner, link
from bot.sign_in.visitor import Visitor

VIEWERS = 100
EVENTS = 4000  #: of a run, so that it is longer than several refreshes
PAIRS = 9
MOST = 1.05  #: times the CPU per message


@asynccontextmanager
async def viewers(links: Sequence[str], refreshes: list[int]) -> AsyncIterator[None]:
    """Let people look at the overview in another process. `refreshes`: gets the number that they have seen."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.cockpit.looking", str(VIEWERS)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("".join(f"{one}\n" for one in links).encode() + b"\n")
    if not await process.stdout.readline():
        raise RuntimeError("nobody looks")
    try:
        yield
    finally:
        process.stdin.close()
        refreshes.append(int(await process.stdout.readline() or 0))
        await process.wait()


async def run(
    base_url: str, refreshes: list[int], *, profile: cProfile.Profile | None
) -> tuple[list[float], list[float]]:
    """Return milliseconds of CPU per message without and with viewers."""
    without: list[float] = []
    with_viewers: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with (
            service.running(base_url, Path(folder), bot_port=0) as (core, ask),
            web_servers.web_server(core) as web,
        ):
            assert web is not None
            signer = LinkSigner(signing_key(core.settings))

            async def measure() -> float:
                found = await service.measure(ask, EVENTS, service.CONVERSATIONS)
                return found.cpu / len(found.latencies) * 1e3

            await measure()  # warms up
            without.append(await measure())
            for _ in range(PAIRS):
                visitor = Visitor(is_operator=True)
                number = -(-VIEWERS // STREAMS)
                links = [link(f"http://127.0.0.1:{web.port}", signer.sign(visitor)) for _ in range(number)]
                async with viewers(links, refreshes):
                    if profile is not None:
                        profile.enable()
                    with_viewers.append(await measure())
                    if profile is not None:
                        profile.disable()
                without.append(await measure())
    return without, with_viewers


def main(arguments: Sequence[str] = ()) -> None:
    """Print the table."""
    profile, refreshes = cProfile.Profile() if "profile" in arguments else None, list[int]()
    with api_server(0.0) as url:
        without, with_viewers = asyncio.run(run(url, refreshes, profile=profile))
    pairs = zip(without, with_viewers, without[1:], strict=False)
    ratios = [looked / statistics.mean((before, after)) for before, looked, after in pairs]
    ratio = statistics.median(ratios)
    print(f"### {VIEWERS} viewers of the overview\n")
    print("| CPU ms per message, without | with viewers | ratio | at most |\n| --- | --- | --- | --- |")
    print(f"| {statistics.median(without):.3f} | {statistics.median(with_viewers):.3f} | {ratio:.3f} | {MOST} |")
    print(f"\nRatios of the pairs: {', '.join(f'{one:.3f}' for one in ratios)}.")
    print(f"The viewers saw {sum(refreshes)} refreshes.")
    if profile is not None:
        pstats.Stats(profile).sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    main(sys.argv[1:])
