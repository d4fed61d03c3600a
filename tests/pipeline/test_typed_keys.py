"""A key that is typed where others can read it: kept nowhere, and its author told in private what to do."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from simulators.discord.values import BOB, CHANNEL, DM, MANAGE_MESSAGES, ME
from simulators.slack import SlackSimulator
from tests.support.database.postgres import server, tables, url
from tests.support.discord.interactions import SLASH, message_command
from tests.support.discord.messages import text_of
from tests.support.discord.whole import Whole, whole
from tests.support.scripted_api import failure
from tests.support.service import quiet_logs
from tests.support.slack.service import service as on_slack

__all__ = ["server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

KEY = "sk-own-0123456789-of-the-workspace"
#: What people type, by mistake, for the form.
TYPED = (f"/apikey {KEY}", f"/apikey --key {KEY}", f"apikey {KEY}", f"apikey: {KEY}", f"/apikeys {KEY}")


def in_files(folder: Path) -> list[Path]:
    """Return the files that the service has written with the key in them."""
    return [path for path in folder.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


async def test_slack_keeps_no_typed_key(tmp_path: Path, url: SecretStr) -> None:
    """Said, edited, as a slash command, in a form that came too late, and read again as a thread's history."""
    async with SlackSimulator() as slack, on_slack(slack, tmp_path, bot_database_url=url) as running:
        for text in TYPED:
            slack.ada.mention(text)
        await slack.until(lambda: len(_told(slack)) == len(TYPED))
        edited = slack.ada.mention("hello")
        await running.answers(edited)
        slack.ada.edit(edited, f"<@{slack.ada.team.bot.id}> /apikey {KEY}")
        await slack.until(lambda: len(_told(slack)) == len(TYPED) + 1)
        typed = slack.ada.slash("/apikey", KEY)
        await slack.until(lambda: typed.is_acknowledged)
        assert "revoke" in str(typed.response)
        assert KEY not in str(typed.response)
        assert not [message for message in slack.from_bot(slack.general) if "revoke" in message.content]
        opened = slack.bob.say(f"/apikey {KEY}")
        await running.answers(slack.bob.mention("what was that?", thread=opened))
        to_bot = slack.bob.say(f"<@{slack.ada.team.bot.id}> apikey: {KEY}")
        for name, message in (("explain", opened), ("explain", to_bot), ("picture", to_bot)):
            slack.ada.message_shortcut(name, message)
        await slack.until(lambda: len([m for m in slack.ada.sees() if "may have an API key in it" in m.content]) == 3)
        shared = {"is_share": True, "is_msg_unfurl": True, "author_name": "Bob", "text": f"/apikey {KEY}"}
        [answer] = await running.answers(slack.ada.mention("what is this?", attachments=[shared]))
        assert "Bob: (…)" in answer.content
        slack.ada.slash("/apikey")
        await slack.until(lambda: [m for m in slack.ada.sees() if "service's own key" in m.content])
        [offer] = [m for m in slack.ada.sees() if "service's own key" in m.content]
        slack.ada.press(offer, "Use your own key…")
        view = await slack.ada.modal()
        running.api.play(failure(400, text="messages: required"))
        slack.ada.slash("/forget", "--confirm yes")
        await slack.until(lambda: [m for m in slack.ada.sees() if "Erased" in m.content])
        await slack.ada.submit(view, {"key": KEY})
        await running.idle()
        assert KEY not in str(await tables(url))
        assert not in_files(tmp_path)
        assert KEY not in str(running.echo.bodies)


def _told(slack: SlackSimulator) -> list[Any]:
    return [m for m in slack.ada.sees() if "revoke" in m.content and KEY not in m.content]


async def test_discord_keeps_no_typed_key(tmp_path: Path) -> None:
    """The bot deletes the message where it may; else it asks for that in the direct message about it."""
    async with whole(tmp_path) as one:
        for text in TYPED:
            await one.mention(text)
        await one.simulator.until(lambda: len(_told_directly(one)) == len(TYPED))
        edited = await one.simulator.say(CHANNEL, f"<@{ME}> hello")
        await one.see(str(edited["id"]), "re: hello")
        await one.edit(edited, f"<@{ME}> /apikey {KEY}")
        await one.simulator.until(lambda: len(_told_directly(one)) == len(TYPED) + 1)
        assert len(_shown(one)) == len(TYPED) + 1  # without the permission
        one.simulator.permissions |= MANAGE_MESSAGES
        await one.mention(TYPED[0])
        await one.simulator.until(lambda: len(_told_directly(one)) == len(TYPED) + 2)
        key = await one.simulator.say(CHANNEL, f"<@{ME}> apikey {KEY}", by=BOB)
        asked = await one.mention("what is this?", type=19, answers=key)
        assert "Bob: (…)" in text_of(await one.see(asked, "what is this?"))
        await one.mention("/image", type=19, answers=key)
        for name in ("Explain", "Turn into picture"):
            made = await one.simulator.interact(SLASH, message_command(name, key))
            await one.simulator.until(partial(_is_refused, one, str(made["token"])))
        await one.idle()
        assert len(_shown(one)) == len(TYPED) + 1
        assert not in_files(tmp_path)
        assert KEY not in str(one.echo.bodies)


def _told_directly(one: Whole) -> list[Any]:
    return [m for m in one.simulator.bot_messages(DM) if "撤銷" in text_of(m) or "revoke" in text_of(m)]


def _is_refused(one: Whole, token: str) -> bool:
    return any("可能有 API 金鑰" in str(one.simulator.called(how, token)) for how in ("PATCH", "POST"))


def _shown(one: Whole) -> list[Any]:
    return [m for m in one.simulator.messages[CHANNEL] if KEY in m["content"]]
