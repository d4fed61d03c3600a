"""The service on Slack compared with bare Bolt apps: the same Slack simulator, API and libraries.

Simulators and measurements run in this process, the API and each bot in processes of their own. The bots take turns
(A B C C B A …), so that other load affects all alike: read the ratios.
"""

import asyncio
import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

from bench.aims.table import memory_aim, print_aims
from bench.api_server import api_server
from bench.bots.common import NAMES, UsesCpu
from bench.bots.comparison import SAME, SERVICE, Comparison, Measure, in_turn
from bench.bots.slack import start_bot
from bench.slow_api import slow_api
from simulators.slack import Channel, Delivery, SlackSimulator
from simulators.slack.state import Call

ROUNDS = 8
MAX_CPU = 1.6  #: the aim, as a ratio
CHANNELS = 50
BURST = 4  #: questions in a row per channel: Slack accepts a few messages at once, then one a second
ALONE = 15  #: channels that are used one after the other
REST_SECONDS = 5  #: until a channel accepts a burst again; not measured
MANY, MESSAGES = 500, 10  #: channels, and messages in each, of the memory test
EVENTS_PER_SECOND, SECONDS = 100, 5  #: rate and duration of the acknowledgement test
STREAMS = 5  #: answers that stream during the acknowledgement test
VIDEO = 100_000_000
#: Methods with a visible effect.
VISIBLE = {"assistant.threads.setStatus", "chat.startStream", "chat.postMessage"}


@dataclass(slots=True)
class Question:
    """A question that waits for its answer. Times are of `time.monotonic()`."""

    answered: asyncio.Future[float]
    sign: float = 0.0  #: time of the first visible sign


class Questions:
    """Questions and answers on a Slack simulator."""

    def __init__(self, slack: SlackSimulator) -> None:
        self.slack = slack
        self.used = 0.0  #: when the channels were last used
        self._open: dict[str, Question] = {}  # by thread
        self._running: list[Call] = []
        self._seen = 0  # calls
        slack.changes.subscribe(self._on_change)

    def _on_change(self) -> None:
        calls = self.slack.calls
        self._running = [call for call in (*self._running, *calls[self._seen :]) if not self._is_over(call)]
        self._seen = len(calls)

    def _is_over(self, call: Call) -> bool:
        question = self._open.get(str(call.params.get("thread_ts")))
        if question is None:
            return True
        if call.method in VISIBLE:
            question.sign = question.sign or call.at
        if not call.ended:
            return False
        if "sentences in it" in str(call.params.get("text")) and call.is_ok and not question.answered.done():
            question.answered.set_result(call.ended)
        return True

    async def ask(self, channel: Channel, measure: Measure | None = None, *, thread: str = "") -> str:
        """Mention the bot, in the channel or in a thread, and wait for the whole answer; return the thread."""
        slack, started = self.slack, time.monotonic()
        before = len(slack.sender.deliveries)
        asked = slack.ada.mention("What is the capital of France?", channel=channel, thread=thread)
        thread = thread or asked.ts
        question = self._open[thread] = Question(asyncio.get_running_loop().create_future())
        about = slack.sender.deliveries[before:]
        async with asyncio.timeout(60):
            ended = await question.answered
        del self._open[thread]
        if measure is not None:
            measure.signs.append(question.sign - started)
            measure.answers.append(ended - started)
            # Another process may answer an event before the one that recorded it has acknowledged it.
            await slack.until(lambda: all(one.is_acknowledged for one in about), 60)
            measure.acks.append(max(one.acknowledged_at - one.sent_at for one in about if one.acknowledged_at))
        return thread

    def clear(self) -> None:
        """Delete all messages and records of calls."""
        for channel in self.slack.team.channels.values():
            channel.messages.clear()
        self.slack.sender.deliveries.clear()
        self.slack.calls.clear()
        self._seen = 0


def get_channels(slack: SlackSimulator) -> list[Channel]:
    """Return the channels, created on first use."""
    found = [slack.team.channels[f"C0{n}"] for n in range(CHANNELS) if f"C0{n}" in slack.team.channels]
    return found or [slack.add_channel(f"room-{n}", id=f"C0{n}") for n in range(CHANNELS)]


async def measure_run(questions: Questions, one: UsesCpu, channels: Sequence[Channel], *, at_once: bool) -> Measure:
    """Ask a burst of questions in each channel: in all channels `at_once`, or in one after the other."""
    measure, slack = Measure(), questions.slack

    async def converse(channel: Channel) -> None:
        for _ in range(BURST):
            await questions.ask(channel, measure)

    await asyncio.sleep(questions.used + REST_SECONDS - time.monotonic())
    cpu, started = one.cpu, time.monotonic()
    if at_once:
        await asyncio.gather(*(converse(channel) for channel in channels))
    else:
        for channel in channels:
            await converse(channel)
    measure.seconds = time.monotonic() - started
    with suppress(TimeoutError):
        await slack.until_delivered(1)
    measure.cpu = one.cpu - cpu
    measure.calls = len(slack.calls)
    questions.clear()
    questions.used = time.monotonic()
    return measure


async def compare(api: str) -> Comparison:
    """Measure all bots in turn, with one channel and with all; the first round warms up."""
    found = Comparison()
    async with AsyncExitStack() as stack:
        places, bots = [], []
        for name in NAMES:
            simulator = await stack.enter_async_context(SlackSimulator())
            places.append(Questions(simulator))
            bots.append(await stack.enter_async_context(start_bot(name, simulator, api)))
        for number in range(ROUNDS + 1):
            for at_once in (False, True):
                for at in in_turn(number):
                    channels = get_channels(places[at].slack)
                    some = channels if at_once else channels[:ALONE]
                    measure = await measure_run(places[at], bots[at], some, at_once=at_once)
                    if number:
                        found.add(NAMES[at], measure, at_once=at_once)
    return found


async def measure_memory(api: str) -> tuple[float, float, float]:
    """Return the memory in megabytes: idle, after messages in all channels, and after as many again."""
    async with SlackSimulator() as slack:
        questions = Questions(slack)
        channels = [slack.add_channel(f"room-{n}", id=f"C1{n}") for n in range(MANY)]
        async with start_bot("service", slack, api) as one:
            await questions.ask(channels[0])
            found = [one.rss]
            for _ in range(2):
                threads = [""] * MANY
                for _ in range(MESSAGES):  # in all channels in turn, as Slack takes one message a second in each

                    async def converse(first: int, threads: list[str] = threads) -> None:
                        for at in range(first, MANY, CHANNELS):
                            threads[at] = await questions.ask(channels[at], thread=threads[at])

                    await asyncio.gather(*(converse(first) for first in range(CHANNELS)))
                    questions.clear()
                found.append(one.rss)
    idle, full, again = found
    return idle, full, again


def p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


# ------------------------------------------------------------------ acknowledgements


async def measure_acknowledgements(slack: SlackSimulator, channels: Sequence[Channel]) -> list[float]:
    """Send messages at a steady rate; return the seconds to the acknowledgement of each."""
    before, started = len(slack.sender.deliveries), time.monotonic()
    for number in range(EVENTS_PER_SECOND * SECONDS):
        await asyncio.sleep(max(0.0, started + number / EVENTS_PER_SECOND - time.monotonic()))
        slack.bob.say("just talk among people", channel=channels[number % len(channels)])
    await slack.until_delivered(60)
    done: list[Delivery] = [d for d in slack.sender.deliveries[before:] if d.event.get("user") == slack.bob.id]
    return [d.acknowledged_at - d.sent_at for d in done if d.acknowledged_at is not None]


async def compare_acknowledgements() -> list[tuple[str, str, list[float]]]:
    """Measure acknowledgements of a bare app and of the service, also while answers stream and a video is uploaded."""
    found = []
    with api_server(0.0) as api:
        for name in (SAME, SERVICE):
            async with SlackSimulator() as slack, start_bot(name, slack, api, http=True):
                channels = get_channels(slack)
                await measure_acknowledgements(slack, channels)
                found.append((name, "nothing else", await measure_acknowledgements(slack, channels)))
    with slow_api(VIDEO) as api:
        async with SlackSimulator() as slack, start_bot("service", slack, api, http=True, AIMODELS_STREAMING="true"):
            slack.storage.keep = 0
            channels = get_channels(slack)
            await measure_acknowledgements(slack, channels)
            for channel in channels[:STREAMS]:
                slack.ada.mention("tell me at length", channel=channel)
            slack.ada.mention("video a calm sea", channel=channels[-1])
            found.append(
                (
                    "service",
                    f"{STREAMS} answers stream, a video is uploaded",
                    await measure_acknowledgements(slack, channels),
                )
            )
            await slack.until(lambda: [m for m in slack.from_bot(channels[-1]) if m.files], 60)
    return found


async def measure_relay() -> tuple[float, float]:
    """Return memory growth in megabytes and seconds while a video goes from the API to Slack."""
    with slow_api(VIDEO) as api:
        async with SlackSimulator() as slack, start_bot("service", slack, api) as one:
            slack.storage.keep = 0
            channel = get_channels(slack)[0]
            question = slack.ada.mention("video --duration 5 a small boat", channel=channel)
            await slack.until(lambda: slack.storage.uploads, 60)  # loads the code
            await slack.until(lambda: [m for m in slack.from_bot(channel, thread=question.ts) if m.files], 60)
            await slack.until_delivered()
            before = highest = one.rss
            started = time.monotonic()
            question = slack.ada.mention("video a calm sea", channel=channel)
            while not [m for m in slack.from_bot(channel, thread=question.ts) if m.files]:
                await asyncio.sleep(0.005)
                highest = max(highest, one.rss)
            return highest - before, time.monotonic() - started


def main() -> None:
    """Print the tables."""
    with api_server(0.0) as api:
        found = asyncio.run(compare(api))
        idle, full, again = asyncio.run(measure_memory(api))
    print("### Slack\n")
    found.print_figures(CHANNELS)
    print(f"\n{EVENTS_PER_SECOND} events a second over HTTP, none of them for the bot\n")
    print("| bot | meanwhile | acknowledged | p50 | p99 |\n| --- | --- | --- | --- | --- |")
    for name, meanwhile, times in asyncio.run(compare_acknowledgements()):
        quick = f"{statistics.median(times) * 1e3:.2f} ms | {p99(times) * 1e3:.2f} ms"
        print(f"| {name} | {meanwhile} | {len(times)} of {EVENTS_PER_SECOND * SECONDS} | {quick} |")
    print(f"\nMemory of the service: {idle:.0f} MB after the first answer,", end=" ")
    print(f"{full:.0f} MB after {MANY * MESSAGES:,} messages", end="")
    print(f" in {MANY} channels, {again:.0f} MB after as many again.")
    grown, seconds = asyncio.run(measure_relay())
    print(f"\nA video of {VIDEO / 1e6:.0f} MB relayed: {grown:.1f} MB more RSS, {seconds:.1f} s.")
    print_aims([*found.aims(cpu=MAX_CPU), memory_aim(full)])


if __name__ == "__main__":
    main()
