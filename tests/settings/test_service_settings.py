"""Settings of the API and of files are felt where they matter: in what the whole service asks and answers."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest

from bot.i18n import translate
from tests.support.media_files import PNG, WAV
from tests.support.scripted_api import answer, chat_data, data, events, piece, raw, silence
from tests.support.service import quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)
SMALL: dict[str, Any] = {"options": {"size": "512x512"}}


async def test_an_openai_compatible_server_will_do(tmp_path: Path) -> None:
    """Streamed chat, code through chat, a picture and speech, all without an envelope."""
    async with service(tmp_path, aimodels_api_flavor="openai", aimodels_streaming=True) as one:
        one.echo.instead = [
            events(piece("Hello "), piece("Ada", finish="stop"), {"choices": [], "usage": {"prompt_tokens": 5}}),
            answer({"detail": "Not Found"}, 404),
            answer(chat_data("```python\nx = 1\n```")),
            answer({"created": 1, "data": [{"b64_json": base64.b64encode(PNG).decode()}]}),
        ]
        assert (await one.ask("I am Ada")).text == "Hello Ada"
        assert "x = 1" in (await one.ask("one line", command="code")).text
        [picture] = (await one.ask("a fox", command="image", **SMALL)).files
        assert picture["size"] == len(PNG)
        one.api.play(raw(WAV, "audio/wav"))
        [sound] = (await one.ask("good morning", command="audio", options={"format": "wav"})).files
        assert sound["size"] == len(WAV)
        assert one.api.requests[-1].path == "/v1/audio/speech"
        assert one.echo.bodies[0]["stream_options"] == {"include_usage": True}


async def test_streaming_is_off_where_an_administrator_wants_it(tmp_path: Path) -> None:
    """The API is asked for the whole answer there; it can't be on where the operator has not switched it on."""
    off: dict[str, Any] = {"command": "settings", "options": {"for": "channel"}}
    async with service(tmp_path, aimodels_streaming=True) as one:
        await one.ask("one")
        await one.ask("streaming off", **off)
        assert (await one.ask("two")).text == "re: two"
        assert [body.get("stream") for body in one.echo.bodies] == [True, None]
    async with service(tmp_path / "other") as one:
        assert "`off`" in (await one.ask("streaming on", **off)).text


@pytest.mark.parametrize(("command", "setting"), [("chat", "aimodels_timeout"), ("image", "aimodels_media_timeout")])
async def test_a_silent_api_is_waited_for_as_long_as_set(tmp_path: Path, command: str, setting: str) -> None:
    """After the timeout of its kind the person gets a sentence, and the connection is closed."""
    chosen: dict[str, Any] = {setting: 0.3}
    async with service(tmp_path, bot_max_attempts=1, **chosen) as one:
        one.api.play(silence)
        assert (await one.ask("hello", command=command)).text == translate("error.deadline", "")
        await one.api.hung_up.wait()


async def test_a_file_is_waited_for_as_long_as_set(tmp_path: Path) -> None:
    """Past BOT_DOWNLOAD_TIMEOUT a file that does not come is given up."""
    async with service(tmp_path, bot_download_timeout=0.3) as one:
        elsewhere = one.api.url.removesuffix("/v1") + "/never.png"
        one.api.play(data({"images": [{"url": elsewhere}]}), silence)
        assert (await one.ask("a fox", command="image")).text == translate("error.download", "")


async def test_a_file_is_as_big_as_set(tmp_path: Path) -> None:
    """More than BOT_MAX_DOWNLOAD_BYTES is refused, and nothing of it is kept; at the limit it is shown."""
    async with service(tmp_path, bot_max_download_bytes=1_000_000) as one:
        for size, told in ((1_000_001, translate("error.too_large", "")), (1_000_000, "seeddream-4.0 · 1x1")):
            file = PNG + bytes(size - len(PNG))
            one.echo.instead = [data({"images": [{"b64_json": base64.b64encode(file).decode()}]})]
            shown = await one.ask("a fox", command="image", **SMALL)
            assert shown.text == told
            kept = [path.stat().st_size for path in await asyncio.to_thread(list, (tmp_path / "media").rglob("*.*"))]
            assert kept == [file["size"] for file in shown.files]


async def test_answers_are_as_long_as_set(tmp_path: Path) -> None:
    """BOT_ANSWER_TOKENS is what the API is asked for, of chat and of code."""
    async with service(tmp_path, bot_answer_tokens=77) as one:
        await one.ask("hello")
        one.echo.instead = [data({"code": "pass"})]
        await one.ask("nothing", command="code")
        assert [body["max_tokens"] for body in one.echo.bodies] == [77, 77]
