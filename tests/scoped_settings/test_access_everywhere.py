"""Who may use what, from end to end, on Discord and on both engines: rules on channels and servers, dates, pauses."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from simulators.discord.values import ADA, BOB, CHANNEL, DM, GUILD, ME, OTHER, Json
from tests.support.database.engines import engine, server, url
from tests.support.database.postgres import connected
from tests.support.discord.messages import text_of
from tests.support.discord.whole import whole
from tests.support.service import quiet_logs

__all__ = ["engine", "server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

OPERATORS = "1457473602180878777"
ELSEWHERE, SECOND = "1457510428359004777", "1457468924290662777"
_END_RULES = "UPDATE key_values SET expires = 1 WHERE expires IS NOT NULL AND name LIKE 'access:%'"


async def let_rules_end(folder: Path, engine: dict[str, Any]) -> None:
    """Let the end of every rule with one be past, in the database of a service that does not run."""
    if engine:
        async with connected(engine["bot_database_url"]) as connection:
            await connection.execute(_END_RULES)
        return
    with closing(sqlite3.connect(folder / "bot.db")) as db:
        db.execute(_END_RULES)
        db.commit()


async def test_access_rules_hold_where_they_are_set_on_discord(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Rules refuse and let in where they hold and nowhere else, end in time, and never widen the operator's."""
    given: dict[str, Any] = {"bot_admins": (f"discord:{OPERATORS}",), "bot_command_rules": (f"video!=person:{BOB}",)}
    async with whole(tmp_path, **given, **engine) as one:
        simulator, prompts = one.simulator, one.echo.prompts
        await simulator.add_role(OPERATORS, "Operators")
        simulator.add_channel(ELSEWHERE, "elsewhere", guild=SECOND)
        await simulator.gateway.dispatch("GUILD_CREATE", simulator.guild(SECOND))
        simulator.held = {ADA: [OPERATORS], BOB: [OPERATORS]}

        async def bob(text: str, channel: str = CHANNEL) -> str:
            said: Json = await simulator.say(channel, f"<@{ME}> {text}", by=BOB)
            return str(said["id"])

        async def change(text: str, done: str) -> None:
            await one.mention(text)
            await one.see(CHANNEL, done)

        # a role that BOT_ADMINS names administers the service, as long as somebody has it
        await bob("/settings temperature 0.4 --for service")
        await one.see(CHANNEL, "is set (everybody)")
        simulator.held[BOB] = []
        await bob("/settings temperature 0.6 --for service")
        await one.see(CHANNEL, "BOT_ADMINS")
        # the operator's list is the bound
        await change(f"/access allow video <@{BOB}>", "`video` allow")
        await bob("/video a fox")
        await one.see(CHANNEL, "You are not on the list of people who may use `video`")
        # a channel, denied and allowed
        await change("/access deny image here", "`image` deny")
        await change(f"/access allow code <#{OTHER}>", "`code` allow")
        await bob("/image a wolf")
        await one.see(CHANNEL, "You may not use `image` here: a rule keeps it out of this channel.")
        await bob("/code one")
        await one.see(CHANNEL, "You may not use `code` here: a rule keeps it out of this channel.")
        await bob("/image a cat", OTHER)
        await bob("/code two", OTHER)
        # a server
        await change("/access deny audio workspace", "`audio` deny")
        await bob("/audio thunder", OTHER)
        await one.see(OTHER, "You may not use `audio` here: a rule keeps it out of this workspace.")
        await bob("/audio rain", ELSEWHERE)
        await simulator.until(lambda: {"a cat", "two", "rain"} <= {*prompts})
        # until a date
        await change(f"/access deny chat <@{BOB}> --until 1h", "`chat` deny until")
        await bob("am I closed?")
        await one.see(CHANNEL, "You may not use `chat` here: a rule on people does not let you.")
        await one.stop()
        await let_rules_end(tmp_path, engine)
        await one.start()
        await one.see(await bob("and now?"), "re: and now?")
        await one.mention("/access")
        shown = text_of(await one.see(CHANNEL, "Who may use what"))
        assert all(
            rule in shown
            for rule in (f"`code` allow <#{OTHER}>", f"`image` deny <#{CHANNEL}>", f"`audio` deny `workspace:{GUILD}`")
        )
        assert "chat" not in shown
        await one.mention(f"/access why image <@{BOB}>")
        await one.see(CHANNEL, f"What decides: `image` deny <#{CHANNEL}> (this workspace)")
        # a pause of the server keeps its requests, and nobody else's
        await change("/pause Maintenance. --for workspace", "Paused (this workspace)")
        kept = [await bob("kept here"), await bob("kept there", OTHER)]
        for thread in kept:
            await one.see(thread, "will be answered when the pause ends. Maintenance.")
        await one.see(await bob("not kept", ELSEWHERE), "re: not kept")
        await simulator.say(DM, "in private")
        await one.see(DM, "re: in private")
        assert not {"kept here", "kept there"} & {*prompts}
        await change("/resume --for workspace", "Resumed (this workspace)")
        for thread, text in zip(kept, ("kept here", "kept there"), strict=True):
            await one.see(thread, f"re: {text}")
        await one.idle()
        assert not {"a fox", "a wolf", "one", "thunder", "am I closed?"} & {*prompts}
