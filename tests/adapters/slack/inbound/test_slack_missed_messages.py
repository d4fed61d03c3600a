"""Messages that people write while the service is away, for longer than Slack sends an event again."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from adapters.slack.reading import missed_history
from adapters.slack.reading.absences import NAMESPACE, UNTIL
from adapters.slack.timing import Timing
from bot.i18n import translate
from simulators.slack import Json, SlackSimulator
from tests.support.slack.adapter import RecordingCore, RunningAdapter

MISSED = translate("request.missed", "en-US")
#: Missed messages are read after every start.
QUICK = Timing(absence_before_start=0.0, position_interval=0.05, missed_retry=0.02)


@contextmanager
def away(slack: SlackSimulator) -> Iterator[None]:
    """Let what happens in the block never reach the service."""
    slack.sender.gives_up = True
    yield
    slack.sender.gives_up = False


@asynccontextmanager
async def restarted(slack: SlackSimulator, core: RecordingCore, **more: Any) -> AsyncIterator[RunningAdapter]:
    """The adapter, once it has read what was missed since it was stopped."""
    before = core.stored[NAMESPACE][UNTIL]
    async with RunningAdapter(slack, core, **{"timing": QUICK, **more}) as running:
        async with asyncio.timeout(60):
            while core.stored[NAMESPACE][UNTIL] == before or len(core.stored[NAMESPACE]) > 1:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        yield running


def prompts(core: RecordingCore) -> list[str]:
    return [event.prompt for event in core.events]


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_read_at_the_next_start(slack: SlackSimulator, core: RecordingCore, http: bool) -> None:
    """Mentions, replies in the bot's threads and direct messages are recorded once, under the ids of their events."""
    other, secret = slack.add_channel("other"), slack.add_channel("secret", is_private=True)
    async with RunningAdapter(slack, core, http=http, timing=QUICK):
        question = slack.ada.mention("hello")
        await core.wait_for_events(1)
        private = slack.ada.direct("hello")
        await core.wait_for_events(2)
        elsewhere = slack.ada.say("hello Bob")
        await slack.until_delivered()
    with away(slack):
        slack.ada.say("not for the bot")
        slack.ada.mention("in the channel")
        slack.ada.mention("in a channel for the first time", channel=other)
        slack.ada.mention("in a private channel", channel=secret)
        slack.ada.say("in the thread", thread=question)
        slack.bob.say("of somebody else", thread=question)
        slack.ada.mention("in another thread", thread=elsewhere)
        slack.ada.direct("in private", thread=private)
        edited = slack.ada.direct("before the edit")
        slack.ada.edit(edited, "after the edit")
        late = [delivery for delivery in slack.sender.deliveries if not delivery.is_acknowledged]
        slack.ada.delete(slack.ada.mention("deleted"))
        slack.ada.edit(question, f"<@{slack.team.bot.id}> good-bye")
    async with restarted(slack, core, http=http):
        missed = set(prompts(core)[2:])
        assert missed == {
            "in the channel",
            "in a channel for the first time",
            "in a private channel",
            "in the thread",
            "in another thread",
            "in private",
            "after the edit",
        }
        for delivery in late:
            await slack.sender.again(delivery, number=3)
        slack.ada.mention("the end")
        await core.wait_for_events(len(missed) + 3)
        await slack.until_delivered()
    assert prompts(core)[2 + len(missed) :] == ["the end"]
    assert [event.prompt for event in core.revised if event.id == core.events[0].id] == ["good-bye"]
    assert not slack.called("chat.postMessage")


async def test_nothing_was_missed(slack: SlackSimulator, core: RecordingCore) -> None:
    """A start after a moment reads nothing."""
    async with RunningAdapter(slack, core):
        slack.ada.mention("hello")
        await core.wait_for_events(1)
    async with RunningAdapter(slack, core):
        slack.ada.mention("hello again")
        await core.wait_for_events(2)
    assert not slack.called("conversations.history") + slack.called("users.conversations")


@pytest.mark.parametrize("noted", [-3600, 3600], ids=["away", "after a clock that was wrong"])
async def test_read_while_it_runs(slack: SlackSimulator, core: RecordingCore, noted: int) -> None:
    """Missed messages are read when events come in again: also where only the connection, or the database, was away.

    The one process of many that reads takes over from another; what fails is tried again, and what is refused is not.
    """
    other = slack.add_channel("other")
    core.held = frozenset()
    async with RunningAdapter(slack, core, timing=QUICK):
        slack.ada.mention("hello")
        slack.ada.mention("hello", channel=other)
        question = slack.ada.direct("hello")
        await core.wait_for_events(3)
        with away(slack):
            slack.ada.mention("where it may not read")
            slack.ada.mention("where it may read", channel=other)
            slack.ada.direct("in private")
        is_general, is_other = (partial(_is_in, channel=one.id) for one in (slack.general, other))
        refusal = slack.faults.fail("conversations.history", "not_in_channel", where=is_general, times=None)
        slack.faults.fail("conversations.history", "internal_error", where=is_other)
        slack.faults.fail("users.conversations", "missing_scope", needed="mpim:read")
        core.stored[NAMESPACE][UNTIL] = str(float(question.ts) + noted)
        async with asyncio.timeout(60):
            while len(core.stored[NAMESPACE]) == 1:  # noqa: ASYNC110 - the storage tells of no change
                await asyncio.sleep(0.01)
        assert len(core.events) == 3
        await core.hold({0})
        await core.wait_for_events(5)
        assert set(prompts(core)[3:]) == {"where it may read", "in private"}
        assert refusal.hit == 1


def _is_in(params: Json, channel: str) -> bool:
    return bool(params.get("channel") == channel)


async def test_somebody_else_was_meant(slack: SlackSimulator, core: RecordingCore) -> None:
    """A person who turned to somebody else in a thread is not answered there; new messages come after missed ones."""
    async with RunningAdapter(slack, core, timing=QUICK):
        question = slack.ada.mention("hello")
        await core.wait_for_events(1)
    with away(slack):
        slack.ada.say("missed", thread=question)
        slack.ada.say(f"<@{slack.bob.id}> what do you think?", thread=question)
        slack.ada.say("I do not know", thread=question)
    gate = slack.faults.hold("conversations.history")
    async with RunningAdapter(slack, core, timing=QUICK):
        await slack.until(lambda: slack.called("conversations.history"))
        slack.ada.mention("the end", thread=question)
        await core.wait_for_events(3)
        gate.set()
    assert prompts(core) == ["hello", "missed", "the end"]


async def test_too_much_was_missed(slack: SlackSimulator, core: RecordingCore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where more was written than is read, the newest is recorded, and one sentence says so, once."""
    monkeypatch.setattr(missed_history, "MAX_MESSAGES", 3)
    other = slack.add_channel("other")
    async with RunningAdapter(slack, core, timing=QUICK):
        question = slack.ada.mention("hello")
        await core.wait_for_events(1)
        slack.ada.mention("hello", channel=other)
        await core.wait_for_events(2)
    with away(slack):
        for number in range(5):
            slack.ada.mention(f"missed {number}", channel=other)
            slack.ada.say(f"reply {number}", thread=question)
    until = core.stored[NAMESPACE][UNTIL]
    for _ in range(2):
        async with restarted(slack, core):
            pass
        core.stored[NAMESPACE][UNTIL] = until
    said = {(call.params["channel"], call.params.get("thread_ts")) for call in slack.called("chat.postMessage")}
    assert said == {(other.id, None), (slack.general.id, question.ts)}
    assert [call.params["text"] for call in slack.called("chat.postMessage")] == [MISSED, MISSED]
    expected = [f"{kind} {number}" for kind in ("missed", "reply") for number in (2, 3, 4)]
    assert sorted(prompts(core)[2:]) == expected


async def test_asked_too_long_ago(slack: SlackSimulator, core: RecordingCore) -> None:
    """A question of too long ago is not recorded; a sentence says so in each place where one was, and nowhere else."""
    timing = replace(QUICK, missed_reach=0.0)
    async with RunningAdapter(slack, core, timing=QUICK):
        question = slack.ada.mention("hello")
        await core.wait_for_events(1)
    core.stored["slack.active"].clear()  # as with an earlier version
    with away(slack):
        slack.ada.say("not for the bot")
        slack.ada.say("not known", thread=question)
        slack.ada.direct("somebody new")
        slack.ada.mention("missed", channel=slack.add_channel("other"))
    async with restarted(slack, core, timing=timing):
        pass
    assert [call.params["channel"] for call in slack.called("chat.postMessage")] == [[*slack.team.channels][-1]]
    assert prompts(core) == ["hello"]


async def test_an_app_that_may_read_little(slack: SlackSimulator, core: RecordingCore) -> None:
    """Outside of the Marketplace Slack gives 15 messages: the newest are recorded, and a sentence says the rest."""
    async with RunningAdapter(slack, core, timing=QUICK):
        slack.ada.mention("hello")
        await core.wait_for_events(1)
    with away(slack):
        for number in range(20):
            slack.ada.mention(f"missed {number}")
    slack.limits.restricts_history, slack.limits.window = True, 0.01
    async with restarted(slack, core):
        await slack.until_delivered()
    assert prompts(core)[1:] == [f"missed {number}" for number in range(5, 20)]
    assert [call.params["text"] for call in slack.called("chat.postMessage")] == [MISSED]
    assert len(slack.called("conversations.history")) == len(slack.team.channels)
