"""Answers that an earlier process began, and connections that break."""

from pathlib import Path
from typing import Any

import pytest

from adapters.discord.reply_target import ReplyTarget
from adapters.discord.timing import Timing
from bot.errors import DeliveryDelayed
from bot.models import Answer, Event, Status
from simulators.discord.errors import refused
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import CHANNEL, CREATE_THREADS, DM, ME
from tests.contract.adapter_contract import long_markdown, media
from tests.support.discord.interactions import SLASH, slash_command
from tests.support.discord.messages import AGAIN
from tests.support.discord.stage import RecordingCore, Service


def token(event: Event) -> str:
    return ReplyTarget.decrypt(event.reply_to, RecordingCore()).token


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_lost_connection_posts_once(service: Service, simulator: DiscordSimulator, moment: Any) -> None:
    """A message whose posting was cut off is there once, whether Discord had it or not."""
    draft = await service.open_draft(await service.say())
    simulator.rest.cut("POST", f"channels/{DM}/messages", moment=moment)
    with pytest.raises(DeliveryDelayed):
        await draft.finish(Answer(text="The answer"))
    await draft.finish(Answer(text="The answer"))
    assert [message["content"] for message in simulator.bot_messages(DM)] == ["The answer"]


@pytest.mark.parametrize("timing", [Timing(), Timing(nonce_lifetime=-1.0)], ids=["soon", "long after"])
async def test_lost_reply_to_the_first_sign(service: Service, simulator: DiscordSimulator, timing: Timing) -> None:
    """The first sign was posted and its reply got lost: the message becomes the answer and does not stay as it is.

    Long after, Discord no longer knows the message by its nonce; it is found in the history.
    """
    draft = await service.open_draft(await service.say())
    simulator.rest.cut("POST", f"channels/{DM}/messages", moment="after")
    with pytest.raises(DeliveryDelayed):
        await draft.status(Status(text="Thinking…"))
    if timing.nonce_lifetime < 0:
        simulator.nonces.clear()
    await draft.finish(Answer(text="The answer"))
    assert [message["content"] for message in simulator.bot_messages(DM)] == ["The answer"]


#: Every question was asked so long ago that Discord knows no message of its answer by its nonce.
MUCH_LATER = Timing(nonce_lifetime=-1.0)


@pytest.mark.parametrize("timing", [MUCH_LATER])
async def test_found_again_after_a_long_time(
    service: Service, simulator: DiscordSimulator, core: RecordingCore, tmp_path: Path
) -> None:
    """Messages of an earlier process are found in the history when Discord no longer knows their nonces."""
    event = await service.say()
    answer = Answer(text=long_markdown(5000), media=(media(tmp_path, "fox.png", 100),), actions=(AGAIN,))
    await (await service.open_draft(event)).finish(answer)
    shown = [message["id"] for message in simulator.bot_messages(DM)]
    simulator.nonces.clear()
    async with Service(simulator, core, timing=MUCH_LATER) as another:
        await (await another.open_draft(event, ref="")).finish(answer)
    assert [message["id"] for message in simulator.bot_messages(DM)] == shown


async def test_reposted_when_what_was_begun_is_removed(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """A message that an earlier process posted and somebody removed is not taken for the answer."""
    event = await service.say()
    await (await service.open_draft(event)).write("The answer")
    await simulator.delete(simulator.bot_messages(DM)[0])
    async with Service(simulator, core) as another:
        await (await another.open_draft(event, ref="")).finish(Answer(text="The answer is 42."))
    assert [message["content"] for message in simulator.bot_messages(DM)] == ["The answer is 42."]


async def test_a_gap_between_messages_is_filled(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """A message in the middle is gone: that of the next page takes its place, and another is posted for that page."""
    event = await service.say()
    answer = Answer(text=long_markdown(5000), actions=(AGAIN,))
    await (await service.open_draft(event)).finish(answer)
    shown = [message["content"] for message in simulator.bot_messages(DM)]
    first, middle, last = simulator.bot_messages(DM)
    await simulator.delete(middle)
    async with Service(simulator, core) as another:
        await (await another.open_draft(event, ref=f"{first['id']},{last['id']}")).finish(answer)
    assert [message["content"] for message in simulator.bot_messages(DM)] == shown


@pytest.mark.parametrize("timing", [MUCH_LATER])
async def test_found_again_in_its_thread(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """The first message of a thread that was opened for a question is the beginning of its answer."""
    event = await service.say(CHANNEL, f"<@{ME}> hello")
    await (await service.open_draft(event)).write("The answer")
    simulator.nonces.clear()
    async with Service(simulator, core, timing=MUCH_LATER) as another:
        draft = await another.open_draft(event, ref="")
        await draft.finish(Answer(text="The answer is 42."))
    assert [message["content"] for message in simulator.bot_messages(event.id)] == ["The answer is 42."]


@pytest.mark.parametrize("timing", [MUCH_LATER])
@pytest.mark.parametrize("kept", [0, 1, 3])
@pytest.mark.parametrize("place", ["direct", "thread", "channel"])
async def test_begun_in_several_messages(
    service: Service, simulator: DiscordSimulator, core: RecordingCore, kept: int, place: str
) -> None:
    """When another process shows another text, none of the messages started before is left over."""
    if place == "channel":
        await simulator.deny(CHANNEL, CREATE_THREADS)
    event = await service.say(DM if place == "direct" else CHANNEL, f"<@{ME}> hello")
    start_asking = await service.open_draft(event)
    await start_asking.write(long_markdown(5000))
    room = {"direct": DM, "thread": event.id, "channel": CHANNEL}[place]
    shown = simulator.bot_messages(room)
    assert len(shown) == 3
    following = await service.say(room, f"<@{ME}> and then?")
    await (await service.open_draft(following)).finish(Answer(text="another answer"))
    simulator.nonces.clear()
    async with Service(simulator, core, timing=MUCH_LATER) as another:
        draft = await another.open_draft(event, ref=",".join(start_asking.ref.split(",")[:kept]))
        await draft.finish(Answer(text=f"{'a' * 1500}.\n\n{'b' * 1500}."))
    said = simulator.bot_messages(room)
    assert [message["content"][0] for message in said] == ["a", "b", "a"]
    assert [message["id"] for message in said[:2]] == [message["id"] for message in shown[:2]]


async def test_others_messages_are_left_alone(simulator: DiscordSimulator, core: RecordingCore) -> None:
    """In a channel where several answers are written at once, none of another's messages is taken for one's own."""
    async with Service(simulator, core, reply_mode="reply", timing=MUCH_LATER) as service:
        events = [await service.say(CHANNEL, f"<@{ME}> {number}") for number in range(2)]
        drafts = [await service.open_draft(event) for event in events]
        for draft in drafts:
            await draft.write("The beginning")
        await drafts[0].write(long_markdown(5000))
    simulator.nonces.clear()
    async with Service(simulator, core, reply_mode="reply", timing=MUCH_LATER) as another:
        await (await another.open_draft(events[1], ref="")).finish(Answer(text="42"))
        assert len(simulator.bot_messages(CHANNEL)) == 4
        await (await another.open_draft(events[0], ref="")).finish(Answer(text=long_markdown(5000)))
    assert len(simulator.bot_messages(CHANNEL)) == 4


@pytest.mark.parametrize("timing", [MUCH_LATER])
async def test_answer_beside_a_lost_acknowledgement(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """An answer that took the place of an acknowledgement is known again by its buttons."""
    simulator.rest.fail("POST", "callback", refused(10062))
    told = await simulator.interact(SLASH, slash_command("chat", prompt="hello"))
    (event,) = await core.wait_for_events(1)
    await (await service.open_draft(event)).write("The answer")
    assert told["token"] not in simulator.originals
    simulator.nonces.clear()
    simulator.interactions[told["token"]].is_expired = True
    async with Service(simulator, core, timing=MUCH_LATER) as another:
        await (await another.open_draft(event, ref="")).finish(Answer(text="The answer is 42."))
    assert [message["content"] for message in simulator.bot_messages(CHANNEL)] == ["The answer is 42."]


async def test_nothing_is_read_where_nothing_was_begun(service: Service, simulator: DiscordSimulator) -> None:
    """The history is not looked at for a question that was just asked."""
    await (await service.open_draft(await service.say())).finish(Answer(text="The answer"))
    assert not [call for call in simulator.rest.calls if call.method == "GET" and "messages" in call.path]
