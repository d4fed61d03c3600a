"""Slack and Discord in one process of the service: what it weighs, and what a message costs."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from bench import slack
from bench.api_server import api_server
from bench.bots.common import Bot, started
from bench.discord import Stage
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import TOKEN
from simulators.slack import SlackSimulator

HALF = 25  #: channels at once of each platform
TALKS = 10  #: messages in each channel
ROOMS = 250  #: channels of each platform, in which there are so many messages before the memory is looked at

#: channels of Slack for one number: it takes about one message a second in each, a few at once, which is not measured
SPREAD = -(-TALKS // slack.BURST)

Talk = Callable[[int, int], Awaitable[None]]  #: ask so often in the channel of that number


@asynccontextmanager
async def service(api: str, slack_: SlackSimulator, wire: DiscordSimulator) -> AsyncIterator[Bot]:
    """The service on both, once it hears both."""
    environment = {
        "SLACK_BOT_TOKEN": slack_.token,
        "SLACK_APP_TOKEN": slack_.app_token,
        "SLACK_API_URL": slack_.api_url,
        "DISCORD_TOKEN": TOKEN,
        "DISCORD_API_URL": wire.api,
    }
    async with started("service", "bot", "run", api=api, environment=environment) as one:
        await slack_.until(lambda: slack_.sockets.open, 60)
        await wire.until(lambda: wire.gateway.is_heard, 60)
        yield one


async def talk(one: Bot, talks: list[Awaitable[None]], messages: int) -> tuple[float, float]:
    """Milliseconds of CPU per message, and messages per second."""
    cpu, begun = one.cpu, time.perf_counter()
    await asyncio.gather(*talks)
    seconds = time.perf_counter() - begun
    await asyncio.sleep(0.2)  # what is done after an answer is seen counts too
    return (one.cpu - cpu) / messages * 1e3, messages / seconds


async def measured(api: str) -> None:
    """Print the tables."""
    async with SlackSimulator() as slack_, DiscordSimulator() as wire:
        rooms = [slack_.add_channel(f"room-{number}", id=f"C0{number}") for number in range(ROOMS * SPREAD)]
        stage = Stage(wire, ROOMS)

        async def on_slack(number: int, times: int) -> None:
            for turn in range(times):
                await slack.ask(slack_, rooms[number * SPREAD + turn // slack.BURST], slack.Measure())

        async def on_discord(number: int, times: int) -> None:
            for _ in range(times):
                await stage.ask(stage.rooms[number])

        async with service(api, slack_, wire) as one:
            await asyncio.gather(on_slack(0, 1), on_discord(0, 1))
            print(f"Memory: {one.rss:.0f} MB after the first answer on each,", end=" ")
            for at in range(0, ROOMS, HALF):
                numbers = range(at, at + HALF)
                await asyncio.gather(*(ask(n, TALKS) for ask in (on_slack, on_discord) for n in numbers))
                forget(slack_, stage)
            print(f"{one.rss:.0f} MB after {2 * ROOMS * TALKS:,} messages in {2 * ROOMS} channels.\n")
            print("| channels at once | CPU per message | messages per second |\n| --- | --- | --- |")
            kinds: tuple[tuple[str, tuple[Talk, ...]], ...] = (
                (f"{HALF} of Slack", (on_slack,)),
                (f"{HALF} of Discord", (on_discord,)),
                (f"{HALF} of each", (on_slack, on_discord)),
            )
            for title, asks in kinds:
                await asyncio.sleep(slack.REST)
                talks = [ask(number, TALKS) for ask in asks for number in range(HALF)]
                cpu, rate = await talk(one, talks, len(talks) * TALKS)
                forget(slack_, stage)
                print(f"| {title} | {cpu:.2f} ms | {rate:.0f} |")


def forget(slack_: SlackSimulator, stage: Stage) -> None:
    """Drop what was said."""
    stage.forget()
    for room in slack_.team.channels.values():
        room.messages.clear()
    slack_.sender.deliveries.clear()
    slack_.calls.clear()


def main() -> None:
    """Measure."""
    print("### Slack and Discord together in one process\n")
    with api_server(0.0) as api:
        asyncio.run(measured(api))


if __name__ == "__main__":
    main()
