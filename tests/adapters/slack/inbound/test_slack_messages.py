"""Messages: which of them are for the bot, and their events."""

import pytest
from structlog.testing import capture_logs

from adapters.slack.reply_target import ReplyTarget
from adapters.slack.timing import Timing
from bot.models import Event
from simulators.slack import SlackSimulator
from tests.support.slack.adapter import RecordingCore, RunningAdapter


async def test_mention_begins_a_thread(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """A mention outside of threads is one event, answered in a thread of its own, though Slack sends it twice."""
    question = slack.ada.mention("what is love?")
    await slack.until_delivered()
    [event] = core.events
    assert event.prompt == "what is love?"
    assert event.id == f"T0LAB.C0GENERAL.{question.ts}"
    assert event.conversation == f"T0LAB.C0GENERAL.{question.ts}"
    assert (event.actor.id, event.actor.name, event.actor.locale) == ("U0ADA", "Ada", "en-US")
    assert event.actor.is_admin
    assert not event.actor.is_stranger
    assert (event.location.workspace, event.location.channel, event.location.thread) == (
        "T0LAB",
        "C0GENERAL",
        question.ts,
    )
    address = ReplyTarget.of(event.reply_to)
    assert (address.team, address.channel, address.thread, address.message, address.user) == (
        "T0LAB",
        "C0GENERAL",
        question.ts,
        question.ts,
        "U0ADA",
    )


@pytest.mark.parametrize("mention_first", [True, False])
async def test_twins_and_redeliveries_are_one_event(
    slack: SlackSimulator, core: RecordingCore, mention_first: bool
) -> None:
    """The twins `message` and `app_mention` are one event, whichever comes first and whichever process receives it."""
    slack.people.mention_first = mention_first
    events: list[Event] = []

    async def every(event: Event) -> bool:
        events.append(event)
        return True

    core.sink = every  # type: ignore[method-assign]
    async with RunningAdapter(slack, core, http=True):
        slack.ada.mention("image a fox --style anime", files=[slack.ada.file("a.png", b"x")])
        await slack.until_delivered()
        for delivery in tuple(slack.sender.deliveries):
            assert await slack.sender.again(delivery, number=1) == 200
    assert len(events) == 1
    for delivery in tuple(slack.sender.deliveries):
        async with RunningAdapter(slack, core, http=True):
            assert await slack.sender.again(delivery, number=2) == 200
    assert len(events) == 3
    assert len({(e.id, e.conversation, e.command, e.prompt, str(e.options), str(e.attachments)) for e in events}) == 1
    assert (events[0].command, events[0].prompt, events[0].options) == ("image", "a fox", {"style": "anime"})


async def test_nobody_stays_an_administrator(slack: SlackSimulator, core: RecordingCore) -> None:
    """Slack is asked again soon whether somebody still is one; others are looked up seldom."""
    async with RunningAdapter(slack, core, timing=Timing(admin_lifetime=0.0)):
        for number, is_admin in enumerate((True, False), start=1):
            slack.ada.user.is_admin = is_admin
            slack.ada.mention("hello")
            assert (await core.wait_for_events(number))[-1].actor.is_admin is is_admin
        before = len(slack.called("users.info"))
        slack.ada.mention("and now?")
        await core.wait_for_events(3)
        assert len(slack.called("users.info")) == before


async def test_two_processes_record_a_mention_once(slack: SlackSimulator, core: RecordingCore) -> None:
    """The process that gets the `message` records it, and no other; an `app_mention` without one is recorded, too."""
    core.has_peers = True
    recorded: list[str] = []
    sink = core.sink

    async def count(event: Event) -> bool:
        recorded.append(event.prompt)
        return await sink(event)

    core.sink = count  # type: ignore[method-assign]
    timing = Timing(mention_looks=(0.05, 5.0))
    async with RunningAdapter(slack, core, timing=timing), RunningAdapter(slack, core, timing=timing):
        for _ in range(2):  # both know that Slack sends `message` events of the channel
            slack.ada.say("this is for people")
        for mention_first in (False, True):
            slack.people.mention_first = mention_first
            slack.ada.mention(f"mention first: {mention_first}")
            await slack.until_delivered()
        assert recorded == ["mention first: False", "mention first: True"]
        slack.ada.slash("/reset")
        await slack.until_delivered()
        assert core.events[-1].conversation == core.events[-2].conversation  # which another process has recorded
    async with RunningAdapter(slack, core, timing=Timing(mention_looks=(0.0, 0.0))):
        slack.ada.say("this, too")
        slack.people.subscribed = {"app_mention"}
        slack.ada.mention("nobody else has this one")
        await slack.until_delivered()
    assert recorded[3:] == ["nobody else has this one"]


async def test_thread_that_was_there_before_continues(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """A mention in a thread that people began is answered there, and its earlier messages are to be read."""
    root = slack.ada.say("the build is red")
    slack.bob.say("since noon", thread=root)
    slack.ada.mention("why?", thread=root)
    [event] = await core.wait_for_events(1)
    assert (event.prompt, event.has_prior_messages, event.location.thread) == ("why?", True, root.ts)
    assert event.conversation == f"T0LAB.C0GENERAL.{root.ts}"


async def test_participants_need_no_further_mention(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """In a thread, messages without a mention are for the bot only from people who have asked it something there."""
    root = slack.ada.mention("hello")
    await core.wait_for_events(1)
    slack.bob.say("not for the bot", thread=root)
    await slack.until_delivered()
    slack.ada.say("go on", thread=root)
    await core.wait_for_events(2)
    slack.bob.mention("and me?", thread=root)
    await core.wait_for_events(3)
    slack.bob.say("thanks", thread=root)
    await core.wait_for_events(4)
    assert [(e.actor.name, e.prompt) for e in core.events] == [
        ("Ada", "hello"),
        ("Ada", "go on"),
        ("Bob", "and me?"),
        ("Bob", "thanks"),
    ]
    assert not any(event.has_prior_messages for event in core.events)
    assert len({event.conversation for event in core.events}) == 1


async def test_a_participant_who_mentions_another_person_is_muted(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """A message that mentions another person mutes its author, until they mention the bot again."""
    root = slack.ada.mention("hello")
    await core.wait_for_events(1)
    slack.ada.say(f"<@{slack.bob.id}> what do you think?", thread=root)
    await slack.until_delivered()
    slack.ada.say("I think so too", thread=root)
    await slack.until_delivered()
    await service.__aexit__()
    await service.__aenter__()
    slack.ada.say("after a restart, too", thread=root)
    await slack.until_delivered()
    assert len(core.events) == 1
    slack.ada.mention("you there?", thread=root)
    await core.wait_for_events(2)
    slack.ada.say("and more", thread=root)
    await core.wait_for_events(3)
    assert [event.prompt for event in core.events] == ["hello", "you there?", "and more"]


async def test_after_leave_a_mention_is_needed(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """`leave` in a thread is a request of its own, after which only its author's mentions are for the bot."""
    root = slack.ada.mention("hello")
    await core.wait_for_events(1)
    slack.ada.say("leave", thread=root)
    await core.wait_for_events(2)
    slack.ada.say("we are among ourselves", thread=root)
    await slack.until_delivered()
    assert [event.command for event in core.events] == ["chat", "leave"]


async def test_direct_messages_are_threads(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """Each direct message begins a thread that is a conversation; in it everything is for the bot."""
    first = slack.ada.direct("hello")
    await core.wait_for_events(1)
    slack.ada.direct("more", thread=first)
    await core.wait_for_events(2)
    slack.ada.direct("something else")
    await core.wait_for_events(3)
    one, two, three = core.events
    assert one.conversation == two.conversation != three.conversation
    assert one.location.is_private
    assert ReplyTarget.of(one.reply_to).surface == "agent"
    assert ReplyTarget.of(two.reply_to).thread == first.ts


async def test_threads_of_direct_messages_get_titles(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """The thread that a direct message begins gets a title from it, once."""
    first = slack.ada.direct("How do *lighthouses* work?")
    await core.wait_for_events(1)
    direct = slack.team.direct(slack.ada.id)
    await slack.until(lambda: slack.team.titles)
    slack.ada.direct("and when?", thread=first)
    await core.wait_for_events(2)
    await slack.until_delivered()
    assert slack.team.titles == {(direct.id, first.ts): "How do lighthouses work?"}


async def test_other_bots_are_left_alone(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """Other bots are ignored, also in a thread of the bot's; the event of one that mentions the bot says `is_bot`."""
    robot = slack.person("Robot", is_bot=True)
    root = slack.ada.mention("hello")
    await core.wait_for_events(1)
    robot.say("beep", thread=root)
    robot.direct("beep")
    await slack.until_delivered()
    assert len(core.events) == 1
    robot.mention("beep")
    await core.wait_for_events(2)
    assert core.events[1].actor.is_bot


async def test_the_bot_ignores_itself(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """The bot's own messages, edits and deletions are neither requests nor edits."""
    slack.people.delivers_own_messages = True
    root = slack.ada.mention("hello")
    [event] = await core.wait_for_events(1)
    draft = await service.adapter.draft(event.reply_to, key=event.id, ref=None, private=False)
    await draft.write(f"<@{slack.team.bot.id}> one")
    await draft.write("two")
    await slack.until_delivered()
    assert len(core.events) == 1
    assert core.revised == []
    assert slack.from_bot(slack.general, thread=root.ts)


async def test_edits_and_deletions(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """An edited question is passed to the core as its event with the new text, a deleted one by its id."""
    question = slack.ada.mention("hello")
    [event] = await core.wait_for_events(1)
    slack.ada.edit(question, f"<@{slack.team.bot.id}> good-bye")
    await slack.until(lambda: core.revised)
    assert [(e.id, e.prompt) for e in core.revised] == [(event.id, "good-bye")]
    slack.ada.delete(question)
    await slack.until(lambda: core.retracted)
    assert core.retracted == [event.id]
    assert len(core.events) == 1


async def test_an_edit_that_comes_before_its_message(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """A question whose edit Slack delivers first is recorded as it was edited."""
    slack.sender.gives_up = True
    question = slack.ada.mention("hello")
    slack.sender.gives_up = False
    slack.ada.edit(question, f"<@{slack.team.bot.id}> good-bye")
    await slack.until_delivered()
    for delivery in [delivery for delivery in slack.sender.deliveries if not delivery.is_acknowledged]:
        await slack.sender.again(delivery, number=1)
    await core.wait_for_events(1)
    assert [event.prompt for event in core.events] == ["good-bye"]


async def test_mention_that_is_added_later(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """A message that mentions the bot only after an edit is a request from then on, and one request."""
    question = slack.ada.say("what is love?")
    await slack.until_delivered()
    slack.ada.edit(question, f"<@{slack.team.bot.id}> what is love?")
    [event] = await core.wait_for_events(1)
    slack.ada.edit(question, f"<@{slack.team.bot.id}> what is time?")
    await slack.until(lambda: core.revised[-1:] and core.revised[-1].prompt == "what is time?")
    assert (event.prompt, event.id) == ("what is love?", f"T0LAB.C0GENERAL.{question.ts}")
    assert len(core.events) == 1


async def test_strangers_are_known(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """A person of another workspace, in a channel shared with it, is a stranger."""
    eve = slack.person("Eve", home="T0ELSE")
    eve.mention("let me in")
    [event] = await core.wait_for_events(1)
    assert event.actor.is_stranger


async def test_text_reads_as_people_wrote_it(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """Names replace ids, addresses are bare, characters are unescaped, and the mention of the bot is left out."""
    slack.ada.mention(
        f"tell <@{slack.bob.id}> in <#C0GENERAL|general> that a &lt; b &amp; c, see <https://example.com/a> and "
        "<https://example.com/b|the plan>; <!here> <!subteam^S1|@team>"
    )
    [event] = await core.wait_for_events(1)
    assert event.prompt == (
        "tell @Bob in #general that a < b & c, see https://example.com/a and [the plan](https://example.com/b); "
        "@here @team"
    )


async def test_forwarded_messages_are_read_along(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """A message that is forwarded with a question is quoted in it with its author; a link's preview is not."""
    message = slack.ada.say("hm").to_json(slack.url)
    forwarded = {"is_share": True, "is_msg_unfurl": True, "author_name": "Bob", "text": "ship it &amp; go\nnow"}
    preview = {"from_url": "https://example.com", "title": "Example", "text": "A page"}
    mention = {"type": "app_mention", "channel": "C0GENERAL", "text": f"<@{slack.team.bot.id}> is this wise?"}
    slack.people.event(slack.team, {**message, **mention, "attachments": [forwarded, preview]})
    [event] = await core.wait_for_events(1)
    assert event.prompt == "> Bob: ship it & go\n> now\n\nis this wise?"
    # as in https://github.com/slackapi/java-slack-sdk/issues/1179
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "Build 7 failed"}}]
    inner = [{"team": "T", "channel": "C", "ts": "1.1", "message": {"blocks": blocks}}]
    of_app = {"is_share": True, "is_msg_unfurl": True, "author_name": "CI", "text": "", "message_blocks": inner}
    mention["ts"] = slack.clock.ts()
    slack.people.event(slack.team, {**message, **mention, "attachments": [of_app]})
    await core.wait_for_events(2)
    assert core.events[1].prompt == "> CI: Build 7 failed\n\nis this wise?"


async def test_video_clips_are_rejected(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """A video clip is rejected with a sentence that says so, not ignored."""
    clip = slack.ada.file("video_message.mp4", b"x")
    message = slack.ada.direct("", files=[clip])
    event = {**message.to_json(slack.url), "channel": slack.team.direct(slack.ada.id).id, "type": "message"}
    event["files"][0]["subtype"] = "slack_video"
    event["ts"] = slack.clock.ts()
    slack.people.event(slack.team, event)
    await core.wait_for_events(2)
    assert "video" in core.events[1].rejection


async def test_message_that_is_not_kept_comes_again(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """An event that can't be recorded is not acknowledged, its author is notified once, and Slack sends it again."""
    slack.sender.pauses, slack.sender.timeout = (0.0, 0.01, 0.01), 0.3
    core.is_failing = True
    slack.ada.mention("hello")
    await slack.until(slack.ada.sees)
    core.is_failing = False
    await core.wait_for_events(1)
    await slack.until_delivered()
    [notice] = slack.ada.sees()
    assert notice.is_ephemeral
    assert notice.viewer == slack.ada.id
    assert [event.prompt for event in core.events] == ["hello"]
    core.is_failing = True
    deleted = slack.ada.mention("never mind")
    await slack.until(lambda: len(slack.ada.sees()) == 2)  # both notices
    slack.ada.delete(deleted)
    await slack.until(lambda: core.retracted)
    core.is_failing = False
    await slack.until_delivered()
    for delivery in [each for each in slack.sender.deliveries if each.event.get("ts") == deleted.ts]:
        await slack.sender.again(delivery)  # what was not acknowledged comes again, whatever became of it
    slack.ada.mention("and now?")
    await core.wait_for_events(2)
    assert [event.prompt for event in core.events] == ["hello", "and now?"]


async def test_message_such_as_none_was_before(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """A message of an unknown shape is acknowledged, and its author is notified alone; the next one is recorded."""
    strange = {**slack.ada.say("hello").to_json(slack.url), "type": "app_mention", "channel": "C0GENERAL", "files": [7]}
    with capture_logs() as logged:
        delivery = slack.people.event(slack.team, strange)
        await slack.until(lambda: any("try again" in message.content for message in slack.ada.sees()))
        await slack.until_delivered()
    assert delivery.is_acknowledged
    assert [entry["event"] for entry in logged if entry["log_level"] == "error"] == ["message not understood"]
    slack.ada.mention("and now?")
    [event] = await core.wait_for_events(1)
    assert event.prompt == "and now?"


async def test_events_of_other_kinds_are_acknowledged(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """Events that the adapter does not need are acknowledged, so that Slack does not send them again."""
    delivery = slack.people.event(slack.team, {"type": "team_join", "user": {"id": "U1"}})
    joined = slack.ada.say("<@U0ADA> has joined the channel", subtype="channel_join")
    await slack.until_delivered()
    assert all(d.is_acknowledged for d in slack.sender.deliveries)
    assert delivery.tries == 1
    assert joined.ts
    assert core.events == []
