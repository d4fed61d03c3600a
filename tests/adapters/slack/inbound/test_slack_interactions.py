"""Slash commands, shortcuts, forms and buttons become events; errors in them are answered at once."""

import json

import pytest

from adapters.slack.reply_target import ReplyTarget
from adapters.slack.ui.buttons import ActionButton
from bot.models import Answer
from simulators.slack import Message, SlackSimulator
from tests.support.slack.adapter import RecordingCore, RunningAdapter


async def _with_button(
    slack: SlackSimulator, service: RunningAdapter, button: ActionButton, thread: Message
) -> Message:
    """A message of the bot with one button, as answers have them."""
    client = await service.adapter.workspaces.find_client("T0LAB")
    element = {
        "type": "button",
        "action_id": button.action_id,
        "value": button.encode(service.core.signer("slack", "T0LAB", "C0GENERAL")),
        "text": {"type": "plain_text", "text": "Other style"},
    }
    posted = await client.chat_postMessage(
        channel="C0GENERAL", thread_ts=thread.ts, text="made", blocks=[{"type": "actions", "elements": [element]}]
    )
    return next(message for message in slack.messages(slack.general) if message.ts == posted["ts"])


# ------------------------------------------------------------------ slash commands


async def test_slash_command_begins_a_thread_of_its_own(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """A command that makes something is answered under a message that says who asked for what."""
    slack.ada.slash("/image", "a red fox --style anime -n 2")
    [event] = await core.wait_for_events(1)
    assert (event.command, event.prompt, event.options) == ("image", "a red fox", {"style": "anime", "n": "2"})
    address = ReplyTarget.of(event.reply_to)
    assert (address.thread, address.private, address.user) == ("", "", "U0ADA")
    assert address.parent == "<@U0ADA> asked: `/image` a red fox `--style anime --n 2`"
    assert address.can_respond


async def test_follow_ups_under_a_command_belong_to_it(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """Messages in the thread that a command began belong to its conversation, also after a restart."""
    slack.ada.slash("/chat", "hello")
    [event] = await core.wait_for_events(1)
    draft = await service.adapter.draft(event.reply_to, key=event.id, ref=None, private=False)
    await draft.finish(Answer(text="Hello, Ada."))
    [parent, _] = slack.from_bot(slack.general)
    slack.ada.say("go on", thread=parent)
    await core.wait_for_events(2)
    await service.__aexit__()
    await service.__aenter__()
    slack.ada.say("and on", thread=parent)
    await core.wait_for_events(3)
    assert {event.conversation for event in core.events} == {event.conversation}
    assert [event.prompt for event in core.events] == ["hello", "go on", "and on"]


async def test_an_unknown_command_is_named(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """The sentence says which command there is none of, and what lists the others; nothing is asked."""
    delivery = slack.ada.slash("/paint", "a red fox")
    await slack.until(lambda: delivery.is_done)
    assert "`/paint`" in delivery.response["text"]
    assert "`/help`" in delivery.response["text"]
    assert core.events == []


async def test_commands_that_make_nothing_are_answered_in_private(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """Commands that make nothing are answered to the person alone."""
    slack.ada.mention("hello")
    await core.wait_for_events(1)
    for name in ("help", "usage", "forget", "system"):
        slack.ada.slash(f"/{name}")
    await core.wait_for_events(5)
    assert all(ReplyTarget.of(event.reply_to).private for event in core.events[1:])
    assert not any(ReplyTarget.of(event.reply_to).thread for event in core.events[1:])
    assert len({event.conversation for event in core.events[1:]}) == 1


async def test_commands_about_a_conversation_are_about_the_newest(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """`/retry` in a channel is about the person's newest thread there, and answered in it; the reply links to it."""
    slack.ada.mention("before")
    await core.wait_for_events(1)
    root = slack.ada.mention("hello <!here>")
    await core.wait_for_events(2)
    delivery = slack.ada.slash("/retry")
    await core.wait_for_events(3)
    _, asked, retry = core.events
    assert (retry.command, retry.conversation) == ("retry", asked.conversation)
    assert (ReplyTarget.of(retry.reply_to).thread, ReplyTarget.of(retry.reply_to).private) == (root.ts, "")
    await slack.until(lambda: delivery.is_done)
    link = f"https://lab.slack.com/archives/C0GENERAL/p{root.ts.replace('.', '')}"
    assert delivery.response["response_type"] == "ephemeral"
    assert f"<{link}|hello @here>" in delivery.response["text"]
    slack.ada.slash("/edit", "the same at night")
    slack.ada.slash("/shots", "--drop 2")
    slack.ada.slash("/tree")
    *_, edit, shots, tree = await core.wait_for_events(6)
    assert {event.conversation for event in (edit, shots, tree)} == {asked.conversation}
    slack.ada.slash("/edit", "the same at night --image https://example.org/fox.png")
    *_, changed = await core.wait_for_events(7)
    assert changed.conversation != asked.conversation


async def test_the_newest_conversation_is_found_after_a_restart(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """Another process finds the person's newest thread of the channel, begun by a mention or by a command."""
    older = slack.ada.mention("older")
    slack.bob.mention("Bob's")
    slack.ada.slash("/chat", "what is love?")
    events = {event.prompt: event for event in await core.wait_for_events(3)}
    for event in events.values():
        draft = await service.adapter.draft(event.reply_to, key=event.id, ref=None, private=False)
        await draft.finish(Answer(text="Hello."))
    slack.ada.say("nothing for the bot")
    await service.__aexit__()
    await service.__aenter__()
    delivery = slack.ada.slash("/export")
    await core.wait_for_events(4)
    parent = next(m for m in slack.from_bot(slack.general) if not m.thread_ts)
    export = core.events[3]
    assert (export.conversation, export.reply_to["thread"]) == (events["what is love?"].conversation, parent.ts)
    await slack.until(lambda: delivery.is_done)
    assert "@Ada asked: /chat what is love?" in delivery.response["text"]
    await service.__aexit__()
    await service.__aenter__()
    await draft_in(service, older)
    slack.ada.slash("/reset")
    await core.wait_for_events(5)
    assert (core.events[4].conversation, core.events[4].reply_to["thread"]) == (events["older"].conversation, older.ts)


async def draft_in(service: RunningAdapter, thread: Message) -> None:
    """Post another message of the bot in a thread, which makes it the newest."""
    client = await service.adapter.workspaces.find_client("T0LAB")
    await client.chat_postMessage(channel="C0GENERAL", thread_ts=thread.ts, text="and one thing more")


async def test_a_model_is_chosen_for_the_conversation_or_the_channel(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """Without a conversation of the person, `/model` is about the channel."""
    slack.bob.slash("/model", "chat gpt-4-turbo-2")
    await core.wait_for_events(1)
    slack.ada.mention("hello")
    await core.wait_for_events(2)
    slack.ada.slash("/model", "chat gpt-4-turbo-2")
    await core.wait_for_events(3)
    channel, asked, talk = core.events
    assert (channel.options.get("channel"), bool(channel.reply_to.get("private"))) == ("yes", True)
    assert (talk.options.get("channel"), talk.conversation) == (None, asked.conversation)


async def test_commands_about_no_conversation_say_so(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """A person without a conversation in the channel gets a sentence that says where to write the command."""
    await core.wait_for_events(0)
    slack.ada.mention("hello")
    await core.wait_for_events(1)
    delivery = slack.bob.slash("/export")
    await slack.until(lambda: delivery.is_done)
    assert "thread" in delivery.response["text"]
    assert len(core.events) == 1


async def test_bad_input_gets_its_usage(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """A wrong flag is answered at once and in private with the allowed values; no event is recorded."""
    delivery = slack.ada.slash("/image", "a fox --style nonsense")
    await slack.until(lambda: delivery.is_done)
    answer = delivery.response
    assert answer["response_type"] == "ephemeral"
    assert "nonsense" in answer["text"]
    assert "/image &lt;prompt&gt;" in answer["text"]
    assert core.events == []


async def test_command_without_its_prompt_opens_a_form(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """`/image` alone opens a form in the person's language, which is answered where the command was typed."""
    chen = slack.person("Chen", locale="zh-TW")
    for person, label in ((chen, "內容"), (slack.ada, "Prompt")):
        person.slash("/image")
        view = await person.modal()
        assert view.content["blocks"][0]["label"]["text"] == label
    await slack.ada.submit(view, {"prompt": "a fox"})
    [event] = await core.wait_for_events(1)
    assert (event.command, event.prompt) == ("image", "a fox")
    assert ReplyTarget.of(event.reply_to).channel == "C0GENERAL"


async def test_a_prefix_keeps_the_commands_of_two_bots_apart(slack: SlackSimulator, core: RecordingCore) -> None:
    """With a prefix the commands of two bots don't collide."""
    async with RunningAdapter(slack, core, slack_command_prefix="muse-"):
        slack.ada.slash("/muse-image", "a fox")
        [event] = await core.wait_for_events(1)
        wrong = slack.ada.slash("/muse-image", "--style nonsense")
        await slack.until(lambda: wrong.is_done)
    assert (event.command, event.prompt) == ("image", "a fox")
    assert "/muse-image &lt;prompt&gt;" in wrong.response["text"]
    assert "`/muse-image`" in ReplyTarget.of(event.reply_to).parent


async def test_without_the_database_each_interaction_is_answered(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """A sentence, to the person alone; the same button can be pressed again at once."""
    root = slack.bob.say("hello")
    button = ActionButton(event="E1", action="style", conversation="c", command="image", prompts_for="style")
    message = await _with_button(slack, service, button, root)
    core.is_failing, core.has_storage = True, False
    delivery = slack.ada.slash("/chat", "hello")
    await slack.until(lambda: delivery.is_done)
    assert "try again" in delivery.response["text"]
    slack.ada.message_shortcut("review", root)
    for count in (1, 2):
        await slack.until(lambda: len([m for m in slack.ada.sees() if "try again" in m.content]) == count)  # noqa: B023
        slack.ada.press(message, button.action_id)
    await slack.until(lambda: len([m for m in slack.ada.sees() if "try again" in m.content]) == 3)
    core.is_failing, core.has_storage = False, True
    slack.ada.press(message, button.action_id)
    view = await slack.ada.modal()
    assert [block["block_id"] for block in view.content["blocks"]] == ["style"]
    assert core.events == []


# ------------------------------------------------------------------ shortcuts


@pytest.mark.parametrize("command", ["image", "audio", "video"])
async def test_global_shortcut_opens_a_form_of_its_command(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore, command: str
) -> None:
    """A form has the command's options as Slack's own fields, and asks for the channel of the answer."""
    slack.ada.shortcut(f"make:{command}")
    view = await slack.ada.modal()
    await slack.ada.submit(view, {"prompt": "a fox", "where": "C0GENERAL"})
    [event] = await core.wait_for_events(1)
    assert (event.command, event.prompt) == (command, "a fox")
    address = ReplyTarget.of(event.reply_to)
    assert address.channel == "C0GENERAL"
    assert address.parent.startswith("<@U0ADA> asked: ")


async def test_form_for_video_takes_a_picture(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """A picture that is uploaded in the form is attached to the event."""
    slack.ada.shortcut("make:video")
    view = await slack.ada.modal()
    picture = slack.ada.file("fox.png", b"\x89PNG", mimetype="image/png")
    await slack.ada.submit(view, {"prompt": "it runs", "image": [picture], "duration": "5", "where": "C0GENERAL"})
    [event] = await core.wait_for_events(1)
    assert [(file.name, file.content_type) for file in event.attachments] == [("fox.png", "image/png")]
    assert event.options["duration"] == "5"


async def test_errors_of_a_form_are_shown_in_it(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """A value out of bounds is marked in the form with the allowed range; a corrected form is recorded."""
    slack.ada.shortcut("make:image")
    view = await slack.ada.modal()
    await slack.ada.submit(view, {"prompt": "a fox", "n": "9", "where": "C0GENERAL"})
    assert "4" in view.errors["n"]
    assert core.events == []
    core.is_failing = True
    await slack.ada.submit(view, {"prompt": "a fox", "n": "2", "where": "C0GENERAL"})
    assert "try again" in view.errors["prompt"]
    core.is_failing = False
    await slack.ada.submit(view, {"prompt": "a fox", "n": "2", "where": "C0GENERAL"})
    [event] = await core.wait_for_events(1)
    assert event.options["n"] == "2"


async def test_message_shortcuts(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """A message's shortcut asks with the message's text; an explanation is answered to the person alone."""
    root = slack.bob.say("def f(): return 1/0")
    for name in ("explain", "review", "picture"):
        slack.ada.message_shortcut(name, root)
        await slack.until_delivered()
    explain, review, picture = core.events
    assert "> Bob: def f(): return 1/0" in explain.prompt
    assert ReplyTarget.of(explain.reply_to).private
    assert ReplyTarget.of(review.reply_to).thread == ReplyTarget.of(explain.reply_to).thread == root.ts
    assert not ReplyTarget.of(review.reply_to).private
    assert review.conversation == f"T0LAB.C0GENERAL.{root.ts}" != explain.conversation
    assert (picture.command, picture.prompt) == ("image", "def f(): return 1/0")


async def test_summary_reads_the_thread(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """A summary of a thread is a conversation of its own that reads the thread."""
    root = slack.bob.say("shall we ship?")
    reply = slack.ada.say("on Friday", thread=root)
    slack.ada.message_shortcut("summarise", reply)
    [event] = await core.wait_for_events(1)
    assert event.has_prior_messages
    prior = await service.adapter.read_prior_messages(event.reply_to, limit=20)
    assert [(turn.speaker, turn.content) for turn in prior.turns] == [("Bob", "shall we ship?"), ("Ada", "on Friday")]


async def test_animating_needs_a_picture(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """A message's picture is animated; a message without one is answered with a sentence, in private."""
    slack.ada.message_shortcut("animate", slack.bob.say("no picture"))
    await core.wait_for_events(1)
    picture = slack.bob.file("a.png", b"x", mimetype="image/png")
    slack.ada.message_shortcut("animate", slack.bob.say("here", files=[picture]))
    await core.wait_for_events(2)
    without, with_one = core.events
    assert without.rejection
    assert ReplyTarget.of(without.reply_to).private
    assert (with_one.command, [file.name for file in with_one.attachments]) == ("video", ["a.png"])


# ------------------------------------------------------------------ buttons


async def test_a_press_names_the_answer_and_the_action(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """A press names the answer's event and the action, in the conversation and the thread of the answer."""
    root = slack.ada.say("hello")
    button = ActionButton(event="E1", action="again", conversation="T0LAB.C0GENERAL.1")
    message = await _with_button(slack, service, button, root)
    slack.bob.press(message, button.action_id)
    [event] = await core.wait_for_events(1)
    assert (event.command, dict(event.options)) == ("press", {"event": "E1", "action": "again"})
    assert (event.conversation, event.actor.name) == ("T0LAB.C0GENERAL.1", "Bob")
    assert ReplyTarget.of(event.reply_to).thread == root.ts


async def test_button_of_an_earlier_version(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """A button whose value can't be decoded is answered with a sentence that it no longer works."""
    client = await service.adapter.workspaces.find_client("T0LAB")
    element = {"type": "button", "action_id": "press:x", "value": "?", "text": {"type": "plain_text", "text": "X"}}
    await client.chat_postMessage(channel="C0GENERAL", text="old", blocks=[{"type": "actions", "elements": [element]}])
    slack.ada.press(slack.from_bot(slack.general)[0], "press:x")
    await slack.until(lambda: any(message.is_ephemeral for message in slack.ada.sees()))
    assert core.events == []


async def test_opinions_are_answered_in_private(
    slack: SlackSimulator, service: RunningAdapter, core: RecordingCore
) -> None:
    """A press of feedback, Delete or Stop is answered to the person who pressed."""
    root = slack.ada.say("hello")
    button = ActionButton(event="E1", action="good", conversation="c")
    slack.bob.press(await _with_button(slack, service, button, root), button.action_id)
    [event] = await core.wait_for_events(1)
    assert ReplyTarget.of(event.reply_to).private


async def test_button_that_asks_first(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """A button that needs options opens a form with them; the values are part of the press."""
    root = slack.ada.say("hello")
    button = ActionButton(event="E1", action="style", conversation="c", command="image", prompts_for="prompt,style")
    slack.ada.press(await _with_button(slack, service, button, root), button.action_id)
    view = await slack.ada.modal()
    assert [block["block_id"] for block in view.content["blocks"]] == ["prompt", "style"]
    await slack.ada.submit(view, {"style": "anime"})
    [event] = await core.wait_for_events(1)
    assert dict(event.options) == {"event": "E1", "action": "style", "style": "anime", "prompt": ""}
    assert ReplyTarget.of(event.reply_to).thread == root.ts


async def test_form_that_does_not_open(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """Where Slack opens no form, the person gets a sentence, also in the App Home; a command gets its usage."""
    root = slack.ada.say("hello")
    button = ActionButton(event="E1", action="style", conversation="c", command="image", prompts_for="style")
    message = await _with_button(slack, service, button, root)
    slack.faults.fail("views.open", "expired_trigger_id", times=3)
    slack.ada.press(message, button.action_id)
    await slack.until(lambda: any("form" in m.content for m in slack.ada.sees()))
    slack.ada.shortcut("make:image")
    direct = slack.team.direct(slack.ada.id)
    await slack.until(lambda: any("form" in m.content for m in slack.ada.sees(direct)))
    delivery = slack.ada.slash("/image")
    await slack.until(lambda: delivery.is_done)
    assert "/image &lt;prompt&gt;" in delivery.response["text"]
    assert core.events == []


async def test_slacks_own_stop(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """Stop in the agent view is an event that stops the thread's conversation."""
    question = slack.ada.direct("hello")
    [asked] = await core.wait_for_events(1)
    slack.ada.stop(question)
    await core.wait_for_events(2)
    stop = core.events[1]
    assert (stop.command, stop.conversation) == ("stop", asked.conversation)
    assert ReplyTarget.of(stop.reply_to).private


async def test_suggested_prompts(slack: SlackSimulator, service: RunningAdapter, core: RecordingCore) -> None:
    """A person who opens the messages tab gets at most four suggested prompts, in their language."""
    chen = slack.person("Chen", locale="zh-TW")
    chen.open_home("messages")
    await slack.until(lambda: slack.team.prompts)
    [call] = slack.called("assistant.threads.setSuggestedPrompts")
    assert 1 <= len(call.params["prompts"]) <= 4
    assert "你能做什麼？" in json.dumps(call.params, ensure_ascii=False)


def test_button_round_trip() -> None:
    """A button's value is decoded as it was encoded; one that is too long is pressed without a form."""
    button = ActionButton(
        event="E", action="style", conversation="c", thread="1.2", command="image", prompts_for="style"
    )
    signer = RecordingCore().signer("slack", "T1", "C1")
    assert ActionButton.of({"action_id": button.action_id, "value": button.encode(signer)}, signer) == button
    long = ActionButton(
        event="E" * 1940, action="a", conversation="c", command="image", prompts_for="style,size,prompt"
    )
    value = long.encode(signer)
    assert len(value) <= 2000
    cut = ActionButton(event="E" * 1940, action="a", conversation="c")
    assert ActionButton.of({"action_id": "press:a", "value": value}, signer) == cut
    assert ActionButton.of({"action_id": "press:x", "value": "no json"}, signer) is None
