"""Answers to interactions, and interactions whose token ends."""

from pathlib import Path
from typing import Any

import pytest

from adapters.discord.inbound.parse import conversation_of_commands
from adapters.discord.reply_target import ReplyTarget
from adapters.discord.timing import Timing
from bot.errors import DeliveryDelayed, DeliveryRefused
from bot.models import Answer, Event, Status
from simulators.discord.checks import EPHEMERAL, LOADING
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import (
    ADA,
    CHANNEL,
    ME,
)
from tests.contract.adapter_contract import long_markdown
from tests.support.discord.interactions import PRESSED, SLASH, button_id, button_press, slash_command
from tests.support.discord.messages import AGAIN, buttons_of, text_of
from tests.support.discord.stage import RecordingCore, Service
from tests.support.discord.whole import whole

MODAL, THINKING, PRIVATE = 9, 5, 64


async def test_answer_takes_the_place_of_the_acknowledgement(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """The acknowledgement of a command becomes its answer; where it is gone the answer is a message."""
    for number in (1, 2):
        told = await simulator.interact(SLASH, slash_command("chat", prompt="hello"))
        event = (await core.wait_for_events(number))[-1]
        draft = await service.adapter.draft(event.reply_to, key=event.id, ref=None, private=False)
        await draft.status(Status("thinking"))
        assert simulator.originals[told["token"]]["content"] == "thinking"
        if number == 2:
            simulator.drop(simulator.originals[told["token"]])
        await draft.finish(Answer(text=f"answer {number}"))
    assert [original["content"] for original in simulator.originals.values()] == ["answer 1"]
    assert [message["content"] for message in simulator.bot_messages(CHANNEL)] == ["answer 1", "answer 2"]


async def test_private_answer_to_what_everybody_saw(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """A refusal is ephemeral, though the acknowledgement was public; also when sending it fails at first."""
    await simulator.interact(SLASH, slash_command("chat", prompt="hello"))
    (event,) = await core.wait_for_events(1)
    draft = await service.adapter.draft(event.reply_to, key=event.id, ref=None, private=True)
    simulator.rest.cut("POST", "webhooks/", moment="before")
    with pytest.raises(DeliveryDelayed):
        await draft.finish(Answer(text="not for you", private=True))
    await draft.finish(Answer(text="not for you", private=True))
    await draft.finish(Answer(text="not for you", private=True))
    assert not simulator.originals
    assert [(m["content"], m["flags"]) for m in simulator.messages[CHANNEL]] == [("not for you", PRIVATE)]


ALONE: Any = {"authorizing_integration_owners": {"1": ADA}}  # a person installed it, no server


async def test_answer_that_was_deleted_where_nothing_else_can_be_posted(
    service: Service, simulator: DiscordSimulator
) -> None:
    """Where only the interaction can answer, and somebody deletes that response, the asker gets an ephemeral one."""
    event = await service.use_command(**ALONE)
    draft = await service.open_draft(event)
    await draft.write("The answer")
    simulator.drop(simulator.originals[token(event)])
    await draft.finish(Answer(text="The answer is 42."))
    assert [(m["content"], m["flags"]) for m in simulator.messages[CHANNEL]] == [("The answer is 42.", PRIVATE)]


def token(event: Event) -> str:
    return ReplyTarget.decrypt(event.reply_to, RecordingCore()).token


#: An interaction's answer is detached from its token at once.
DETACHED = pytest.mark.parametrize("timing", [Timing(token_reserve=15 * 60.0 - 0.05)])


@pytest.mark.parametrize("has_begun", [True, False])
async def test_answer_moves_before_the_token_ends(
    service: Service, simulator: DiscordSimulator, *, has_begun: bool
) -> None:
    """Before an interaction can be used no more its message becomes one of the bot's own, and is finished as such."""
    event = await service.use_command()
    draft = await service.open_draft(event)
    if has_begun:
        await draft.write("The answer")
    await draft.detach_from_token()
    assert text_of(simulator.bot_messages(CHANNEL)[0])
    simulator.interactions[token(event)].is_expired = True
    await draft.finish(Answer(text="The answer is 42.", actions=(AGAIN,)))
    (message,) = simulator.bot_messages(CHANNEL)
    assert (message["content"], message["flags"] & LOADING) == ("The answer is 42.", 0)
    assert simulator.called("PATCH", f"channels/{CHANNEL}/messages/{message['id']}")


@DETACHED
async def test_answer_that_will_not_be_in_time(service: Service, simulator: DiscordSimulator) -> None:
    """Where only the interaction can answer, it says in time that it will not; finishing later is refused."""
    event = await service.use_command(**ALONE)
    draft = await service.open_draft(event)
    await draft.status(Status("Thinking…"))
    await simulator.until(lambda: "/retry" in text_of(simulator.bot_messages(CHANNEL)[0]))
    (retry,) = buttons_of(simulator.bot_messages(CHANNEL)[0])
    assert retry["custom_id"] == button_id(service.core, "retry", event.id, event.conversation)
    await draft.status(Status("Still thinking…"))
    assert "/retry" in text_of(simulator.bot_messages(CHANNEL)[0])
    simulator.interactions[token(event)].is_expired = True
    with pytest.raises(DeliveryRefused):
        await draft.finish(Answer(text="too late"))
    assert "/retry" in text_of(simulator.bot_messages(CHANNEL)[0])


@DETACHED
async def test_answer_that_is_in_time_after_all(service: Service, simulator: DiscordSimulator) -> None:
    """An answer that was announced as late and is in time after all is shown."""
    event = await service.use_command(**ALONE)
    draft = await service.open_draft(event)
    await simulator.until(lambda: "/retry" in text_of(simulator.bot_messages(CHANNEL)[0]))
    await draft.finish(Answer(text="just in time"))
    assert [message["content"] for message in simulator.bot_messages(CHANNEL)] == ["just in time"]


async def test_interaction_that_ended_during_a_restart(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """An unanswered acknowledgement is replaced by a message, and a started answer is found in the history."""
    waiting, start_asking = await service.use_command(), await service.use_command()
    await (await service.open_draft(start_asking)).write("The answer")
    for event in (waiting, start_asking):
        simulator.interactions[token(event)].is_expired = True
    async with Service(simulator, core, timing=Timing(token_margin=15 * 60.0, nonce_lifetime=-1.0)) as another:
        await (await another.open_draft(waiting, ref="")).finish(Answer(text="waited for"))
        await (await another.open_draft(start_asking, ref="")).finish(Answer(text="The answer is 42."))
    assert sorted(message["content"] for message in simulator.bot_messages(CHANNEL)) == [
        "The answer is 42.",
        "waited for",
    ]


async def test_long_answer_to_a_command(service: Service, simulator: DiscordSimulator) -> None:
    """Further messages of an answer to a command are the bot's own."""
    event = await service.use_command()
    draft = await service.open_draft(event)
    markdown = long_markdown(5000)
    await draft.write(markdown)
    await draft.finish(Answer(text=markdown))
    assert len(simulator.bot_messages(CHANNEL)) == 3
    assert len(simulator.called("POST", f"channels/{CHANNEL}/messages")) == 2
    assert draft.ref.startswith("@")


async def test_private_command_is_one_message(service: Service, simulator: DiscordSimulator) -> None:
    """An ephemeral answer stays one message, however long it is."""
    told = await simulator.interact(SLASH, slash_command("usage"))
    event = (await service.core.wait_for_events(1))[0]
    await simulator.until(lambda: told["token"] in simulator.originals)
    draft = await service.open_draft(event)
    await draft.write(long_markdown(9000))
    await draft.finish(Answer(text=long_markdown(9000), private=True))
    (message,) = [m for m in simulator.messages[CHANNEL] if m["author"]["id"] == ME]
    assert message["flags"] & EPHEMERAL
    assert [file["filename"] for file in message["attachments"]] == ["answer.md"]


async def test_retry_shows_what_came_too_late(tmp_path: Path) -> None:
    """An answer that was finished after its token ended is shown by /retry or the button, and not generated again."""
    async with whole(tmp_path) as one:
        for number, is_pressed in enumerate((False, True)):
            prompt = f"hello {number}"
            hold = one.echo.hold(prompt)
            late = await one.command("chat", prompt=prompt, told=ALONE)
            await one.echo.until(lambda prompt=prompt: prompt in one.echo.prompts)  # type: ignore[misc]
            one.simulator.interactions[late].is_expired = True
            hold.set()
            await one.idle()
            asked_for = list(one.echo.prompts)
            if is_pressed:
                event = one.simulator.interactions[late].payload["id"]
                conversation = conversation_of_commands(CHANNEL, ADA)
                custom_id = button_id(one.core.services, "retry", event, conversation)
                data, message = button_press(one.simulator, custom_id)
                await one.simulator.interact(PRESSED, data, message=message, **ALONE)
            else:
                await one.command("retry", told=ALONE)
            await one.see(CHANNEL, f"re: {prompt}")
            assert one.echo.prompts == asked_for
