"""Rules on who may use what, set in Discord while the service runs."""

from pathlib import Path
from typing import Any

from simulators.discord.values import BOB, CHANNEL, ROLE, member
from tests.support.discord.whole import Whole, whole

_BOB = {"member": {**member(BOB), "permissions": "0", "roles": [ROLE]}}


async def told(one: Whole, token: str) -> str:
    """Return what the private answer to a command says."""
    [body] = await one.simulator.until(lambda: one.simulator.called("PATCH", token))
    return str(body)


async def test_a_role_is_kept_out_of_a_command(tmp_path: Path) -> None:
    """Options with mentions as Discord sends them; the refusal is private and names whom to ask."""
    async with whole(tmp_path) as one:
        rule: dict[str, Any] = {"do": "deny", "what": "chat", "whom": f"<@&{ROLE}>", "for": "workspace"}
        assert "只有" in await told(one, await one.command("access", told=_BOB, **rule))
        assert f"<@&{ROLE}>" in await told(one, await one.command("access", **rule))
        await one.command("chat", prompt="hello", told=_BOB)
        refused = await one.see_ephemeral(CHANNEL, "你在這裡不能使用 `chat`")
        assert "請洽這個工作區的管理員" in refused["content"]
        await one.command("chat", prompt="hello from ada")
        await one.see(CHANNEL, "re: hello from ada")
        await one.idle()
        assert "hello" not in one.echo.prompts


async def test_a_mention_in_a_message_keeps_its_id(tmp_path: Path) -> None:
    """Typed after a mention of the bot, as in threads."""
    async with whole(tmp_path) as one:
        await one.mention(f"/access deny chat <@{BOB}>")
        await one.simulator.until(lambda: f"deny <@{BOB}>" in str(one.simulator.messages))


async def test_a_pause_keeps_requests(tmp_path: Path) -> None:
    """A mention and a slash command wait, each told so, over a restart, and are answered after the end of the pause."""
    async with whole(tmp_path) as one:
        assert "已暫停" in await told(one, await one.command("pause", reason="維護中"))
        thread = await one.mention("hello")
        await one.see(thread, "管理員已暫停這裡")
        token = await one.command("chat", prompt="hi", told=_BOB)
        await one.simulator.until(
            lambda: any("管理員已暫停這裡" in str(body) for body in one.simulator.called("PATCH", token))
        )
        assert one.echo.prompts == []
        await one.stop()
        await one.start()
        assert "已恢復" in await told(one, await one.command("resume"))
        await one.see(thread, "re: hello")
        await one.see(CHANNEL, "re: hi")
