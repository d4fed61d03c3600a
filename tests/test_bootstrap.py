"""Start and end of the service: wiring, errors, web server, retention, logs."""

import asyncio
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from structlog.testing import capture_logs

from bot import web_servers
from bot.bootstrap import build
from bot.errors import SettingsError
from bot.models import CommandSpec
from bot.ports import Sink
from bot.recorder.opening import recording_files
from bot.service import run_until
from bot.settings.core import Settings
from bot.store.sqlite.store import SqliteStore
from tests.support import processes
from tests.support.channel.adapter import Channel, ChannelAdapter, channel_server, parse
from tests.support.forked import command_line
from tests.support.killed_service import serve
from tests.support.scripted_api import failure
from tests.support.service import FAST, quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)
ROOT = Path(__file__).parents[1]


class Brief(ChannelAdapter):
    """An adapter whose input ends: by itself, or with an error."""

    def __init__(self, url: str, *, error: Exception | None = None, routes: Sequence[Any] = ()) -> None:
        super().__init__(url)
        self.error = error
        self.routes = routes

    async def run(self, sink: Sink, commands: Sequence[CommandSpec]) -> None:
        for asked in (await self.http.get("/events")).json():
            await sink(parse(asked))
        if self.error is not None:
            raise self.error


async def run_brief(folder: Path, channel: Channel, adapter: Brief, url: str) -> None:
    async with adapter.http, build(settings(folder, url), {"channel": adapter}) as core:
        await run_until(core, asyncio.Event())


def settings(folder: Path, url: str, **more: Any) -> Settings:
    given: dict[str, Any] = {"aimodels_base_url": url, "aimodels_api_key": "sk-x", "bot_data_dir": folder, **more}
    return Settings(_env_file=None, **given)  # type: ignore[call-arg]


async def test_input_that_ends_is_answered_to_the_last(tmp_path: Path) -> None:
    """When every adapter has returned, the service ends only after all is answered, second tries included."""
    async with asyncio.timeout(300), channel_server() as channel, service(tmp_path / "api") as one:
        one.echo.instead = [failure(500)] * 5
        events = [await channel.ask(f"q{n}") for n in range(3)]
        await run_brief(tmp_path / "brief", channel, Brief(channel.url), one.api.url)
        assert [message.text for event in events for message in channel.answers(event)] == [
            "re: q0",
            "re: q1",
            "re: q2",
        ]


async def test_an_adapter_that_fails_ends_the_service_with_its_error(tmp_path: Path) -> None:
    """The error is the adapter's own; what was asked before is kept for the next start."""
    async with asyncio.timeout(300), channel_server() as channel, service(tmp_path / "api") as one:
        event = await channel.ask("hello")
        adapter = Brief(channel.url, error=SettingsError("the token is wrong"))
        with pytest.raises(SettingsError, match="the token is wrong"):
            await run_brief(tmp_path / "brief", channel, adapter, one.api.url)
        await run_brief(tmp_path / "brief", channel, Brief(channel.url), one.api.url)
        [message] = channel.answers(event)
        assert message.text == "re: hello"


async def test_a_platform_that_fails_is_started_again(tmp_path: Path) -> None:
    """The others go on meanwhile; the terminal alone ends with its error, as nobody else is served."""

    class Shaky(Brief):
        name = "shaky"
        starts = 0

        async def run(self, sink: Sink, commands: Sequence[CommandSpec]) -> None:
            self.starts += 1
            if self.starts < 4:
                raise KeyError("a library stumbled")

    async with asyncio.timeout(300), channel_server() as channel, service(tmp_path / "api") as one:
        event = await channel.ask("hello")
        steady, shaky = Brief(channel.url), Shaky(channel.url)
        timing = replace(FAST, restart_first=0.01)
        given = settings(tmp_path / "both", one.api.url)
        async with (
            steady.http,
            shaky.http,
            build(given, {"channel": steady, "shaky": shaky}, timing=timing) as core,
        ):
            await run_until(core, asyncio.Event())
        assert shaky.starts == 4
        assert [message.text for message in channel.answers(event)] == ["re: hello"]
        async with build(given, {"shaky": Shaky(channel.url)}, timing=timing) as core:
            with pytest.raises(KeyError):
                await run_until(core, asyncio.Event(), restarts_adapters=False)


async def test_a_loop_that_fails_is_named_and_started_again(tmp_path: Path) -> None:
    """Other than what it answers, the service does what it has to do, too: a failure there is seen, and is no end."""
    given = settings(tmp_path, "http://127.0.0.1:1/v1", bot_ops_port=0)
    recording_files(given).folder.mkdir(parents=True)
    stopping = asyncio.Event()
    timing = replace(FAST, restart_first=0.01, erasure_look=0.01)
    async with asyncio.timeout(200), channel_server() as channel, httpx.AsyncClient() as http:
        adapter = ChannelAdapter(channel.url)
        async with (
            adapter.http,
            build(given, {"channel": adapter}, timing=timing) as core,
            web_servers.ops_server(core) as server,
        ):
            assert server is not None
            erased = core.store.namespace("recordings.erased")
            await erased.set("somebody", "no time")
            with capture_logs() as lines:
                running = asyncio.create_task(run_until(core, stopping))
                url = f"http://127.0.0.1:{server.port}"
                while (ready := (await http.get(f"{url}/readyz")).json())["loops"] == "ok":
                    assert not running.done()
                assert (ready["status"], ready["loops"]) == (
                    "degraded",
                    "failing, see the log: erasure of recordings",
                )
                await erased.set("somebody", "1.5")
                while not recording_files(given).is_erased("somebody", 1.5):
                    await http.get(f"{url}/healthz")
                numbers = (await http.get(f"{url}/metrics")).text
                stopping.set()
                await running
    failed = [line for line in lines if line["event"] == "background loop failed"]
    assert {line["task"] for line in failed} == {"erasure of recordings"}
    assert f'bot_loop_failures_total{{loop="erasure of recordings"}} {len(failed)}.0' in numbers


async def test_an_adapter_that_does_not_end(tmp_path: Path) -> None:
    """An adapter that swallows its cancellation does not keep the service from ending; the log names it."""

    class Stubborn(Brief):
        async def run(self, sink: Sink, commands: Sequence[CommandSpec]) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(3600)

    stopping = asyncio.Event()
    stopping.set()
    async with asyncio.timeout(200), channel_server() as channel:
        adapter = Stubborn(channel.url)
        timing = replace(FAST, adapter_stop=0.1)
        async with adapter.http, build(settings(tmp_path, channel.url), {"channel": adapter}, timing=timing) as core:
            with capture_logs() as lines:
                await run_until(core, stopping)
    assert [line["tasks"] for line in lines if "without waiting" in line["event"]] == [["adapters"]]


async def test_the_database_is_let_go_when_the_start_fails(tmp_path: Path) -> None:
    """A rule that can't be understood stops the start; the next one finds nothing held."""
    wrong = settings(tmp_path, "http://127.0.0.1:1/v1", bot_command_rules=("nonsense",))
    with pytest.raises(SettingsError):
        async with build(wrong, {}):
            pass
    async with SqliteStore(tmp_path / "bot.db") as store:
        await store.check()


# -- the web server


async def ping(_: Request) -> Response:
    return PlainTextResponse("pong")


async def test_without_need_there_is_no_web_server(tmp_path: Path) -> None:
    """No port set and no adapter called over HTTP: nothing listens."""
    async with service(tmp_path) as one, web_servers.web_server(one.core) as server:
        assert server is None


async def test_an_adapter_with_routes_gets_a_web_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An adapter's routes are served beside the service's own, on the usual port."""
    monkeypatch.setattr(web_servers, "DEFAULT_PORT", 0)
    adapter = Brief("http://127.0.0.1:1", routes=[Route("/ping", ping)])
    chosen = settings(tmp_path, "http://127.0.0.1:1/v1")
    async with (
        build(chosen, {"channel": adapter}) as core,
        web_servers.web_server(core) as server,
        httpx.AsyncClient() as http,
    ):
        assert server is not None
        answer = await http.get(f"http://127.0.0.1:{server.port}/ping")
        assert answer.text == "pong"
    await adapter.http.aclose()


async def test_health_and_numbers_are_served_while_it_runs(tmp_path: Path) -> None:
    """With a port set for the operator, /healthz, /readyz and /metrics tell of the running service."""
    async with (
        service(tmp_path, bot_ops_port=0) as one,
        web_servers.ops_server(one.core) as server,
        httpx.AsyncClient() as http,
    ):
        assert server is not None
        await one.ask("hello")
        url = f"http://127.0.0.1:{server.port}"
        assert (await http.get(f"{url}/healthz")).status_code == 200
        assert (await http.get(f"{url}/readyz")).json() == {
            "status": "ready",
            "roles": ["receive", "work", "web"],
            "database": "ok",
            "files": "ok",
            "api": "ok",
            "loops": "ok",
            "platforms": {"channel": "ok"},
        }
        numbers = (await http.get(f"{url}/metrics")).text
        assert 'bot_events_total{adapter="channel",command="chat",outcome="accepted"} 1.0' in numbers
        assert 'bot_api_calls_total{endpoint="/chat/completions",status="200"} 1.0' in numbers


# -- as a process


def start(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, "BOT_DATA_DIR": str(folder), "LANG": "C.UTF-8", **more}
    return command_line.bot(*arguments, environment=given, folder=folder, text="hello\n")


async def test_the_log_follows_an_event_through_the_rooms(tmp_path: Path) -> None:
    """Each module's lines name the event; the API's own words are in the log, the person gets ours."""
    words = "提示詞違反內容政策"
    async with asyncio.timeout(300), channel_server() as channel, service(tmp_path / "api") as one:
        one.echo.instead = [*[failure(500)] * 5, failure(400, "content_policy_violation", words)]
        given = {"AIMODELS_BASE_URL": one.api.url, "AIMODELS_API_KEY": "sk-x"}
        async with processes.process(serve, channel.url, environment=given, folder=tmp_path):
            event = await channel.ask("draw it")
            await channel.wait_for_answers(event)
        written = (tmp_path / "log").read_text(encoding="utf-8")
    [answer] = channel.answers(event)
    assert answer.private
    assert words not in answer.text
    lines = [json.loads(line) for line in written.splitlines()]
    about = [line for line in lines if line.get("event_id") == event]
    assert {line["logger"] for line in about} >= {
        "bot.inbox.inbox",
        "bot.pipeline.dispatcher",
        "bot.pipeline.worker",
    }
    assert [line["message"] for line in about if line["event"] == "api error"][-1] == words


def test_a_damaged_database_stops_the_start_with_a_sentence(tmp_path: Path) -> None:
    """A file that is no database: status 2, what to do, no traceback."""
    (tmp_path / "bot.db").write_bytes(b"no database at all" * 1000)
    done = start(tmp_path)
    assert done.returncode == 2
    assert "damaged" in done.stderr
    assert "Traceback" not in done.stderr


async def test_no_secret_is_ever_written(tmp_path: Path) -> None:
    """Neither keys nor what is made of them appear in debug logs, `check`, or answers."""
    async with asyncio.timeout(300), channel_server(), service(tmp_path / "api") as one:
        keys = {
            "AIMODELS_API_KEY": "sk-very-secret-1",
            "BOT_SECRET_KEY": "sign-very-secret-2-with-many-of-the-letters-0123456789-QWERTY",
        }
        one.echo.instead = [failure(401, text="Incorrect API key provided: sk-very-secret-1")] * 4
        given = {"AIMODELS_BASE_URL": one.api.url, "BOT_LOG_LEVEL": "debug", **keys}
        asked = await asyncio.to_thread(start, tmp_path, **given)
        checked = await asyncio.to_thread(start, tmp_path, "check", **given)
    assert asked.returncode == 1, asked.stderr
    assert checked.returncode == 1
    assert "api error" in asked.stderr
    for output in (asked.stdout, asked.stderr, checked.stdout, checked.stderr):
        assert "very-secret" not in output
