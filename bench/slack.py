"""The service on Slack compared with a bare Bolt app: the same Slack simulator, API and HTTP clients.

Simulator and measurements run in this process, the API and each bot in processes of their own. The bots alternate
(A B A B …), so that other load affects both alike: read the ratios.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from bench.api_server import api_server
from bench.bots.common import UsesCpu
from bench.bots.slack import start_bot
from bench.slow_api import slow_api
from simulators.slack import Channel, Delivery, Message, SlackSimulator

ROUNDS = 3
CHANNELS = 50
BURST = 4  #: questions in a row per channel: Slack accepts a few messages at once, then one a second
ALONE = 15  #: channels that are used one after the other
REST_SECONDS = 5  #: until a channel accepts a burst again; not measured
EVENTS_PER_SECOND, SECONDS = 100, 5  #: rate and duration of the acknowledgement test
STREAMS = 5  #: answers that stream during the acknowledgement test
VIDEO = 100_000_000
NAMES = ("bare", "service")
#: Methods with a visible effect.
VISIBLE = {"assistant.threads.setStatus", "chat.startStream", "chat.postMessage"}


@dataclass(slots=True)
class Measure:
    """Measurements of one run of one bot."""

    seconds: float = 0.0
    cpu: float = 0.0
    asked: int = 0
    signs: list[float] = field(default_factory=list)  #: seconds to the first visible sign
    answers: list[float] = field(default_factory=list)  #: seconds to the whole answer


def get_channels(slack: SlackSimulator) -> list[Channel]:
    """Return the channels, created on first use."""
    found = [slack.team.channels[f"C0{n}"] for n in range(CHANNELS) if f"C0{n}" in slack.team.channels]
    return found or [slack.add_channel(f"room-{n}", id=f"C0{n}") for n in range(CHANNELS)]


async def ask(slack: SlackSimulator, channel: Channel, measure: Measure) -> None:
    """Mention the bot and wait for the complete answer."""
    started, calls = time.monotonic(), len(slack.calls)
    question = slack.ada.mention("What is the capital of France?", channel=channel)
    await slack.until(lambda: find_answer(channel, question) is not None, 60)
    measure.answers.append(time.monotonic() - started)
    about = (c for c in slack.calls[calls:] if c.method in VISIBLE and c.params.get("thread_ts") == question.ts)
    measure.signs.append(next(about).at - started)
    measure.asked += 1


def find_answer(channel: Channel, question: Message) -> Message | None:
    """Return the complete answer to a question, None if it is not there yet."""
    for message in reversed(channel.messages):
        if message.thread_ts == question.ts and message.is_bot:
            is_whole = message.stream != "streaming" and "sentences in it" in message.content
            return message if is_whole else None
    return None


async def measure_run(slack: SlackSimulator, one: UsesCpu, channels: Sequence[Channel], *, together: bool) -> Measure:
    """Ask a burst of questions in each channel: in all channels `together`, or in one after the other."""
    measure = Measure()

    async def converse(channel: Channel) -> None:
        for _ in range(BURST):
            await ask(slack, channel, measure)

    await asyncio.sleep(REST_SECONDS)
    cpu, started = one.cpu, time.monotonic()
    if together:
        await asyncio.gather(*(converse(channel) for channel in channels))
    else:
        for channel in channels:
            await converse(channel)
    measure.seconds = time.monotonic() - started
    with suppress(TimeoutError):
        await slack.until_delivered(1)
    measure.cpu = one.cpu - cpu
    for channel in channels:
        channel.messages.clear()
    slack.sender.deliveries.clear()
    slack.calls.clear()
    return measure


async def compare(api: str) -> dict[tuple[str, bool], list[Measure]]:
    """Measure both bots in turn, with one channel and with all; the first round warms up."""
    found: dict[tuple[str, bool], list[Measure]] = {
        (name, together): [] for name in NAMES for together in (False, True)
    }
    async with (
        SlackSimulator() as one,
        SlackSimulator() as other,
        start_bot("bare", one, api) as bare,
        start_bot("service", other, api) as service,
    ):
        for number in range(ROUNDS + 1):
            for slack, each in ((one, bare), (other, service)):
                channels = get_channels(slack)
                for together, some in ((False, channels[:ALONE]), (True, channels)):
                    measure = await measure_run(slack, each, some, together=together)
                    if number:
                        found[each.name, together].append(measure)
    return found


def median(measures: Sequence[Measure], figure: Callable[[Measure], float]) -> float:
    """Return the median of a figure over the rounds."""
    return statistics.median(figure(each) for each in measures)


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
    """Measure acknowledgements of both bots, then those of the service while answers stream and a video is uploaded."""
    found = []
    with api_server(0.0) as api:
        for name in NAMES:
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
    print("| figure | bare Bolt app | service | added or ratio |\n| --- | --- | --- | --- |")
    for title, figure in (
        ("one at a time: event to first visible sign, p50", lambda m: statistics.median(m.signs)),
        ("one at a time: event to whole answer, p50", lambda m: statistics.median(m.answers)),
    ):
        a, b = (median(found[name, False], figure) * 1e3 for name in NAMES)
        print(f"| {title} | {a:.2f} ms | {b:.2f} ms | {b - a:+.2f} ms |")
    for title, figure in (
        (f"{CHANNELS} channels: CPU per message", lambda m: m.cpu / m.asked * 1e3),
        (f"{CHANNELS} channels: messages per second", lambda m: m.asked / m.seconds),
    ):
        a, b = (median(found[name, True], figure) for name in NAMES)
        unit = " ms" if "CPU" in title else ""
        print(f"| {title} | {a:.2f}{unit} | {b:.2f}{unit} | × {b / a:.2f} |")
    print(f"\n{EVENTS_PER_SECOND} events a second over HTTP, none of them for the bot\n")
    print("| bot | meanwhile | acknowledged | p50 | p99 |\n| --- | --- | --- | --- | --- |")
    for name, meanwhile, times in asyncio.run(compare_acknowledgements()):
        quick = f"{statistics.median(times) * 1e3:.2f} ms | {p99(times) * 1e3:.2f} ms"
        print(f"| {name} | {meanwhile} | {len(times)} of {EVENTS_PER_SECOND * SECONDS} | {quick} |")
    grown, seconds = asyncio.run(measure_relay())
    print(f"\nA video of {VIDEO / 1e6:.0f} MB relayed: {grown:.1f} MB more RSS, {seconds:.1f} s.")


if __name__ == "__main__":
    main()
