"""Start-up time, and memory: idle, and after 5,000 and 10,000 events."""

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

EVENTS, CONVERSATIONS = 5000, 500
STARTS = 3


async def run_service(base_url: str, folder: str) -> None:
    """Run the service in this process and print its memory as JSON."""
    from bench.service import measure, service

    async with service(base_url, Path(folder)) as ask:
        ready = time.time()
        await measure(ask, 50, 1)
        gc.collect()
        idle = psutil.Process().memory_info().rss
        await measure(ask, EVENTS, CONVERSATIONS)
        gc.collect()
        full = psutil.Process().memory_info().rss
        await measure(ask, EVENTS, CONVERSATIONS)
        gc.collect()
        again = psutil.Process().memory_info().rss
    print(json.dumps({"ready": ready, "idle": idle, "full": full, "again": again}))


def measure_process(base_url: str) -> dict[str, float]:
    """Measure one process: seconds from its creation to ready, and its memory in bytes."""
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
        runs = [measure_process(url) for _ in range(STARTS)]

    def median_of(name: str) -> float:
        return statistics.median(each[name] for each in runs)

    mb = 1e6
    print("### Start and memory\n\n| figure | value |\n| --- | --- |")
    print(f"| process start to ready | {median_of('ready'):.2f} s |")
    print(f"| RSS idle (after 50 events) | {median_of('idle') / mb:.0f} MB |")
    print(f"| RSS after {EVENTS:,} events in {CONVERSATIONS} conversations | {median_of('full') / mb:.0f} MB |")
    print(f"| RSS after {2 * EVENTS:,} events | {median_of('again') / mb:.0f} MB |")
    growth = (median_of("again") - median_of("full")) / EVENTS
    print(f"| growth per event over the second {EVENTS:,} | {growth:.0f} bytes |")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(run_service(sys.argv[1], sys.argv[2]))
    else:
        main()
