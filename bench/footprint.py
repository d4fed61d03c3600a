"""Start to ready, and memory: idle, and after 5,000 events in 500 conversations."""

import asyncio
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from bench.api_server import api_server

EVENTS, TALKS = 5000, 500
STARTS = 3


async def child(base_url: str, folder: str) -> None:
    """The service in a process of its own, telling what it weighs."""
    from bench.service import measure, service

    async with service(base_url, Path(folder)) as ask:
        ready = time.time()
        await measure(ask, 50, 1)
        gc.collect()
        idle = psutil.Process().memory_info().rss
        await measure(ask, EVENTS, TALKS)
        gc.collect()
        full = psutil.Process().memory_info().rss
        await measure(ask, EVENTS, TALKS)
        gc.collect()
        again = psutil.Process().memory_info().rss
    print(json.dumps({"ready": ready, "idle": idle, "full": full, "again": again}))


def run(base_url: str) -> dict[str, float]:
    """One child; seconds from its creation to ready, and its memory in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.time()
        result = subprocess.run(
            [sys.executable, "-m", "bench.footprint", base_url, folder], capture_output=True, text=True, check=True
        )
    figures: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return {**figures, "ready": figures["ready"] - started}


def main() -> None:
    """Print the table."""
    with api_server(0.0) as url:
        runs = [run(url) for _ in range(STARTS)]

    def middle(name: str) -> float:
        return statistics.median(each[name] for each in runs)

    mb = 1e6
    print("### Start and memory\n\n| figure | value |\n| --- | --- |")
    print(f"| process start to ready | {middle('ready'):.2f} s |")
    print(f"| RSS idle (after 50 events) | {middle('idle') / mb:.0f} MB |")
    print(f"| RSS after {EVENTS:,} events in {TALKS} conversations | {middle('full') / mb:.0f} MB |")
    print(f"| RSS after {2 * EVENTS:,} events | {middle('again') / mb:.0f} MB |")
    print(f"| growth per event over the second {EVENTS:,} | {(middle('again') - middle('full')) / EVENTS:.0f} bytes |")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(child(sys.argv[1], sys.argv[2]))
    else:
        main()
