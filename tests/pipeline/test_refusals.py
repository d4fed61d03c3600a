"""What the API says about a parameter reaches the person, and is known for the next request."""

import asyncio
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.bootstrap import build
from bot.service import run_until
from sandbox.config import SandboxConfig
from sandbox.server import Sandbox
from tests.support.channel.adapter import ChannelAdapter
from tests.support.database.postgres import server, url
from tests.support.scripted_api import Step, answer, failure
from tests.support.service import FAST, Service, make_settings, quiet_logs, service

__all__ = ["server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

TOO_LONG = failure(400, "invalid_request", "duration: Input should be less than or equal to 30")
#: Text of an error with all that must not be shown.
HOSTILE = (
    "This can't\x1b[31m be **drawn**\u202e with key sk-of-the-tests: see https://api.example/help or <@U1> "
    + "x" * 5000
)


def openai_failure(param: str, text: str) -> Step:
    """Send an error in OpenAI's envelope."""
    error = {"message": text, "type": "invalid_request_error", "param": param, "code": None}
    return answer({"error": error}, 400)


async def video(one: Service, seconds: int, *, locale: str = "en") -> str:
    """Ask for a video; return the answer's text."""
    return (await one.ask("a fox", command="video", options={"duration": str(seconds)}, locale=locale)).text


async def test_a_limit_is_told_and_learnt(tmp_path: Path) -> None:
    """In the person's language; the next request is refused before it is sent, after a restart, too."""
    async with service(tmp_path) as one:
        one.echo.instead = [TOO_LONG]
        assert await video(one, 40) == "`duration` may be at most 30 with the model `videogen-pro`."
        await one.stop()
        await one.start()
        assert await video(one, 50, locale="zh-TW") == "使用模型 `videogen-pro` 時，`duration` 最大是 30。"
        assert await video(one, 31, locale="zh-CN") == "使用模型 `videogen-pro` 时，`duration` 最大是 30。"
        assert [body["duration"] for body in one.echo.bodies] == [40]
        assert "may be" not in await video(one, 30)
    with sqlite3.connect(tmp_path / "bot.db") as db:
        [(expires,)] = db.execute("SELECT expires FROM key_values WHERE namespace LIKE 'api-limits:%'")
    assert 80_000 < expires - time.time() < 90_000  # a server that takes more is noticed the next day


async def test_what_nobody_asked_for_is_corrected(tmp_path: Path) -> None:
    """A default that the model refuses is replaced by the nearest value, at once and from then on."""
    async with service(tmp_path, bot_answer_tokens=9000) as one:
        await one.ask("video.duration 45", command="settings", options={"for": "channel"})
        one.echo.instead = [TOO_LONG]
        await one.ask("a fox", command="video")
        await one.ask("a dog", command="video")
        assert [body["duration"] for body in one.echo.bodies] == [45, 30, 30]
        one.echo.instead = [failure(400, text="max_tokens is too large: this model supports at most 4,096 tokens")]
        assert (await one.ask("hello")).text == "re: hello"
        assert (await one.ask("again")).text == "re: again"
        assert [body["max_tokens"] for body in one.echo.bodies[3:]] == [9000, 4096, 4096]


async def test_another_reason_is_shown(tmp_path: Path) -> None:
    """In the API's words, without what could harm; nothing is learnt from it."""
    async with service(tmp_path) as one:
        one.echo.instead = [failure(400, text="提示詞不可包含 **廣告** @everyone。詳見 https://api.example/help")]
        told = await one.ask("a fox", command="image")
        assert r"It says: 提示詞不可包含 \*\*廣告\*\* everyone。 詳見 (…)" in told.text
        assert told.private
        assert told.actions == ["retry"]
        assert (await one.ask("a fox", command="image")).files


async def test_both_envelopes_are_read(tmp_path: Path) -> None:
    """Cleaned and bounded; the field that OpenAI names is said in the person's language, and its limit is learnt."""
    async with service(tmp_path, aimodels_api_flavor="openai") as one:
        one.echo.instead = [failure(400, "invalid_request", HOSTILE), openai_failure("style", HOSTILE)]
        for begin in ("The AI service did not accept this request. ", "The AI service did not accept `style`. "):
            told = (await one.ask("a fox", command="image", options={"style": "anime"})).text
            reason = r"It says: This can't \[31m be \*\*drawn\*\* with key \[key\]: see (…) or U1 xxx"
            assert told.startswith(begin + reason)
            assert len(told) < 400
        one.echo.instead = [openai_failure("style", "Not offered with this size.")]
        told = (await one.ask("a fox", command="image", options={"style": "anime"}, locale="zh-TW")).text
        assert told.startswith("AI 服務不接受 `style`，理由是：Not offered with this size.")
        one.echo.instead = [openai_failure("n", "Invalid 'n': expected a value <= 2, but got 3 instead.")]
        for number, locale in (("3", "en"), ("4", "zh-TW")):
            told = (await one.ask("a fox", command="image", options={"n": number}, locale=locale)).text
            assert told.startswith("`n` may be at most 2" if locale == "en" else "使用模型")
        assert len(one.echo.bodies) == 4


async def test_every_process_knows_a_limit(tmp_path: Path, url: SecretStr) -> None:
    """One process learns; the forms, the refusals and the answers of another follow at once."""
    given: dict[str, Any] = {"bot_database_url": url, "bot_answer_tokens": 9000}
    async with service(tmp_path, **given) as one:
        settings = make_settings(one.api, tmp_path / "two", **given)
        adapter = ChannelAdapter(one.channel.url)
        async with adapter.http, build(settings, {"channel": adapter}, timing=FAST) as two:
            [spec] = [spec for spec in two.registry.specs if spec.name == "video"]

            async def longest() -> float | None:
                options = (await two.services.narrow(spec)).options
                return next(option.maximum for option in options if option.name == "duration")

            assert await longest() != 30  # it is read before it is learnt
            one.echo.instead = [TOO_LONG]
            assert "at most 30" in await video(one, 40)
            one.echo.instead = [failure(400, text="max_tokens is too large: this model supports at most 4,096 tokens")]
            await one.ask("hello")
            await one.stop()
            stopping = asyncio.Event()
            running = asyncio.create_task(run_until(two, stopping))
            await one.ask("again")
            assert "at most 30" in await video(one, 50)
            assert await longest() == 30
            stopping.set()
            await running
            assert [body.get("duration", body.get("max_tokens")) for body in one.echo.bodies] == [40, 9000, 4096, 4096]


async def test_the_sandbox_s_reasons_are_understood(tmp_path: Path) -> None:
    """A size that the operator allows and the API does not."""
    sizes = ("seeddream-4.0=768x768|512x512",)
    async with (
        Sandbox(config=SandboxConfig(keys={"sk-of-the-tests": None})) as sandbox,
        service(tmp_path, aimodels_base_url=sandbox.base_url, bot_model_sizes=sizes) as one,
    ):
        for _ in range(2):
            told = await one.ask("a fox", command="image", options={"size": "768x768"})
            assert told.text == ("With the model `seeddream-4.0`, `size` can be: `512x512`, `1024x1024`, `2048x2048`.")
