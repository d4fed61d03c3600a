"""Requests that wait are decided on the pages, once, by whoever may decide them on the platform."""

import re
from pathlib import Path

import pytest

from aimodels.reference import MODELS
from bot.sign_in.visitor import Visitor
from tests.support.pages.client import Pages, pages

pytestmark = pytest.mark.usefixtures("quiet_logs")

PRICES = (f"{MODELS['image']}=picture:0.5",)


def visitor(actor: str, workspace: str = "w") -> Visitor:
    return Visitor(is_administrator=True, adapter="channel", workspace=workspace, actor=actor, name=actor.title())


async def ask(web: Pages, conversation: str) -> str:
    asked = await web.service.channel.ask(
        "two foxes", command="image", options={"n": "2"}, who="ann", member=True, conversation=conversation
    )
    await web.service.channel.wait_for_answers(asked)
    await web.service.core.worker.drain()
    return asked


async def fields(web: Pages) -> dict[str, str]:
    """The hidden fields of the first form on the page."""
    text = (await web.get("/cockpit/approvals")).text
    return {name: re.findall(rf'name="{name}" value="([^"]+)"', text)[0] for name in ("adapter", "event", "digest")}


async def test_a_request_is_decided_once_by_an_approver(tmp_path: Path) -> None:
    """Not by the author, by others, from another workspace or for another request; a second decision comes too late."""
    approvers = ("person:bob", "person:ann")
    async with pages(tmp_path, bot_prices=PRICES, bot_approve_above=0.6, bot_approvers=approvers) as web:
        service, first, second = web.service, await ask(web, "1"), await ask(web, "2")
        await web.sign_in(visitor("bob"))
        shown = (await web.get("/cockpit/approvals")).words
        assert "Ann" in shown
        assert "1.00" in shown
        assert "two foxes" not in shown
        form = await fields(web)
        assert (await web.get("/cockpit/requests")).words.count("waits for approval") == 2
        one = (await web.get("/cockpit/requests/1")).words
        assert ("waits for approval" in one, "Answer again" in one) == (True, False)
        for who, status, words in (
            (visitor("bob", "other"), 404, "no such request"),
            (visitor("eve"), 400, "Only an approver"),
            (visitor("ann"), 400, "You can't approve your own"),
            (Visitor(is_operator=True), 400, "Only an approver"),
        ):
            await web.sign_in(who)
            refused = await web.post("/cockpit/approvals", {**form, "act": "approve"})
            assert (refused.status, words in refused.words) == (status, True), refused.words
            assert ("Ann" in (await web.get("/cockpit/approvals")).words) == (status != 404)
        assert (await web.post("/cockpit/approvals", {**form, "act": "withdraw"})).status == 400
        assert service.echo.bodies == []

        await web.sign_in(visitor("bob"))
        wrong = await web.post("/cockpit/approvals", {**form, "digest": "other", "act": "approve"})
        assert "decided or changed already" in wrong.words
        done = await web.post("/cockpit/approvals", {**form, "act": "decline", "reason": "too dear"})
        assert "Declined." in done.words
        for choice in ("approve", "decline"):
            assert (await web.post("/cockpit/approvals", {**form, "act": choice})).status == 404
        form = await fields(web)
        assert "Approved." in (await web.post("/cockpit/approvals", {**form, "act": "approve"})).words
        await service.core.worker.drain()
        answers = {event: service.answer(event) for event in (first, second)}
        assert sorted(bool(answer.files) for answer in answers.values()) == [False, True]
        assert any("Declined by Bob: too dear" in answer.text for answer in answers.values())
        assert "Nothing is waiting" in (await web.get("/cockpit/approvals")).words
        log = [e for e in await service.core.store.audit("channel", workspace="w", limit=30) if "approval" in e.action]
        assert [(e.action, e.actor, e.subject, e.after) for e in log] == [
            ("approval.approve", "bob", "ann", None),
            ("approval.decline", "bob", "ann", "too dear"),
        ]


async def test_a_request_whose_price_is_asked_about_is_not_answered(tmp_path: Path) -> None:
    """It waits for its author, who makes it or cancels it; nobody else answers it anew."""
    async with pages(tmp_path, bot_prices=PRICES, bot_quote_above=0.6) as web:
        asked = await ask(web, "1")
        await web.sign_in()
        assert "waits for its author" in (await web.get("/cockpit/requests")).words
        one = (await web.get("/cockpit/requests/1")).words
        assert ("waits for its author" in one, "Answer again" in one) == (True, False)
        assert '"state":"quote"' in (await web.get("/cockpit/api/requests")).text
        refused = await web.post("/cockpit/requests/act", {"act": "requeue", "request": "1"})
        assert refused.url.endswith("done=0&act=requeue")
        pressed = {"event": asked, "action": "quote-cancel"}
        await web.service.ask("", command="press", options=pressed, who="ann", member=True)
        await web.service.core.worker.drain()
        assert "answered" in (await web.get("/cockpit/requests/1")).words
