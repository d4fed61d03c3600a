"""The service on Slack against a bare Bolt app: the same fake Slack, the same API, the same HTTP clients.

Slack and the measuring are in this process, the API and the bot in one each. A B A B, so that a noisy machine is
equally noisy for both; read the ratios.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from bench.api_server import api_server
from bench.bots.common import Bot
from bench.bots.slack import bot
from bench.slack_api import slow_api
from simulators.slack import Channel, Delivery, Message, SlackSimulator

ROUNDS = 3
CHANNELS = 50
BURST = 4  #: questions that each channel gets in a row: Slack takes about one message a second there, a few at once
ALONE = 15  #: channels that are asked one after the other
REST = 5  #: seconds after which a channel takes a burst again; nothing is measured meanwhile
RATE, SECONDS = 100, 5  #: events a second that are to be acknowledged, and for how long
STREAMS = 5  #: answers that stream meanwhile
VIDEO = 100_000_000
NAMES = ("bare", "service")
#: What a person sees.
VISIBLE = {"assistant.threads.setStatus", "chat.startStream", "chat.postMessage"}


@dataclass(slots=True)
class Measure:
    """One run of one bot."""

    seconds: float = 0.0
    cpu: float = 0.0
    asked: int = 0
    signs: list[float] = field(default_factory=list)  #: seconds to the first visible sign
    answers: list[float] = field(default_factory=list)  #: seconds to the whole answer


def channels(slack: SlackSimulator) -> list[Channel]:
    """Fifty of them."""
    found = [slack.team.channels[f"C0{n}"] for n in range(CHANNELS) if f"C0{n}" in slack.team.channels]
    return found or [slack.add_channel(f"room-{n}", id=f"C0{n}") for n in range(CHANNELS)]


async def ask(slack: SlackSimulator, channel: Channel, measure: Measure) -> None:
    """Mention the bot and wait for its answer."""
    started, calls = time.monotonic(), len(slack.calls)
    question = slack.ada.mention("What is the capital of France?", channel=channel)
    await slack.until(lambda: answer_of(channel, question) is not None, 60)
    measure.answers.append(time.monotonic() - started)
    about = (c for c in slack.calls[calls:] if c.method in VISIBLE and c.params.get("thread_ts") == question.ts)
    measure.signs.append(next(about).at - started)
    measure.asked += 1


def answer_of(channel: Channel, question: Message) -> Message | None:
    """The whole answer, once it is there."""
    for message in reversed(channel.messages):
        if message.thread_ts == question.ts and message.is_bot:
            is_whole = message.stream != "streaming" and "sentences in it" in message.content
            return message if is_whole else None
    return None


async def run(slack: SlackSimulator, one: Bot, rooms: Sequence[Channel], *, together: bool) -> Measure:
    """Each room asks its next question when the last is answered; all of them `together` or one after the other."""
    measure = Measure()

    async def talk(room: Channel) -> None:
        for _ in range(BURST):
            await ask(slack, room, measure)

    await asyncio.sleep(REST)
    cpu, started = one.cpu, time.monotonic()
    if together:
        await asyncio.gather(*(talk(room) for room in rooms))
    else:
        for room in rooms:
            await talk(room)
    measure.seconds = time.monotonic() - started
    with suppress(TimeoutError):
        await slack.settled(1)
    measure.cpu = one.cpu - cpu
    for room in rooms:
        room.messages.clear()
    slack.sender.deliveries.clear()
    slack.calls.clear()
    return measure


async def compare(api: str) -> dict[tuple[str, bool], list[Measure]]:
    """Both bots in turn, with one and with fifty channels; the first round warms up and is not counted."""
    found: dict[tuple[str, bool], list[Measure]] = {
        (name, together): [] for name in NAMES for together in (False, True)
    }
    async with (
        SlackSimulator() as one,
        SlackSimulator() as other,
        bot("bare", one, api) as bare,
        bot("service", other, api) as service,
    ):
        for number in range(ROUNDS + 1):
            for slack, each in ((one, bare), (other, service)):
                rooms = channels(slack)
                for together, some in ((False, rooms[:ALONE]), (True, rooms)):
                    measure = await run(slack, each, some, together=together)
                    if number:
                        found[each.name, together].append(measure)
    return found


def median(measures: Sequence[Measure], figure: Callable[[Measure], float]) -> float:
    """The median of a figure over the rounds."""
    return statistics.median(figure(each) for each in measures)


def p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


# ------------------------------------------------------------------ acknowledgements


async def acknowledged(slack: SlackSimulator, rooms: Sequence[Channel]) -> list[float]:
    """Seconds to the acknowledgement of each event of a steady rain of messages."""
    before, started = len(slack.sender.deliveries), time.monotonic()
    for number in range(RATE * SECONDS):
        await asyncio.sleep(max(0.0, started + number / RATE - time.monotonic()))
        slack.bob.say("just talk among people", channel=rooms[number % len(rooms)])
    await slack.settled(60)
    done: list[Delivery] = [d for d in slack.sender.deliveries[before:] if d.event.get("user") == slack.bob.id]
    return [d.acknowledged_at - d.sent_at for d in done if d.acknowledged_at is not None]


async def acknowledgements() -> list[tuple[str, str, list[float]]]:
    """Both bots at rest; then the service while answers stream and a video is uploaded."""
    found = []
    with api_server(0.0) as api:
        for name in NAMES:
            async with SlackSimulator() as slack, bot(name, slack, api, http=True):
                rooms = channels(slack)
                await acknowledged(slack, rooms)
                found.append((name, "nothing else", await acknowledged(slack, rooms)))
    with slow_api(VIDEO) as api:
        async with SlackSimulator() as slack, bot("service", slack, api, http=True, AIMODELS_STREAMING="true"):
            slack.storage.keep = 0
            rooms = channels(slack)
            await acknowledged(slack, rooms)
            for room in rooms[:STREAMS]:
                slack.ada.mention("tell me at length", channel=room)
            slack.ada.mention("video a calm sea", channel=rooms[-1])
            found.append(
                ("service", f"{STREAMS} answers stream, a video is uploaded", await acknowledged(slack, rooms))
            )
            await slack.until(lambda: [m for m in slack.from_bot(rooms[-1]) if m.files], 60)
    return found


async def relayed() -> tuple[float, float]:
    """Megabytes of growth, and seconds, while a video goes from the API to Slack."""
    with slow_api(VIDEO) as api:
        async with SlackSimulator() as slack, bot("service", slack, api) as one:
            slack.storage.keep = 0
            room = channels(slack)[0]
            question = slack.ada.mention("video --duration 5 a small boat", channel=room)
            await slack.until(lambda: slack.storage.uploads, 60)  # the code is loaded
            await slack.until(lambda: [m for m in slack.from_bot(room, thread=question.ts) if m.files], 60)
            await slack.settled()
            before = highest = one.rss
            started = time.monotonic()
            question = slack.ada.mention("video a calm sea", channel=room)
            while not [m for m in slack.from_bot(room, thread=question.ts) if m.files]:
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
    print(f"\n{RATE} events a second over HTTP, none of them for the bot\n")
    print("| bot | meanwhile | acknowledged | p50 | p99 |\n| --- | --- | --- | --- | --- |")
    for name, meanwhile, times in asyncio.run(acknowledgements()):
        quick = f"{statistics.median(times) * 1e3:.2f} ms | {p99(times) * 1e3:.2f} ms"
        print(f"| {name} | {meanwhile} | {len(times)} of {RATE * SECONDS} | {quick} |")
    grown, seconds = asyncio.run(relayed())
    print(f"\nA video of {VIDEO / 1e6:.0f} MB relayed: {grown:.1f} MB more RSS, {seconds:.1f} s.")


if __name__ == "__main__":
    main()
