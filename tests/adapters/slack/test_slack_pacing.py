"""What is sent stays within what Slack allows, and what must be sent goes first."""

import asyncio

import pytest

from adapters.slack.connection.feature_gates import LASTS, STREAM, Latches
from adapters.slack.connection.rate_limiter import PER_MINUTE, Pacing
from bot.errors import DeliveryDelayed


class Clock:
    """Time that goes on when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def taken(pacing: Pacing, method: str, *, channel: str = "", is_decoration: bool = False) -> int:
    """How many calls may be made at once."""
    for count in range(1000):
        try:
            async with asyncio.timeout(0):
                await pacing.turn("T1", method, channel, is_decoration=is_decoration)
        except (DeliveryDelayed, TimeoutError):
            return count
    return 1000


@pytest.mark.parametrize("method", sorted(PER_MINUTE))
async def test_a_minute_holds_no_more_than_slack_allows(method: str) -> None:
    """No minute has more calls of a method than its tier, and decoration leaves some of them for what must be sent."""
    clock = Clock()
    pacing = Pacing(clock=clock)
    decorations = await taken(pacing, method, is_decoration=True)
    assert 0 < decorations < PER_MINUTE[method]
    assert decorations + await taken(pacing, method) <= PER_MINUTE[method] + 1  # one waits for its turn
    clock.now += 59
    assert await taken(pacing, method) == 0


async def test_workspaces_do_not_wait_for_each_other() -> None:
    """One workspace's limit is no other's."""
    pacing = Pacing(clock=Clock())
    pacing.close("T1", "chat.update", seconds=60)
    await pacing.turn("T2", "chat.update")
    with pytest.raises(DeliveryDelayed) as told:
        await pacing.turn("T1", "chat.update")
    assert told.value.retry_after == 60


async def test_channels_get_a_message_a_second() -> None:
    """A few messages at once, then one a second, in each channel by itself."""
    clock = Clock()
    pacing = Pacing(clock=clock)
    assert await taken(pacing, "chat.postMessage", channel="C1") == 4
    assert await taken(pacing, "chat.postMessage", channel="C2") == 4
    clock.now += 30
    assert await taken(pacing, "chat.postMessage", channel="C1") == 4


async def test_what_is_refused_is_not_tried_for_a_while() -> None:
    """A latch holds for its workspace and its time."""
    clock = Clock()
    latches = Latches(clock=clock)
    latches.close("T1", STREAM)
    assert (latches.has("T1", STREAM), latches.has("T2", STREAM)) == (False, True)
    clock.now += LASTS
    assert latches.has("T1", STREAM)
