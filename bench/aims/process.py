"""The process of the service on each platform: how long it takes to start, and what it costs while nobody asks."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from bench import discord, slack
from bench.aims.table import Aim, print_aims
from bench.api_server import api_server
from bench.bots.common import Bot
from bench.bots.discord import start_bot as start_on_discord
from bench.bots.slack import start_bot as start_on_slack
from simulators.discord.server import DiscordSimulator
from simulators.slack import SlackSimulator

STARTS = 5
REST_SECONDS = 5.0  #: until what an answer leaves behind is done
IDLE_SECONDS = 30.0


async def time_start(service: AbstractAsyncContextManager[Bot]) -> float:
    """Return the seconds from the start of the process until it is connected."""
    started = time.perf_counter()
    async with service:
        return time.perf_counter() - started


async def measure_idle(service: AbstractAsyncContextManager[Bot], ask: Callable[[], Awaitable[object]]) -> float:
    """Return the percentage of a core that the service takes after an answer."""
    async with service as one:
        await ask()
        await asyncio.sleep(REST_SECONDS)
        cpu = one.cpu
        await asyncio.sleep(IDLE_SECONDS)
        return (one.cpu - cpu) / IDLE_SECONDS * 100


async def measure(api: str) -> list[Aim]:
    """Measure on both platforms in turn, and both at once where the service does nothing."""
    async with SlackSimulator() as on_slack, DiscordSimulator() as on_discord:
        questions, conversations = slack.Questions(on_slack), discord.Conversations(on_discord, 1)
        starts: dict[str, list[float]] = {"Slack": [], "Discord": []}
        for _ in range(STARTS):
            starts["Slack"].append(await time_start(start_on_slack("service", on_slack, api)))
            starts["Discord"].append(await time_start(start_on_discord("service", on_discord, api)))
        idle = await asyncio.gather(
            measure_idle(
                start_on_slack("service", on_slack, api), lambda: questions.ask(slack.get_channels(on_slack)[0])
            ),
            measure_idle(
                start_on_discord("service", on_discord, api), lambda: conversations.ask(conversations.channels[0])
            ),
        )
    return [
        *(Aim(f"{name}: start to ready", statistics.median(times), 0.7, "{:.1f} s") for name, times in starts.items()),
        *(Aim(f"{name}: idle CPU", cpu, 0.0, "{:.1f} %") for name, cpu in zip(starts, idle, strict=True)),
    ]


def main() -> None:
    """Print the table."""
    print("### Start and rest")
    with api_server(0.0) as api:
        print_aims(asyncio.run(measure(api)))


if __name__ == "__main__":
    main()
