"""How many events the service can answer, by a queueing model that is compared with the running service."""

import asyncio

from bench.api_server import api_server
from bench.queueing.model import Load, Result, Site, simulate
from bench.service import CONVERSATIONS, SHORT, compare, median

EVENTS = 800  #: in one measured run
CONVERSATIONS_IN_ALL = 100_000  #: of equal use, as a question in a channel begins a conversation of its own
SECONDS = 60.0  #: of a simulated run
#: CPU seconds of a message on each platform: the tables Discord and Slack of this folder's README.
DISCORD, SLACK = 0.0044, 0.0052
#: Seconds of the database for an event with 200 conversations at a time: its tables Store and Store on PostgreSQL.
SQLITE, POSTGRES = 0.00037, 0.0021
#: Requests a second that Discord allows a bot (https://docs.discord.com/developers/topics/rate-limits#global-rate-limit),
#: and those of an answer that streams for two seconds: typing, thread, message and two edits.
DISCORD_REQUESTS, DISCORD_ANSWER = 50, 5
API = 2.0  #: seconds of a call, as an example of a chat model
SITES = {
    "Slack, one process, SQLite": Site(SLACK, API, database=SQLITE),
    "the same, `BOT_CHAT_CONCURRENCY=500`": Site(SLACK, API, database=SQLITE, concurrency=500),
    "Discord, the same": Site(
        *(DISCORD, API),
        concurrency=500,
        database=SQLITE,
        platform_requests=DISCORD_ANSWER,
        platform_per_second=DISCORD_REQUESTS,
    ),
    "Slack, 4 processes, PostgreSQL, 250 each": Site(SLACK, API, processes=4, database=POSTGRES, concurrency=250),
    "Slack, 16 processes, PostgreSQL, 250 each": Site(SLACK, API, processes=16, database=POSTGRES, concurrency=250),
}


def main() -> None:
    """Print the tables."""
    print("### The model and the running service\n")
    print(f"{CONVERSATIONS} conversations that ask again when answered. The model is given CPU time and latency.\n")
    print("| API latency | figure | running | model | model / running |\n| --- | --- | --- | --- | --- |")
    for latency in (0.0, 0.05):
        with api_server(latency) as url:
            alone, _, _ = asyncio.run(compare(url, 100, 1))
            _, _, whole = asyncio.run(compare(url, EVENTS, CONVERSATIONS, exchanges=SHORT))
        cpu = median(whole, lambda m: m.cpu / len(m.latencies))
        found = simulate(Site(cpu, median(alone, lambda m: m.p50)), Load(CONVERSATIONS), seconds=20)
        for name, running, modelled in (
            ("answers per second", median(whole, lambda m: len(m.latencies) / m.seconds), found.per_second),
            ("answer, p50 ms", median(whole, lambda m: m.p50) * 1e3, found.wait(0.5) * 1e3),
        ):
            row = f"{running:.1f} | {modelled:.1f} | {modelled / running:.2f}"
            print(f"| {latency * 1e3:.0f} ms | {name} | {row} |")
    print(f"\n### {CONVERSATIONS_IN_ALL:,} conversations\n")
    print(f"A call of the API takes {API:g} s. Waits are from the event to the whole answer.\n")
    print("| service | events a minute | answers a minute | p50 | p99 | most used |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, site in SITES.items():
        for per_minute in (10, 1_000, 10_000, 100_000):
            found = simulate(
                site, Load(CONVERSATIONS_IN_ALL, per_minute / 60), seconds=SECONDS * (10 if per_minute < 1000 else 1)
            )
            print(f"| {name} | {per_minute:,} | {found.per_second * 60:,.0f} | {waits(found)} | {use(found)} |")


def waits(found: Result) -> str:
    """The columns of waits; in an overload they grow for as long as it lasts."""
    return f"{found.wait(0.5):.1f} s | {found.wait(0.99):.1f} s"


def use(found: Result) -> str:
    """The stage that is used most, with its share."""
    return f"{found.first_limit}, {found.use[found.first_limit]:.0%}"
