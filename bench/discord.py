"""The service on Discord against a bare bot of discord.py: the same fake Discord, the same API, the same HTTP clients.

Discord and the measuring are in this process, the API and the bot in one each. A B A B, so that a noisy machine is
equally noisy for both; read the ratios.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.api_server import api_server
from bench.bots.common import Bot
from bench.bots.discord import bot
from bench.slack_api import slow_api
from simulators.discord.rest import Call, Moment
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import ME, Json, snowflake

ROUNDS = 3
ALONE = 60  #: questions, one at a time
CHANNELS = 50
TOGETHER = 500  #: questions in all the channels
MANY, TALKS = 500, 10  #: channels, and messages in each, after which the memory is looked at
VIDEO = 100_000_000
NAMES = ("bare", "service")
_FIRST = 1457510428360000000


@dataclass(slots=True)
class Question:
    """One that is to be answered."""

    started: float
    answered: asyncio.Future[None]
    sign: float = 0.0  #: when something could be seen


@dataclass(slots=True)
class Measure:
    """One run of one bot."""

    seconds: float = 0.0
    cpu: float = 0.0
    signs: list[float] = field(default_factory=list)  #: seconds to the first visible sign
    answers: list[float] = field(default_factory=list)  #: seconds to the whole answer


class Stage:
    """A Discord with channels, and who asks in them."""

    def __init__(self, wire: DiscordSimulator, channels: int) -> None:
        self.wire = wire
        self.rooms = [str(_FIRST + number) for number in range(channels)]
        for number in self.rooms:
            wire.add_channel(number, f"room-{number}")
        self._open: dict[str, Question] = {}  # by the channel and by the thread of the answer
        wire.rest.hook = self._seen

    async def _seen(self, moment: Moment, call: Call) -> bool:
        question = self._open.get(call.args.get("channel", ""))
        if question is not None and moment == "after" and call.status < 300 and "/threads" not in call.path:
            question.sign = question.sign or time.perf_counter()
            if call.method != "GET" and "sentences in it" in str((call.body or {}).get("content")):
                question.answered.set_result(None)
        return False

    async def ask(self, room: str, measure: Measure | None = None) -> str:
        """Ask in a channel or a thread and wait for the answer; the thread where it is."""
        question = Question(time.perf_counter(), asyncio.get_running_loop().create_future())
        number = snowflake()
        places = (room, number)
        self._open |= dict.fromkeys(places, question)
        await self.wire.say(room, f"<@{ME}> What is the capital of France?", id=number)
        async with asyncio.timeout(60):
            await question.answered
        if measure is not None:
            measure.signs.append(question.sign - question.started)
            measure.answers.append(time.perf_counter() - question.started)
        for place in places:
            del self._open[place]
        return number

    def forget(self) -> None:
        """Drop what was said."""
        self.wire.messages.clear()
        self.wire.rest.calls.clear()
        self.wire.nonces.clear()


async def run(stage: Stage, one: Bot, talks: Sequence[Sequence[str]]) -> Measure:
    """Each of the talks at once asks in one channel after the other, the next when the last is answered."""
    measure = Measure()

    async def talk(rooms: Sequence[str]) -> None:
        for room in rooms:
            await stage.ask(room, measure)

    cpu, started = one.cpu, time.perf_counter()
    await asyncio.gather(*(talk(rooms) for rooms in talks))
    measure.seconds = time.perf_counter() - started
    await asyncio.sleep(0.2)  # what is done after an answer is seen counts too
    measure.cpu = one.cpu - cpu
    stage.forget()
    return measure


async def compare(api: str) -> dict[tuple[str, int], list[Measure]]:
    """Both bots in turn, with one and with fifty channels; the first round warms up and is not counted."""
    found: dict[tuple[str, int], list[Measure]] = {(name, size): [] for name in NAMES for size in (1, CHANNELS)}
    async with DiscordSimulator() as one, DiscordSimulator() as other:
        stages = Stage(one, MANY), Stage(other, MANY)
        async with bot("bare", one, api) as bare, bot("service", other, api) as service:
            for number in range(ROUNDS + 1):
                for stage, each in zip(stages, (bare, service), strict=True):
                    fresh = stage.rooms[CHANNELS + number * ALONE :][:ALONE]  # nobody is seen to type there yet
                    for talks in ([fresh], [[room] * (TOGETHER // CHANNELS) for room in stage.rooms[:CHANNELS]]):
                        measure = await run(stage, each, talks)
                        if number:
                            found[each.name, len(talks)].append(measure)
    return found


async def memory(api: str) -> tuple[float, float, float]:
    """Megabytes at rest, after all the channels have talked in threads, and after they have done so again."""
    async with DiscordSimulator() as wire:
        stage = Stage(wire, MANY)
        async with bot("service", wire, api) as one:
            await stage.ask(stage.rooms[0])
            found = [one.rss]

            async def talk(room: str) -> None:
                thread = await stage.ask(room)
                for _ in range(TALKS - 1):
                    await stage.ask(thread)

            for _ in range(2):
                for at in range(0, MANY, CHANNELS):
                    await asyncio.gather(*(talk(room) for room in stage.rooms[at : at + CHANNELS]))
                    stage.forget()
                found.append(one.rss)
    idle, full, again = found
    return idle, full, again


async def relayed() -> tuple[float, float]:
    """Megabytes of growth, and seconds, while a video goes from the API to Discord."""
    with slow_api(VIDEO) as api:
        async with DiscordSimulator() as wire, bot("service", wire, api) as one:
            wire.cdn.limit = 2 * VIDEO

            async def film(prompt: str) -> None:
                options = [{"name": "prompt", "type": 3, "value": prompt}, {"name": "duration", "type": 4, "value": 5}]
                data: Json = {"id": snowflake(), "name": "video", "type": 1, "options": options}
                known = len(wire.cdn.uploads)
                told = await wire.interact(2, data)
                while len(wire.cdn.uploads) == known or not wire.originals[told["token"]]["attachments"]:
                    await asyncio.sleep(0.005)
                    rss.append(one.rss)

            rss: list[float] = []
            await film("a small boat")  # the code is loaded
            await asyncio.sleep(1)
            rss[:] = [one.rss]
            started = time.perf_counter()
            await film("a calm sea")
            return max(rss) - rss[0], time.perf_counter() - started


def median(measures: Sequence[Measure], figure: Callable[[Measure], float]) -> float:
    """The median of a figure over the rounds."""
    return statistics.median(figure(each) for each in measures)


def main() -> None:
    """Print the tables."""
    with api_server(0.0) as api:
        found = asyncio.run(compare(api))
        idle, full, again = asyncio.run(memory(api))
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
    print(
        f"\nMemory of the service: {idle:.0f} MB after the first answer, {full:.0f} MB after {MANY * TALKS:,} messages",
        end="",
    )
    print(f" in {MANY} channels, {again:.0f} MB after as many again.")
    grown, seconds = asyncio.run(relayed())
    print(f"\nA video of {VIDEO / 1e6:.0f} MB relayed: {grown:.1f} MB more RSS, {seconds:.1f} s.")


if __name__ == "__main__":
    main()
