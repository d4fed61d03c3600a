"""Messages that can not be edited, and channels where nothing may be posted."""

import pytest

from adapters.discord.reply_target import ReplyTarget
from adapters.discord.timing import Timing
from bot.errors import DeliveryRefused
from bot.models import Answer, Event, Status
from simulators.discord.errors import refused
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import CHANNEL, CREATE_THREADS, DM, ME, READ_HISTORY, SEND, SEND_IN_THREADS
from tests.contract.adapter_contract import long_markdown
from tests.support.discord.messages import AGAIN, buttons_of, text_of
from tests.support.discord.stage import RecordingCore, Service


def token(event: Event) -> str:
    return ReplyTarget.decrypt(event.reply_to, RecordingCore()).token


@pytest.mark.parametrize("timing", [Timing(free_edits=0.0)])
async def test_message_too_old_to_be_changed(service: Service, simulator: DiscordSimulator) -> None:
    """Where Discord lets an old message be changed no more, the answer is posted anew, below, and the old one goes."""
    draft = await service.open_draft(await service.say())
    await draft.write(long_markdown(3000))
    first, second = simulator.bot_messages(DM)
    simulator.old.add(first["id"])
    await draft.finish(Answer(text=f"x {long_markdown(3000)}"))
    shown = simulator.bot_messages(DM)
    assert len(shown) == 2
    assert first not in shown
    assert second not in shown
    assert text_of(shown[0]).startswith("x ")


async def test_message_removed_while_it_is_written(service: Service, simulator: DiscordSimulator) -> None:
    """An answer that somebody removes is not shown while it grows; when it is finished it is there."""
    draft = await service.open_draft(await service.say())
    await draft.write("The answer")
    await simulator.delete(simulator.bot_messages(DM)[0])
    await draft.write("The answer is")
    await draft.write("The answer is 42")
    assert simulator.bot_messages(DM) == []
    await draft.finish(Answer(text="The answer is 42."))
    assert [message["content"] for message in simulator.bot_messages(DM)] == ["The answer is 42."]


async def test_archived_thread_is_opened_again(service: Service, simulator: DiscordSimulator) -> None:
    """A thread that was archived while the answer was written gets it all the same."""
    event = await service.say(CHANNEL, f"<@{ME}> hello")
    draft = await service.open_draft(event)
    await draft.write("The answer")
    await simulator.close_thread(event.id)
    await draft.finish(Answer(text="The answer is 42."))
    assert [message["content"] for message in simulator.bot_messages(event.id)] == ["The answer is 42."]


async def test_locked_thread(service: Service, simulator: DiscordSimulator) -> None:
    """The answer to a question in a locked thread comes as a direct message, whole, once."""
    event = await service.say(CHANNEL, f"<@{ME}> hello")
    await simulator.open_thread(event.id, owner=ME)
    await simulator.close_thread(event.id, is_locked=True)
    draft = await service.open_draft(event)
    with pytest.raises(DeliveryRefused):
        await draft.status(Status("Thinking…"))
    answer = Answer(text="The answer is 42.", actions=(AGAIN,))
    await draft.finish(answer)
    await draft.finish(answer)
    note, message = simulator.bot_messages(DM)
    assert f"<#{CHANNEL}>" in note["content"]
    assert (message["content"], len(buttons_of(message))) == ("The answer is 42.", 1)


async def test_channel_deleted_in_mid_answer(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """The answer to a question in a deleted channel comes as a direct message, also from another process."""
    event = await service.say(CHANNEL, f"<@{ME}> image a fox")
    draft = await service.open_draft(event)
    await draft.status(Status("Painting…"))
    await simulator.delete_channel(CHANNEL)
    with pytest.raises(DeliveryRefused):
        await draft.status(Status("Still painting…"))
    await draft.finish(Answer(text="first"))
    ref = draft.ref
    async with Service(simulator, core) as another:
        await (await another.open_draft(event, ref=ref)).finish(Answer(text="first, corrected"))
    assert [message["content"] for message in simulator.bot_messages(DM)][1:] == ["first, corrected"]


async def test_person_who_takes_no_direct_messages(service: Service, simulator: DiscordSimulator) -> None:
    """Where neither the channel nor the person can be reached it is refused."""
    event = await service.say(CHANNEL, f"<@{ME}> image a fox")
    simulator.denied[CHANNEL] = SEND
    simulator.refuses_dms = True
    with pytest.raises(DeliveryRefused, match="takes no direct messages"):
        await (await service.open_draft(event)).finish(Answer(text="nobody sees it"))


async def test_no_thread_may_be_opened(service: Service, simulator: DiscordSimulator) -> None:
    """Where no thread can be opened any more the answer is a reply in the channel."""
    event = await service.say(CHANNEL, f"<@{ME}> hello")
    simulator.denied[CHANNEL] = CREATE_THREADS
    await (await service.open_draft(event)).finish(Answer(text="here, then"))
    (message,) = simulator.bot_messages(CHANNEL)
    assert (message["content"], message["message_reference"]["message_id"]) == ("here, then", event.id)


async def test_no_history_may_be_read(service: Service, simulator: DiscordSimulator) -> None:
    """Where Discord allows no reply the answer is a plain message."""
    event = await service.say(CHANNEL, f"<@{ME}> image a fox")
    simulator.denied[CHANNEL] = READ_HISTORY
    await (await service.open_draft(event)).finish(Answer(text="a fox"))
    (message,) = simulator.bot_messages(CHANNEL)
    assert "message_reference" not in message


async def test_command_where_the_bot_may_not_write(service: Service, simulator: DiscordSimulator) -> None:
    """A command is answered by its interaction where the bot itself may write nothing."""
    simulator.permissions &= ~(SEND | SEND_IN_THREADS)
    event = await service.use_command()
    assert "can_post" not in event.reply_to
    await (await service.open_draft(event)).finish(Answer(text="word " * 500))
    (message,) = simulator.bot_messages(CHANNEL)
    assert text_of(message).count("word") == 500


async def test_form_that_is_refused(service: Service, simulator: DiscordSimulator) -> None:
    """A message that Discord finds malformed in every form is refused and not tried again."""
    draft = await service.open_draft(await service.say())
    simulator.rest.fail("POST", f"channels/{DM}/messages", refused(50035), times=20)
    with pytest.raises(DeliveryRefused):
        await draft.finish(Answer(text="The answer"))
