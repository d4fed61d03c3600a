"""Which messages are for the bot, and the events that they become."""

import asyncio

import pytest

from adapters.discord.reply_target import ReplyTarget
from adapters.discord.timing import Timing
from adapters.kit.store_outage import OutageTiming
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import BOB, CHANNEL, DM, GUILD, ME, ROLE, snowflake
from tests.support.discord.stage import RecordingCore, Service

ROBOT = {"id": BOB, "username": "robot", "discriminator": "0", "avatar": None, "bot": True}


async def nothing_more(service: Service, simulator: DiscordSimulator, core: RecordingCore, *, known: int) -> None:
    """Assert that everything said so far was handled and made no more than `known` events."""
    await simulator.say(DM, "the end")
    events = await core.wait_for_events(known + 1)
    assert [event.prompt for event in events[known:]] == ["the end"]


async def test_mention_opens_a_thread(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A mention is a chat event of the thread that its answer opens, named from the question."""
    said = await simulator.say(CHANNEL, f"<@{ME}> what is **love**?")
    (event,) = await core.wait_for_events(1)
    target = ReplyTarget.of(event.reply_to)
    assert (event.id, event.command, event.prompt) == (said["id"], "chat", "what is **love**?")
    assert event.conversation == f"t{said['id']}"
    assert (event.location.workspace, event.location.channel, event.location.thread) == (GUILD, CHANNEL, said["id"])
    assert (target.thread_name, target.answer_channel) == ("what is love?", said["id"])
    assert not event.has_prior_messages


async def test_own_role_is_a_mention(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """Naming the role that Discord made for the bot is naming the bot."""
    await simulator.say(CHANNEL, f"<@&{ROLE}> still there?")
    (event,) = await core.wait_for_events(1)
    assert event.prompt == "still there?"


async def test_commands_are_typed_after_a_mention(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """A mention may name a command; its files stay in the channel."""
    await simulator.say(CHANNEL, f"<@{ME}> image a red fox --style anime -n 2")
    (event,) = await core.wait_for_events(1)
    assert (event.command, event.prompt) == ("image", "a red fox")
    assert event.options == {"style": "anime", "n": "2"}
    assert "thread_name" not in event.reply_to
    assert event.conversation == f"r{event.id}"


async def test_wrong_command_is_a_problem(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A command that can't be parsed is an event with its rejection, answered in place."""
    await simulator.say(CHANNEL, f"<@{ME}> /image a fox --style oil")
    (event,) = await core.wait_for_events(1)
    assert "oil" in event.rejection
    assert "thread_name" not in event.reply_to


async def test_others_are_left_alone(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """Messages that don't address the bot are ignored: other talk, other bots, webhooks, @everyone."""
    await simulator.say(CHANNEL, "good morning")
    await simulator.say(CHANNEL, "@everyone hello", mention_everyone=True)
    await simulator.say(CHANNEL, f"<@{ME}> hook", webhook_id=snowflake())
    await simulator.say(CHANNEL, "I am a bot", author=ROBOT)
    await simulator.say(CHANNEL, f"<@{ME}> my own words", by=ME)
    await nothing_more(service, simulator, core, known=0)


async def test_bot_that_mentions_is_marked(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A mention by another bot is an event marked as a bot's; the core decides."""
    await simulator.say(CHANNEL, f"<@{ME}> hello", author=ROBOT)
    (event,) = await core.wait_for_events(1)
    assert event.actor.is_bot


async def test_direct_message(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A direct message needs no mention and is private."""
    await simulator.say(DM, "hello there")
    (event,) = await core.wait_for_events(1)
    assert (event.prompt, event.conversation, event.location.is_private) == ("hello there", f"d{DM}", True)
    assert event.location.workspace == ""
    for text in ("謝謝", "/imgae", "谢谢", "/imgae"):  # the platform tells no language of messages
        await simulator.say(DM, text)
    events = (await core.wait_for_events(5))[1:]
    assert [one.actor.locale for one in events] == ["zh-Hant", "zh-Hant", "zh-Hans", "zh-Hans"]
    assert ["這個指令" in one.rejection for one in events] == [False, True, False, False]


async def test_own_thread_needs_no_mention(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """In a thread that the bot started everybody is answered who addresses nobody else."""
    question = await simulator.say(CHANNEL, f"<@{ME}> hello")
    await core.wait_for_events(1)
    await simulator.open_thread(question["id"], owner=ME)
    await simulator.say(question["id"], "and then?")
    await simulator.say(question["id"], "me too", by=BOB)
    await simulator.say(question["id"], f"<@{BOB}> what do you think?")
    await core.wait_for_events(3)
    assert {event.conversation for event in core.events} == {f"t{question['id']}"}
    assert [event.actor.name for event in core.events] == ["Ada", "Ada", "Bob"]
    await nothing_more(service, simulator, core, known=3)


async def test_who_turns_to_somebody_else_is_left_alone(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """A participant who addresses somebody else in a thread is answered again from the next mention on."""
    thread = (await service.say(CHANNEL, f"<@{ME}> hello")).id
    await simulator.open_thread(thread, owner=ME)
    await simulator.say(thread, f"<@{BOB}> what do you think?")
    await simulator.say(thread, "sounds good to me")
    await simulator.say(thread, "to me too", by=BOB)
    await core.wait_for_events(2)
    await simulator.say(thread, f"<@{ME}> and you?")
    await simulator.say(thread, "thank you")
    await core.wait_for_events(4)
    assert [event.prompt for event in core.events] == ["hello", "to me too", "and you?", "thank you"]
    await nothing_more(service, simulator, core, known=4)


async def test_who_turned_to_somebody_else_is_known_after_a_restart(
    simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """A restart does not make the bot answer what is said to others; a reply to its answer does."""
    async with Service(simulator, core) as service:
        thread = (await service.say(CHANNEL, f"<@{ME}> hello")).id
        await simulator.open_thread(thread, owner=ME)
        await simulator.say(thread, f"<@{BOB}> what do you think?")
        await nothing_more(service, simulator, core, known=1)
    async with Service(simulator, core) as service:
        await simulator.say(thread, "sounds good to me")
        await nothing_more(service, simulator, core, known=2)
        await simulator.say(thread, "and you?", answers=simulator.message(thread, "Hello!", by=ME))
        await simulator.say(thread, "thank you")
        assert [event.prompt for event in (await core.wait_for_events(5))[3:]] == ["and you?", "thank you"]


async def test_question_of_somebody_who_turned_away_is_edited(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """An edited question is revised, though its author has turned to somebody else since."""
    thread = (await service.say(CHANNEL, f"<@{ME}> hello")).id
    await simulator.open_thread(thread, owner=ME)
    question = await simulator.say(thread, "and then?")
    await core.wait_for_events(2)
    await simulator.say(thread, f"<@{BOB}> what do you think?")
    await nothing_more(service, simulator, core, known=2)
    await simulator.edit(question, "and after that?")
    async with asyncio.timeout(120), core.changed:
        await core.changed.wait_for(lambda: core.revised)
    assert [(event.id, event.prompt) for event in core.revised] == [(question["id"], "and after that?")]


async def test_thread_without_the_bot_is_left_alone(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """In other people's threads a person is answered without a mention only while nobody else talks to the bot."""
    number = snowflake()
    await simulator.open_thread(number, owner=BOB)
    await simulator.say(number, "just us")
    await simulator.say(number, f"<@{ME}> join us")
    await core.wait_for_events(1)
    await simulator.say(number, "thank you")
    await simulator.say(number, "who is that?", by=BOB)
    await core.wait_for_events(2)
    assert [event.prompt for event in core.events] == ["join us", "thank you"]
    assert [event.has_prior_messages for event in core.events] == [True, False]
    await nothing_more(service, simulator, core, known=2)


async def test_reply_to_an_answer_goes_on(simulator: DiscordSimulator, core: RecordingCore) -> None:
    """Where mentions are answered in place, a chain of replies is one conversation, also after a restart."""
    async with Service(simulator, core, reply_mode="reply"):
        question = await simulator.say(CHANNEL, f"<@{ME}> hello")
        (event,) = await core.wait_for_events(1)
        assert event.conversation == f"r{question['id']}"
        answer = simulator.message(CHANNEL, "Hi!", by=ME, answers=question)
        again = await simulator.say(CHANNEL, "how are you?", answers=answer)
        await core.wait_for_events(2)
    answer = simulator.message(CHANNEL, "Fine.", by=ME, answers=again)
    async with Service(simulator, core, reply_mode="reply"):
        await simulator.say(CHANNEL, "good", answers=answer)
        await core.wait_for_events(3)
    assert {event.conversation for event in core.events} == {f"r{question['id']}"}
    assert not any(event.has_prior_messages for event in core.events)


async def test_forwarded_message_is_read(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A forwarded message is read as a quotation, with its files; one of an app or with a sticker alone is, too."""
    file = {"id": snowflake(), "filename": "a.txt", "size": 4, "url": "http://x/a.txt", "proxy_url": ""}
    snapshot = {
        "message": {
            "content": "The meeting is at nine.",
            "attachments": [file],
            "embeds": [],
            "timestamp": "2026-11-23T00:49:53.676000+00:00",
            "edited_timestamp": None,
            "flags": 0,
            "type": 0,
            "mentions": [],
            "mention_roles": [],
        }
    }
    reference = {"type": 1, "channel_id": CHANNEL, "message_id": snowflake()}
    await simulator.say(DM, "", message_snapshots=[snapshot], message_reference=reference)
    (event,) = await core.wait_for_events(1)
    assert event.prompt == "> The meeting is at nine."
    assert [file.name for file in event.attachments] == ["a.txt"]
    bare = {**snapshot["message"], "content": "", "attachments": []}
    build = {"type": "rich", "title": "Build 7", "fields": [{"name": "Result", "value": "failed"}]}
    for part in ({"embeds": [build]}, {"sticker_items": [{"id": snowflake(), "name": "Wave", "format_type": 1}]}):
        await service.say(DM, "", message_snapshots=[{"message": {**bare, **part}}], message_reference=reference)
    assert [event.prompt for event in core.events[1:]] == ["> Build 7\n> \n> Result: failed", "> [Wave]"]


async def test_edits_and_deletions(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """An edited question revises its event; a deleted one is retracted."""
    said = await simulator.say(CHANNEL, f"<@{ME}> hello")
    await core.wait_for_events(1)
    preview = {**said, "embeds": [{"type": "link", "title": "a link"}]}
    await simulator.gateway.dispatch("MESSAGE_UPDATE", preview)
    edited = {**said, "content": f"<@{ME}> goodbye", "edited_timestamp": "2026-11-23T00:50:53.676000+00:00"}
    await simulator.gateway.dispatch("MESSAGE_UPDATE", edited)
    await simulator.gateway.dispatch("MESSAGE_DELETE", {"id": said["id"], "channel_id": CHANNEL, "guild_id": GUILD})
    await simulator.gateway.dispatch("MESSAGE_DELETE_BULK", {"ids": ["17"], "channel_id": CHANNEL, "guild_id": GUILD})
    async with asyncio.timeout(120), core.changed:
        await core.changed.wait_for(lambda: len(core.retracted) == 2)
    assert [(event.id, event.prompt) for event in core.revised] == [(said["id"], "goodbye")]
    assert core.retracted == [said["id"], "17"]


@pytest.mark.parametrize("timing", [Timing(outage=OutageTiming(patience=0.05))])
async def test_failure_to_record_is_reported(
    service: Service, simulator: DiscordSimulator, core: RecordingCore
) -> None:
    """When a message can't be recorded, a reply says so."""
    core.is_failing = True
    said = await simulator.say(CHANNEL, f"<@{ME}> hello")
    await simulator.until(lambda: simulator.called("POST", "messages"))
    (told,) = simulator.called("POST", "messages")
    assert "not" in told["content"]
    assert told["message_reference"]["message_id"] == int(said["id"])


async def test_names_stand_for_ids(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A question has names where Discord writes ids, and no trace of the mention."""
    await simulator.say(CHANNEL, f"hey <@{ME}> ask <@{BOB}> in <#{CHANNEL}> <:hat:{snowflake()}>")
    (event,) = await core.wait_for_events(1)
    assert event.prompt == "hey  ask @Bob in #general :hat:"


async def test_without_message_content(simulator: DiscordSimulator, core: RecordingCore) -> None:
    """Without the intent mentions work, and the bot explains once a thread why the rest is not read."""
    simulator.flags = 0
    async with Service(simulator, core) as service:
        assert simulator.gateway.identified[0]["intents"] & (1 << 15) == 0
        question = await simulator.say(CHANNEL, f"<@{ME}> hello")
        await core.wait_for_events(1)
        await simulator.open_thread(question["id"], owner=ME)
        await simulator.say(question["id"], "")
        await simulator.until(lambda: simulator.called("POST", "messages"))
        await simulator.say(question["id"], "")
        await simulator.say(question["id"], f"<@{ME}> again")
        await core.wait_for_events(2)
        await nothing_more(service, simulator, core, known=2)
    assert len(simulator.called("POST", "messages")) == 1


async def test_thread_that_was_archived(service: Service, simulator: DiscordSimulator, core: RecordingCore) -> None:
    """A thread that the gateway did not announce is fetched once and then known."""
    number = snowflake()
    await simulator.open_thread(number, owner=ME, tell=False)
    await simulator.say(number, f"<@{ME}> are you still there?")
    await simulator.say(number, "and now?")
    await core.wait_for_events(2)
    assert {event.conversation for event in core.events} == {f"t{number}"}
    assert {event.location.channel for event in core.events} == {CHANNEL}
    assert sum(call.path == f"channels/{number}" for call in simulator.rest.calls) == 1
