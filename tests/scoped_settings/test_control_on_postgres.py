"""Control of the service by administrators, from end to end, on a database server: one walk for each platform."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from aimodels.reference import MODELS
from simulators.discord.values import ADA, BOB, CHANNEL, DM, ME, member, user
from simulators.slack import SlackSimulator
from tests.support.database.postgres import server, tables, url
from tests.support.discord.whole import whole
from tests.support.service import EchoApi, quiet_logs
from tests.support.slack.service import service

__all__ = ["server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

EMAIL, KEY = "ann@example.com", "sk-own-of-the-workspace"
PRICES: dict[str, Any] = {
    "bot_prices": (f"{MODELS['image']}=picture:0.5",),
    "bot_quote_above": 0.6,
    "bot_approve_above": 0.9,
}


def made(echo: EchoApi) -> list[tuple[str, int]]:
    """Return the pictures that the API was asked for."""
    return [(body["prompt"], body["n"]) for body in echo.bodies if "n" in body]


async def test_an_administrator_of_slack(tmp_path: Path, url: SecretStr) -> None:
    """Settings, redaction, access, a quote, an approval, limits, an own key, the audit log, the erasure of a person."""
    async with SlackSimulator() as slack, AsyncExitStack() as stack:
        given = {**PRICES, "bot_approvers": (f"person:{slack.ada.id}",)}
        running = await stack.enter_async_context(service(slack, tmp_path, bot_database_url=url, **given))

        async def read(text: str, person: Any = slack.ada) -> Any:
            found = await slack.until(lambda: [m for m in person.sees() if text in m.content])
            return found[-1]

        async def said(sees: Any, thread: str, text: str) -> Any:
            found = await slack.until(lambda: [m for m in sees(thread=thread) if text in m.content])
            return found[-1]

        slack.ada.slash("/settings", "redaction pseudonyms --for workspace")
        await read("is set (this workspace)")
        [answer] = await running.answers(slack.bob.mention(f"write to {EMAIL}"))
        assert answer.content.startswith(f"re: write to {EMAIL}")
        assert "EMAIL_" in running.echo.prompts[-1]
        slack.ada.slash("/access", f"deny video <@{slack.bob.id}|bob>")
        await read("video deny")
        slack.bob.mention("video a fox")
        await read("You may not use video here", slack.bob)
        two = slack.bob.mention("image two foxes -n 2")
        quote = await said(slack.bob.sees, two.root, "This will cost 1.00.")
        slack.bob.press(quote, "Make it (1.00)")
        await said(slack.bob.sees, two.root, "This costs 1.00 and needs an approval.")
        office = slack.team.direct(slack.ada.id)
        [ask] = await slack.until(lambda: [m for m in slack.from_bot(office) if "two foxes" in m.content])
        assert "Bob asks for something that costs 1.00." in ask.content
        assert not made(running.echo)
        slack.ada.press(ask, "Approve")
        await slack.until(lambda: [m for m in slack.from_bot(thread=two.root) if m.files])
        assert made(running.echo) == [("two foxes", 2)]
        slack.ada.slash("/limits", "1 --of pictures --per day --for person")
        await read("1 picture a day")
        slack.bob.mention("image a wolf")
        await read("You have used up your limit here: 1 picture a day.", slack.bob)
        await running.idle()
        assert made(running.echo) == [("two foxes", 2)]
        assert "a fox" not in running.echo.prompts
        slack.ada.slash("/apikey")
        slack.ada.press(await read("service's own key"), "Use your own key…")
        await slack.ada.submit(await slack.ada.modal(), {"key": KEY})
        await read("from now on")
        await running.restart()
        [answer] = await running.answers(slack.bob.mention("hello"))
        assert answer.content.startswith("re: hello")
        assert running.api.requests[-1].headers["Authorization"] == f"Bearer {KEY}"
        slack.ada.slash("/forget", f"--person <@{slack.bob.id}|bob>")
        slack.ada.press(await read("This erases what I keep about Bob"), "Erase the data of Bob")
        await read("Erased: the messages of Bob")
        slack.ada.slash("/audit")
        log = (await read("person.erased")).content
        for act in ("settings.set", "access.", "approval.approve", "limits.set", "own_api.set"):
            assert act in log
        assert slack.bob.id not in log
        stored = str(await tables(url))
        assert KEY not in stored
        assert "write to" not in stored


async def test_an_administrator_of_discord(tmp_path: Path, url: SecretStr) -> None:
    """The same, with commands that are typed, and the key as an option."""
    async with whole(tmp_path, bot_database_url=url, bot_approvers=(f"person:{ADA}",), **PRICES) as one:
        await one.mention("/settings redaction pseudonyms --for workspace")
        await one.see(CHANNEL, "is set (this workspace)")
        asked = await one.mention(f"write to {EMAIL}", by=BOB)
        await one.see(asked, f"re: write to {EMAIL}")
        assert "EMAIL_" in one.echo.prompts[-1]
        await one.mention(f"/access deny video <@{BOB}>", mentions=[user(ME, "Muse", bot=True), user(BOB, "Bob")])
        await one.see(CHANNEL, f"`video` deny <@{BOB}>")
        await one.mention("/video a fox", by=BOB)
        await one.see(CHANNEL, "You may not use `video` here")
        await one.mention("/image two foxes -n 2", by=BOB)
        quote = await one.see(CHANNEL, "This will cost 1.00.")
        await one.press(quote, "quote-make", member={**member(BOB), "permissions": "0"}, locale="en-US")
        await one.see(CHANNEL, "This costs 1.00 and needs an approval.")
        ask = await one.see(DM, "Bob asks for something that costs 1.00.")
        await one.idle()
        assert not made(one.echo)
        await one.press(ask, "approve", locale="en-US")
        await one.simulator.until(lambda: made(one.echo) == [("two foxes", 2)])
        await one.idle()
        await one.mention("/limits 1 --of pictures --per day --for person")
        await one.see(CHANNEL, "1 picture a day")
        await one.mention("/image a wolf", by=BOB)
        await one.see(CHANNEL, "You have used up your limit here: 1 picture a day.")
        await one.idle()
        assert made(one.echo) == [("two foxes", 2)]
        assert "a fox" not in one.echo.prompts
        await one.command("apikey", key=KEY)
        await one.simulator.until(lambda: one.api.requests[-1].headers.get("Authorization") == f"Bearer {KEY}")
        await one.idle()
        await one.stop()
        await one.start()
        asked = await one.mention("hello", by=BOB)
        await one.see(asked, "re: hello")
        assert one.api.requests[-1].headers["Authorization"] == f"Bearer {KEY}"
        await one.mention(f"/forget --person <@{BOB}>", mentions=[user(ME, "Muse", bot=True), user(BOB, "Bob")])
        await one.press(await one.see(CHANNEL, "This erases what I keep about Bob"), "forget")
        await one.idle()
        log = [f"{entry}" for entry in await one.core.store.audit("discord", limit=20)]
        for act in ("settings.set", "access.", "approval.approve", "limits.set", "own_api.set", "person.erased"):
            assert [line for line in log if act in line]
        assert BOB not in str(log)
        stored = str(await tables(url))
        assert KEY not in stored
        assert "write to" not in stored
