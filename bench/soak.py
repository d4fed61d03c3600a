"""A long run of the service on Slack and Discord at once: memory, descriptors and files by number of messages.

`SOAK_MESSAGES` sets the number of messages. Each is a mention in a channel, so each opens a thread and a conversation.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import slack
from bench.api_server import api_server
from bench.bots.common import Bot
from bench.discord import Conversations
from bench.together import clear, service
from simulators.discord.server import DiscordSimulator
from simulators.slack import Channel, SlackSimulator

MESSAGES = int(os.environ.get("SOAK_MESSAGES", "100000"))
ROWS = 5  #: measurements after the first
CONCURRENT = 25  #: channels of each platform at once
CHANNELS = 500  #: channels of each platform, used in turn
FIRST = 1000  #: messages before the first measurement: code is loaded, pools are filled
ACTIVE_THREADS = 1000  #: in a Discord server; Discord archives the others
DATABASES = ("bot.db", "bot.db-wal", "bot.db-shm")


@dataclass(frozen=True, slots=True)
class Row:
    """Measurements of the service after some messages."""

    messages: int
    rss: float  #: megabytes, its own and its child processes'
    descriptors: int
    files: int  #: in the data folder
    database: int  #: bytes
    rate: float  #: messages per second since the last row

    def __str__(self) -> str:
        size = f"{self.database / 1e6:.1f} MB | {self.database / self.messages:.0f} bytes"
        return (
            f"| {self.messages:,} | {self.rss:.0f} MB | {self.descriptors} | {self.files} | {size} | {self.rate:.0f} |"
        )


def measure(one: Bot, messages: int, rate: float) -> Row:
    """Look at the service's processes and its data folder."""
    folder = Path(one.process.cwd())
    processes = [one.process, *one.process.children(recursive=True)]
    return Row(
        messages=messages,
        rss=sum(process.memory_info().rss for process in processes) / 1e6,
        descriptors=one.process.num_fds(),
        files=sum(path.is_file() for path in folder.rglob("*")),
        database=sum((folder / name).stat().st_size for name in DATABASES if (folder / name).exists()),
        rate=rate,
    )


class Soak:
    """Messages on both platforms, in turn through all channels."""

    def __init__(self, slack_: SlackSimulator, simulator: DiscordSimulator) -> None:
        self._questions, self._discord = slack.Questions(slack_), simulator
        self._conversations = Conversations(simulator, CHANNELS)
        self._rooms = [slack_.add_channel(f"room-{number}", id=f"C0{number}") for number in range(CHANNELS)]
        self._next = 0
        self.messages = 0

    async def ask(self, messages: int) -> float:
        """Ask at least so many questions and wait for each answer; return the messages per second."""
        started, before = time.perf_counter(), self.messages
        while self.messages < before + messages:
            numbers = [(self._next + number) % CHANNELS for number in range(CONCURRENT)]
            self._next += CONCURRENT
            talks: Sequence[Awaitable[None]] = [
                *(self._on_slack(self._rooms[number]) for number in numbers),
                *(self._on_discord(self._conversations.channels[number]) for number in numbers),
            ]
            await asyncio.gather(*talks)
            self.messages += len(talks) * slack.BURST
            clear(self._questions, self._conversations)
            await self._archive_threads()
        return (self.messages - before) / (time.perf_counter() - started)

    async def _archive_threads(self) -> None:
        threads = self._discord.threads
        for number in list(threads)[:-ACTIVE_THREADS]:
            await self._discord.close_thread(number)
            del threads[number]

    async def _on_slack(self, channel: Channel) -> None:
        for _ in range(slack.BURST):
            await self._questions.ask(channel)

    async def _on_discord(self, channel: str) -> None:
        for _ in range(slack.BURST):
            await self._conversations.ask(channel)


async def print_table(api: str) -> None:
    """Print a row at the start and after each fifth of the messages."""
    print("| messages | RSS | file descriptors | files | database | per message | messages per second |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    async with SlackSimulator() as slack_, DiscordSimulator() as simulator:
        soak = Soak(slack_, simulator)
        async with service(api, slack_, simulator) as one:
            rate = await soak.ask(FIRST)
            print(measure(one, soak.messages, rate), flush=True)
            for row in range(1, ROWS + 1):
                rate = await soak.ask(MESSAGES * row // ROWS - soak.messages)
                print(measure(one, soak.messages, rate), flush=True)


def main() -> None:
    """Run the soak."""
    print("### Soak: Slack and Discord together in one process\n")
    with api_server(0.0) as api:
        asyncio.run(print_table(api))


if __name__ == "__main__":
    main()
