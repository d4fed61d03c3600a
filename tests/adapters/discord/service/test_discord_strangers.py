"""Servers and people that the bot serves, and those that it does not."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.i18n import translate
from simulators.discord.checks import EPHEMERAL
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import ADA, BOB, CHANNEL, DIRECT, ME, member
from tests.support.discord.messages import text_of
from tests.support.discord.stage import RecordingCore, Service
from tests.support.discord.whole import Whole, whole

FOREIGN, THEIRS = "1457468924290669999", "1457510428359001111"
MANAGE_SERVER = 1 << 5
AS_BOB = {"member": {**member(BOB), "permissions": "2147483647"}}
REFUSAL = translate("discord.stranger", "zh-TW")


def add_foreign_server(simulator: DiscordSimulator, *, has_owner: bool = False) -> None:
    """Add a server of Bob's. `has_owner`: the application's owner is a member."""
    simulator.add_channel(THEIRS, "theirs", guild=FOREIGN)
    simulator.owners[FOREIGN] = BOB
    if not has_owner:
        simulator.outsiders.add((FOREIGN, ADA))


def refusals(simulator: DiscordSimulator) -> list[str]:
    """Texts that the bot wrote to Bob directly."""
    places = [one["id"] for one in simulator.channels.values() if one["type"] == DIRECT]
    bobs = [number for number in places if simulator.channels[number]["recipients"][0]["id"] == BOB]
    return [text_of(message) for number in bobs for message in simulator.bot_messages(number)]


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole(tmp_path) as one:
        add_foreign_server(one.simulator)
        await one.stop()
        await one.start()
        yield one


async def test_a_server_of_somebody_else(one: Whole) -> None:
    """Who asks in a server that neither owner nor team manages is told so in private; nothing is asked of the API."""
    for _ in range(2):
        await one.simulator.say(THEIRS, f"<@{ME}> hello", by=BOB)
    await one.simulator.until(lambda: refusals(one.simulator))
    told: dict[str, Any] = {**AS_BOB, "guild_id": FOREIGN, "authorizing_integration_owners": {"0": FOREIGN}}
    token = await one.command("chat", channel=THEIRS, told=told, prompt="hello")
    shown = await one.simulator.until(lambda: one.simulator.originals.get(token))
    assert (text_of(shown), shown["flags"] & EPHEMERAL) == (REFUSAL, EPHEMERAL)
    await one.idle()
    await one.stop()
    await one.start()
    await one.simulator.say(THEIRS, f"<@{ME}> hello", by=BOB)
    await one.idle()
    assert len(refusals(one.simulator)) == 1
    assert not one.simulator.bot_messages(THEIRS)
    assert one.echo.prompts == ["the end 0", "the end 1"]


@pytest.mark.parametrize("is_owner", [True, False])
async def test_what_people_installed_for_themselves(one: Whole, is_owner: bool) -> None:
    """Installed by the application's owner it answers, installed by anybody else it does not."""
    told: dict[str, Any] = {"authorizing_integration_owners": {"1": ADA if is_owner else BOB}}
    token = await one.command("chat", told=told, prompt="hello")
    expected = "re: hello" if is_owner else REFUSAL
    await one.simulator.until(lambda: token in one.simulator.originals)
    await one.see(CHANNEL, expected) if is_owner else await one.see_ephemeral(CHANNEL, expected)


@pytest.mark.parametrize("is_member", [True, False])
async def test_direct_messages(one: Whole, is_member: bool) -> None:
    """Members of a served server are answered in direct messages, others are not."""
    if not is_member:
        one.simulator.outsiders |= {(guild, BOB) for guild in one.simulator.guilds}
    private = "1457510428359002222"
    one.simulator.channels[private] = {"id": private, "type": DIRECT, "recipients": [member(BOB)["user"]]}
    await one.simulator.say(private, "hello", by=BOB)
    await one.see(private, "re: hello" if is_member else translate("discord.stranger"))
    await one.idle()
    assert ("hello" in one.echo.prompts) is is_member


@pytest.mark.parametrize("way", ["listed", "managed", "everybody"])
async def test_a_server_that_is_let_in(simulator: DiscordSimulator, core: RecordingCore, way: str) -> None:
    """A server is served that the operator lists, that the application's owner manages, or where all are let in."""
    add_foreign_server(simulator, has_owner=way == "managed")
    if way == "managed":
        simulator.permissions |= MANAGE_SERVER
    ways: dict[str, dict[str, Any]] = {"listed": {"servers": [FOREIGN]}, "everybody": {"serves_everybody": True}}
    settings = ways.get(way, {})
    async with Service(simulator, core, **settings):
        await simulator.say(THEIRS, f"<@{ME}> hello", by=BOB)
        await core.wait_for_events(1)


async def test_discord_is_asked_once(simulator: DiscordSimulator, core: RecordingCore) -> None:
    """The owner's role in a server is asked of Discord once, not with each question."""
    add_foreign_server(simulator, has_owner=True)
    simulator.permissions |= MANAGE_SERVER
    async with Service(simulator, core):
        for number in range(3):
            await simulator.say(THEIRS, f"<@{ME}> hello", by=BOB)
            await core.wait_for_events(number + 1)
    assert len(simulator.called("GET", f"guilds/{FOREIGN}/members/{ADA}")) == 1
