"""Answers while they grow and when they are finished."""

import asyncio
from pathlib import Path

import pytest

from adapters.discord.outbound.layout import MAX_MESSAGES
from bot.errors import DeliveryDelayed
from bot.models import Action, Answer, Status
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import CHANNEL, DM, ME
from tests.contract.adapter_contract import long_markdown, media, words
from tests.support.discord.interactions import button_id
from tests.support.discord.messages import AGAIN, buttons_of, text_of
from tests.support.discord.stage import RecordingCore, Service


async def test_answers_notify_nobody(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """The text of an answer notifies nobody."""
    await simulator.say(CHANNEL, f"<@{ME}> say it")
    (event,) = await core.wait_for_events(1)
    draft = await service.adapter.draft(event.reply_to, key=event.id, ref=None, private=False)
    await draft.status(Status("thinking"))
    await draft.finish(Answer(text="@everyone @here"))
    told = [call.body for call in simulator.rest.calls if f"channels/{event.id}/messages" in call.path]
    assert [body["allowed_mentions"] for body in told] == [{"parse": []}, {"parse": []}]


GOOD = Action(name="good", label="Good answer", command="feedback")


DELETE = Action(name="delete", label="Delete", command="delete", is_danger=True)


async def test_growing_text_is_one_message(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """An answer grows in one message that replies to its question and has a Stop button until it is finished."""
    event = await service.say()
    draft = await service.open_draft(event)
    await draft.status(Status("Thinking…"))
    await draft.write("The answer")
    (message,) = simulator.bot_messages(DM)
    assert message["content"] == "The answer"
    assert message["message_reference"]["message_id"] == event.id
    (stop,) = buttons_of(message)
    assert stop["custom_id"] == button_id(core, "stop", event.id, event.conversation, channel=DM)
    await draft.finish(Answer(text="The answer is 42.", actions=(AGAIN, GOOD, DELETE)))
    assert simulator.bot_messages(DM) == [message]
    assert message["content"] == "The answer is 42."
    again, good, delete = buttons_of(message)
    assert (again["label"], good["emoji"]["name"], good.get("label"), delete["style"]) == ("Again", "👍", None, 4)


async def test_text_that_did_not_change_is_not_sent_again(service: Service, simulator: DiscordSimulator) -> None:
    """A message that already shows a page is not edited."""
    draft = await service.open_draft(await service.say())
    await draft.write("The answer")
    await draft.write("The answer")
    await draft.finish(Answer(text="The answer", actions=(AGAIN,)))
    await draft.finish(Answer(text="The answer", actions=(AGAIN,)))
    assert [call.method for call in simulator.rest.calls if call.path.startswith(f"channels/{DM}/messages")] == [
        "POST",
        "PATCH",
    ]


async def test_typing_is_seen_until_there_is_something(service: Service, simulator: DiscordSimulator) -> None:
    """The bot types from the question on, not more often than it is shown, and never once the answer is there."""
    event = await service.say()
    draft = await service.open_draft(event)
    await simulator.until(lambda: simulator.typing == [DM])
    await draft.status(Status("Thinking…"))
    await draft.status(Status("Still thinking…"))
    await draft.finish(Answer(text="Here."))
    assert not simulator.typing
    assert len(simulator.called("POST", "typing")) == 1


async def test_long_text_grows_over_several_messages(service: Service, simulator: DiscordSimulator) -> None:
    """Past two thousand characters an answer goes on in further messages; only the last can be stopped."""
    markdown = long_markdown(5000)
    event = await service.say()
    draft = await service.open_draft(event)
    await draft.write(markdown[:1500])
    await draft.write(markdown)
    shown = simulator.bot_messages(DM)
    assert len(shown) == 3
    assert [len(buttons_of(message)) for message in shown] == [0, 0, 1]
    assert words("\n".join(map(text_of, shown))) == words(markdown)
    assert [("message_reference" in message) for message in shown] == [True, False, False]
    assert draft.ref == ",".join(message["id"] for message in shown)
    await draft.finish(Answer(text="Short after all."))
    assert [message["content"] for message in simulator.bot_messages(DM)] == ["Short after all."]


async def test_very_long_answer_comes_as_a_file(service: Service, simulator: DiscordSimulator) -> None:
    """An answer of too many messages begins as text and comes whole as a file."""
    markdown = long_markdown(30_000)
    draft = await service.open_draft(await service.say())
    await draft.write(markdown[:9000])
    with pytest.raises(DeliveryDelayed):  # five messages are the channel's turns for the moment
        await draft.write(markdown[:20_000])
    await draft.finish(Answer(text=markdown, actions=(AGAIN,)))
    shown = simulator.bot_messages(DM)
    assert len(shown) == MAX_MESSAGES
    assert (
        words("\n".join(map(text_of, shown[:-1]))) == words(markdown)[: len(words("\n".join(map(text_of, shown[:-1]))))]
    )
    (file,) = shown[-1]["attachments"]
    assert simulator.cdn.uploads[file["id"]].content.decode() == markdown
    assert len(buttons_of(shown[-1])) == 1


async def test_only_the_asker_is_pinged(service: Service, simulator: DiscordSimulator) -> None:
    """The first message of a reply in a channel pings its asker; the text of an answer pings nobody."""
    await service.say(CHANNEL, f"<@{ME}> /image")  # a problem: answered in place
    draft = await service.open_draft(service.core.events[-1])
    await draft.finish(Answer(text=f"@everyone <@&1> {long_markdown(3000)}"))
    first, second = (body["allowed_mentions"] for body in simulator.called("POST", f"channels/{CHANNEL}/messages"))
    assert first == {"parse": [], "replied_user": True}
    assert second == {"parse": []}
    assert "@everyone" not in text_of(simulator.bot_messages(CHANNEL)[0])


async def test_chat_in_a_thread_notifies_nobody(service: Service, simulator: DiscordSimulator) -> None:
    """In a thread, where one question follows the other, an answer is no notification."""
    event = await service.say(CHANNEL, f"<@{ME}> what is love?")
    await (await service.open_draft(event)).finish(Answer(text="Patient."))
    (body,) = simulator.called("POST", f"channels/{event.id}/messages")
    assert body["allowed_mentions"] == {"parse": []}
    assert simulator.threads[event.id]["name"] == "what is love?"


async def test_channel_has_one_edit_rate(service: Service, simulator: DiscordSimulator) -> None:
    """Answers in one channel share its edit rate: a draft over it is delayed; finishing waits for no slot."""
    drafts = [await service.open_draft(await service.say(text=f"question {n}")) for n in range(6)]
    for draft in drafts[:5]:
        await draft.write("so far")
    with pytest.raises(DeliveryDelayed) as delayed:
        await drafts[5].write("so far")
    assert delayed.value.retry_after is not None
    assert 0 < delayed.value.retry_after <= 5
    other = await service.open_draft(await service.say(CHANNEL, f"<@{ME}> and here?"))
    await other.write("so far")
    await asyncio.gather(*(draft.finish(Answer(text="done")) for draft in drafts))
    assert [message["content"] for message in simulator.bot_messages(DM)] == ["done"] * 6


async def test_removed_answer_leaves_nothing(
    service: Service, simulator: DiscordSimulator, core: RecordingCore, tmp_path: Path
) -> None:
    """An answer that is taken back goes with all its messages, also by another process."""
    event = await service.say()
    draft = await service.open_draft(event)
    await draft.finish(Answer(text=long_markdown(3000), media=(media(tmp_path, "a.png", 10),)))
    assert len(simulator.bot_messages(DM)) == 2
    ref = draft.ref
    async with Service(simulator, core) as another:
        await (await another.open_draft(event, ref=ref)).finish(Answer())
    assert simulator.bot_messages(DM) == []
