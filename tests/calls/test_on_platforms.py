"""What the API's refusals and failures mean on the platforms: in messages and in forms."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from simulators.discord.values import CHANNEL
from simulators.slack import SlackSimulator
from tests.support.database.postgres import server, url
from tests.support.discord.whole import whole
from tests.support.scripted_api import failure
from tests.support.service import quiet_logs
from tests.support.slack.service import service

__all__ = ["server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def test_a_form_in_slack_follows_what_the_api_takes(tmp_path: Path) -> None:
    """The refusal says what is allowed; the next form has it as its bound."""
    async with SlackSimulator() as slack, service(slack, tmp_path) as running:
        running.echo.instead = [failure(400, text="參數 duration 不能超過 30 秒")]
        slack.ada.slash("/video", "a fox --duration 40")
        await slack.until(lambda: [m for m in slack.ada.sees() if "may be at most 30" in m.content])
        slack.ada.slash("/video")
        view = await slack.ada.modal()
        [field] = [block["element"] for block in view.content["blocks"] if block["block_id"] == "duration"]
        assert (field["max_value"], field["initial_value"]) == ("30", "5")
        slack.ada.slash("/video", "a dog --duration 50")
        await slack.until(lambda: sum("may be at most 30" in m.content for m in slack.ada.sees()) == 2)
        assert [body["prompt"] for body in running.echo.bodies] == ["a fox"]


async def test_a_form_in_discord_follows_what_the_api_takes(tmp_path: Path) -> None:
    """The refusal says what is allowed; the next form offers nothing else."""
    async with whole(tmp_path) as one:
        one.echo.instead = [failure(400, text="size: Input should be '512x512' or '1024x1024'")]
        token = await one.command("image", prompt="a fox", size="2048x2048")
        told = "`size` 可以是：`512x512`、`1024x1024`"
        await one.simulator.until(
            lambda: any(told in str(one.simulator.called(how, token)) for how in ("PATCH", "POST"))
        )
        await one.command("image")
        [form] = await one.simulator.until(
            lambda: [c for c in one.simulator.called("POST", "callback") if c["type"] == 9]
        )
        assert "1024x1024" in str(form)
        assert "2048x2048" not in str(form)
        assert len(one.echo.bodies) == 1


async def test_another_model_s_answer_says_so(tmp_path: Path, url: SecretStr) -> None:
    """In both platforms' own messages, under the answer, in the person's language; on both engines."""
    chosen: dict[str, Any] = {"bot_chat_models": ("big", "mini"), "bot_chat_fallbacks": ("mini",)}
    gone = failure(404, "model_not_found")
    async with SlackSimulator() as slack, service(slack, tmp_path / "s", **chosen, bot_database_url=url) as running:
        running.echo.instead = [gone]
        [answer] = await running.answers(slack.ada.mention("hello"))
        assert answer.content.startswith("re: hello")
        assert "big is not available at the moment; mini answered." in answer.content.replace("`", "")
    async with whole(tmp_path / "d", **chosen) as one:
        one.echo.instead = [gone]
        await one.command("chat", prompt="hello")
        await one.see(CHANNEL, "re: hello\n\n*`big` 目前無法使用，由 `mini` 回答。*")


async def test_an_administrator_brings_a_key_in_a_form(tmp_path: Path) -> None:
    """Behind a button that only they see, on both platforms; a key that the API refuses is said in their language."""
    async with SlackSimulator() as slack, service(slack, tmp_path / "s") as running:
        slack.ada.slash("/apikey")
        await slack.until(lambda: [m for m in slack.ada.sees() if "service's own key" in m.content])
        assert not slack.from_bot(slack.general)
        [offer] = [m for m in slack.ada.sees() if "service's own key" in m.content]
        slack.ada.press(offer, "Use your own key…")
        view = await slack.ada.modal()
        running.echo.instead = [failure(400, text="messages: required")]
        running.api.play(failure(400, text="messages: required"))
        await slack.ada.submit(view, {"key": "sk-own-slack"})
        await slack.until(lambda: [m for m in slack.ada.sees() if "from now on" in m.content])
        running.api.play(running.echo)
        await running.answers(slack.bob.mention("hello"))
        assert running.api.requests[-1].headers["Authorization"] == "Bearer sk-own-slack"
    async with whole(tmp_path / "d") as one:
        one.api.play(failure(401, "invalid_api_key"))
        token = await one.command("apikey", key="sk-own-discord")
        told = "AI API 不接受這把金鑰"
        await one.simulator.until(
            lambda: any(told in str(one.simulator.called(how, token)) for how in ("PATCH", "POST"))
        )
        assert one.api.requests[-1].headers["Authorization"] == "Bearer sk-own-discord"
