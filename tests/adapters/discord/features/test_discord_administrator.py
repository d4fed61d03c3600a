"""An administrator's session on Discord: limits, access, settings and pauses, with pickers and forms."""

from pathlib import Path
from typing import Any

from simulators.discord.components import resolve_picked
from simulators.discord.values import ADA, BOB, CHANNEL, OTHER, ROLE, SEND, member, user
from tests.support.discord.interactions import SUBMITTED
from tests.support.discord.messages import text_of
from tests.support.discord.whole import Whole, whole

DESIGN = "1457473602180878777"
_MODAL = 9  # the type of a response that opens a modal


def as_bob(*roles: str) -> dict[str, Any]:
    """Return what makes an interaction Bob's, who administers nothing."""
    return {"member": {**member(BOB), "permissions": "0", "roles": [*roles]}}


async def ask(one: Whole, name: str, words: str, /, told: dict[str, Any] | None = None, **options: Any) -> str:
    """Use a slash command, and return the private answer, which has these words."""
    token = await one.command(name, told=told, **options)
    await one.simulator.until(lambda: one.simulator.called("PATCH", token) or one.simulator.called("POST", token))
    await one.core.worker.drain()
    shown = text_of(one.simulator.originals[token])
    assert words in shown, shown
    return shown


async def fill_in(one: Whole, token_of: str, **picked: Any) -> None:
    """Press the button under the newest answer with these words, and fill in its form with values and picked ids."""
    message = next(m for m in reversed([*one.simulator.originals.values()]) if token_of in text_of(m))
    opened = len([c for c in one.simulator.called("POST", "callback") if c["type"] == _MODAL])
    await one.press(message, "set")
    modals = await one.simulator.until(
        lambda: [c for c in one.simulator.called("POST", "callback") if c["type"] == _MODAL][opened:]
    )
    fields = {field["component"]["custom_id"]: field["component"] for field in modals[0]["data"]["components"]}
    filled = []
    for name, value in picked.items():
        kind = fields[name]["type"]
        held = {"value": value} if kind == 4 else {"values": [value] if isinstance(value, str) else value}
        filled.append({"type": 18, "id": 1, "component": {"type": kind, "id": 2, "custom_id": name, **held}})
    data = {"custom_id": modals[0]["data"]["custom_id"], "components": filled}
    await one.simulator.interact(SUBMITTED, resolve_picked(data, one.simulator.pickable()), message=message)


async def see_private(one: Whole, words: str) -> str:
    """Wait for a private answer with these words."""
    [found, *_] = await one.simulator.until(
        lambda: [m for m in one.simulator.originals.values() if words in text_of(m)], 5
    )
    return text_of(found)


async def test_pickers_mentions_and_forms(tmp_path: Path) -> None:
    """People, roles and channels are picked in options and forms, and mentioned in messages, for all commands."""
    async with whole(tmp_path) as one:
        await one.simulator.add_role(DESIGN, "Design team")
        await ask(one, "limits", BOB, amount="1", of="pictures", who=BOB)
        await ask(one, "limits", DESIGN, amount="7", of="sound", who=DESIGN)
        await ask(one, "limits", OTHER, amount="9", of="video", _channel=OTHER)
        smith = {"mentions": [user("1457469483726668048", "Muse", bot=True), user(BOB, "Bob Smith Jr")]}
        await one.mention(f"/limits 4 --of media --for <@{BOB}> --per month", **smith)
        await one.see(CHANNEL, BOB)
        shown = await ask(one, "limits", "管理員設定的限制")
        assert f"<@&{DESIGN}>" in shown
        assert f"<#{OTHER}>" in shown
        assert shown.count(f"<@{BOB}>") == 2
        await ask(one, "access", f"<@&{DESIGN}>", do="deny", what="image", who=DESIGN)
        await one.command("image", prompt="a fox", told=as_bob(DESIGN))
        await one.see_ephemeral(CHANNEL, "你在這裡不能使用 `image`")
        await ask(one, "access", f"- `image` deny <@&{DESIGN}>")
        await fill_in(one, "- `image` deny", do="deny", what="chat", who=[BOB, DESIGN], channel=OTHER)
        done = await see_private(one, f"`chat` deny <@{BOB}>")
        assert f"<@&{DESIGN}>" in done
        assert f"<#{OTHER}>" in done
        await ask(one, "settings", "approvers", value="approvers")
        await fill_in(one, "approvers", approvers=[ADA, DESIGN], **{"for": "workspace"})
        await see_private(one, f"<@{ADA}> <@&{DESIGN}>")
        await ask(one, "export", "Ada", person=ADA)


async def test_whom_to_ask_and_where_approvers_are_asked(tmp_path: Path) -> None:
    """A refusal names managers and `BOT_ADMINS`, notifying nobody; the roles of others count; channels are checked."""
    async with whole(tmp_path, bot_admins=(f"discord:{ADA}", "U0SLACK")) as one:
        await one.simulator.add_role(DESIGN, "Design team")
        one.simulator.held[ADA] = [DESIGN]
        change: dict[str, Any] = {"for": "workspace"}
        await ask(one, "settings", "managers", value=f"managers <@&{ROLE}>", **change)
        await ask(one, "access", DESIGN, do="allow", what="chat", who=DESIGN, **change)
        await one.command("chat", prompt="hello", told=as_bob())
        refused = await one.see_ephemeral(CHANNEL, "你在這裡不能使用 `chat`")
        assert f"你可以詢問：<@&{ROLE}>、<@{ADA}>。" in refused["content"], refused["content"]
        [sent] = [body for body in one.simulator.called("POST", "") if "你可以詢問" in str(body)]
        assert sent["allowed_mentions"]["parse"] == []
        assert "在這裡可以使用 `chat`。" in await ask(
            one, "access", f"<@{ADA}>", do="why", what="chat", whom=f"<@{ADA}>", told=as_bob(ROLE)
        )
        assert DESIGN in await ask(one, "access", "`chat`", do="why", what="chat", who=BOB)
        one.simulator.add_channel("1457510428359004777", "elsewhere", guild="1457468924290662777")
        await one.simulator.deny(OTHER, SEND)
        await ask(one, "settings", "不能在那個頻道發言", value=f"approval_channel <#{OTHER}>", **change)
        await ask(one, "settings", "沒有這個頻道", value="approval_channel <#1457510428359004777>", **change)
        await ask(one, "settings", "已設定", value="approval_channel here", **change)
