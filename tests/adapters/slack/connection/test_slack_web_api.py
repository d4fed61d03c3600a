"""What is sent stays within what Slack allows, and what must be sent goes first."""

import asyncio

import pytest

from adapters.slack.connection.web_api import CALLS_PER_MINUTE, STREAM, FeatureGates, RateLimiter
from bot.errors import DeliveryDelayed


class Clock:
    """Time that goes on when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def count_calls(limiter: RateLimiter, method: str, *, channel: str = "", best_effort: bool = False) -> int:
    """How many calls may be made at once."""
    for count in range(1000):
        try:
            async with asyncio.timeout(0):
                await limiter.acquire("T1", method, channel, best_effort=best_effort)
        except (DeliveryDelayed, TimeoutError):
            return count
    return 1000


@pytest.mark.parametrize("method", sorted(CALLS_PER_MINUTE))
async def test_a_minute_holds_no_more_than_slack_allows(method: str) -> None:
    """No minute has more calls of a method than its tier, and decoration leaves some of them for what must be sent."""
    clock = Clock()
    limiter = RateLimiter(clock=clock)
    decorations = await count_calls(limiter, method, best_effort=True)
    assert 0 < decorations < CALLS_PER_MINUTE[method]
    assert decorations + await count_calls(limiter, method) <= CALLS_PER_MINUTE[method] + 1  # one waits for its turn
    clock.now += 59
    assert await count_calls(limiter, method) == 0


async def test_workspaces_do_not_wait_for_each_other() -> None:
    """One workspace's limit is no other's."""
    limiter = RateLimiter(clock=Clock())
    limiter.block("T1", "chat.update", seconds=60)
    await limiter.acquire("T2", "chat.update")
    with pytest.raises(DeliveryDelayed) as told:
        await limiter.acquire("T1", "chat.update")
    assert told.value.retry_after == 60


async def test_channels_get_a_message_a_second() -> None:
    """A few messages at once, then one a second, in each channel by itself."""
    clock = Clock()
    limiter = RateLimiter(clock=clock)
    assert await count_calls(limiter, "chat.postMessage", channel="C1") == 4
    assert await count_calls(limiter, "chat.postMessage", channel="C2") == 4
    clock.now += 30
    assert await count_calls(limiter, "chat.postMessage", channel="C1") == 4


async def test_what_is_refused_is_not_tried_for_a_while() -> None:
    """A latch holds for its workspace and its time."""
    clock = Clock()
    gates = FeatureGates(retry=3600.0, clock=clock)
    gates.disable("T1", STREAM)
    assert (gates.is_enabled("T1", STREAM), gates.is_enabled("T2", STREAM)) == (False, True)
    clock.now += 3600.0
    assert gates.is_enabled("T1", STREAM)
