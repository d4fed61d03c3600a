"""Prices before a request is made, and approvers who grant or decline it."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from adapters.discord.timing import Timing
from aimodels.reference import MODELS
from bot.approvals.timing import ApprovalTiming
from bot.i18n import translate
from bot.models import Answer, Event
from bot.ports import AuditEntry
from simulators.discord.components import ROW, SECTION, SEPARATOR, TEXT
from simulators.discord.values import ADA, BOB, CHANNEL, DM, OTHER, ROLE, member
from tests.support.discord.messages import actions_of
from tests.support.discord.whole import Whole, whole
from tests.support.service import FAST

_BOB = {"member": {**member(BOB), "permissions": "0"}}
_CLEO = "1033044521375764532"
_PRICES = (f"{MODELS['image']}=picture:0.5",)


def _said(key: str, **values: str) -> str:
    return translate(key, "zh-TW", **values)


def _made(one: Whole) -> list[int]:
    """Return how many pictures each request to the API was for."""
    return [body["n"] for body in one.echo.bodies if "n" in body]


async def _log(one: Whole) -> list[AuditEntry]:
    return list(await one.core.store.audit("discord", limit=9))


def _shared(one: Whole) -> Any:
    """Return the messages of the channel."""
    return one.simulator.messages[CHANNEL]


async def test_a_quote_and_then_an_approval(tmp_path: Path) -> None:
    """The author agrees, the approver grants in private; both survive a restart; it is made in the same message."""
    prices: dict[str, Any] = {"bot_prices": _PRICES, "bot_quote_above": 0.6, "bot_approve_above": 0.9}
    timing = Timing(double_press=0.0)  # a second press is not the same one
    more: dict[str, Any] = {"bot_approvers": (f"person:discord:{ADA}", "person:slack:U0CLEO"), "bot_media_per_day": 2}
    async with whole(tmp_path, timing=timing, **prices, **more) as one:
        await one.command("image", prompt="two foxes", n="2", told=_BOB)
        near = "連同你最近的請求，你的額度已用掉至少 80%：每天 2 個圖片、音訊與影片，已用 2。"
        await one.simulator.until(lambda: near in str(one.simulator.messages) and near not in str(_shared(one)))
        quote = await one.see(CHANNEL, _said("quote.exact", price="1.00"))
        assert actions_of(quote) == ["quote-1", "quote-make", "quote-cancel"]
        [card] = quote["components"]
        assert [part["type"] for part in card["components"]] == [TEXT, SECTION, SEPARATOR, ROW], "a price by its button"
        await one.idle()
        await one.stop()
        await one.start()
        await one.press(quote, "quote-make")  # Ada's press
        await one.see_ephemeral(CHANNEL, _said("quote.not_yours"))
        await one.press(quote, "quote-make", **_BOB)
        await one.see_ephemeral(CHANNEL, _said("decide.done.ask"))
        waiting = await one.see(CHANNEL, _said("approval.waiting", price="1.00", hours="24"))
        assert waiting["id"] == quote["id"]
        ask = await one.see(DM, "two foxes")
        assert actions_of(ask) == ["approve", "decline"]
        await one.idle()
        assert not _made(one)
        await one.stop()
        await one.start()
        with_buttons = deepcopy(ask)
        await one.press(ask, "approve")
        await one.see(DM, _said("approval.outcome.approve", who="Ada"))
        await one.idle()
        assert _made(one) == [2]
        await one.press(with_buttons, "approve")
        await one.see_ephemeral(DM, _said("approval.too_late"))
        await one.idle()
        assert _made(one) == [2]
        [entry] = await _log(one)
        assert (entry.actor, entry.action, entry.subject, entry.before) == (ADA, "approval.approve", BOB, "image 1.00")


async def test_what_nobody_decides_on_lapses(tmp_path: Path) -> None:
    """The author is told; the approver's buttons are gone; nothing is made. Who is no approver can't decide."""
    timing = replace(FAST, approvals=ApprovalTiming(hour=0.05, look=0.05))
    given: dict[str, Any] = {"bot_prices": _PRICES, "bot_approve_above": 0.6, "bot_approvers": (f"person:{ADA}",)}
    async with whole(tmp_path, core_timing=timing, **given) as one:
        await one.command("image", prompt="two foxes", n="2", told=_BOB)
        lapsed = _said("approval.outcome.lapse")
        assert actions_of(await one.see(CHANNEL, lapsed)) == []
        await one.see(DM, "two foxes")
        await one.see(DM, lapsed)
        await one.idle()
        assert not _made(one)
        assert not await one.core.approvals.pending.all()
        assert [entry.action for entry in await _log(one)] == ["approval.lapse"]


async def test_a_role_decides_where_the_request_is(tmp_path: Path) -> None:
    """The request names the role, and notifies nobody; its members decide, administrators beside them do not.

    With a channel for approvals they are asked there.
    """
    given: dict[str, Any] = {"bot_prices": _PRICES, "bot_approve_above": 0.6}
    given["bot_approvers"] = (f"role:discord:{ROLE}", "person:slack:U0CLEO", "person:U0CLEO")
    async with whole(tmp_path, **given) as one:
        await one.command("image", prompt="two foxes", n="2", told=_BOB)
        waiting = await one.see(CHANNEL, f"<@&{ROLE}> 可以在這裡決定")
        assert actions_of(waiting) == ["approve", "decline", "withdraw"]
        sent = [body for body in one.simulator.called("PATCH", "") if "可以在這裡決定" in str(body)]
        assert sent
        assert not any(body["allowed_mentions"]["parse"] for body in sent)
        await one.press(waiting, "approve")  # Ada's press, who is an administrator
        await one.see_ephemeral(CHANNEL, _said("approval.not_yours"))
        assert not _made(one)
        cleo = {"member": {**member(_CLEO), "permissions": "0", "roles": [ROLE]}}
        await one.press(waiting, "approve", **cleo)
        await one.simulator.until(lambda: _made(one) == [2])
        await one.idle()

        there: dict[str, Any] = {"value": f"approval_channel <#{OTHER}>", "for": "workspace"}
        await one.command("settings", **there)
        await one.simulator.until(lambda: "已設定" in str([*one.simulator.originals.values()]))
        await one.command("image", prompt="three foxes", n="3", told=_BOB)
        ask = await one.see(OTHER, "three foxes")
        waiting = await one.see(CHANNEL, _said("approval.waiting", price="1.50", hours="24"))
        assert (actions_of(ask), actions_of(waiting)) == (["approve", "decline"], ["withdraw"])
        declined = _said("approval.outcome.decline_reason", who="Someone", reason="too many")
        reopen, busy = one.core.store.reopen, [True]

        async def reopen_later(event: Event, *, answer: Answer | None = None, is_repeated: bool = False) -> bool:
            """The question is still being shown when it is to be closed for the first time."""
            if answer is not None and answer.text.endswith(f"\n\n{declined}") and busy:
                busy.clear()
                return False
            return await reopen(event, answer=answer, is_repeated=is_repeated)

        one.core.store.reopen = reopen_later  # type: ignore[method-assign]
        await one.press(ask, "decline", **cleo)
        await one.submit(ask, reason="too many", told=cleo)
        assert actions_of(await one.see(OTHER, declined)) == []
        assert not busy
        await one.see(CHANNEL, declined)
        await one.idle()
        assert declined in str([m for place, m in one.simulator.messages.items() if place not in (CHANNEL, OTHER)])
        assert _made(one) == [2]
