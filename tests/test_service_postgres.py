"""The whole service on PostgreSQL, alone and as several processes."""

import asyncio
import signal
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.models import Actor, Job, Lane, Location
from bot.store.postgres.store import PostgresStore
from tests.support import processes
from tests.support.channel.adapter import Channel, channel_server
from tests.support.database.failures import watch_failure
from tests.support.database.postgres import connected, server, url
from tests.support.killed_service import serve
from tests.support.processes import Process
from tests.support.scripted_api import chat_data, data, events, piece, scripted_api
from tests.support.service import EchoApi, another, quiet_logs, service

__all__ = ["server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)
#: A change of a setting of the channel, by an administrator.
IN_CHANNEL: dict[str, Any] = {"options": {"for": "channel"}}


async def test_the_service_works(tmp_path: Path, url: SecretStr) -> None:
    """Chat with context, an image, preferences, usage, export and erasure work, and survive a restart."""
    async with service(tmp_path, bot_database_url=url, bot_context_turns=4) as one:
        assert (await one.ask("my name is Ada")).text == "re: my name is Ada"
        await one.ask("next")
        assert [m["content"] for m in one.echo.bodies[-1]["messages"][1:]] == [
            "my name is Ada",
            "re: my name is Ada",
            "next",
        ]
        picture = await one.ask("a fox", command="image")
        assert len(picture.files) == 1
        await one.ask("be terse", command="system")
        await one.stop()
        await one.start()
        await one.ask("after the restart")
        assert one.echo.bodies[-1]["messages"][-2]["content"] != "after the restart"
        assert "my name is Ada" not in str(one.echo.bodies[-1]["messages"][-1])
        rows = await one.core.store.usage(since=datetime.now(UTC) - timedelta(days=1))
        assert {row.kind for row in rows} == {"chat", "image"}
        assert len((await one.ask("", command="export")).files) == 1
        await one.ask("", command="reset")
        await one.ask("anew")
        assert [m["content"] for m in one.echo.bodies[-1]["messages"][1:]] == ["anew"]


async def test_a_stop_reaches_another_process(tmp_path: Path, url: SecretStr) -> None:
    """A stop command in one process stops an answer in another."""
    async with service(tmp_path, bot_database_url=url) as one:
        one.echo.hold("slow")
        event = await one.start_asking("slow")
        one.core.worker._slots[Lane.FREE] = 0  # so that the other takes it
        async with another(one):
            stopped = await one.ask("", command="stop")
            await one.channel.wait_for_answers(event)
        assert not stopped.text
        assert one.answer(event).text == "*Stopped.*"
        assert one.echo.left["slow"] == 1


async def test_a_stop_outlives_the_process_that_was_asked(tmp_path: Path, url: SecretStr) -> None:
    """One that ends before it has stopped an answer leaves it to others, which stop it in its place."""
    async with service(tmp_path, bot_database_url=url) as one:
        free = one.core.worker._slots
        free[Lane.CONVERSATION] = 0  # so that the other takes them
        async with PostgresStore(url) as other, asyncio.timeout(60):
            by_operator = await one.channel.ask("slow", conversation="elsewhere")
            by_person = await one.channel.ask("slow")
            jobs: list[Job] = []
            while len(jobs) < 2:
                jobs += await other.claim_some({Lane.CONVERSATION: 2}, ["channel"])
            canceller, operator = one.core.worker.canceller, Actor(id="operator", name="")
            cancel = asyncio.create_task(canceller.cancel_event("channel", by_operator, by=operator))
            stop = await one.channel.ask("", command="stop")
            told: set[int] = set()
            while len(told) < 2:
                await other.wait()
                told |= set(other.cancel_requests())
        assert await cancel
        await one.channel.wait_for_answers(stop)
        free[Lane.CONVERSATION] = 2
        await one.channel.wait_for_answers(by_operator, by_person)
        assert {one.answer(event).text for event in (by_operator, by_person)} == {"*Stopped.*"}
        assert not one.echo.prompts


async def test_a_deletion_reaches_another_process(tmp_path: Path, url: SecretStr) -> None:
    """A question whose deletion one process sees, while another answers it: the API call ends, what was shown goes."""
    async with service(tmp_path, bot_database_url=url, aimodels_streaming=True) as one:
        one.echo.instead = [events(piece("Hello "), piece("world"), wait=asyncio.Event())]
        event = await one.channel.ask("secret")
        await one.channel.until(lambda: (event, {"text": "Hello world"}) in one.channel.seen)
        async with another(one) as two:
            await two.core.services.retract("channel", event)
            await one.api.hung_up.wait()
            await one.channel.until(lambda: not any(message.text for message in one.channel.answers(event)))
        assert (await one.ask("next")).text == "re: next"
        assert [message["content"] for message in one.echo.bodies[-1]["messages"][1:]] == ["next"]


async def test_an_outage_of_the_api_is_waited_out_by_all(tmp_path: Path, url: SecretStr) -> None:
    """Whichever process has the next try: one message with the status, then the answer; Stop works from any."""
    async with service(tmp_path, bot_database_url=url, bot_patience=600, bot_max_attempts=1) as one, another(one):
        one.echo.broken.add("hello")
        event = await one.channel.ask("hello")
        stopped = await one.channel.ask("hello again", conversation="elsewhere")
        await one.echo.until(lambda: len(one.echo.prompts) >= 40)
        await one.channel.ask(
            "", command="press", options={"event": stopped, "action": "stop"}, conversation="elsewhere"
        )
        await one.channel.wait_for_answers(stopped)
        assert one.answer(stopped).text == "*Stopped.*"
        one.echo.broken.clear()
        await one.channel.wait_for_answers(event)
        assert one.answer(event).text == "re: hello"


async def test_a_setting_holds_for_the_next_request_in_every_process(tmp_path: Path, url: SecretStr) -> None:
    """What one process was told holds at once for what another answers, though that one had read the values before."""
    async with service(tmp_path, bot_database_url=url) as one, another(one) as two:
        one.core.worker._slots[Lane.CONVERSATION] = 0  # so that one sets and the other answers
        two.core.worker._slots[Lane.FREE] = 0
        await one.ask("before")
        for value in ("0.25", "0.5", "0.75"):
            await one.ask(f"temperature {value}", command="settings", **IN_CHANNEL)
            await one.ask(f"at {value}")
            assert one.echo.bodies[-1]["temperature"] == float(value)
        await one.ask("answer_all on", command="settings", **IN_CHANNEL)
        await one.ask("hello")
        assert (
            await two.core.services.channel_settings("channel", Location(workspace="w", channel="general"))
        ).answers_all
        await one.ask("commands_off chat", command="settings", **IN_CHANNEL)
        assert "switched off" in (await one.ask("are you there?")).text
        assert "are you there?" not in one.echo.prompts


async def test_a_database_outage_costs_no_answer(tmp_path: Path, url: SecretStr) -> None:
    """During an outage the commit waits; the answer is generated once, and the service goes on."""
    async with service(tmp_path, bot_database_url=url) as one, connected(url, "postgres") as connection:
        release = one.echo.hold("slow")
        event = await one.start_asking("slow")
        name = one.core.settings.database_name.rpartition("/")[2]
        await connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        failed = watch_failure(one.core.store, "commit")
        release.set()
        await failed.wait()
        assert not one.answer(event).final
        await connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        await one.channel.wait_for_answers(event)
        assert (await one.ask("next")).text == "re: next"
        assert one.echo.prompts == ["slow", "next"]


def process(
    channel: Channel, api: str, folder: Path, url: SecretStr, seam: str = "", **limits: str
) -> AbstractAsyncContextManager[Process]:
    """Run the service in a process that kills itself at the seam."""
    environment = {
        "AIMODELS_BASE_URL": api,
        "AIMODELS_API_KEY": "key",
        "BOT_DATA_DIR": str(folder),
        "BOT_DATABASE_URL": url.get_secret_value(),
        "BOT_REQUESTS_PER_MINUTE": "0",
        **limits,
    }
    return processes.process(serve, channel.url, seam, environment=environment, folder=folder)


@pytest.mark.parametrize(
    "seam",
    ["store.record:after", "store.claim_some:after", "adapter.draft:after", "store.commit:after", "draft.finish:after"],
)
async def test_another_process_takes_over_from_a_killed_one(tmp_path: Path, url: SecretStr, seam: str) -> None:
    """After one of two processes is killed, the other answers every question once."""
    async with channel_server() as channel, scripted_api() as api, asyncio.timeout(300):
        api.play(data(chat_data("Hello Ada")))
        async with (
            process(channel, api.url, tmp_path, url, seam) as doomed,
            process(channel, api.url, tmp_path, url) as other,
        ):
            asked: list[str] = []
            while doomed.returncode is None:  # until it has taken one of them
                asked.append(await channel.ask("my name is Ada", conversation=f"c{len(asked)}"))
                await channel.until(lambda: asked[-1] in channel.acknowledged or doomed.returncode is not None)
                await asyncio.wait({asyncio.create_task(doomed.wait())}, timeout=0.2)
            assert await doomed.wait() == -signal.SIGKILL
            await channel.wait_for_answers(*asked)
        assert other.returncode == 0
    for event in asked:
        assert [(answer.text, answer.final) for answer in channel.answers(event)] == [("Hello Ada", True)]
    async with connected(url) as connection:
        assert await connection.fetchval("SELECT count(*) FROM turns") == 2 * len(asked)


@pytest.mark.parametrize(
    ("limits", "command", "admitted", "processes", "requests"),
    [
        ({"BOT_REQUESTS_PER_MINUTE": "7"}, "chat", 7, 2, 20),
        ({"BOT_MEDIA_PER_DAY": "10"}, "image", 10, 3, 100),
        ({"BOT_BUDGET_PER_DAY": "2.2"}, "image", 4, 2, 20),  # a picture costs 0.5
    ],
)
async def test_limits_hold_over_all_processes(
    tmp_path: Path, url: SecretStr, limits: dict[str, str], command: str, admitted: int, processes: int, requests: int
) -> None:
    """Processes together answer as many requests of the same instant as the limit allows, also after a restart."""
    async with AsyncExitStack() as stack, asyncio.timeout(300):
        channels = [await stack.enter_async_context(channel_server()) for _ in range(processes)]
        api = await stack.enter_async_context(scripted_api())
        for channel in channels:
            channel.numbers = channels[0].numbers
        echo = EchoApi(api.url)
        api.play(echo)

        async def acknowledged(events: int) -> None:
            while len(set().union(*(channel.acknowledged for channel in channels))) < events:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

        async def answered(events: int) -> None:
            """Wait for so many answers that are no refusals; a word about what is left is none."""
            asked = set().union(*(channel.questions for channel in channels))
            while True:
                messages = [message for channel in channels for message in channel.messages.values()]
                answers = [message for message in messages if message.reply_to in asked]
                if sum(message.final and not message.private for message in answers) == events:
                    return
                await asyncio.sleep(0.05)

        async with AsyncExitStack() as services:
            started = [process(channel, api.url, tmp_path, url, **limits) for channel in channels]
            running = [await services.enter_async_context(one) for one in started]
            await channels[0].ask("what it costs", command=command)
            await answered(1)
            await just_now(url)
            held = echo.hold("")
            for n in range(requests):
                await channels[n % processes].ask(f"{n}", command=command, conversation=f"c{n}")
            await acknowledged(requests + 1)
            held.set()
            await answered(admitted)
        assert [one.returncode for one in running] == [0] * processes
        async with process(channels[-1], api.url, tmp_path, url, **limits):
            await just_now(url)
            await channels[-1].ask("one more", command=command, conversation="another")
            await acknowledged(requests + 2)
        assert len(echo.prompts) == admitted


async def just_now(url: SecretStr) -> None:
    """Set the events' times to now, so that a slow machine does not exceed the minute of the limit."""
    async with connected(url) as connection:
        await connection.execute(
            "UPDATE allowances SET recent = ARRAY(SELECT extract(epoch FROM now()) FROM unnest(recent))"
        )


async def test_a_pause_and_a_rule_hold_in_every_process(tmp_path: Path, url: SecretStr) -> None:
    """One process pauses and sets the rule, the other answers: it waits, goes on at once, and refuses."""
    async with service(tmp_path, bot_database_url=url) as one, another(one) as two:
        one.core.worker._slots[Lane.CONVERSATION] = 0  # so that one pauses and the other answers
        two.core.worker._slots[Lane.FREE] = 0
        await one.ask("before")
        assert "Paused" in (await one.ask("For a test.", command="pause", **IN_CHANNEL)).text
        event = await one.channel.ask("kept")
        await one.channel.until(
            lambda: any(of == event and "For a test." in str(shown) for of, shown in one.channel.seen)
        )
        while (await one.core.store.counts())["running"]:  # noqa: ASYNC110 - the store tells of no change
            await asyncio.sleep(0.01)
        assert "kept" not in one.echo.prompts
        assert "Resumed" in (await one.ask("", command="resume", **IN_CHANNEL)).text
        await one.channel.wait_for_answers(event)
        assert one.answer(event).text == "re: kept"
        await one.ask("deny chat person:ada", command="access", **IN_CHANNEL)
        assert "You may not use `chat`" in (await one.ask("me, too?")).text
        assert "me, too?" not in one.echo.prompts
