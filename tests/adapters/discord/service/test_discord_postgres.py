"""Several processes of the service on one PostgreSQL: each is told of everything that happens on Discord."""

import asyncio
import json
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from adapters.discord.adapter import Discord
from adapters.discord.timing import Timing
from bot.i18n import translate
from bot.models import Lane
from bot.pipeline.timing import PipelineTiming
from bot.store.timing import StoreTiming
from bot.timing import ServiceTiming
from bot.waiting.timing import WaitingTiming
from simulators.discord.checks import LOADING
from simulators.discord.rest import Call, Moment
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import CHANNEL, DM, TOKEN
from tests.support import processes
from tests.support.database.postgres import connected, name_of, server, url
from tests.support.discord.messages import actions_of, text_of
from tests.support.discord.whole import Whole, whole
from tests.support.scripted_api import events, piece, scripted_api, silence
from tests.support.service import FAST, make_settings, run_service

__all__ = ["server", "url"]


@asynccontextmanager
async def two_processes(folder: Path, url: SecretStr) -> AsyncIterator[Whole]:
    """Two services on one database, both connected, with one key as on two machines."""
    given: dict[str, Any] = {"bot_database_url": url, "bot_secret_key": SecretStr(secrets.token_urlsafe(32))}
    async with whole(folder / "one", shards="all", **given) as one:
        adapter = Discord(token=SecretStr(TOKEN), api_url=one.simulator.api, shards="all")
        settings = make_settings(one.api, folder / "two", **given)
        async with run_service(settings, adapter, timing=FAST):
            await one.simulator.until(lambda: len(one.simulator.gateway.sockets) == 2)
            yield one


async def test_an_edit_that_two_processes_are_told_of(tmp_path: Path, url: SecretStr) -> None:
    """One applies it: the other does not cancel the new answer, which would be paid for again."""
    async with two_processes(tmp_path, url) as one:
        for number in range(5):
            old, new = f"old {number}", f"new {number}"
            one.echo.hold(old)
            hold = one.echo.hold(new)
            asked = await one.simulator.say(DM, old)
            await one.echo.until(lambda text=old: text in one.echo.prompts)  # type: ignore[misc]
            await one.edit(asked, new)
            await one.echo.until(lambda text=new: text in one.echo.prompts)  # type: ignore[misc]
            await one.simulator.say(DM, f"next {number}")
            hold.set()
            await one.see(DM, f"re: next {number}")
        asked_for = [prompt for prompt in one.echo.prompts if not prompt.startswith("next")]
        assert asked_for == [f"{age} {number}" for number in range(5) for age in ("old", "new")]


async def test_commands_that_two_processes_are_told_of(tmp_path: Path, url: SecretStr) -> None:
    """Whichever process acknowledges a command and whichever answers it, nothing is left beside the answer."""
    async with two_processes(tmp_path, url) as one:
        tokens = [await one.command("chat", prompt=f"question {number}", channel=DM) for number in range(20)]
        await one.simulator.until(
            lambda: sum(text_of(message).startswith("re: ") for message in one.simulator.bot_messages(DM)) >= 20
        )
        await one.idle()
        assert not [message for message in one.simulator.bot_messages(CHANNEL) if message["flags"] & LOADING]
        shown = [text_of(one.simulator.originals[token]) for token in tokens]
        assert shown == [f"re: question {number}" for number in range(20)]
        assert len(one.simulator.bot_messages(DM)) == 21


async def test_an_acknowledgement_that_hides_the_answer_of_another_process(tmp_path: Path, url: SecretStr) -> None:
    """A process says that an answer is coming, right when another has shown it: the answer is shown again."""
    key = secrets.token_urlsafe(32)
    given: dict[str, Any] = {"bot_database_url": url, "bot_secret_key": SecretStr(key)}
    late = Timing(record_timeout=0.0)  # its acknowledgement precedes the record
    async with whole(tmp_path / "one", timing=late, shards="all", **given) as one:
        one.core.worker._slots[Lane.CONVERSATION] = 0  # so that the other answers
        environment = {
            "AIMODELS_BASE_URL": one.api.url,
            "AIMODELS_API_KEY": "key",
            "BOT_DATA_DIR": str(tmp_path),
            "BOT_DATABASE_URL": url.get_secret_value(),
            "BOT_SECRET_KEY": key,
            **one.simulator.environment,
            "DISCORD_SHARDS": "all",
        }
        no_status = ServiceTiming(pipeline=PipelineTiming(first_update=60.0), waiting=WaitingTiming(look=3600.0))
        async with processes.process(processes.service, no_status, environment=environment, folder=tmp_path):
            await one.simulator.until(lambda: len(one.simulator.gateway.sockets) == 2)
            hold = one.echo.hold("hello")
            hidden: list[Call] = []

            async def hook(moment: Moment, call: Call) -> bool:
                if call.method == "PATCH" and translate("discord.long", "zh-TW") in str(call.body):
                    if moment == "before":
                        hold.set()
                        await one.simulator.until(lambda: text_of(one.simulator.originals[token]) == "re: hello")
                    else:
                        hidden.append(call)
                return False

            one.simulator.rest.hook = hook
            token = await one.command("chat", prompt="hello")
            await one.simulator.until(lambda: hidden)
            await one.simulator.until(lambda: text_of(one.simulator.originals[token]) == "re: hello")
        assert "stop" not in actions_of(one.simulator.originals[token])


@pytest.mark.parametrize("moment", ["connected", "writing"])
async def test_a_process_that_was_paused_in_the_middle_of_an_edit(
    tmp_path: Path, url: SecretStr, moment: processes.Moment
) -> None:
    """The answer that another process has finished meanwhile does not become half an answer again, or not for long."""
    async with asyncio.timeout(300), DiscordSimulator() as simulator, scripted_api() as api, AsyncExitStack() as stack:

        async def grow(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            for text in ("half ", "an answer "):
                await response.write(f"data: {json.dumps(piece(text))}\n\n".encode())
                await simulator.until(lambda: simulator.bot_messages(DM))
            return await silence(request)

        api.play(grow, events(piece("all of it", finish="stop")))
        given = {
            "AIMODELS_BASE_URL": api.url,
            "AIMODELS_API_KEY": "key",
            "AIMODELS_STREAMING": "true",
            "BOT_DATA_DIR": str(tmp_path),
            "BOT_DATABASE_URL": url.get_secret_value(),
            **simulator.environment,
        }
        target = processes.pausing_service, moment, "PATCH", f"/channels/{DM}/messages/"
        paused = await stack.enter_async_context(processes.process(*target, environment=given, folder=tmp_path))
        await simulator.until(lambda: len(simulator.gateway.identified) == 1)
        await simulator.say(DM, "hello")
        await processes.wait_until_stopped(paused)
        async with connected(url, "postgres") as connection:
            name = name_of(url)
            await connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        other = await stack.enter_async_context(
            processes.process(processes.service, environment=given, folder=tmp_path)
        )
        await simulator.until(lambda: [text_of(one) for one in simulator.bot_messages(DM)] == ["all of it"])
        await asyncio.sleep(2 * StoreTiming().paused)  # a shorter pause is not noticed
        paused.send_signal(signal.SIGCONT)
        if moment == "writing":
            await simulator.until(lambda: [text_of(one) for one in simulator.bot_messages(DM)] != ["all of it"])
            await simulator.until(lambda: [text_of(one) for one in simulator.bot_messages(DM)] == ["all of it"])
        for one in (paused, other):
            one.send_signal(signal.SIGTERM)
            assert await one.wait() == 0
    [answer] = simulator.bot_messages(DM)
    assert text_of(answer) == "all of it"
    assert "stop" not in actions_of(answer)
