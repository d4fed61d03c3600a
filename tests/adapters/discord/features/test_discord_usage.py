"""What was used, for those who may see it."""

from pathlib import Path
from typing import Any

from simulators.discord.checks import EPHEMERAL
from simulators.discord.values import BOB, CHANNEL, ROLE, member
from tests.support.discord.whole import Whole, whole

_BOB = {"member": {**member(BOB), "permissions": "0", "roles": [ROLE]}}


async def told(one: Whole, token: str) -> str:
    """Return what the private answer to a command says."""
    [body] = await one.simulator.until(lambda: one.simulator.called("PATCH", token))
    return str(body)


async def test_administrators_see_who_used_what(tmp_path: Path) -> None:
    """By role with a chart, and in a file, of their server; who does not manage it sees their own."""
    async with whole(tmp_path) as one:
        await one.command("chat", prompt="hello", told=_BOB)
        await one.see(CHANNEL, "re: hello")
        await one.idle()
        chart: dict[str, Any] = {"whose": "workspace", "by": "role", "as": "chart"}
        assert "只有管理員" in await told(one, await one.command("usage", told=_BOB, **chart))
        token = await one.command("usage", **chart)
        said = await told(one, token)
        assert "usage.png" in said
        assert f"{ROLE} 1" in said  # the chart's alternative text
        await one.idle()
        shown = str([m for m in one.simulator.messages[CHANNEL] if m["flags"] & EPHEMERAL])
        assert "身分組" in shown
        assert shown.count(ROLE) > 1
        asked: dict[str, Any] = {"whose": "workspace", "as": "file"}
        assert "usage.csv" in await told(one, await one.command("usage", **asked))
        [file] = [upload for upload in one.simulator.cdn.uploads.values() if upload.name == "usage.csv"]
        assert ROLE in file.content.decode("utf-8-sig")
