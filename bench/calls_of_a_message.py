"""Function calls of the service for each plain message, by package: figures that other load does not change.

`python -m bench.calls_of_a_message [slack] [discord]` runs the service under `cProfile` on each simulator, once with
some messages and once with twice as many; the difference is what a message costs. Only the event loop's thread counts.
"""

import asyncio
import pstats
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from bench import discord, slack
from bench.api_server import api_server
from bench.bots.discord import start_bot as start_on_discord
from bench.bots.slack import start_bot as start_on_slack
from simulators.discord.server import DiscordSimulator
from simulators.slack import SlackSimulator

PLATFORMS = ("slack", "discord")
SHOWN = 20  #: packages in a table
OWN = ("adapters", "bot")  #: packages that are shown by folder


async def answer_on_slack(api: str, profile: str, rounds: int) -> int:
    """Let the service answer on Slack; return the number of messages."""
    async with SlackSimulator() as simulator, start_on_slack("service", simulator, api, profile=profile) as service:
        channels, questions = slack.get_channels(simulator), slack.Questions(simulator)
        runs = [await slack.measure_run(questions, service, channels, at_once=True) for _ in range(rounds)]
        return sum(len(run.answers) for run in runs)


async def answer_on_discord(api: str, profile: str, rounds: int) -> int:
    """Let the service answer on Discord; return the number of messages."""
    async with DiscordSimulator() as simulator:
        conversations = discord.Conversations(
            simulator, discord.CHANNELS
        )  # while the bot is away, which then knows them
        talks = [[channel] * (discord.TOGETHER // discord.CHANNELS) for channel in conversations.channels]
        async with start_on_discord("service", simulator, api, profile=profile) as service:
            runs = [await discord.measure_run(conversations, service, talks) for _ in range(rounds)]
        return sum(len(run.answers) for run in runs)


def count_calls(profile: str) -> Counter[str]:
    """Return the function calls in a profile by package; a built-in function counts for the package that calls it."""
    found: Counter[str] = Counter()
    stats: dict[Any, Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    for (file, _, _), (_, calls, _, _, callers) in stats.items():
        if file == "~":
            for caller, (called, *_) in callers.items():
                found[package_of(caller[0])] += called
        else:
            found[package_of(file)] += calls
    return found


def package_of(file: str) -> str:
    """Return the package of a module's file: of this repository with its folder."""
    _, library, name = file.rpartition("site-packages/")
    if library:
        return name.partition("/")[0]
    parts = Path(file).parts
    own = next((at for at, part in enumerate(parts) if part in (*OWN, "aimodels")), None)
    if own is None:
        return "Python's library"
    return "/".join(parts[own : own + 2]) if parts[own] in OWN else parts[own]


def compare(api: str, platform: str) -> tuple[float, Counter[str]]:
    """Return the function calls for each message on a platform: all, and by package."""
    answer = answer_on_slack if platform == "slack" else answer_on_discord
    with tempfile.TemporaryDirectory() as folder:
        files = [f"{folder}/{rounds}" for rounds in (1, 2)]
        messages = [asyncio.run(answer(api, file, rounds)) for rounds, file in enumerate(files, 1)]
        few, many = (count_calls(file) for file in files)
    many.subtract(few)
    extra = messages[1] - messages[0]
    return many.total() / extra, Counter({package: calls // extra for package, calls in many.items()})


def main() -> None:
    """Print the tables."""
    with api_server(0.0) as api:
        for platform in sys.argv[1:] or PLATFORMS:
            calls, packages = compare(api, platform)
            print(f"### {platform.title()}: {calls:,.0f} function calls for each message\n")
            print("| package | calls |\n| --- | ---: |")
            print("\n".join(f"| {package} | {count} |" for package, count in packages.most_common(SHOWN)), "\n")


if __name__ == "__main__":
    main()
