"""The service on Discord compared with bare discord.py bots: the same Discord simulator, API and libraries.

Simulators and measurements run in this process, the API and each bot in processes of their own. The bots take turns
(A B C C B A …), so that other load affects all alike: read the ratios.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bench.aims.table import memory_aim, print_aims
from bench.api_server import api_server
from bench.bots.common import NAMES, Bot
from bench.bots.comparison import Comparison, Measure, in_turn
from bench.bots.discord import start_bot
from bench.slow_api import slow_api
from simulators.discord.rest import Call, Moment
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import ME, Json, snowflake

ROUNDS = 8
MAX_CPU = 2.0  #: the aim, as a ratio
ALONE = 60  #: questions, one at a time
CHANNELS = 50
TOGETHER = 500  #: questions, in all channels at once
MANY, MESSAGES = 500, 10  #: channels, and messages in each, of the memory test
VIDEO = 100_000_000
_FIRST = 1457510428360000000


@dataclass(slots=True)
class Question:
    """A question that waits for its answer."""

    started: float
    answered: asyncio.Future[None]
    sign: float = 0.0  #: time of the first visible sign


class Conversations:
    """Questions and answers in the channels of a Discord simulator."""

    def __init__(self, simulator: DiscordSimulator, channels: int) -> None:
        self.simulator = simulator
        self.channels = [str(_FIRST + number) for number in range(channels)]
        for number in self.channels:
            simulator.add_channel(number, f"room-{number}")
        self._open: dict[str, Question] = {}  # by channel and by thread of the answer
        simulator.rest.hook = self._on_call

    async def _on_call(self, moment: Moment, call: Call) -> bool:
        question = self._open.get(call.args.get("channel", ""))
        if question is not None and moment == "after" and call.status < 300 and "/threads" not in call.path:
            question.sign = question.sign or time.perf_counter()
            if call.method != "GET" and "sentences in it" in str((call.body or {}).get("content")):
                question.answered.set_result(None)
        return False

    async def ask(self, channel: str, measure: Measure | None = None) -> str:
        """Ask in a channel or a thread and wait for the answer; return the answer's thread."""
        question = Question(time.perf_counter(), asyncio.get_running_loop().create_future())
        number = snowflake()
        places = (channel, number)
        self._open |= dict.fromkeys(places, question)
        await self.simulator.say(channel, f"<@{ME}> What is the capital of France?", id=number)
        async with asyncio.timeout(60):
            await question.answered
        if measure is not None:
            measure.signs.append(question.sign - question.started)
            measure.answers.append(time.perf_counter() - question.started)
        for place in places:
            del self._open[place]
        return number

    def clear(self) -> None:
        """Delete all messages and records of calls."""
        self.simulator.messages.clear()
        self.simulator.rest.calls.clear()
        self.simulator.nonces.clear()


async def measure_run(conversations: Conversations, one: Bot, talks: Sequence[Sequence[str]]) -> Measure:
    """Run the `talks` at once; each asks in its channels one after the other and waits for each answer."""
    measure = Measure()

    async def converse(channels: Sequence[str]) -> None:
        for channel in channels:
            await conversations.ask(channel, measure)

    cpu, started = one.cpu, time.perf_counter()
    await asyncio.gather(*(converse(channels) for channels in talks))
    measure.seconds = time.perf_counter() - started
    await asyncio.sleep(0.2)  # include work after the visible answer
    measure.cpu = one.cpu - cpu
    measure.calls = len(conversations.simulator.rest.calls)
    conversations.clear()
    return measure


async def compare(api: str) -> Comparison:
    """Measure all bots in turn, with one channel and with all; the first round warms up."""
    found = Comparison()
    async with AsyncExitStack() as stack:
        rooms, bots = [], []
        for name in NAMES:
            simulator = await stack.enter_async_context(DiscordSimulator())
            rooms.append(Conversations(simulator, CHANNELS + (ROUNDS + 1) * ALONE))
            bots.append(await stack.enter_async_context(start_bot(name, simulator, api)))
        for number in range(ROUNDS + 1):
            for at in in_turn(number):
                channels = rooms[at].channels
                fresh = channels[CHANNELS + number * ALONE :][:ALONE]  # no typing indicator there yet
                talks = [[channel] * (TOGETHER // CHANNELS) for channel in channels[:CHANNELS]]
                for at_once, some in ((False, [fresh]), (True, talks)):
                    measure = await measure_run(rooms[at], bots[at], some)
                    if number:
                        found.add(NAMES[at], measure, at_once=at_once)
    return found


async def measure_memory(api: str) -> tuple[float, float, float]:
    """Return the memory in megabytes: idle, after messages in all channels, and after as many again."""
    async with DiscordSimulator() as simulator:
        conversations = Conversations(simulator, MANY)
        async with start_bot("service", simulator, api) as one:
            await conversations.ask(conversations.channels[0])
            found = [one.rss]

            async def converse(channel: str) -> None:
                thread = await conversations.ask(channel)
                for _ in range(MESSAGES - 1):
                    await conversations.ask(thread)

            for _ in range(2):
                for at in range(0, MANY, CHANNELS):
                    await asyncio.gather(*(converse(channel) for channel in conversations.channels[at : at + CHANNELS]))
                    conversations.clear()
                found.append(one.rss)
    idle, full, again = found
    return idle, full, again


async def measure_relay() -> tuple[float, float]:
    """Return memory growth in megabytes and seconds while a video goes from the API to Discord."""
    with slow_api(VIDEO) as api:
        async with DiscordSimulator() as simulator, start_bot("service", simulator, api) as one:
            simulator.cdn.limit = 2 * VIDEO

            async def make_video(prompt: str) -> None:
                options = [{"name": "prompt", "type": 3, "value": prompt}, {"name": "duration", "type": 4, "value": 5}]
                data: Json = {"id": snowflake(), "name": "video", "type": 1, "options": options}
                known = len(simulator.cdn.uploads)
                told = await simulator.interact(2, data)
                while len(simulator.cdn.uploads) == known or not simulator.originals[told["token"]]["attachments"]:
                    await asyncio.sleep(0.005)
                    rss.append(one.rss)

            rss: list[float] = []
            await make_video("a small boat")  # loads the code
            await asyncio.sleep(1)
            rss[:] = [one.rss]
            started = time.perf_counter()
            await make_video("a calm sea")
            return max(rss) - rss[0], time.perf_counter() - started


def main() -> None:
    """Print the tables."""
    with api_server(0.0) as api:
        found = asyncio.run(compare(api))
        idle, full, again = asyncio.run(measure_memory(api))
    print("### Discord\n")
    found.print_figures(CHANNELS)
    print(f"\nMemory of the service: {idle:.0f} MB after the first answer,", end=" ")
    print(f"{full:.0f} MB after {MANY * MESSAGES:,} messages", end="")
    print(f" in {MANY} channels, {again:.0f} MB after as many again.")
    grown, seconds = asyncio.run(measure_relay())
    print(f"\nA video of {VIDEO / 1e6:.0f} MB relayed: {grown:.1f} MB more RSS, {seconds:.1f} s.")
    print_aims([*found.aims(cpu=MAX_CPU), memory_aim(full)])


if __name__ == "__main__":
    main()
