"""The simulated gateway behaves, and misbehaves, as Discord's does, as the unmodified library sees it."""

import asyncio
from typing import Any

import discord
import pytest

from simulators.discord.server import DiscordSimulator
from simulators.discord.values import ADA, CHANNEL, DM, GUILD, ME
from tests.support.discord.bare import Bot, bot

#: in a shard of its own among two
OTHER_GUILD, OTHER_CHANNEL = str(int(GUILD) + (1 << 22)), "1457510428359007777"


async def said(client: Bot, simulator: DiscordSimulator, text: str, *, channel: str = DM) -> None:
    """Say something and wait until the client received it."""
    await simulator.say(channel, text)
    await client.until(lambda: any(message.content == text for message in client.heard))


async def test_a_client_receives_its_servers_and_messages(simulator: DiscordSimulator) -> None:
    """A client receives its servers, the messages of others and its own; the stream is compressed."""
    async with bot(simulator) as client:
        channel = client.get_channel(int(CHANNEL))
        assert isinstance(channel, discord.TextChannel)
        await said(client, simulator, "hello", channel=CHANNEL)
        sent = await channel.send("answer")
        await client.until(lambda: sent in client.heard)
        assert simulator.gateway.compressed == 1
        assert channel.guild.me.guild_permissions.send_messages


async def test_dropped_connection_is_resumed(simulator: DiscordSimulator) -> None:
    """Events missed meanwhile arrive with the resumed session, once and in order, as they were."""
    async with bot(simulator) as client:
        await said(client, simulator, "before")
        await simulator.gateway.drop()
        told = [await simulator.say(DM, str(number)) for number in range(50)]
        told[0]["content"] = "changed later"
        await client.until(lambda: len(client.heard) == 51)
        assert [message.content for message in client.heard] == ["before", *map(str, range(50))]
        assert (simulator.gateway.resumed, len(simulator.gateway.identified)) == (1, 1)


async def test_asked_to_reconnect(simulator: DiscordSimulator) -> None:
    """A client that is asked to connect anew resumes."""
    async with bot(simulator) as client:
        await simulator.gateway.reconnect()
        await simulator.until(lambda: simulator.gateway.resumed)
        await said(client, simulator, "after")


async def test_session_that_is_no_good_any_more(simulator: DiscordSimulator) -> None:
    """A session that is forgotten starts anew, without the events that were missed."""
    async with bot(simulator) as client:
        simulator.gateway.sessions.clear()
        await simulator.gateway.drop()
        await simulator.say(DM, "missed")
        await simulator.until(lambda: len(simulator.gateway.identified) == 2 and simulator.gateway.sessions)
        await said(client, simulator, "after")
        assert [message.content for message in client.heard] == ["after"]


@pytest.mark.parametrize(
    ("code", "error"), [(4004, discord.ConnectionClosed), (4014, discord.PrivilegedIntentsRequired)]
)
async def test_refused_sessions(simulator: DiscordSimulator, code: int, error: type[Exception]) -> None:
    """A wrong token and intents that are not allowed end the connection for good, with Discord's codes."""
    async with bot(simulator, connects=False) as client:
        if code == 4004:
            simulator.gateway.token = "reset meanwhile"
        simulator.gateway.refuses_intents = code == 4014
        with pytest.raises(error) as raised:
            await asyncio.wait_for(client.connect(), 20)
        assert getattr(raised.value, "code", code) == code


async def test_stalled_and_dead(simulator: DiscordSimulator) -> None:
    """Deaf, the gateway answers heartbeats and keeps events; dead, it answers nothing and is left."""
    simulator.gateway.heartbeat_interval = 0.05
    async with bot(simulator, heartbeat_timeout=0.3) as client:
        simulator.gateway.is_stalled = True
        await simulator.say(DM, "kept back")
        beats = simulator.gateway.heartbeats
        await simulator.until(lambda: simulator.gateway.heartbeats > beats + 2)
        assert not client.heard
        simulator.gateway.is_dead = True
        await simulator.until(lambda: not simulator.gateway.sockets)
        simulator.gateway.is_stalled = simulator.gateway.is_dead = False
        await client.until(lambda: client.heard)


async def test_each_shard_receives_events_of_its_own_servers(simulator: DiscordSimulator) -> None:
    """Each shard receives events of its own servers alone; direct messages come to the first."""
    simulator.shards = 2
    simulator.add_channel(OTHER_CHANNEL, "elsewhere", guild=OTHER_GUILD)
    async with bot(simulator) as client:
        assert sorted(told["shard"] for told in simulator.gateway.identified) == [[0, 2], [1, 2]]
        assert {guild.id: guild.shard_id for guild in client.guilds} == {
            int(number): (int(number) >> 22) % 2 for number in (GUILD, OTHER_GUILD)
        }
        for channel in (CHANNEL, OTHER_CHANNEL, DM):
            await said(client, simulator, f"in {channel}", channel=channel)
        shards = {session.shard: session.sent for session in simulator.gateway.sessions.values()}
        other = (int(OTHER_GUILD) >> 22) % 2
        heard = {shard: [sent for sent in told if b"MESSAGE_CREATE" in sent] for shard, told in shards.items()}
        assert len(heard[other]) == 1 + (other == 0)


async def test_without_the_intent_content_is_left_out(simulator: DiscordSimulator) -> None:
    """Without the message content intent the text of mentions and direct messages comes, of others not."""
    async with bot(simulator) as client:
        [session] = simulator.gateway.sessions.values()
        session.intents &= ~(1 << 15)
        await simulator.say(CHANNEL, "secret")
        await simulator.say(CHANNEL, f"<@{ME}> hello")
        await said(client, simulator, "private")
        assert [message.content for message in client.heard] == ["", f"<@{ME}> hello", "private"]


async def test_members_can_be_asked_for(simulator: DiscordSimulator) -> None:
    """Requested members arrive as events."""
    async with bot(simulator) as client:
        guild = client.get_guild(int(GUILD))
        assert guild is not None
        [found] = await guild.query_members(user_ids=[int(ADA)])
        assert str(found.id) == ADA


async def test_what_people_do(simulator: DiscordSimulator) -> None:
    """Edits, deletions and deleted channels are events."""
    seen: list[Any] = []
    async with bot(simulator) as client:
        client.on_raw_message_edit = lambda payload: _kept(seen, payload.message.content)  # type: ignore[attr-defined]
        client.on_raw_message_delete = lambda payload: _kept(seen, payload.message_id)  # type: ignore[attr-defined]
        client.on_guild_channel_delete = lambda channel: _kept(seen, channel.id)  # type: ignore[attr-defined]
        one = await simulator.say(CHANNEL, "one")
        await simulator.edit(one, "two")
        await simulator.delete(one)
        await simulator.delete_channel(CHANNEL)
        await said(client, simulator, "the end")
    assert seen == ["two", int(one["id"]), int(CHANNEL)]


async def _kept(seen: list[Any], what: Any) -> None:
    seen.append(what)
