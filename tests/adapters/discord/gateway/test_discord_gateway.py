"""The connection to the gateway: events that come twice, stalled shards, rate limits."""

import asyncio
from typing import Any

from discord.http import Ratelimit

from adapters.discord.gateway.client import DiscordClient
from adapters.discord.timing import Timing
from simulators.discord.errors import page
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import CHANNEL, DM, ME, TOKEN
from tests.support.discord.stage import RecordingCore, Service


async def test_message_delivered_twice(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A message that is delivered twice has the same id both times."""
    seen: list[str] = []
    take = core.sink

    async def sink(event: Any) -> bool:
        seen.append(event.id)
        return await take(event)

    service.core.sink = sink  # type: ignore[method-assign]
    said = await simulator.say(DM, "hello")
    await simulator.gateway.replay()
    await simulator.say(DM, "the end")
    await core.wait_for_events(2)
    assert core.events[0].id == said["id"]


async def test_resume_that_repeats_fifty_events(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """Messages sent while the connection was lost arrive with the resumed session, in order and once."""
    await simulator.say(DM, "first")
    await core.wait_for_events(1)
    await simulator.gateway.drop()
    for number in range(50):
        await simulator.say(DM, f"message {number}")
    await simulator.until(lambda: simulator.gateway.resumed)
    await core.wait_for_events(51)
    assert [event.prompt for event in core.events[1:]] == [f"message {number}" for number in range(50)]
    assert len(simulator.gateway.identified) == 1


async def test_stalled_gateway_is_reconnected(simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A gateway that answers heartbeats and sends no events is left; the events that it held back arrive then."""
    async with Service(simulator, core, stalled_after=1.0, timing=Timing(probe_timeout=1.0)) as service:
        await simulator.say(DM, "hello")
        await core.wait_for_events(1)
        simulator.gateway.is_stalled = True
        await simulator.say(DM, "can you hear me?")
        socket = simulator.gateway.sockets[0]
        await simulator.until(lambda: socket not in simulator.gateway.sockets)
        assert service.adapter.health()
        simulator.gateway.is_stalled = False
        await simulator.gateway.drop()
        assert (await core.wait_for_events(2))[1].prompt == "can you hear me?"


async def test_silent_gateway_is_kept(simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A gateway without events that answers probes is not reconnected; one that answers no heartbeats is."""
    simulator.gateway.heartbeat_interval = 0.05
    async with Service(simulator, core, stalled_after=1.0) as service:
        await simulator.until(lambda: simulator.gateway.looked_up >= 2)
        assert len(simulator.gateway.identified) == 1
        assert not simulator.gateway.resumed
        assert service.adapter.health() == ""
        (socket,) = service.adapter.client.sockets().values()
        simulator.gateway.is_stalled = simulator.gateway.is_dead = True
        assert socket._keep_alive is not None
        socket._keep_alive.heartbeat_timeout = 0.3
        await simulator.until(lambda: simulator.gateway.resumed)


async def test_rate_limits_that_nobody_uses_are_dropped_now_and_then() -> None:
    """Those that hold requests back stay, and nothing is searched for at each new channel."""
    http = DiscordClient(message_content=False, timing=Timing(rate_limit_cleanup=10.0)).http
    now = asyncio.get_running_loop().time()

    def add_idle(name: str, *, expires: float | None) -> Ratelimit:
        limit = http._buckets[name] = Ratelimit(None)
        limit.expires, limit._last_request = expires, now - 20
        return limit

    add_idle("over", expires=now - 15)
    add_idle("without a limit", expires=None)
    add_idle("closed", expires=now + 60)
    add_idle("answer awaited", expires=now - 15).outgoing = 1
    http.get_ratelimit("new")
    assert set(http._buckets) == {"closed", "answer awaited", "new"}
    add_idle("over", expires=now - 15)
    http.get_ratelimit("newer")
    assert "over" in http._buckets


async def test_refused_intents_are_done_without(simulator: DiscordSimulator, core: RecordingCore) -> None:
    """When the gateway refuses the message content intent the service goes on without it."""
    simulator.gateway.refuses_intents = True
    async with Service(simulator, core) as service:
        await simulator.until(lambda: len(simulator.gateway.identified) == 2)
        await simulator.say(CHANNEL, f"<@{ME}> hello")
        await core.wait_for_events(1)
        assert service.adapter.health() == ""
    assert [told["intents"] & (1 << 15) for told in simulator.gateway.identified] == [1 << 15, 0]


async def test_pages_in_place_of_answers(simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A page instead of an answer, by a proxy on the way or by Cloudflare, does not end the login: it is repeated."""
    for status in (200, 429):
        simulator.rest.fail("GET", "users/@me", page(status))
        simulator.rest.fail("GET", "gateway/bot", page(status))
    async with Service(simulator, core, timing=Timing(reconnect_first=0.01)):
        await simulator.say(CHANNEL, f"<@{ME}> hello")
        await core.wait_for_events(1)
    assert simulator.rest.faults == []


async def test_sessions_are_begun_as_long_as_discord_allows_it(
    simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """Near the day's limit of sessions none is begun: at the limit Discord resets the token of the application."""
    simulator.sessions_left = 12
    async with Service(simulator, core):
        await simulator.gateway.invalidate()
        await simulator.until(lambda: simulator.sessions_left == 10)
        await simulator.gateway.invalidate()
        await simulator.until(lambda: len(simulator.called("GET", "gateway/bot")) == 2)
        simulator.sessions_left = 1000
        await simulator.until(lambda: simulator.gateway.is_connected)
        assert len(simulator.gateway.identified) == 3


async def test_token_refused_later(simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A token that is refused after it has worked ends nothing: health tells of it, and it is tried again."""
    async with Service(simulator, core, timing=Timing(reconnect_first=0.01)) as service:
        simulator.gateway.token = "another"
        simulator.gateway.sessions.clear()
        await simulator.gateway.drop(code=4004)
        await simulator.until(lambda: len(simulator.gateway.identified) >= 3)
        assert "Reset Token" in service.adapter.health()
        simulator.gateway.token = TOKEN
        await simulator.until(lambda: simulator.gateway.is_connected)
        await service.say(DM, "hello")
        assert service.adapter.health() == ""
