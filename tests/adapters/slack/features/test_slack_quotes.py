"""Prices before a request is made, and approvers who grant or decline it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aimodels.reference import MODELS
from bot.approvals.timing import ApprovalTiming
from simulators.slack import Message, SlackSimulator
from tests.support.database.engines import engine, server, url
from tests.support.service import FAST, quiet_logs
from tests.support.slack.drafts import labels
from tests.support.slack.service import Service, service

__all__ = ["engine", "server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

PRICES = (f"{MODELS['image']}=picture:0.5",)


def made(running: Service) -> list[int]:
    """Return how many pictures each request to the API was for."""
    return [body["n"] for body in running.echo.bodies if "n" in body]


async def told(slack: SlackSimulator, person: Any, text: str) -> None:
    """Wait until a person has read a sentence in the channel, in private, too."""
    await slack.until(
        lambda: [m for m in person.sees() + person.sees(slack.team.direct(person.id)) if text in m.content]
    )


async def answer(running: Service, question: Message, text: str) -> Message:
    """Wait for the answer to a message that contains a text."""
    await running.slack.until(lambda: [m for m in running.slack.from_bot(thread=question.root) if text in m.content])
    await running.idle()
    [found] = [m for m in running.slack.from_bot(thread=question.root) if text in m.content]
    return found


async def test_a_price_comes_first_where_it_is_asked_for(slack: SlackSimulator, tmp_path: Path) -> None:
    """With cheaper ways that are computed; only who asked decides, once, after a restart, too; then it is made."""
    async with service(slack, tmp_path, bot_prices=PRICES) as running:
        slack.ada.slash("/settings", "quote_above 0.6 --for workspace")
        await told(slack, slack.ada, "is set (this workspace)")
        assert labels(await answer(running, slack.bob.mention("image a fox"), "0.5"))[0] == "Again"
        question = slack.bob.mention("image two foxes -n 2")
        quote = await answer(running, question, "This will cost 1.00.")
        assert labels(quote) == ["Make it (1.00)", "only 1 (0.50)", "Cancel"]
        assert made(running) == [1]
        await running.restart()
        slack.ada.press(quote, "only 1 (0.50)")
        await told(slack, slack.ada, "Only the person who asked")
        slack.bob.press(quote, "only 1 (0.50)")
        await told(slack, slack.bob, "All right")
        picture = await answer(running, question, "cost 0.50")
        assert picture.ts == quote.ts or picture.files
        assert made(running) == [1, 1]
        slack.bob.press(quote, "Make it (1.00)")
        await told(slack, slack.bob, "decided or changed already")
        await running.idle()
        assert made(running) == [1, 1]
        cancelled = slack.bob.mention("image three foxes -n 3")
        slack.bob.press(await answer(running, cancelled, "This will cost 1.50."), "Cancel")
        assert labels(await answer(running, cancelled, "Nothing was made")) == []
        assert made(running) == [1, 1]


async def test_an_approver_grants_or_declines(slack: SlackSimulator, tmp_path: Path, engine: dict[str, Any]) -> None:
    """Asked in a channel of their own; the asker is told; nobody grants their own; it is in the audit log."""
    office = slack.add_channel("office", members=[slack.ada.id, slack.bob.id, slack.team.bot.id])
    given: dict[str, Any] = {"bot_prices": PRICES, "bot_approve_above": 0.6, "bot_media_per_day": 5, **engine}
    async with service(slack, tmp_path, **given) as running:
        slack.bob.slash("/settings", "approve_above 0.7 --for channel", channel=slack.team.direct(slack.bob.id))
        await told(slack, slack.bob, "Only an administrator")
        slack.ada.slash("/settings", "approval_channel here --for workspace", channel=office)
        await slack.until(lambda: [m for m in slack.ada.sees(office) if "is set (this workspace)" in m.content])
        question = slack.bob.mention("image two foxes -n 2")
        waiting = await answer(running, question, "needs an approval")
        assert labels(waiting) == ["Withdraw"]
        [ask] = await asked(running, office, "two foxes")
        assert "Bob" in ask.content
        slack.bob.press(ask, "Approve")
        await slack.until(lambda: [m for m in slack.bob.sees(office) if "Only an approver" in m.content])
        await running.restart()
        slack.ada.press(ask, "Approve")
        slack.ada.press(ask, "Approve")
        await told(slack, slack.bob, "Approved by Ada")
        await answer(running, question, "cost 0.50")
        assert made(running) == [2]
        [ask] = await asked(running, office, "Approved by Ada")
        assert labels(ask) == []

        declined = slack.bob.mention("image three foxes -n 3")
        await answer(running, declined, "needs an approval")
        [ask] = await asked(running, office, "three foxes")
        slack.ada.press(ask, "Decline")
        view = await slack.ada.modal()
        await slack.ada.submit(view, {"reason": "too many foxes"})
        await answer(running, declined, "Declined by Ada: too many foxes")
        await told(slack, slack.bob, "too many foxes")
        await told(slack, slack.bob, "at least 80 % of your limit is used: 4 of 5 pictures, sounds and videos a day.")
        await running.idle()
        assert made(running) == [2]
        slack.ada.slash("/audit")
        await told(slack, slack.ada, "approval.decline")


async def asked(running: Service, channel: Any, text: str) -> list[Message]:
    """Wait for the question to approvers in a channel that contains a text."""
    await running.slack.until(lambda: [m for m in running.slack.from_bot(channel) if text in m.content])
    await running.idle()
    return [m for m in running.slack.from_bot(channel) if text in m.content]


async def test_an_approver_is_asked_in_private(slack: SlackSimulator, tmp_path: Path) -> None:
    """The question and its buttons are in the direct messages of the person; nobody else sees them.

    The list has ids of another platform, too.
    """
    listed = (f"person:slack:{slack.ada.id}", "person:discord:1033044521375764532", "role:discord:1033044521375764533")
    given: dict[str, Any] = {"bot_prices": PRICES, "bot_approve_above": 0.6, "bot_approvers": listed}
    async with service(slack, tmp_path, **given) as running:
        question = slack.bob.mention("image two foxes -n 2")
        await answer(running, question, "needs an approval")
        [ask] = await asked(running, slack.team.direct(slack.ada.id), "two foxes")
        assert labels(ask) == ["Approve", "Decline"]
        assert ask.content.startswith("Bob asks for something")  # nothing about a channel that the bot may not write in
        assert not [m for m in slack.bob.sees() if "asks for something" in m.content]
        slack.ada.press(ask, "Approve")
        await answer(running, question, "cost 0.50")
        assert made(running) == [2]
        [ask] = await asked(running, slack.team.direct(slack.ada.id), "two foxes")
        assert "Approved by Ada." in ask.content
        assert labels(ask) == []


async def test_a_group_decides_and_what_nobody_decides_on_lapses(slack: SlackSimulator, tmp_path: Path) -> None:
    """The request names the user group; who is in it decides there, administrators beside it do not."""
    group = slack.group("Leads", slack.bob, id="S0LEADS")
    timing = replace(FAST, approvals=ApprovalTiming(hour=2.0, look=0.05))
    given: dict[str, Any] = {"bot_prices": PRICES, "bot_approve_above": 0.6, "core_timing": timing}
    async with service(slack, tmp_path, **given) as running:
        slack.ada.slash("/settings", f"approvers <!subteam^{group.id}|@leads> --for workspace")
        await told(slack, slack.ada, "is set (this workspace)")
        question = slack.ada.mention("image two foxes -n 2")
        waiting = await answer(running, question, "S0LEADS can decide here")
        assert labels(waiting) == ["Approve", "Decline", "Withdraw"]
        slack.ada.press(waiting, "Approve")
        await told(slack, slack.ada, "Only an approver")
        assert not made(running)
        slack.bob.press(waiting, "Approve")
        await answer(running, question, "cost 0.50")
        await told(slack, slack.ada, "Approved by Bob")
        assert made(running) == [2]

        slack.ada.slash("/settings", "approval_hours 0.1 --for workspace")
        await slack.until(lambda: len([m for m in slack.ada.sees() if "is set (this workspace)" in m.content]) == 2)
        late = slack.ada.mention("image three foxes -n 3")
        lapsed = await answer(running, late, "Nobody decided in time: the request has lapsed.")
        assert labels(lapsed) == []
        await running.idle()
        assert made(running) == [2]
