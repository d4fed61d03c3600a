"""Quotes and approvals on the whole service, on both engines."""

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from aimodels.reference import MODELS
from tests.support.channel.adapter import ChannelAdapter, Message
from tests.support.database.engines import engine, server, url
from tests.support.media_files import MP4
from tests.support.scripted_api import data
from tests.support.service import Service, quiet_logs, service

__all__ = ["engine", "server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

PRICES = (f"{MODELS['image']}=picture:0.5",)
APPROVED: dict[str, Any] = {
    "bot_prices": PRICES,
    "bot_approve_above": 0.6,
    "bot_approvers": ("person:bob", "person:cid"),
}


async def shown(one: Service, where: str, text: str) -> Message:
    """Wait for a message at a place that contains a text."""
    await one.channel.until(
        lambda: any(text in message.text and message.final for message in one.channel.answers(where))
    )
    return next(message for message in one.channel.answers(where) if text in message.text)


async def ask(one: Service, text: str = "two foxes", n: int = 2, **more: Any) -> str:
    """Ask for pictures; return the event's id once there is a question for a decision."""
    asked = await one.channel.ask(text, command="image", options={"n": str(n)}, who="ann", member=True, **more)
    await one.channel.wait_for_answers(asked)
    await one.core.worker.drain()
    return asked


async def press(
    one: Service, message: Message, action: str, who: str, *, roles: Sequence[str] = (), **options: str
) -> str:
    """Press a button of a message; return what the presser reads."""
    chosen = {"event": message.key, "action": action, **options}
    pressed = await one.channel.ask("", command="press", options=chosen, who=who, member=True, roles=roles)
    await one.channel.wait_for_answers(pressed)
    return one.answer(pressed).text


async def test_people_and_a_role_may_approve(tmp_path: Path) -> None:
    """People are asked in private, and members of the role decide where the request is; once."""
    given: dict[str, Any] = {**APPROVED, "bot_approvers": ("person:bob", "role:leads"), "bot_time_zone": "Asia/Taipei"}
    async with service(tmp_path, **given) as one:
        asked = await ask(one)
        waiting = one.answer(asked)
        assert "[@bob](person:bob), [@leads](role:leads) can decide here." in waiting.text
        assert waiting.actions == ["approve", "decline", "withdraw"]
        question = await shown(one, "to bob", "two foxes --n 2")
        listed = (await one.ask("", command="approvals", who="dora", member=True, roles=["leads"])).text
        assert "Lapses (Asia/Taipei)" in listed
        assert "`/image two foxes --n 2`" in listed
        assert "Approved" in await press(one, waiting, "approve", "dora", roles=["leads"])
        assert "decided or changed already" in await press(one, question, "approve", "bob")
        await one.core.worker.drain()
        assert "Approved by Dora." in (await shown(one, "to bob", "two foxes")).text
        assert len(one.echo.bodies) == 1


async def test_a_decision_is_made_once(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Two approvers at the same instant, after a restart: one decides, the other is told; one picture is paid."""
    async with service(tmp_path, **APPROVED, **engine) as one:
        asked = await ask(one)
        await one.stop()
        await one.start()
        asks = [await shown(one, f"to {who}", "Ann asks for something that costs 1.00") for who in ("bob", "cid")]
        assert "You can't approve" not in await press(one, asks[0], "approve", "ann")
        said = await asyncio.gather(
            press(one, asks[0], "approve", "bob"), press(one, asks[1], "decline", "cid", reason="no")
        )
        await one.core.worker.drain()
        assert sum("decided or changed already" in text for text in said) == 1, said
        [decision] = [entry.action for entry in await one.core.store.audit("channel", limit=9)]
        [told] = one.channel.answers("to ann")
        assert (len(one.echo.bodies), "pproved" in told.text) == (
            (1, True) if decision == "approval.approve" else (0, False)
        )
        assert bool(one.answer(asked).files) == (decision == "approval.approve")
        assert [message.actions for message in one.channel.answers("to bob") + one.channel.answers("to cid")] == [
            [],
            [],
        ]
        assert not await one.core.approvals.pending.all()


async def test_two_processes_decide_once(tmp_path: Path, url: SecretStr) -> None:
    """The presses reach two processes on one database."""
    async with service(tmp_path, bot_database_url=url, **APPROVED) as one:
        await ask(one)
        asks = [await shown(one, f"to {who}", "costs 1.00") for who in ("bob", "cid")]
        two = Service(tmp_path / "two", one.api, one.echo, one.channel, one.given, ChannelAdapter(one.channel.url))
        await two.start()
        try:
            said = await asyncio.gather(press(one, asks[0], "approve", "bob"), press(one, asks[1], "approve", "cid"))
            await one.core.worker.drain()
            await two.core.worker.drain()
        finally:
            await two.stop()
            await two.adapter.http.aclose()
        assert sorted("Approved" in text for text in said) == [False, True]
        assert len(one.echo.bodies) == 1


async def test_a_waiting_request_holds_nothing_up(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Neither a slot nor the person's next picture; only approvers decide, and not on their own."""
    async with service(tmp_path, **APPROVED, **engine, bot_media_concurrency=1) as one:
        await ask(one)
        assert (await one.ask("a fox", command="image", who="ann", member=True)).files
        [question] = one.channel.answers("to bob")
        assert "Only an approver" in await press(one, question, "approve", "dan")
        own = await one.channel.ask("foxes", command="image", options={"n": "3"}, who="bob", member=True)
        await one.channel.wait_for_answers(own)
        question = await shown(one, "to cid", "costs 1.50")
        assert "You can't approve your own" in await press(one, question, "approve", "bob")
        await press(one, one.answer(own), "withdraw", "bob")
        await one.core.worker.drain()
        assert "Withdrawn by Bob" in one.answer(own).text
        listed = (await one.ask("", command="approvals", who="cid", member=True)).text
        assert "two foxes" in listed
        assert "1.50" not in listed
        await one.ask("", command="forget", options={"confirm": "yes"}, who="ann", member=True)
        await one.core.worker.drain()
        assert "Nothing is waiting" in (await one.ask("", command="approvals", who="cid", member=True)).text


async def test_what_was_granted_is_asked_again_when_it_changes(tmp_path: Path, engine: dict[str, Any]) -> None:
    """An edit needs another approval; a failure does not: Retry makes what was granted."""
    async with service(tmp_path, **APPROVED, **engine, bot_max_attempts=1) as one:
        one.echo.broken = {"foxes"}
        asked = await ask(one)
        await press(one, await shown(one, "to bob", "costs 1.00"), "approve", "bob")
        await one.core.worker.drain()
        failed = one.answer(asked)
        assert failed.actions == ["retry"]
        one.echo.broken = set()
        retried = await one.channel.ask(
            "", command="press", options={"event": asked, "action": "retry"}, who="ann", member=True
        )
        await one.channel.wait_for_answers(retried)
        assert one.answer(retried).files
        again = await one.channel.ask(
            "", command="press", options={"event": retried, "action": "again"}, who="ann", member=True
        )
        await one.channel.wait_for_answers(again)
        assert "needs an approval" in one.answer(again).text


async def test_only_a_setting_asks_for_prices(tmp_path: Path) -> None:
    """Without one nothing is asked or said; with one a price that is not known is, once it is known it is quoted."""
    async with service(tmp_path) as one:
        assert "not known" not in (await one.ask("a fox", command="image")).text
    async with service(tmp_path / "other", bot_quote_above=0.6) as one:
        first = await one.ask("a fox", command="image")
        assert "The price of this is not known yet." in first.text
        assert "not known" not in (await one.ask("a fox", command="image")).text  # 0.5, as the API has reported
        assert "This will cost 1.00." in (await one.ask("a fox", command="image", options={"n": "2"})).text


async def test_what_is_pressed_is_made_and_paid(tmp_path: Path, engine: dict[str, Any]) -> None:
    """As asked, fewer, smaller, by another model, shorter: the API gets that request, and its price is what is paid."""
    given: dict[str, Any] = {
        "bot_image_models": ("big", "small"),
        "bot_video_models": ("film",),
        "bot_prices": ("big=picture:0.1|512x512:0.04", "small=picture:0.02", "film=second:0.05|1920x1080:0.1"),
        "bot_quote_above": 0.05,
    }
    picture, film = {"n": "3", "size": "1024x1024"}, {"duration": "10", "resolution": "1920x1080"}
    pressed: list[tuple[str, dict[str, str], str, dict[str, Any], float]] = [
        ("image", picture, "quote-make", {"model": "big", "n": 3, "size": "1024x1024"}, 0.3),
        ("image", picture, "quote-1", {"model": "big", "n": 1, "size": "1024x1024"}, 0.1),
        ("image", picture, "quote-2", {"model": "big", "n": 3, "size": "512x512"}, 0.12),
        ("image", picture, "quote-3", {"model": "small", "n": 3, "size": "1024x1024"}, 0.06),
        ("video", film, "quote-1", {"model": "film", "duration": 10, "resolution": "1280x720"}, 0.5),
        ("video", film, "quote-2", {"model": "film", "duration": 5, "resolution": "1920x1080"}, 0.5),
    ]
    async with service(tmp_path, **given, **engine) as one:
        paid = 0.0
        for command, options, button, sent, price in pressed:
            asked = await one.channel.ask("foxes", command=command, options=options, who="ann", member=True)
            await one.channel.wait_for_answers(asked)
            await one.core.worker.drain()
            files = (
                [{"b64_json": base64.b64encode(MP4).decode(), "duration": sent["duration"]}] if options is film else []
            )
            pictures = [{"url": one.api.url.removesuffix("/v1") + "/a.png"}] * int(sent.get("n", 0))
            one.echo.instead = [data({"video": files} if files else {"images": pictures})]
            assert "All right" in await press(one, one.answer(asked), button, "ann")
            await one.core.worker.drain()
            assert len(one.answer(asked).files) == (len(files) or sent["n"])
            assert sent.items() <= one.echo.bodies[-1].items()
            rows = await one.core.store.usage(since=datetime.now(UTC) - timedelta(days=1))
            paid += price
            assert sum(row.cost for row in rows) == pytest.approx(paid), button
        assert len(one.echo.bodies) == len(pressed)


async def test_a_limit_holds_when_a_quote_is_taken(tmp_path: Path) -> None:
    """A request that was quoted counts when it is made: over a limit it is refused, and can be made later."""
    given: dict[str, Any] = {"bot_prices": PRICES, "bot_quote_above": 0.6, "bot_media_per_day": 2}
    async with service(tmp_path, **given) as one:
        quotes = [await ask(one, f"foxes {number}") for number in range(2)]
        assert "All right" in await press(one, one.answer(quotes[0]), "quote-make", "ann")
        await one.core.worker.drain()
        assert "2" in await press(one, one.answer(quotes[1]), "quote-make", "ann")
        assert "All right" in await press(one, one.answer(quotes[1]), "quote-1", "ann")
        await one.core.worker.drain()
        assert [body["n"] for body in one.echo.bodies] == [2, 1]


async def test_an_edit_asks_anew_and_a_deletion_asks_no_more(tmp_path: Path) -> None:
    """What was asked about the earlier request has no buttons any more, and pressing them changes nothing."""
    async with service(tmp_path, **APPROVED) as one:
        asked = await ask(one)
        before = replace(await shown(one, "to bob", "two foxes"))
        job = await one.core.store.job("channel", asked)
        assert job is not None
        await one.core.services.revise(replace(job.event, prompt="two wolves"))
        question = await shown(one, "to bob", "two wolves")
        await one.core.worker.drain()
        assert (await shown(one, "to bob", "has been changed since")).actions == []
        assert "decided or changed already" in await press(one, before, "approve", "bob")
        await one.core.services.retract("channel", asked)
        await one.core.worker.drain()
        assert "decided or changed already" in await press(one, question, "approve", "bob")
        await one.core.worker.drain()
        assert not one.echo.bodies


async def test_whom_the_operator_lists_grants(tmp_path: Path) -> None:
    """Where no approvers are set `BOT_ADMINS` grant requests, and withdraw those of others; other people do not."""
    more: dict[str, Any] = {"bot_approve_above": 0.6, "bot_admins": ("channel:root", "leads")}
    async with service(tmp_path, bot_prices=PRICES, **more) as one:
        asked, other = await ask(one), await ask(one, "two wolves")
        assert "Only an approver" in await press(one, one.answer(asked), "approve", "dan")
        assert "two foxes" in (await one.ask("", command="approvals", who="root", member=True)).text
        assert "Approved" in await press(one, one.answer(asked), "approve", "root")
        assert "Withdrawn" in await press(one, one.answer(other), "withdraw", "dora", roles=["leads"])
        await one.core.worker.drain()
        assert len(one.echo.bodies) == 1


async def test_an_approver_alone_does_not_wait_for_themselves(tmp_path: Path) -> None:
    """The only approver reads at once that administrators decide on their request; with `approve_own` they decide."""
    given: dict[str, Any] = {"bot_prices": PRICES, "bot_approve_above": 0.6, "bot_approvers": ("person:ann",)}
    async with service(tmp_path, **given) as one:
        asked = await ask(one)
        assert "An administrator can decide here" in one.answer(asked).text
        assert "You can't approve your own" in await press(one, one.answer(asked), "approve", "ann")
        assert "Only an approver" in await press(one, one.answer(asked), "approve", "dan")
        granted = {"event": asked, "action": "approve"}
        assert "Approved" in (await one.ask("", command="press", options=granted, who="root")).text
        await one.core.worker.drain()
        await one.ask("approve_own yes", command="settings", options={"for": "workspace"}, who="root")
        await ask(one, "two wolves")
        assert "Approved" in await press(one, await shown(one, "to ann", "two wolves"), "approve", "ann")
        await one.core.worker.drain()
        assert len(one.echo.bodies) == 2
