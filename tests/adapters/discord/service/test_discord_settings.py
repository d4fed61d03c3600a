"""Settings that administrators change while the service runs."""

from pathlib import Path
from typing import Any

from simulators.discord.values import BOB, CHANNEL, member
from tests.support.discord.messages import text_of
from tests.support.discord.whole import Whole, whole

_BOB = {"member": {**member(BOB), "permissions": "0"}}


async def told(one: Whole, token: str) -> str:
    """Return what the private answer to a command says."""
    [body] = await one.simulator.until(lambda: one.simulator.called("PATCH", token))
    return str(body)


async def test_a_setting_of_the_channel_holds_for_everybody(tmp_path: Path) -> None:
    """Bob may not change the channel; Ada, who manages the server, may; it holds for Bob's next request."""
    async with whole(tmp_path) as one:
        change: dict[str, Any] = {"value": "temperature 0.2", "for": "channel"}
        assert "只有管理員" in await told(one, await one.command("settings", told=_BOB, **change))
        assert "已設定 `temperature`" in await told(one, await one.command("settings", **change))
        await one.command("chat", prompt="hello", told=_BOB)
        await one.see(CHANNEL, "re: hello")
        await one.idle()
        assert one.echo.bodies[0]["temperature"] == 0.2


async def test_words_are_replaced_and_refused(tmp_path: Path) -> None:
    """An address is replaced and put back; a refused command is answered to the asker alone, in their language."""
    rules = tmp_path / "rules.toml"
    rules.write_text('[refuse.words]\n"project names" = ["Falcon"]', encoding="utf-8")
    async with whole(tmp_path, bot_content_rules=rules) as one:
        change: dict[str, Any] = {"value": "redaction pseudonyms", "for": "channel"}
        token = await one.command("settings", **change)
        await one.simulator.until(lambda: one.simulator.called("PATCH", token))
        await one.command("chat", prompt="write to ann@example.com")
        await one.see(CHANNEL, "re: write to ann@example.com")
        assert one.echo.prompts[-1].startswith("write to EMAIL_")
        token = await one.command("image", prompt="the falcon")
        [refused] = await one.simulator.until(
            lambda: [body for body in one.simulator.called("POST", token) if "project names" in str(body)]
        )
        assert "沒有送出" in refused["content"]
        assert not [message for message in one.simulator.bot_messages(CHANNEL) if "project names" in text_of(message)]
        await one.idle()
        assert "falcon" not in str(one.echo.bodies)
