"""Runs a bot in a process of its own and measures it."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import aiohttp
import psutil

ROOT = Path(__file__).parents[2]
#: The bots that are compared. The bare ones make the platform calls that the service makes, or as few as possible.
NAMES = ("fewest calls", "same calls", "service")


class UsesCpu(Protocol):
    """Processes whose CPU time is measured."""

    @property
    def cpu(self) -> float:
        """CPU time so far in seconds, system time included."""


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot."""

    name: str
    process: psutil.Process

    @property
    def cpu(self) -> float:
        """CPU time so far in seconds, system time included."""
        if sys.platform == "linux":  # the clock of a process, by its id: nanoseconds, where `cpu_times` has hundredths
            return time.clock_gettime(~self.process.pid << 3 | 2)
        times = self.process.cpu_times()
        return float(times.user + times.system)

    @property
    def rss(self) -> float:
        """Resident memory in megabytes."""
        return float(self.process.memory_info().rss / 1e6)


@asynccontextmanager
async def run_bot(
    name: str, *module: str, api: str, environment: Mapping[str, str], profile: str = ""
) -> AsyncIterator[Bot]:
    """Run a Python module with an API and an empty data folder until the end of the block.

    `profile`: the file for a profile of its function calls.
    """
    profiler = ("-m", "cProfile", "-o", profile) if profile else ()
    with tempfile.TemporaryDirectory() as folder:
        variables = {
            **os.environ,
            "AIMODELS_BASE_URL": api,
            "AIMODELS_API_KEY": "key",
            "AIMODELS_STREAMING": "false",
            "BOT_DATA_DIR": folder,
            "BOT_REQUESTS_PER_MINUTE": "0",
            "BOT_MEDIA_PER_DAY": "0",
            "BOT_CHAT_CONCURRENCY": "50",
            "PYTHONPATH": str(ROOT),
            **environment,
        }
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, *profiler, "-m", *module),
            env=variables,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield Bot(name, psutil.Process(child.pid))
        finally:
            if child.returncode is None:
                child.terminate()
            await child.wait()


async def ask_api(api: aiohttp.ClientSession, prompt: str) -> str:
    """Return the API's answer to a bare bot."""
    async with api.post(
        f"{os.environ['AIMODELS_BASE_URL']}/chat/completions",
        json={"model": "gpt-4-turbo", "messages": [{"role": "user", "content": prompt}], "max_tokens": 2048},
        headers={"Authorization": "Bearer key"},
    ) as response:
        text: str = (await response.json())["data"]["choices"][0]["message"]["content"]
        return text
