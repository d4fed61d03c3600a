"""The service on Discord compared with a bare discord.py bot: the same Discord simulator, API and HTTP clients.

Simulator and measurements run in this process, the API and each bot in processes of their own. The bots alternate
(A B A B …), so that other load affects both alike: read the ratios.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.api_server import api_server
from bench.bots.common import Bot
from bench.bots.discord import start_bot
from bench.slow_api import slow_api
from simulators.discord.rest import Call, Moment
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import ME, Json, snowflake

ROUNDS = 3
ALONE = 60  #: questions, one at a time
CHANNELS = 50
TOGETHER = 500  #: questions, in all channels at once
MANY, MESSAGES = 500, 10  #: channels, and messages in each, of the memory test
VIDEO = 100_000_000
NAMES = ("bare", "service")
_FIRST = 1457510428360000000


@dataclass(slots=True)
class Question:
    """A question that waits for its answer."""

    started: float
    answered: asyncio.Future[None]
    sign: float = 0.0  #: time of the first visible sign


@dataclass(slots=True)
class Measure:
    """Measurements of one run of one bot."""

    seconds: float = 0.0
    cpu: float = 0.0
    signs: list[float] = field(default_factory=list)  #: seconds to the first visible sign
    answers: list[float] = field(default_factory=list)  #: seconds to the whole answer


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
    conversations.clear()
    return measure


async def compare(api: str) -> dict[tuple[str, int], list[Measure]]:
    """Measure both bots in turn, with one channel and with all; the first round warms up."""
    found: dict[tuple[str, int], list[Measure]] = {(name, size): [] for name in NAMES for size in (1, CHANNELS)}
    async with DiscordSimulator() as one, DiscordSimulator() as other:
        both = Conversations(one, MANY), Conversations(other, MANY)
        async with start_bot("bare", one, api) as bare, start_bot("service", other, api) as service:
            for number in range(ROUNDS + 1):
                for conversations, each in zip(both, (bare, service), strict=True):
                    fresh = conversations.channels[CHANNELS + number * ALONE :][:ALONE]  # no typing indicator there yet
                    for talks in (
                        [fresh],
                        [[channel] * (TOGETHER // CHANNELS) for channel in conversations.channels[:CHANNELS]],
                    ):
                        measure = await measure_run(conversations, each, talks)
                        if number:
                            found[each.name, len(talks)].append(measure)
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


def median(measures: Sequence[Measure], figure: Callable[[Measure], float]) -> float:
    """Return the median of a figure over the rounds."""
    return statistics.median(figure(each) for each in measures)


def main() -> None:
    """Print the tables."""
    with api_server(0.0) as api:
        found = asyncio.run(compare(api))
        idle, full, again = asyncio.run(measure_memory(api))
    print("### Discord\n\n| figure | bare bot | service | added or ratio |\n| --- | --- | --- | --- |")
    for title, figure in (
        ("one at a time: message to first visible sign, p50", lambda m: statistics.median(m.signs)),
        ("one at a time: message to whole answer, p50", lambda m: statistics.median(m.answers)),
    ):
        a, b = (median(found[name, 1], figure) * 1e3 for name in NAMES)
        print(f"| {title} | {a:.2f} ms | {b:.2f} ms | {b - a:+.2f} ms |")
    for title, figure, unit in (
        ("CPU per message", lambda m: m.cpu / len(m.answers) * 1e3, " ms"),
        ("messages per second", lambda m: len(m.answers) / m.seconds, ""),
    ):
        a, b = (median(found[name, CHANNELS], figure) for name in NAMES)
        print(f"| {CHANNELS} channels: {title} | {a:.2f}{unit} | {b:.2f}{unit} | × {b / a:.2f} |")
    print(f"\nMemory of the service: {idle:.0f} MB after the first answer,", end=" ")
    print(f"{full:.0f} MB after {MANY * MESSAGES:,} messages", end="")
    print(f" in {MANY} channels, {again:.0f} MB after as many again.")
    grown, seconds = asyncio.run(measure_relay())
    print(f"\nA video of {VIDEO / 1e6:.0f} MB relayed: {grown:.1f} MB more RSS, {seconds:.1f} s.")


if __name__ == "__main__":
    main()
