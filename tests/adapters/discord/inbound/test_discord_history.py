"""Messages before the question: threads, forum posts and chains of replies."""

import pytest

from simulators.discord.server import DiscordSimulator
from simulators.discord.values import ADA, BOB, CHANNEL, DM, FORUM, ME, SEND, VIEW, Json, member, snowflake
from tests.support.discord.interactions import SLASH, message_command
from tests.support.discord.stage import RecordingCore, Service


async def test_forum_post(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A mention in a forum's post is answered in the post, with what the post says to be read before."""
    number = snowflake()
    await simulator.open_thread(number, owner=ADA, parent=FORUM)
    simulator.message(number, "My printer smokes.", id=number)
    await simulator.say(number, f"<@{ME}> what do I do?", by=BOB)
    (event,) = await core.wait_for_events(1)
    assert (event.conversation, event.location.channel, event.has_prior_messages) == (f"t{number}", FORUM, True)
    prior = await service.adapter.read_prior_messages(event.reply_to, limit=10)
    assert [(turn.speaker, turn.content) for turn in prior.turns] == [("Ada", "My printer smokes.")]


async def test_answer_to_somebody_else(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A mention in a reply to somebody is about that message, its files included."""
    file = {"id": snowflake(), "filename": "a.png", "size": 4, "url": "http://x/a.png", "proxy_url": "", "width": 1}
    first = simulator.message(CHANNEL, "Cats are liquid.", by=BOB, attachments=[{**file, "content_type": "image/png"}])
    second = simulator.message(CHANNEL, "No way.", answers=first)
    await simulator.say(CHANNEL, f"<@{ME}> is that so?", answers=second)
    (event,) = await core.wait_for_events(1)
    assert event.prompt == "> Ada: No way.\n\nis that so?"
    assert event.has_prior_messages
    prior = await service.adapter.read_prior_messages(event.reply_to, limit=10)
    assert [(turn.speaker, turn.content) for turn in prior.turns] == [("Bob", "Cats are liquid."), ("Ada", "No way.")]
    await simulator.say(CHANNEL, f"<@{ME}> video make it move", answers=first)
    event = (await core.wait_for_events(2))[1]
    assert (event.command, event.prompt, [file.name for file in event.attachments]) == (
        "video",
        "make it move",
        ["a.png"],
    )


async def test_thread_that_people_opened_at_a_message(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """The message at which a thread was opened is what it begins with, its files included."""
    file = {"id": snowflake(), "filename": "a.txt", "size": 4, "url": "http://x/a.txt", "proxy_url": ""}
    first = simulator.message(CHANNEL, "Look at this.", by=BOB, attachments=[file])
    await simulator.open_thread(first["id"], owner=BOB)
    started = {"type": 0, "channel_id": CHANNEL, "message_id": first["id"]}
    simulator.message(first["id"], "", type=21, message_reference=started, referenced_message=first, by=BOB)
    simulator.message(first["id"], "Odd.")
    await simulator.say(first["id"], f"<@{ME}> what is it?")
    (event,) = await core.wait_for_events(1)
    prior = await service.adapter.read_prior_messages(event.reply_to, limit=10)
    assert [(turn.speaker, turn.content) for turn in prior.turns] == [("Bob", "Look at this."), ("Ada", "Odd.")]
    assert [attachment.name for attachment in prior.attachments] == ["a.txt"]


SUMMARY = "請摘要這段對話：決定了什麼、還有什麼沒定、誰要做什麼。"
MESSAGE_SUMMARY = "請摘要這則訊息：\n\n> Bob: Cats are liquid."


async def test_summary_of_a_thread(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """In a thread the summary is of the thread, with the message that it was started from; for the asker alone."""
    first = simulator.message(CHANNEL, "Shall we ship?", by=BOB)
    await simulator.open_thread(first["id"], owner=BOB)
    started = {"type": 0, "channel_id": CHANNEL, "message_id": first["id"]}
    simulator.message(first["id"], "", type=21, message_reference=started, referenced_message=first, by=BOB)
    reply = simulator.message(first["id"], "On Friday.")
    simulator.message(first["id"], "Fine.", by=BOB)
    for channel, message in ((first["id"], reply), (CHANNEL, {**first, "flags": 1 << 5})):
        made = await simulator.interact(SLASH, message_command("Summarise", message), channel=channel)
        event = (await core.wait_for_events(len(core.events) + 1))[-1]
        assert (event.id, event.conversation) == (made["id"], f"i{made['id']}")
        assert (event.command, event.prompt, event.reply_to["deferred"]) == ("chat", SUMMARY, "private")
        assert event.has_prior_messages
        prior = await service.adapter.read_prior_messages(event.reply_to, limit=10)
        assert [(turn.speaker, turn.content) for turn in prior.turns] == [
            ("Bob", "Shall we ship?"),
            ("Ada", "On Friday."),
            ("Bob", "Fine."),
        ]


async def test_summary_of_a_chain_of_replies(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """Of a reply the summary is of the chain that it ends, itself included."""
    first = simulator.message(CHANNEL, "Shall we ship?", by=BOB)
    second = simulator.message(CHANNEL, "On Friday.", answers=first)
    third = simulator.message(CHANNEL, "Fine.", answers=second, by=BOB)
    simulator.message(CHANNEL, "Cats are liquid.")
    await simulator.interact(SLASH, message_command("Summarise", third))
    (event,) = await core.wait_for_events(1)
    assert (event.prompt, event.attachments, event.has_prior_messages) == (SUMMARY, (), True)
    prior = await service.adapter.read_prior_messages(event.reply_to, limit=10)
    assert [turn.content for turn in prior.turns] == ["Shall we ship?", "On Friday.", "Fine."]
    prior = await service.adapter.read_prior_messages(event.reply_to, limit=2)
    assert [turn.content for turn in prior.turns] == ["On Friday.", "Fine."]


async def test_summary_of_direct_messages(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """In direct messages the summary is of what was said there."""
    simulator.message(DM, "Shall we ship?")
    message = simulator.message(DM, "On Friday.", by=ME)
    await simulator.interact(SLASH, message_command("Summarise", message), channel=DM)
    (event,) = await core.wait_for_events(1)
    prior = await service.adapter.read_prior_messages(event.reply_to, limit=10)
    assert [(turn.role, turn.content) for turn in prior.turns] == [
        ("user", "Shall we ship?"),
        ("assistant", "On Friday."),
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"authorizing_integration_owners": {"1": ADA}},
        {"app_permissions": str(VIEW | SEND)},
        {"member": {**member(BOB), "permissions": str(VIEW | SEND)}},
    ],
)
async def test_summary_where_the_history_may_not_be_read(
    service: Service, simulator: DiscordSimulator, core: RecordingCore, more: Json
) -> None:
    """Where the bot, or who asks, may not read what was said, the summary is of the message, which is sent along."""
    number = snowflake()
    await simulator.open_thread(number, owner=BOB)
    message = simulator.message(number, "Cats are liquid.", by=BOB)
    await simulator.interact(SLASH, message_command("Summarise", message), channel=number, **more)
    (event,) = await core.wait_for_events(1)
    assert event.prompt == MESSAGE_SUMMARY
    assert not event.has_prior_messages


async def test_summary_without_message_content(simulator: DiscordSimulator, core: RecordingCore) -> None:
    """Without the message content intent Discord leaves out what was said: the summary is of the message."""
    simulator.flags = 0
    number = snowflake()
    await simulator.open_thread(number, owner=BOB)
    message = simulator.message(number, "Cats are liquid.", by=BOB)
    async with Service(simulator, core):
        await simulator.interact(SLASH, message_command("Summarise", message), channel=number)
        (event,) = await core.wait_for_events(1)
    assert (event.prompt, event.has_prior_messages) == (MESSAGE_SUMMARY, False)
