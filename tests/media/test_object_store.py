"""Files in an object store: processes without a common folder deliver, link to and delete what another one made."""

import asyncio
import json
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bot.__main__ import main
from bot.media.timing import MediaTiming
from bot.models import CheckResult, Lane
from bot.ops.check import check_running
from simulators.discord.values import DM
from simulators.slack import SlackSimulator
from tests.support.channel.adapter import channel_server
from tests.support.database.postgres import server, url
from tests.support.deploy.images import free_port
from tests.support.discord.whole import whole
from tests.support.killed_service import serve
from tests.support.media_files import PNG
from tests.support.object_store.server import ObjectStoreServer, object_store
from tests.support.processes import HAS_PROC, megabytes, process
from tests.support.scripted_api import data, scripted_api
from tests.support.service import FAST, EchoApi, Service, another, quiet_logs, service
from tests.support.slack.service import FAST as SLACK_FAST
from tests.support.slack.service import service as on_slack

__all__ = ["object_store", "server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

#: An object store that is away is given up soon; where it was seen once, `/readyz` asks it no more.
_MEDIA = MediaTiming(object_store_read=0.1, object_store_write=0.1, longest_retry_pause=0.05)
HASTY = replace(FAST, media=replace(_MEDIA, store_check=3600.0, store_pause=0.0))


TOKEN = "token-of-the-operator"


def files(*services: Service) -> list[Path]:
    return [path for one in services for path in one.folder.rglob("media*/*/*") if path.is_file()]


async def get(url: str, status: int, *, method: str = "GET", **headers: str) -> tuple[bytes, Any]:
    async with aiohttp.request(method, url, headers=headers) as response:
        assert response.status == status
        return await response.read(), response.headers


async def ready(one: Service) -> dict[str, Any]:
    """Return what `/readyz` says."""
    assert one.server is not None
    url = f"http://127.0.0.1:{one.server.port}/readyz"
    return dict(json.loads((await get(url, 200, Authorization=f"Bearer {TOKEN}"))[0]))


async def test_machines_without_a_common_folder(
    tmp_path: Path, url: SecretStr, object_store: ObjectStoreServer
) -> None:
    """One makes, another delivers, links to and deletes; an object store that is away costs no file."""
    given = {
        "bot_database_url": url,
        "bot_secret_key": SecretStr(secrets.token_urlsafe(32)),
        "bot_public_url": "https://muse.example",
        "bot_port": 0,
        "bot_ops_token": SecretStr(TOKEN),
        **object_store.settings,
    }
    async with service(tmp_path / "one", **given) as one, another(one, timing=HASTY) as two:
        one.core.worker._slots[Lane.FREE] = 0  # it makes pictures, and never delivers what it could not at once
        two.core.worker._slots[Lane.OWN] = 0
        channel = one.channel

        # Made by one, delivered by the other; the object store goes away in between.
        channel.faults["finish"] = [429]
        held = channel.holds["finish e1"] = asyncio.Event()
        event = await channel.ask("a fox", command="image")
        await channel.until(lambda: "finish e1" in channel.calls)
        [(key, content)] = object_store.objects().items()
        assert content == PNG
        await object_store.go_away()
        held.set()
        await object_store.tried.wait()
        await object_store.come_back()
        await channel.wait_for_answers(event)
        assert [file["bytes"] for file in one.answer(event).files] == [len(PNG)]

        # Away while a file is kept: it is kept later, and made once.
        await object_store.go_away()
        away = await ready(two)
        assert (away["status"], away["files"].partition(":")[0]) == ("degraded", "the object store")
        object_store.tried.clear()
        event = await channel.ask("a cat", command="image")
        await object_store.tried.wait()
        await object_store.come_back()
        await channel.wait_for_answers(event)
        assert [file["bytes"] for file in one.answer(event).files] == [len(PNG)]
        assert one.echo.prompts == ["a fox", "a cat"]
        assert (await ready(two))["status"] == "ready"

        # A link to a file that one made, from the other, in whole and in part.
        channel.max_upload = 10
        exported = await one.ask("", command="export")
        assert two.server is not None
        _, _, path = exported.files[0]["url"].partition("muse.example")
        link = f"http://127.0.0.1:{two.server.port}{path}"
        whole, headers = await get(link, 200)
        assert headers["Content-Disposition"].startswith("attachment")
        assert whole in object_store.objects().values()
        body, head = await get(link, 200, method="HEAD")
        assert (body, head["Content-Length"], head["ETag"]) == (b"", str(len(whole)), headers["ETag"])
        part, headers = await get(link, 206, Range="bytes=2-5", **{"If-Range": headers["ETag"]})
        assert (part, headers["Content-Range"]) == (whole[2:6], f"bytes 2-5/{len(whole)}")
        assert (await get(link, 206, Range="bytes=-3"))[0] == whole[-3:]
        assert (await get(link, 206, Range="bytes=3-"))[0] == whole[3:]
        assert (await get(link, 200, Range="bytes=3-", **{"If-Range": '"other"'}))[0] == whole
        assert (await get(link, 416, Range=f"bytes={len(whole)}-"))[1]["Content-Range"] == f"bytes */{len(whole)}"
        assert (await get(link, 200, Range=f"bytes={'9' * 5000}-"))[0] == whole  # more digits than Python reads
        await get(f"{link[:-1]}x", 404)
        assert files(one, two) == []

        # Away while it is read, written for too long, and deleted.
        await object_store.go_away()
        assert (await ready(two))["status"] == "ready"
        text, headers = await get(link, 503)
        assert b"try again" in text
        assert headers["Retry-After"]
        channel.max_upload = None
        two.core.worker._slots[Lane.OWN], one.core.worker._slots[Lane.OWN] = 1, 0
        assert "can't reach where files are kept" in (await one.ask("a dog", command="image")).text
        await one.ask("", command="press", options={"event": "e1", "action": "delete"})
        await object_store.come_back()
        assert key in object_store.objects()
        await one.core.spool.sweep(None)
        assert key not in object_store.objects()

        # A person is forgotten; what is old is gone, but nothing of others who use the bucket.
        assert len(object_store.objects()) == 2
        await one.ask("", command="forget", options={"confirm": "yes"})
        assert object_store.objects() == {}
        others = {"files/2019/report.pdf", "files/1-notes/a/b.txt", "files/ 2020-01-01/c.txt"}
        for name in others:
            object_store.put(name, b"theirs")
        await one.ask("a hen", command="image")
        await two.core.spool.sweep(datetime.now(UTC) - timedelta(hours=1))
        assert len(object_store.objects()) == 1 + len(others)
        await two.core.spool.sweep(datetime.now(UTC) + timedelta(hours=1))
        assert object_store.objects().keys() == others
        assert files(one, two) == []


@pytest.mark.skipif(not HAS_PROC, reason="reads a process's memory in /proc")
async def test_memory_stays_flat_with_a_big_file(tmp_path: Path, object_store: ObjectStoreServer) -> None:
    """A file of 75 MB is fetched, kept, copied back and sent by its link: the process takes a part of it at a time."""
    speech = b"\0\0\0\x20ftypM4A " + bytes(75_000_000)
    async with channel_server() as channel, scripted_api() as api, asyncio.timeout(300):
        echo = EchoApi(api.url, files={"speech.m4a": speech})
        api.play(echo)
        port = free_port()
        environment = {
            "AIMODELS_BASE_URL": api.url,
            "AIMODELS_API_KEY": "key",
            "BOT_DATA_DIR": str(tmp_path),
            "BOT_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "BOT_PORT": str(port),
            **{name.upper(): value for name, value in object_store.settings.items()},
        }
        async with process(serve, channel.url, environment=environment, folder=tmp_path) as one:
            channel.max_upload = 74_000_000
            await channel.wait_for_answers(await channel.ask("warm up", command="image"))
            before = megabytes(one, "VmRSS")
            echo.instead = [data({"audio": {"url": f"{api.url.removesuffix('/v1')}/speech.m4a"}})]
            channel.faults["finish"] = [429]
            event = await channel.ask("a speech", command="audio")
            await channel.wait_for_answers(event)
            [answer] = channel.answers(event)
            size = 0
            async with aiohttp.request("GET", answer.files[0]["url"]) as response:
                async for piece in response.content.iter_any():
                    size += len(piece)
            assert size == len(speech)
            assert sorted(object_store.sizes().values()) == [len(PNG), len(speech)]
            assert megabytes(one, "VmHWM") - before < 60


async def test_a_folder_is_moved_and_the_operator_knows_where_files_are(
    tmp_path: Path,
    object_store: ObjectStoreServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What was made before the setting is moved and deleted like the rest; `backup`, `restore` and `check` tell."""

    async def check_files(**settings: Any) -> CheckResult:
        found = await check_running(one.core.settings.model_copy(update=settings), {})
        return next(result for result in found if result.subject.startswith("files in "))

    async def bot(*arguments: str) -> str:
        status = await asyncio.to_thread(main, arguments)
        shown = capsys.readouterr()
        assert status == (2 if shown.err else 0)
        return shown.err or shown.out

    async with service(tmp_path / "one") as one:
        made = [f"e{number}" for number in (1, 2) if await one.ask(f"{number} foxes", command="image")]
        await one.stop()
        await one.start(**object_store.settings)
        await one.core.spool.sweep(None)
        assert sorted(object_store.objects().values()) == [PNG, PNG]
        assert files(one) == []
        await one.ask("", command="press", options={"event": made[0], "action": "delete"})
        assert len(object_store.objects()) == 1

        works = await check_files()
        assert (works.is_ok, works.text) == (True, "can be written, read and deleted")
        fails = await check_files(bot_media_store="s3://nowhere")
        assert not fails.is_ok
        assert "bucket does not exist" in fails.text
        assert len(object_store.objects()) == 1

        for name, value in {**object_store.settings, "bot_data_dir": one.folder}.items():
            monkeypatch.setenv(name.upper(), str(value))
        file = str(tmp_path / "backup.zip")
        assert f"in {object_store.settings['bot_media_store']}: back them up there" in await bot("backup", file)
        assert "leave it out" in await bot("backup", f"{file}2", "--media")
    monkeypatch.setenv("BOT_DATA_DIR", str(tmp_path / "elsewhere"))
    assert "generated files" not in await bot("restore", file)
    monkeypatch.delenv("BOT_MEDIA_STORE")
    assert "set BOT_MEDIA_STORE to it" in await bot("restore", file, "--replace")


async def test_platforms_get_what_is_in_the_object_store(tmp_path: Path, object_store: ObjectStoreServer) -> None:
    """Slack fails at first, so that the picture is sent from a copy; where it is deleted, it is deleted there, too."""
    async with SlackSimulator() as slack:
        failed = slack.faults.crash("files.completeUploadExternal", 503)
        async with on_slack(slack, tmp_path / "slack", timing=SLACK_FAST, **object_store.settings) as one:
            [answer] = await one.answers(slack.ada.mention("image a fox"))
            assert failed.hit
            assert [file.content for file in answer.files] == [PNG]
            assert list(object_store.objects().values()) == [PNG]
            assert not list(one.folder.rglob("*.png"))
            slack.ada.press(answer, "press:delete")
            await slack.until(lambda: not slack.from_bot(slack.general, thread=answer.root))
            await one.idle()
            assert object_store.objects() == {}
    async with whole(tmp_path / "discord", **object_store.settings) as other:
        await other.simulator.say(DM, "/image a fox")
        [sent] = await other.simulator.until(
            lambda: [m for m in other.simulator.bot_messages(DM) if m.get("attachments")]
        )
        assert sent["attachments"][0]["size"] == len(PNG)
        await other.core.worker.drain()
        assert not list(other.folder.rglob("*.png"))
