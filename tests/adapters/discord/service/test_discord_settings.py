"""Settings that administrators change while the service runs."""

from pathlib import Path
from typing import Any

from simulators.discord.values import BOB, CHANNEL, member
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
