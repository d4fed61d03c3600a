"""Calls stay within Slack's rate limits, and best-effort calls leave room for the others."""

import asyncio

import pytest

from adapters.slack.connection.feature_gates import STREAM, FeatureGates
from adapters.slack.connection.rate_limiter import CALLS_PER_MINUTE, RateLimiter
from bot.errors import DeliveryDelayed


class Clock:
    """A clock that moves only when its `now` is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def count_calls(limiter: RateLimiter, method: str, *, channel: str = "", best_effort: bool = False) -> int:
    """Count the calls that may be made at once."""
    for count in range(1000):
        try:
            async with asyncio.timeout(0):
                await limiter.acquire("T1", method, channel, best_effort=best_effort)
        except (DeliveryDelayed, TimeoutError):
            return count
    return 1000


@pytest.mark.parametrize("method", sorted(CALLS_PER_MINUTE))
async def test_a_minute_holds_no_more_than_slack_allows(method: str) -> None:
    """No minute has more calls of a method than its tier, and best-effort calls leave some of them for the others."""
    clock = Clock()
    limiter = RateLimiter(clock=clock)
    best_effort_calls = await count_calls(limiter, method, best_effort=True)
    assert 0 < best_effort_calls < CALLS_PER_MINUTE[method]
    assert (
        best_effort_calls + await count_calls(limiter, method) <= CALLS_PER_MINUTE[method] + 1
    )  # one waits for its turn
    clock.now += 59
    assert await count_calls(limiter, method) == 0


async def test_workspaces_do_not_wait_for_each_other() -> None:
    """A limit of one workspace does not delay another."""
    limiter = RateLimiter(clock=Clock())
    limiter.block("T1", "chat.update", seconds=60)
    await limiter.acquire("T2", "chat.update")
    with pytest.raises(DeliveryDelayed) as caught:
        await limiter.acquire("T1", "chat.update")
    assert caught.value.retry_after == 60


async def test_channels_get_a_message_a_second() -> None:
    """A channel gets a few messages at once, then one a second, independent of other channels."""
    clock = Clock()
    limiter = RateLimiter(clock=clock)
    assert await count_calls(limiter, "chat.postMessage", channel="C1") == 4
    assert await count_calls(limiter, "chat.postMessage", channel="C2") == 4
    clock.now += 30
    assert await count_calls(limiter, "chat.postMessage", channel="C1") == 4


async def test_refused_features_are_disabled_for_a_while() -> None:
    """A refused feature is disabled for its workspace, and for a while."""
    clock = Clock()
    gates = FeatureGates(retry=3600.0, doubt=600.0, clock=clock)
    gates.disable("T1", STREAM)
    assert (gates.is_enabled("T1", STREAM), gates.is_enabled("T2", STREAM)) == (False, True)
    clock.now += 3600.0
    assert gates.is_enabled("T1", STREAM)
