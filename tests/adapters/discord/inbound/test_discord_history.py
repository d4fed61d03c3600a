"""Messages before the question: threads, forum posts and chains of replies."""

from simulators.discord.server import DiscordSimulator
from simulators.discord.values import ADA, BOB, CHANNEL, FORUM, ME, snowflake
from tests.support.discord.stage import Core, Service


async def test_forum_post(service: Service, simulator: DiscordSimulator, core: Core) -> None:
    """A mention in a forum's post is answered in the post, with what the post says to be read before."""
    number = snowflake()
    await simulator.open_thread(number, owner=ADA, parent=FORUM)
    simulator.message(number, "My printer smokes.", id=number)
    await simulator.say(number, f"<@{ME}> what do I do?", by=BOB)
    (event,) = await core.count(1)
    assert (event.conversation, event.location.channel, event.has_prior_messages) == (f"t{number}", FORUM, True)
    earlier = await service.adapter.earlier(event.reply_to, limit=10)
    assert [(turn.speaker, turn.content) for turn in earlier.turns] == [("Ada", "My printer smokes.")]


async def test_answer_to_somebody_else(service: Service, simulator: DiscordSimulator, core: Core) -> None:
    """Who mentions the bot in a reply to somebody asks about that message, its files included."""
    file = {"id": snowflake(), "filename": "a.png", "size": 4, "url": "http://x/a.png", "proxy_url": "", "width": 1}
    first = simulator.message(CHANNEL, "Cats are liquid.", by=BOB, attachments=[{**file, "content_type": "image/png"}])
    second = simulator.message(CHANNEL, "No way.", answers=first)
    await simulator.say(CHANNEL, f"<@{ME}> is that so?", answers=second)
    (event,) = await core.count(1)
    assert event.prompt == "> Ada: No way.\n\nis that so?"
    assert event.has_prior_messages
    earlier = await service.adapter.earlier(event.reply_to, limit=10)
    assert [(turn.speaker, turn.content) for turn in earlier.turns] == [("Bob", "Cats are liquid."), ("Ada", "No way.")]
    await simulator.say(CHANNEL, f"<@{ME}> video make it move", answers=first)
    event = (await core.count(2))[1]
    assert (event.command, event.prompt, [file.name for file in event.attachments]) == (
        "video",
        "make it move",
        ["a.png"],
    )


async def test_thread_that_people_opened_at_a_message(
    service: Service, simulator: DiscordSimulator, core: Core
) -> None:
    """The message at which a thread was opened is what it begins with, its files included."""
    file = {"id": snowflake(), "filename": "a.txt", "size": 4, "url": "http://x/a.txt", "proxy_url": ""}
    first = simulator.message(CHANNEL, "Look at this.", by=BOB, attachments=[file])
    await simulator.open_thread(first["id"], owner=BOB)
    started = {"type": 0, "channel_id": CHANNEL, "message_id": first["id"]}
    simulator.message(first["id"], "", type=21, message_reference=started, referenced_message=first, by=BOB)
    simulator.message(first["id"], "Odd.")
    await simulator.say(first["id"], f"<@{ME}> what is it?")
    (event,) = await core.count(1)
    earlier = await service.adapter.earlier(event.reply_to, limit=10)
    assert [(turn.speaker, turn.content) for turn in earlier.turns] == [("Bob", "Look at this."), ("Ada", "Odd.")]
    assert [attachment.name for attachment in earlier.attachments] == ["a.txt"]
