"""Slack and Discord in one process of the service: memory, and cost per message."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from bench import slack
from bench.api_server import api_server
from bench.bots.common import Bot, run_bot
from bench.discord import Conversations
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import TOKEN
from simulators.slack import SlackSimulator

CONCURRENT = 25  #: channels of each platform at once
MESSAGES = 10  #: messages in each channel
CHANNELS = 250  #: channels of each platform in the memory test

#: Slack channels per number, so that Slack's limit of one message a second per channel is not measured
CHANNELS_PER_NUMBER = -(-MESSAGES // slack.BURST)

AskRepeatedly = Callable[[int, int], Awaitable[None]]  #: asks in the channel of that number, that many times


@asynccontextmanager
async def service(api: str, slack_: SlackSimulator, simulator: DiscordSimulator) -> AsyncIterator[Bot]:
    """Start the service on both platforms; yields it once it is connected to both."""
    environment = {
        "SLACK_BOT_TOKEN": slack_.token,
        "SLACK_APP_TOKEN": slack_.app_token,
        "SLACK_API_URL": slack_.api_url,
        "DISCORD_TOKEN": TOKEN,
        "DISCORD_API_URL": simulator.api,
    }
    async with run_bot("service", "bot", "run", api=api, environment=environment) as one:
        await slack_.until(lambda: slack_.sockets.open, 60)
        await simulator.until(lambda: simulator.gateway.is_connected, 60)
        yield one


async def measure_messages(one: Bot, talks: list[Awaitable[None]], messages: int) -> tuple[float, float]:
    """Return the milliseconds of CPU time per message, and the messages per second."""
    cpu, begun = one.cpu, time.perf_counter()
    await asyncio.gather(*talks)
    seconds = time.perf_counter() - begun
    await asyncio.sleep(0.2)  # include work after the visible answer
    return (one.cpu - cpu) / messages * 1e3, messages / seconds


async def print_tables(api: str) -> None:
    """Print the tables."""
    async with SlackSimulator() as slack_, DiscordSimulator() as simulator:
        channels = [
            slack_.add_channel(f"room-{number}", id=f"C0{number}") for number in range(CHANNELS * CHANNELS_PER_NUMBER)
        ]
        conversations = Conversations(simulator, CHANNELS)
        questions = slack.Questions(slack_)

        async def on_slack(number: int, times: int) -> None:
            for turn in range(times):
                await questions.ask(channels[number * CHANNELS_PER_NUMBER + turn // slack.BURST])

        async def on_discord(number: int, times: int) -> None:
            for _ in range(times):
                await conversations.ask(conversations.channels[number])

        async with service(api, slack_, simulator) as one:
            await asyncio.gather(on_slack(0, 1), on_discord(0, 1))
            print(f"Memory: {one.rss:.0f} MB after the first answer on each,", end=" ")
            for at in range(0, CHANNELS, CONCURRENT):
                numbers = range(at, at + CONCURRENT)
                await asyncio.gather(*(ask(n, MESSAGES) for ask in (on_slack, on_discord) for n in numbers))
                clear(questions, conversations)
            print(f"{one.rss:.0f} MB after {2 * CHANNELS * MESSAGES:,} messages in {2 * CHANNELS} channels.\n")
            print("| channels at once | CPU per message | messages per second |\n| --- | --- | --- |")
            kinds: tuple[tuple[str, tuple[AskRepeatedly, ...]], ...] = (
                (f"{CONCURRENT} of Slack", (on_slack,)),
                (f"{CONCURRENT} of Discord", (on_discord,)),
                (f"{CONCURRENT} of each", (on_slack, on_discord)),
            )
            for title, asks in kinds:
                await asyncio.sleep(slack.REST_SECONDS)
                talks = [ask(number, MESSAGES) for ask in asks for number in range(CONCURRENT)]
                cpu, rate = await measure_messages(one, talks, len(talks) * MESSAGES)
                clear(questions, conversations)
                print(f"| {title} | {cpu:.2f} ms | {rate:.0f} |")


def clear(questions: slack.Questions, conversations: Conversations) -> None:
    """Delete all messages and records of calls."""
    conversations.clear()
    questions.clear()


def main() -> None:
    """Run the benchmark."""
    print("### Slack and Discord together in one process\n")
    with api_server(0.0) as api:
        asyncio.run(print_tables(api))


if __name__ == "__main__":
    main()
