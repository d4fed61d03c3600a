"""Messages of a thread from before the bot was mentioned there."""

import pytest

from bot.errors import DeliveryDelayed
from simulators.slack import Message, SlackSimulator
from tests.support.slack.adapter import RecordingCore, RunningAdapter


async def test_earlier_messages_of_a_thread(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """Messages from before the mention are read with their authors' names, the newest within the limit."""
    root = slack.ada.say("the build is red", files=[slack.ada.file("log.txt", b"log")])
    for number in range(30):
        slack.bob.say(f"guess {number} &lt;3", thread=root)
    slack.ada.mention("why?", thread=root)
    slack.bob.say("written after", thread=root)
    [event] = await core.wait_for_events(1)
    prior = await service.adapter.read_prior_messages(event.reply_to, limit=10)
    assert [(t.speaker, t.content) for t in prior.turns] == [("Bob", f"guess {n} <3") for n in range(20, 30)]
    assert {turn.actor for turn in prior.turns} == {slack.bob.id}
    assert all(turn.role == "user" and turn.at is not None for turn in prior.turns)
    assert [file.name for file in prior.attachments] == ["log.txt"]
    assert [piece async for piece in service.adapter.open(prior.attachments[0])] == [b"log"]


def _guess(slack: SlackSimulator, root: Message, number: int) -> None:
    """Bob wrote so in the thread, before the bot was there to receive it."""
    message = Message(
        ts=slack.clock.ts(), channel=root.channel, team=root.team, user=slack.bob.id, text=f"guess {number}"
    )
    message.thread_ts = root.ts
    slack.general.messages.append(message)


@pytest.mark.parametrize("pauses", [{}, {20: 86_400}, {420: 86_400}, {200: 3_600, 440: 60}], ids=str)
async def test_of_a_long_thread_the_newest_is_read(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore, pauses: dict[int, float]
) -> None:
    """Slack returns the oldest first; the newest messages of a thread of hundreds are read in a few requests."""
    root = slack.ada.say("the build is red", files=[slack.ada.file("log.txt", b"log")])
    for number in range(450):
        slack.clock.pause(pauses.get(number, 2))
        _guess(slack, root, number)
    slack.ada.mention("why?", thread=root)
    [event] = await core.wait_for_events(1)
    prior = await service.adapter.read_prior_messages(event.reply_to, limit=10)
    assert [turn.content for turn in prior.turns] == [f"guess {number}" for number in range(440, 450)]
    assert [file.name for file in prior.attachments] == ["log.txt"]
    assert len(slack.called("conversations.replies")) <= 4


async def test_of_a_long_thread_that_can_not_be_read_on_the_beginning_is_returned(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """Where Slack lets an app read one page, that page is returned."""
    root = slack.ada.say("the build is red")
    for number in range(300):
        _guess(slack, root, number)
    slack.ada.mention("why?", thread=root)
    [event] = await core.wait_for_events(1)
    slack.limits.enabled, slack.limits.per_window = True, {"conversations.replies": 1}
    prior = await service.adapter.read_prior_messages(event.reply_to, limit=10)
    assert [turn.content for turn in prior.turns] == [f"guess {number}" for number in range(189, 199)]


async def test_the_bots_own_earlier_words_are_its(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """Messages of the bot in the thread are the assistant's."""
    root = slack.ada.say("hello")
    client = await service.adapter.workspaces.find_client("T0LAB")
    await client.chat_postMessage(channel="C0GENERAL", thread_ts=root.ts, text="I was here")
    slack.ada.mention("and?", thread=root)
    [event] = await core.wait_for_events(1)
    prior = await service.adapter.read_prior_messages(event.reply_to, limit=10)
    assert [(turn.role, turn.content) for turn in prior.turns] == [("user", "hello"), ("assistant", "I was here")]


async def test_earlier_messages_while_slack_has_enough(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """A thread that can't be read for now is read later."""
    root = slack.ada.say("hello")
    slack.ada.mention("and?", thread=root)
    [event] = await core.wait_for_events(1)
    slack.faults.limit("conversations.replies", 7)
    with pytest.raises(DeliveryDelayed) as delayed:
        await service.adapter.read_prior_messages(event.reply_to, limit=10)
    assert delayed.value.retry_after == 7
