"""What the API says about a parameter reaches the person, and is known for the next request."""

import sqlite3
import time
from pathlib import Path

import pytest

from sandbox.config import SandboxConfig
from sandbox.server import Sandbox
from tests.support.scripted_api import failure
from tests.support.service import Service, quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

TOO_LONG = failure(400, "invalid_request", "duration: Input should be less than or equal to 30")


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
