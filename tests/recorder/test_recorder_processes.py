"""The flight recorder of several processes on one PostgreSQL database."""

import asyncio
import secrets
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.models import Lane
from bot.ports import RequestFilter
from bot.settings.core import Settings
from bot.store.postgres.store import PostgresStore
from bot.subcommands.recording import export_recording
from simulators.slack import SlackSimulator
from tests.support import processes
from tests.support.database.postgres import server, url
from tests.support.scripted_api import failure, scripted_api
from tests.support.service import EchoApi, Service, another, service
from tests.support.slack.drafts import read

__all__ = ["server", "url"]

_KEY = "a key that all processes have, of forty characters"


async def test_one_recording_of_what_three_processes_did(tmp_path: Path, url: SecretStr) -> None:
    """One receives; one begins to answer and is killed; another answers. All that was sent is in the recording.

    It can be exported before another process goes on with it.
    """
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(asyncio.timeout(300))
        slack = await stack.enter_async_context(SlackSimulator())
        api = await stack.enter_async_context(scripted_api())
        api.play(echo := EchoApi(api.url))
        environment = {
            "AIMODELS_BASE_URL": api.url,
            "AIMODELS_API_KEY": "sk-of-the-tests",
            "BOT_DATA_DIR": str(tmp_path),
            "BOT_DATABASE_URL": url.get_secret_value(),
            "BOT_SECRET_KEY": _KEY,
            "BOT_RECORDER": "redacted",
            **slack.environment,
        }

        async def start(role: str) -> processes.Process:
            one = processes.process(processes.program, "run", "--roles", role, environment=environment, folder=tmp_path)
            return await stack.enter_async_context(one)

        await start("receive")
        first = await start("work")
        await slack.until(lambda: slack.sockets.open)
        answer = echo.hold("fox")
        question = slack.ada.mention("hello fox!")
        await echo.until(lambda: bool(echo.prompts))
        while sum(path.stat().st_size > 0 for path in (tmp_path / "recordings").glob("*.running")) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        assert b"fox" not in b"".join(path.read_bytes() for path in (tmp_path / "recordings").glob("*.running"))
        first.send_signal(signal.SIGKILL)
        await first.wait()
        settings = Settings(_env_file=None, bot_secret_key=_KEY, bot_data_dir=tmp_path)  # type: ignore[call-arg, arg-type]
        async with PostgresStore(url) as store:
            [row] = await store.list_requests(RequestFilter(), limit=2)
        unfinished = export_recording(settings, row.id)
        second = await start("work")
        await echo.until(lambda: len(echo.prompts) == 2)
        answer.set()
        await slack.until(lambda: [read(one) for one in slack.from_bot(thread=question.root)])
        second.send_signal(signal.SIGTERM)
        assert await second.wait() == 0
    assert {"claimed", "platform call"} <= {step["kind"] for step in unfinished["steps"]}
    found = export_recording(settings, row.id)
    assert unfinished["payload"] == found["payload"]
    assert found["payload"]["event"]["text"].endswith(" xxxxx xxx!")
    claimed = [step for step in found["steps"] if step["kind"] == "claimed"]
    assert [step["attempt"] for step in claimed] == [1, 2]
    calls = [step["at"] < claimed[1]["at"] for step in found["steps"] if step["kind"] == "platform call"]
    assert set(calls) == {True, False}
    assert [step["kind"] for step in found["steps"]].count("recorded") == 1


async def test_a_person_is_erased_on_machines_without_a_common_folder(tmp_path: Path, url: SecretStr) -> None:
    """What another machine has recorded of a person goes soon after `/forget`; what it records later stays."""
    given: dict[str, Any] = {
        "bot_database_url": url,
        "bot_secret_key": SecretStr(secrets.token_urlsafe(32)),
        "bot_recorder": "full",
    }
    async with service(tmp_path / "one", **given) as one, another(one) as two:

        async def ask(text: str, *, who: str, of: Service, **more: Any) -> None:
            """Have one of them answer."""
            for process in (one, two):
                for lane in Lane:
                    process.core.worker._slots[lane] = 9 if process is of else 0
            await one.ask(text, who=who, **more)

        async def recorded() -> str:
            assert two.core.recorder is not None
            await two.core.recorder.write("")
            return "".join(path.read_text() for path in (two.folder / "recordings").glob("*.jsonl"))

        for who in ("ann", "bob"):
            one.echo.instead = [failure(503)]
            await ask(f"words of {who}", who=who, of=two)
        assert "words of ann" in await recorded()
        await ask("", command="forget", options={"confirm": "yes"}, who="ann", of=one)
        async with asyncio.timeout(120):
            while "words of ann" in (found := await recorded()):  # noqa: ASYNC110 - only the disk tells
                await asyncio.sleep(0.02)
        assert "words of bob" in found
        one.echo.instead = [failure(503)]
        await ask("anew by ann", who="ann", of=two)
        assert "anew by ann" in await recorded()
