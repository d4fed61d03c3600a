"""Control of the service by administrators, from end to end, on a database server: one walk for each platform."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from aimodels.reference import MODELS
from simulators.discord.values import BOB, CHANNEL, ME, user
from simulators.slack import SlackSimulator
from tests.support.database.postgres import server, tables, url
from tests.support.discord.whole import whole
from tests.support.service import quiet_logs
from tests.support.slack.service import service

__all__ = ["server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

EMAIL, KEY = "ann@example.com", "sk-own-of-the-workspace"
PRICES: dict[str, Any] = {"bot_prices": (f"{MODELS['image']}=picture:0.5",), "bot_quote_above": 0.6}


async def test_an_administrator_of_slack(tmp_path: Path, url: SecretStr) -> None:
    """Settings, redaction, access, limits, a quote, an own key, the audit log and the erasure of a person."""
    async with SlackSimulator() as slack, service(slack, tmp_path, bot_database_url=url, **PRICES) as running:

        async def read(text: str, person: Any = slack.ada) -> Any:
            found = await slack.until(lambda: [m for m in person.sees() if text in m.content])
            return found[-1]

        slack.ada.slash("/settings", "redaction pseudonyms --for workspace")
        await read("is set (this workspace)")
        [answer] = await running.answers(slack.bob.mention(f"write to {EMAIL}"))
        assert answer.content.startswith(f"re: write to {EMAIL}")
        assert "EMAIL_" in running.echo.prompts[-1]
        slack.ada.slash("/access", f"deny video <@{slack.bob.id}|bob>")
        await read("video deny")
        slack.ada.slash("/limits", "1 --of pictures --per day --for person")
        await read("1 picture a day")
        video = slack.bob.mention("video a fox")
        await slack.until(lambda: [m for m in slack.bob.sees(thread=video.root) if "video" in m.content.lower()])
        two = slack.ada.mention("image two foxes -n 2")
        await slack.until(lambda: [m for m in slack.ada.sees(thread=two.root) if m.content])
        await running.idle()
        assert not [body for body in running.echo.bodies if "n" in body]
        slack.ada.slash("/apikey")
        slack.ada.press(await read("service's own key"), "Use an own key…")
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
        for act in ("settings.set", "access.", "limits.set", "own_api.set"):
            assert act in log
        assert slack.bob.id not in log
        stored = str(await tables(url))
        assert KEY not in stored
        assert "write to" not in stored


async def test_an_administrator_of_discord(tmp_path: Path, url: SecretStr) -> None:
    """The same, with commands that are typed, and the key as an option."""
    async with whole(tmp_path, bot_database_url=url, **PRICES) as one:
        await one.mention("/settings redaction pseudonyms --for workspace")
        await one.see(CHANNEL, "is set (this workspace)")
        asked = await one.mention(f"write to {EMAIL}", by=BOB)
        await one.see(asked, f"re: write to {EMAIL}")
        assert "EMAIL_" in one.echo.prompts[-1]
        await one.mention(f"/access deny video <@{BOB}>", mentions=[user(ME, "Muse", bot=True), user(BOB, "Bob")])
        await one.see(CHANNEL, f"`video` deny `person:{BOB}`")
        await one.mention("/limits 1 --of pictures --per day --for person")
        await one.see(CHANNEL, "1 picture a day")
        await one.mention("/video a fox", by=BOB)
        await one.see(CHANNEL, "may not use")
        await one.mention("/image two foxes -n 2")
        await one.idle()
        assert not [body for body in one.echo.bodies if "n" in body]
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
        for act in ("settings.set", "access.", "limits.set", "own_api.set", "person.erased"):
            assert [line for line in log if act in line]
        assert BOB not in str(log)
        stored = str(await tables(url))
        assert KEY not in stored
        assert "write to" not in stored
