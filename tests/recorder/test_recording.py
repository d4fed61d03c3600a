"""The flight recorder: what it keeps of a request, and what never."""

import asyncio
import base64
import gc
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from adapters.slack import PLATFORM
from aimodels.transport import open_http
from bot.models import Job, Lane
from bot.recorder.files import RecordingFiles, RequestLine
from bot.recorder.in_flight import InFlight
from bot.recorder.recorder import Recorder
from bot.recorder.redaction import RecordingRedactor
from bot.recorder.wire import Wire
from bot.settings.core import Settings
from bot.telemetry.tracing import current
from simulators.slack import SlackSimulator
from tests.support.database.store import event
from tests.support.discord.whole import whole
from tests.support.scripted_api import failure
from tests.support.service import quiet_logs, service
from tests.support.slack.service import FAST
from tests.support.slack.service import service as slack_service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

#: Words of a message that must not be kept.
SECRETS = (
    *("diagnosis", "Ada", "U0ADA", "U0BOB", "C0GENERAL", "T0LAB", "Lovelace", "0912345678", "example.com"),
    *("sk-live-abcdefghijklmnop", "xoxb-1234567890-abcdef", "美玲", "診斷"),
)
TEXT = (
    "my diagnosis by Lovelace, <@U0BOB> 美玲 的診斷 call 0912345678 or https://example.com/diagnosis "
    "sk-live-abcdefghijklmnop xoxb-1234567890-abcdef"
)


def recorded(folder: Path) -> str:
    """All that is recorded."""
    return "".join(path.read_text() for path in (folder / "recordings").glob("*"))


def entries(folder: Path) -> list[list[Any]]:
    lines = [json.loads(line) for line in recorded(folder).splitlines()]
    return [entry for _, found, *_ in lines for entry in found]


async def test_a_request_with_a_fault_is_kept_whole_without_texts_names_ids_and_secrets(tmp_path: Path) -> None:
    """Times, structure and lengths stay, and ids belong together as before. A request that went well is not written."""
    async with SlackSimulator() as slack, slack_service(slack, tmp_path, timing=FAST, bot_recorder="redacted") as one:
        one.echo.instead = [failure(503)]
        slack.faults.limit("chat.postMessage", 0)
        await one.answers(slack.ada.mention(TEXT))
        sent = slack.sender.deliveries
        secret = next(delivery.body for delivery in sent if delivery.event.get("user") == slack.ada.id)
        await one.answers(slack.ada.mention("well"))
        used = [one.api.requests[0].headers["Authorization"].removeprefix("Bearer "), slack.token, secret["token"]]
    kept = recorded(tmp_path)
    assert [word for word in (*SECRETS, *used, secret["event_id"]) if word in kept] == []
    found = entries(tmp_path)
    [received] = [entry[7]["payload"] for entry in found if entry[1] == "received"]
    event = received["event"]
    assert event["type"] == "message"
    assert len(event["text"].split()) == len(TEXT.split()) + 1
    assert (event["ts"], len(event["blocks"])) == (secret["event"]["ts"], 1)
    calls = [entry for entry in found if entry[1] == "platform call"]
    posts = [entry for entry in calls if entry[5].endswith("chat.postMessage")]
    assert [entry[6] for entry in posts] == [429, 200]
    assert posts[1][7]["body"]["channel"] == event["channel"] != secret["event"]["channel"]
    assert posts[1][7]["body"]["text"].split()[1:3] == ["xx", "xxxxxxxxx"]
    asked = [entry for entry in found if entry[1] == "api call"]
    assert [entry[6] for entry in asked] == [503, 200]
    assert asked[0][7]["body"]["model"] == "gpt-4-turbo"
    kinds = {entry[1] for entry in found}
    assert kinds >= {"received", "recorded", "claimed", "draft", "commit", "draft.finish", "done"}
    assert (tmp_path / "recordings").stat().st_mode & 0o077 == 0


async def test_a_running_request_is_there_after_a_kill(tmp_path: Path) -> None:
    """What is written while it runs is on the disk; commands stay readable, as they decide what is done."""
    async with whole(tmp_path, bot_recorder="redacted") as one:
        held = one.echo.hold("fox")
        await one.command("image", prompt="a red fox", style="anime")
        await one.echo.until(lambda: bool(one.echo.prompts))
        recorder = one.core.recorder
        assert recorder is not None
        await recorder.write(next(iter(one.simulator.interactions.values())).payload["id"])
        [received] = [entry for entry in entries(tmp_path) if entry[1] == "received"]
        held.set()
        await one.idle()
    options = received[7]["payload"]["data"]["options"]
    assert [(option["name"], option["value"]) for option in options] == [("prompt", "x xxx xxx"), ("style", "anime")]
    assert received[7]["payload"]["token"] == "removed"
    assert "token" + received[7]["payload"]["id"] not in recorded(tmp_path)


async def test_a_disk_that_fails_fails_no_request(tmp_path: Path) -> None:
    """What could not be kept is counted."""
    (tmp_path / "recordings").write_text("a file where the folder should be")
    async with service(tmp_path, bot_recorder="redacted") as one:
        assert (await one.ask("hello")).text == "re: hello"
        recorder = one.core.recorder
        assert recorder is not None
        [asked] = one.channel.questions
        await recorder.write(asked)
        assert one.core.metrics.registry.get_sample_value("bot_recorder_failures_total") == 1


async def test_it_is_off_unless_it_is_asked_for(tmp_path: Path) -> None:
    """Nothing is kept, and nothing is asked of a platform's adapter."""
    async with service(tmp_path) as one:
        await one.ask("hello")
        assert one.core.services.call_recorder is None
    assert not (tmp_path / "recordings").exists()


async def test_a_person_is_erased_from_recordings(tmp_path: Path) -> None:
    """What was kept with texts goes with `/forget`, from the disk and from memory; that of others stays."""
    async with service(tmp_path, bot_recorder="full") as one:
        one.echo.instead = [failure(503)]
        first = await one.ask("words of ann", who="ann", files={"notes.txt": "salary of bob"})
        one.echo.instead = [failure(503)]
        other = await one.ask("words of bob", who="bob")
        recorder = one.core.recorder
        assert recorder is not None
        await recorder.write("")
        assert "words of ann" in recorded(tmp_path)
        bodies = [entry[7]["body"] for entry in entries(tmp_path) if entry[1] == "api call"]
        assert [body["messages"][0]["content"].partition("\n\n")[2] for body in bodies if "ann" in str(body)] == [
            "`notes.txt`: 24 characters of files"
        ] * 2
        await one.ask("", command="forget", options={"confirm": "yes"}, who="ann")
        assert "words of ann" not in recorded(tmp_path)
        assert "words of bob" in recorded(tmp_path)
        assert await recorder.find(first.reply_to) is None
        assert await recorder.find(other.reply_to) is not None
        one.echo.instead = [failure(503)]
        await one.ask("anew by ann", who="ann")
    assert "words of ann" not in recorded(tmp_path)
    assert "anew by ann" in recorded(tmp_path)


@asynccontextmanager
async def posting(recorder: Recorder, serve: Handler) -> AsyncIterator[Callable[..., Awaitable[httpx.Response]]]:
    """Yield what posts to a path of a server, over a transport that the recorder records."""
    app = web.Application()
    app.router.add_post("/v1/{name}", serve)
    async with TestServer(app) as server:
        url = str(server.make_url("/"))
        async with httpx.AsyncClient(base_url=url, transport=recorder.transport(open_http(url))) as client:
            yield client.post


async def test_a_person_is_erased_from_what_other_processes_have(tmp_path: Path) -> None:
    """A process that answers what another received knows whose it is; what it has in memory is not written."""
    async with service(tmp_path, bot_recorder="full") as one:
        recorder = one.core.recorder
        assert recorder is not None
        files = RecordingFiles(recorder.files.folder, largest=10**6, days=7)
        in_flight = InFlight(files.folder, files.process, bytes(32))
        other = Recorder(files=files, in_flight=in_flight, redactor=recorder.redactor, on_failure=lambda: None)

        async def answer(name: str, status: int) -> None:
            other.begin(Job(seq=1, event=event(name, adapter="channel", received_at=datetime.now(UTC))))
            await post(f"/v1/{status}", json={"prompt": f"words of ann, {name}"})

        async def serve(request: web.Request) -> web.Response:
            return web.Response(status=int(request.path.rpartition("/")[2]))

        async with posting(other, serve) as post:
            await asyncio.create_task(answer("written", 503))
            await other.write("written")
            await asyncio.create_task(answer("in memory", 200))
        assert "words of ann, written" in recorded(tmp_path)
        left = files.folder / "killed.running"
        left.write_bytes(b"encrypted words")
        await one.ask("", command="forget", options={"confirm": "yes"}, who="ann")
        await other.write("in memory")
        other.close()
        assert "words of ann" not in recorded(tmp_path)
        assert not left.exists()


def test_what_a_living_process_has_is_left_to_it(tmp_path: Path) -> None:
    """Others read it; they take what is locked by nobody. A process that ends in order leaves no file."""
    own, other = InFlight(tmp_path, "own", bytes(32)), InFlight(tmp_path, "other", bytes(32))
    own.write({"a": b"long content of one", "b": b"of another"}, {"a", "b"})
    own.write({"b": b"shorter"}, {"b"})
    own.write({"b": b"last"}, {"b"})
    of_b = [b"of another", b"shorter", b"last"]
    assert (other.find("a"), other.find("b")) == ([], of_b)
    content = (tmp_path / "own.running").read_bytes()
    (tmp_path / "killed.running").write_bytes(content[:-1])
    assert list(other.recover()) == of_b[:-1]
    assert own.find("b") == []
    assert other.find("b") == of_b
    own.write({}, set())
    assert (tmp_path / "own.running").read_bytes() == b""
    own.close()
    assert list(tmp_path.iterdir()) == []


async def test_what_cannot_be_erased_is_said(tmp_path: Path) -> None:
    """One broken file keeps no other from being erased; the person is not told that all is gone, and tries again."""
    async with service(tmp_path, bot_recorder="full") as one:
        one.echo.instead = [failure(503)]
        asked = await one.ask("words of ann", who="ann")
        recorder = one.core.recorder
        assert recorder is not None
        async with asyncio.timeout(20):
            while '"done"' not in recorded(tmp_path):  # its end comes after its answer
                await recorder.write(asked.reply_to)
        [path] = (tmp_path / "recordings").glob("*.jsonl")
        week = time.time() - 6 * 86_400
        os.utime(path, (week, week))
        path.with_name("0.jsonl").symlink_to("deleted meanwhile")
        broken = path.with_name("1.jsonl")
        broken.mkdir()
        refused = await one.ask("", command="forget", options={"confirm": "yes"}, who="ann")
        assert "words of ann" not in path.read_text()
        assert path.stat().st_mtime == pytest.approx(week, abs=1)
        broken.rmdir()
        done = await one.ask("", command="forget", options={"confirm": "yes"}, who="ann")
        assert "erased" in done.text.lower()
        assert "erased" not in refused.text.lower()


def test_recordings_are_bounded_in_size_and_age(tmp_path: Path) -> None:
    """The oldest are deleted; what other processes write counts, and is found."""
    files = RecordingFiles(tmp_path, largest=80_000, days=7)
    (tmp_path / "killed.new").write_bytes(b"begun")
    for number in range(20):
        files.append([RequestLine(b"%d " % number + b"x" * 10_000)])
    assert not (tmp_path / "killed.new").exists()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 90_000
    assert list(files.lines_with("0 ")) == []
    other = RecordingFiles(tmp_path, largest=80_000, days=7)
    assert [line[:3] for line in other.lines_with("19 ")] == [b"19 "]
    week = time.time() - 8 * 86_400
    for path in tmp_path.iterdir():
        os.utime(path, (week, week))
    other.append([RequestLine(b"new")])
    [path] = tmp_path.glob("*.jsonl")
    assert path.read_bytes() == b"new\n"
    os.utime(path, (week, week))
    other.prune()  # as a service does that records nothing more
    assert not path.exists()


def test_a_full_disk_leaves_no_half_of_a_recording(tmp_path: Path) -> None:
    """After a full disk, new recordings can be read, and so can those from before."""
    files, flying = RecordingFiles(tmp_path, largest=80_000, days=7), InFlight(tmp_path, "own", bytes(32))
    files.append([RequestLine(b"before")])
    flying.write({"a": b"before"}, {"a"})
    with disk_of(40):
        with pytest.raises(OSError, match="space"):
            files.append([RequestLine(b"x" * 100)])
        with pytest.raises(OSError, match=r"space|large"):
            flying.write({"a": b"x" * 100}, {"a"})
    files.append([RequestLine(b"after")])
    assert [path.read_bytes() for path in tmp_path.glob("*.jsonl")] == [b"before\nafter\n"]
    flying.write({}, {"a"})
    assert InFlight(tmp_path, "other", bytes(32)).find("a") == [b"before", b"x" * 100]
    flying.close()


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """Let no file be longer than so many bytes: what is written beyond is cut, as on a full disk."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_memory_is_bounded_in_bytes(tmp_path: Path) -> None:
    """Of a long stream the summary stays; the oldest requests go. One that has ended is but bytes, of any types."""
    files = RecordingFiles(tmp_path, largest=10**6, days=7)
    redactor = RecordingRedactor(b"key", keeps_texts=True)
    in_flight = InFlight(tmp_path, "own", bytes(32))
    recorder = Recorder(files=files, in_flight=in_flight, redactor=redactor, on_failure=lambda: None, largest=150_000)

    async def streamed() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b'data: {"choices":[{"delta":{"content":"word "}}]}\n\n'

    async def long() -> AsyncIterator[bytes]:
        yield b'{"text": "' + b"x" * 60_000 + b'\\ud83d"}'  # half a character

    async def serve(request: web.Request) -> web.Response:
        return web.Response(body=streamed() if request.path == "/v1/stream" else long())

    async def answer(name: str) -> None:
        recorder.begin(Job(seq=1, event=event(name)))
        [request] = current.get()
        await post(f"/v1/{name.partition(' ')[0]}", content=b"x" * 100_000)
        request.end("answered", {"lane": Lane.CONVERSATION})
        assert not [one for one in gc.get_referents(request) if isinstance(one, list | dict) and one]

    async with posting(recorder, serve) as post:
        await asyncio.create_task(answer("stream"))
        assert 5000 <= recorder.held < 6000
        for number in range(5):
            await asyncio.create_task(answer(f"long {number}"))
            assert recorder.held < 150_000 + 60_100
        assert await recorder.find("stream") is None
        assert await recorder.find("long 0") is None
        found = await recorder.find("long 4")
        assert found is not None
        [call] = [moment for moment in found.moments if moment.is_call]
        assert (call.rest["body"], call.rest["bytes"]) == (100_000, 60_018)
        assert found.moments[-1].rest == {"outcome": "answered", "lane": Lane.CONVERSATION.value}
        settings = Settings(_env_file=None, bot_data_dir=tmp_path)  # type: ignore[call-arg, unused-ignore]
        exported = found.to_json(settings)
        assert "xx\ufffd" in json.dumps(exported, ensure_ascii=False).encode().decode()
        await asyncio.create_task(answer("stream"))
        found = await recorder.find("stream")
        assert found is not None
        [call] = [moment for moment in found.moments if moment.is_call]
        assert call.rest["stream"]["text"] == "word " * 1000
    recorder.close()


def test_numbers_and_words_of_people_are_no_words_of_a_protocol() -> None:
    """A number stays after an option's name alone, a protocol's word where the protocol has it."""
    wire = Wire.of([PLATFORM.wire_format])
    redactor = RecordingRedactor(b"key", words=["image", "count", "4"], secrets=["our-own-key"], wire=wire)
    heard = {
        "type": "event_callback",
        "status": "pregnant",
        "event": {
            "text": "image --count 4 by 4 of 12",
            "metadata": {"type": "illness", "event_payload": {"patient": "ada", "status": "ill", "beds": 12}},
            "files": [{"mode": "hosted", "own": {"status": "pregnant", "type": "plain"}}],
            "value": 912345678,
            "account": 12345678901,
            "amount": 4123456.5,
            "count": 4,
        },
    }
    assert redactor.redact(heard, is_spoken=True) == {
        "type": "event_callback",
        "status": "xxxxxxxx",
        "event": {
            "text": "image --count 4 xx 0 xx 00",
            "metadata": {"xxxx": "xxxxxxx", "xxxxx_xxxxxxx": {"xxxxxxx": "xxx", "xxxxxx": "xxx", "xxxx": "00"}},
            "files": [{"mode": "hosted", "own": {"status": "xxxxxxxx", "type": "plain"}}],
            "value": 100000000,
            "account": 10000000000,
            "amount": 1000000.0,
            "count": 4,
        },
    }
    answer = {"error": "invalid_key:ada", "code": "invalid_key", "model": "m:our-own-key", "status": "done"}
    redacted = {"error": "xxxxxxx_xxx:xxx", "code": "invalid_key", "model": "m:removed", "status": "done"}
    assert redactor.redact(answer) == redacted
    assert redactor.path("/our-own-key/v1") == "/removed/v1"


def test_secrets_are_dropped_where_texts_are_kept() -> None:
    """The operator's choice to keep texts is none to keep tokens."""
    wire = Wire.of([PLATFORM.wire_format])
    redactor = RecordingRedactor(b"key", keeps_texts=True, secrets=["our-own-key", "our%own/key?", "e"], wire=wire)
    payload = {
        "token": "t-1",
        "text": "call me: token=sk-live-abcdefghijklmn0p.a, our-own-key, https://ada:pw@host",
        "headers": {"basic": base64.b64encode(b"ada:our-own-key:b").decode(), "quoted": "our%25own%2Fkey%3F"},
        "user": {"id": "U0ADA", "name": "Ada"},
        "files": [{"name": "notes.txt", "preview": "salary of bob"}],
        "response_url": "https://hooks.example/T/1",
    }
    assert redactor.redact(payload) == {
        "token": "removed",
        "text": "call me: token=removed, removed, https://ada:removed@host",
        "headers": {"basic": "YWRhOmremovedOmI=", "quoted": "removed"},
        "user": {"id": "U0ADA", "name": "Ada"},
        "files": [{"name": "notes.txt", "preview": "removed"}],
        "response_url": "removed",
    }


def test_files_are_dropped_where_texts_are_kept() -> None:
    """Their size stays, of a field or in a text, whole or cut; a long word is no file."""
    redactor = RecordingRedactor(b"key", keeps_texts=True)
    cut = '{"images":[{"b64_json":"' + "iVBORw0K" * 200
    found = redactor.redact({"b64_json": "iVBORw0K", "text": "see data:image/png;base64,iVBO=", "answer": cut})
    assert found == {
        "b64_json": "8 characters of base64",
        "text": "see data:image/png;base64,5 characters of base64",
        "answer": '{"images":[{"b64_json":"1600 characters of base64',
    }
    assert redactor.redact("no" * 1000) == "no" * 1000
    assert RecordingRedactor(b"key").redact("iVBORw0K", "b64_json") == "8 characters of base64"
