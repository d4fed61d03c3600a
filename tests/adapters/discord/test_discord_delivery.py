from pathlib import Path
from typing import Any

import pytest

from adapters.discord.timing import Timing
from adapters.discord.ui.buttons import button_id
from bot.errors import DeliveryDelayed, DeliveryRefused
from bot.models import Answer, Event, Status
from simulators.discord.checks import EPHEMERAL, LOADING
from simulators.discord.errors import refused
from simulators.discord.server import Wire
from simulators.discord.values import ADA, CHANNEL, CREATE_THREADS, DM, ME, READ_HISTORY, SEND, SEND_IN_THREADS
from tests.contract.adapter_contract import long_markdown, media
from tests.support.discord.answers import AGAIN, asked, buttons, draft_of, text
from tests.support.discord.interactions import PRESSED, SLASH, pressed, slash
from tests.support.discord.stage import Core, Service
from tests.support.discord.whole import whole

ALONE: Any = {"authorizing_integration_owners": {"1": ADA}}  # a person installed it, no server


async def commanded(service: Service, channel: str = CHANNEL, **more: Any) -> Event:
    """Somebody uses a slash command; the event, once it is acknowledged."""
    known = len(service.core.events)
    told = await service.wire.interact(SLASH, slash("chat", prompt="hello"), channel=channel, **more)
    events = await service.core.count(known + 1)
    await service.wire.until(lambda: told["token"] in service.wire.originals)
    return next(event for event in events if event.id == told["id"])


def token(event: Event) -> str:
    return event.reply_to["token"]


# ------------------------------------------------------------------ messages that can't be changed


@pytest.mark.parametrize("timing", [Timing(free_edits=0.0)])
async def test_message_too_old_to_be_changed(service: Service, wire: Wire) -> None:
    """Where Discord lets an old message be changed no more, the answer is posted anew, below, and the old one goes."""
    draft = await draft_of(service, await asked(service))
    await draft.write(long_markdown(3000))
    first, second = wire.said(DM)
    wire.old.add(first["id"])
    await draft.finish(Answer(text=f"x {long_markdown(3000)}"))
    shown = wire.said(DM)
    assert len(shown) == 2
    assert first not in shown
    assert second not in shown
    assert text(shown[0]).startswith("x ")


async def test_message_removed_while_it_is_written(service: Service, wire: Wire) -> None:
    """An answer that somebody removes is not shown while it grows; when it is finished it is there."""
    draft = await draft_of(service, await asked(service))
    await draft.write("The answer")
    await wire.delete(wire.said(DM)[0])
    await draft.write("The answer is")
    await draft.write("The answer is 42")
    assert wire.said(DM) == []
    await draft.finish(Answer(text="The answer is 42."))
    assert [message["content"] for message in wire.said(DM)] == ["The answer is 42."]


async def test_archived_thread_is_opened_again(service: Service, wire: Wire) -> None:
    """A thread that was archived while the answer was written gets it all the same."""
    event = await asked(service, CHANNEL, f"<@{ME}> hello")
    draft = await draft_of(service, event)
    await draft.write("The answer")
    await wire.close_thread(event.id)
    await draft.finish(Answer(text="The answer is 42."))
    assert [message["content"] for message in wire.said(event.id)] == ["The answer is 42."]


# ------------------------------------------------------------------ places where nothing may be said


async def test_locked_thread(service: Service, wire: Wire) -> None:
    """What may not be said in a locked thread is told the asker directly, whole, once."""
    event = await asked(service, CHANNEL, f"<@{ME}> hello")
    await wire.open_thread(event.id, owner=ME)
    await wire.close_thread(event.id, is_locked=True)
    draft = await draft_of(service, event)
    with pytest.raises(DeliveryRefused):
        await draft.status(Status("Thinking…"))
    answer = Answer(text="The answer is 42.", actions=(AGAIN,))
    await draft.finish(answer)
    await draft.finish(answer)
    note, message = wire.said(DM)
    assert f"<#{CHANNEL}>" in note["content"]
    assert (message["content"], len(buttons(message))) == ("The answer is 42.", 1)


async def test_channel_deleted_in_mid_answer(service: Service, wire: Wire, core: Core) -> None:
    """Who asked in a channel that is gone is answered directly, also when another process goes on with it."""
    event = await asked(service, CHANNEL, f"<@{ME}> image a fox")
    draft = await draft_of(service, event)
    await draft.status(Status("Painting…"))
    await wire.delete_channel(CHANNEL)
    with pytest.raises(DeliveryRefused):
        await draft.status(Status("Still painting…"))
    await draft.finish(Answer(text="first"))
    ref = draft.ref
    async with Service(wire, core) as another:
        await (await draft_of(another, event, ref=ref)).finish(Answer(text="first, corrected"))
    assert [message["content"] for message in wire.said(DM)][1:] == ["first, corrected"]


async def test_person_who_takes_no_direct_messages(service: Service, wire: Wire) -> None:
    """Where neither the channel nor the person can be reached it is refused."""
    event = await asked(service, CHANNEL, f"<@{ME}> image a fox")
    wire.denied[CHANNEL] = SEND
    wire.refuses_dms = True
    with pytest.raises(DeliveryRefused):
        await (await draft_of(service, event)).finish(Answer(text="nobody sees it"))


async def test_no_thread_may_be_opened(service: Service, wire: Wire) -> None:
    """Where no thread can be opened any more the answer is a reply in the channel."""
    event = await asked(service, CHANNEL, f"<@{ME}> hello")
    wire.denied[CHANNEL] = CREATE_THREADS
    await (await draft_of(service, event)).finish(Answer(text="here, then"))
    (message,) = wire.said(CHANNEL)
    assert (message["content"], message["message_reference"]["message_id"]) == ("here, then", event.id)


async def test_no_history_may_be_read(service: Service, wire: Wire) -> None:
    """Where Discord allows no reply the answer is a plain message."""
    event = await asked(service, CHANNEL, f"<@{ME}> image a fox")
    wire.denied[CHANNEL] = READ_HISTORY
    await (await draft_of(service, event)).finish(Answer(text="a fox"))
    (message,) = wire.said(CHANNEL)
    assert "message_reference" not in message


async def test_command_where_the_bot_may_not_write(service: Service, wire: Wire) -> None:
    """A command is answered by its interaction where the bot itself may write nothing."""
    wire.permissions &= ~(SEND | SEND_IN_THREADS)
    event = await commanded(service)
    assert "can_post" not in event.reply_to
    await (await draft_of(service, event)).finish(Answer(text="word " * 500))
    (message,) = wire.said(CHANNEL)
    assert text(message).count("word") == 500


# ------------------------------------------------------------------ interactions that end


#: An interaction's answer is detached from its token at once.
DETACHED = pytest.mark.parametrize("timing", [Timing(token_reserve=15 * 60.0 - 0.05)])


@pytest.mark.parametrize("has_begun", [True, False])
async def test_answer_moves_before_the_token_ends(service: Service, wire: Wire, *, has_begun: bool) -> None:
    """Before an interaction can be used no more its message becomes one of the bot's own, and is finished as such."""
    event = await commanded(service)
    draft = await draft_of(service, event)
    if has_begun:
        await draft.write("The answer")
    await draft.detach_from_token()
    assert text(wire.said(CHANNEL)[0])
    wire.interactions[token(event)].is_expired = True
    await draft.finish(Answer(text="The answer is 42.", actions=(AGAIN,)))
    (message,) = wire.said(CHANNEL)
    assert (message["content"], message["flags"] & LOADING) == ("The answer is 42.", 0)
    assert wire.called("PATCH", f"channels/{CHANNEL}/messages/{message['id']}")


@DETACHED
async def test_answer_that_will_not_be_in_time(service: Service, wire: Wire) -> None:
    """Where only the interaction can answer, it says in time that it will not; finishing later is refused."""
    event = await commanded(service, **ALONE)
    draft = await draft_of(service, event)
    await draft.status(Status("Thinking…"))
    await wire.until(lambda: "/retry" in text(wire.said(CHANNEL)[0]))
    (retry,) = buttons(wire.said(CHANNEL)[0])
    assert retry["custom_id"] == button_id("retry", event.id, event.conversation)
    await draft.status(Status("Still thinking…"))
    assert "/retry" in text(wire.said(CHANNEL)[0])
    wire.interactions[token(event)].is_expired = True
    with pytest.raises(DeliveryRefused):
        await draft.finish(Answer(text="too late"))
    assert "/retry" in text(wire.said(CHANNEL)[0])


@DETACHED
async def test_answer_that_is_in_time_after_all(service: Service, wire: Wire) -> None:
    """What was said not to be in time, and is, is shown."""
    event = await commanded(service, **ALONE)
    draft = await draft_of(service, event)
    await wire.until(lambda: "/retry" in text(wire.said(CHANNEL)[0]))
    await draft.finish(Answer(text="just in time"))
    assert [message["content"] for message in wire.said(CHANNEL)] == ["just in time"]


async def test_interaction_that_ended_during_a_restart(service: Service, wire: Wire, core: Core) -> None:
    """An acknowledgement that nothing came of is replaced, and a begun answer found again, by the bot's own means."""
    waiting, begun = await commanded(service), await commanded(service)
    await (await draft_of(service, begun)).write("The answer")
    for event in (waiting, begun):
        wire.interactions[token(event)].is_expired = True
    async with Service(wire, core, timing=Timing(token_margin=15 * 60.0, nonce_lifetime=-1.0)) as another:
        await (await draft_of(another, waiting, ref="")).finish(Answer(text="waited for"))
        await (await draft_of(another, begun, ref="")).finish(Answer(text="The answer is 42."))
    assert sorted(message["content"] for message in wire.said(CHANNEL)) == ["The answer is 42.", "waited for"]


async def test_long_answer_to_a_command(service: Service, wire: Wire) -> None:
    """Further messages of an answer to a command are the bot's own."""
    event = await commanded(service)
    draft = await draft_of(service, event)
    markdown = long_markdown(5000)
    await draft.write(markdown)
    await draft.finish(Answer(text=markdown))
    assert len(wire.said(CHANNEL)) == 3
    assert len(wire.called("POST", f"channels/{CHANNEL}/messages")) == 2
    assert draft.ref.startswith("@")


async def test_private_command_is_one_message(service: Service, wire: Wire) -> None:
    """What only the asker sees stays one message, however long it is."""
    told = await wire.interact(SLASH, slash("usage"))
    event = (await service.core.count(1))[0]
    await wire.until(lambda: told["token"] in wire.originals)
    draft = await draft_of(service, event)
    await draft.write(long_markdown(9000))
    await draft.finish(Answer(text=long_markdown(9000), private=True))
    (message,) = [m for m in wire.messages[CHANNEL] if m["author"]["id"] == ME]
    assert message["flags"] & EPHEMERAL
    assert [file["filename"] for file in message["attachments"]] == ["answer.md"]


# ------------------------------------------------------------------ connections that break, processes that die


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_lost_connection_posts_once(service: Service, wire: Wire, moment: Any) -> None:
    """A message whose posting was cut off is there once, whether Discord had it or not."""
    draft = await draft_of(service, await asked(service))
    wire.rest.cut("POST", f"channels/{DM}/messages", moment=moment)
    with pytest.raises(DeliveryDelayed):
        await draft.finish(Answer(text="The answer"))
    await draft.finish(Answer(text="The answer"))
    assert [message["content"] for message in wire.said(DM)] == ["The answer"]


#: Every question was asked so long ago that Discord knows no message of its answer by its nonce.
MUCH_LATER = Timing(nonce_lifetime=-1.0)


@pytest.mark.parametrize("timing", [MUCH_LATER])
async def test_found_again_after_a_long_time(service: Service, wire: Wire, core: Core, tmp_path: Path) -> None:
    """What an earlier process has posted is found in the history when Discord no longer knows it by its nonce."""
    event = await asked(service)
    answer = Answer(text=long_markdown(5000), media=(media(tmp_path, "fox.png", 100),), actions=(AGAIN,))
    await (await draft_of(service, event)).finish(answer)
    shown = [message["id"] for message in wire.said(DM)]
    wire.nonces.clear()
    async with Service(wire, core, timing=MUCH_LATER) as another:
        await (await draft_of(another, event, ref="")).finish(answer)
    assert [message["id"] for message in wire.said(DM)] == shown


async def test_reposted_when_what_was_begun_is_removed(service: Service, wire: Wire, core: Core) -> None:
    """A message that an earlier process posted and somebody removed is not taken for the answer."""
    event = await asked(service)
    await (await draft_of(service, event)).write("The answer")
    await wire.delete(wire.said(DM)[0])
    async with Service(wire, core) as another:
        await (await draft_of(another, event, ref="")).finish(Answer(text="The answer is 42."))
    assert [message["content"] for message in wire.said(DM)] == ["The answer is 42."]


@pytest.mark.parametrize("timing", [MUCH_LATER])
async def test_found_again_in_its_thread(service: Service, wire: Wire, core: Core) -> None:
    """The first message of a thread that was opened for a question is the beginning of its answer."""
    event = await asked(service, CHANNEL, f"<@{ME}> hello")
    await (await draft_of(service, event)).write("The answer")
    wire.nonces.clear()
    async with Service(wire, core, timing=MUCH_LATER) as another:
        draft = await draft_of(another, event, ref="")
        await draft.finish(Answer(text="The answer is 42."))
    assert [message["content"] for message in wire.said(event.id)] == ["The answer is 42."]


@pytest.mark.parametrize("timing", [MUCH_LATER])
@pytest.mark.parametrize("kept", [0, 1, 3])
@pytest.mark.parametrize("place", ["direct", "thread", "channel"])
async def test_begun_in_several_messages(service: Service, wire: Wire, core: Core, kept: int, place: str) -> None:
    """When another process has another text to show, none of the messages that were begun is left over."""
    if place == "channel":
        await wire.deny(CHANNEL, CREATE_THREADS)
    event = await asked(service, DM if place == "direct" else CHANNEL, f"<@{ME}> hello")
    begun = await draft_of(service, event)
    await begun.write(long_markdown(5000))
    room = {"direct": DM, "thread": event.id, "channel": CHANNEL}[place]
    shown = wire.said(room)
    assert len(shown) == 3
    following = await asked(service, room, f"<@{ME}> and then?")
    await (await draft_of(service, following)).finish(Answer(text="another answer"))
    wire.nonces.clear()
    async with Service(wire, core, timing=MUCH_LATER) as another:
        draft = await draft_of(another, event, ref=",".join(begun.ref.split(",")[:kept]))
        await draft.finish(Answer(text=f"{'a' * 1500}.\n\n{'b' * 1500}."))
    said = wire.said(room)
    assert [message["content"][0] for message in said] == ["a", "b", "a"]
    assert [message["id"] for message in said[:2]] == [message["id"] for message in shown[:2]]


async def test_others_messages_are_left_alone(wire: Wire, core: Core) -> None:
    """In a channel where several answers are written at once, none of another's messages is taken for one's own."""
    async with Service(wire, core, reply_mode="reply", timing=MUCH_LATER) as service:
        events = [await asked(service, CHANNEL, f"<@{ME}> {number}") for number in range(2)]
        drafts = [await draft_of(service, event) for event in events]
        for draft in drafts:
            await draft.write("The beginning")
        await drafts[0].write(long_markdown(5000))
    wire.nonces.clear()
    async with Service(wire, core, reply_mode="reply", timing=MUCH_LATER) as another:
        await (await draft_of(another, events[1], ref="")).finish(Answer(text="42"))
        assert len(wire.said(CHANNEL)) == 4
        await (await draft_of(another, events[0], ref="")).finish(Answer(text=long_markdown(5000)))
    assert len(wire.said(CHANNEL)) == 4


@pytest.mark.parametrize("timing", [MUCH_LATER])
async def test_answer_beside_a_lost_acknowledgement(service: Service, wire: Wire, core: Core) -> None:
    """An answer that took the place of an acknowledgement is known again by its buttons."""
    wire.rest.fail("POST", "callback", refused(10062))
    told = await wire.interact(SLASH, slash("chat", prompt="hello"))
    (event,) = await core.count(1)
    await (await draft_of(service, event)).write("The answer")
    assert told["token"] not in wire.originals
    wire.nonces.clear()
    wire.interactions[told["token"]].is_expired = True
    async with Service(wire, core, timing=MUCH_LATER) as another:
        await (await draft_of(another, event, ref="")).finish(Answer(text="The answer is 42."))
    assert [message["content"] for message in wire.said(CHANNEL)] == ["The answer is 42."]


async def test_nothing_is_read_where_nothing_was_begun(service: Service, wire: Wire) -> None:
    """The history is not looked at for a question that was just asked."""
    await (await draft_of(service, await asked(service))).finish(Answer(text="The answer"))
    assert not [call for call in wire.rest.calls if call.method == "GET" and "messages" in call.path]


async def test_form_that_is_refused(service: Service, wire: Wire) -> None:
    """What Discord finds wrong with a message is no reason to try the same again later."""
    draft = await draft_of(service, await asked(service))
    wire.rest.fail("POST", f"channels/{DM}/messages", refused(50035))
    with pytest.raises(DeliveryRefused):
        await draft.finish(Answer(text="The answer"))


async def test_retry_shows_what_came_too_late(tmp_path: Path) -> None:
    """What was made when its interaction had ended is shown by a retry, or by the button, and not made again."""
    async with whole(tmp_path) as one:
        for number, is_pressed in enumerate((False, True)):
            prompt = f"hello {number}"
            hold = one.echo.hold(prompt)
            late = await one.command("chat", prompt=prompt, told=ALONE)
            await one.echo.until(lambda prompt=prompt: prompt in one.echo.asked)  # type: ignore[misc]
            one.wire.interactions[late].is_expired = True
            hold.set()
            await one.quiet()
            asked_for = list(one.echo.asked)
            if is_pressed:
                event = one.wire.interactions[late].payload["id"]
                data, message = pressed(one.wire, button_id("retry", event, f"c{CHANNEL}"))
                await one.wire.interact(PRESSED, data, message=message, **ALONE)
            else:
                await one.command("retry", told=ALONE)
            await one.shown(CHANNEL, f"re: {prompt}")
            assert one.echo.asked == asked_for
