"""Answers as people see them, while they grow and when they are complete, whatever Slack refuses."""

import asyncio
import contextlib
import json
import time
from dataclasses import replace
from typing import Any

import pytest

from adapters.slack.ui.buttons import ActionButton
from bot.drawable import Plan, Step
from bot.errors import DeliveryDelayed, DeliveryRefused
from bot.models import Action, Answer, Status
from simulators.slack import SlackSimulator
from tests.contract.adapter_contract import long_markdown, words
from tests.support.slack.drafts import ACTIONS, PROMPT_HISTORY, DraftStage, labels, read

BOTH = pytest.mark.parametrize("streams", [True, False], ids=["stream", "edits"])


def without_streams(slack: SlackSimulator) -> None:
    slack.faults.unknown("chat.*Stream")


def methods(slack: SlackSimulator) -> list[str]:
    return [call.method for call in slack.calls if call.is_ok]


# ------------------------------------------------------------------ growing


async def test_status_soon(slack: SlackSimulator, stage: DraftStage) -> None:
    """A draft in a thread sets a status before anything is generated, without a message."""
    draft = await stage.draft()
    await slack.until(lambda: slack.team.statuses)
    assert not draft.ref.partition("/")[2]
    status = slack.team.statuses[stage.channel.id, stage.question.ts]
    assert status["status"] == "is thinking…"
    assert not stage.answers()


async def test_status_tells_how_far(slack: SlackSimulator, stage: DraftStage) -> None:
    """A status contains the elapsed time; the answer removes it."""
    draft = await stage.draft()
    await draft.status(Status("DraftStage…", elapsed=7.4))
    assert slack.team.statuses[stage.channel.id, stage.question.ts]["status"] == "DraftStage… · 0:07"
    await draft.finish(Answer(text="Done."))
    assert not slack.team.statuses or not slack.team.statuses.get((stage.channel.id, stage.question.ts))
    assert stage.texts() == ["Done."]


@pytest.mark.parametrize("surface", ["", "agent"])
async def test_a_quick_answer_is_one_call(slack: SlackSimulator, stage: DraftStage, surface: str) -> None:
    """An answer that is quick needs no status before it, and none is removed after it."""
    draft = await stage.draft(surface=surface)
    await draft.finish(Answer(text="Done.", actions=ACTIONS))
    assert methods(slack) == ["auth.test", "chat.postMessage"]


async def test_a_status_is_called_off_by_the_answer_alone(slack: SlackSimulator, stage: DraftStage) -> None:
    """A message in the thread removes the status: no further call does."""
    draft = await stage.draft()
    await draft.status(Status("DraftStage…"))
    await draft.finish(Answer(text="Done."))
    assert [call.params["status"] for call in slack.called("assistant.threads.setStatus")] == ["DraftStage…"]


async def test_a_session_is_begun_and_ended(slack: SlackSimulator, stage: DraftStage) -> None:
    """In the agent view Slack shows its Stop button while an answer is made, and no longer, also after a crash."""
    draft = await stage.draft(surface="agent")
    await draft.write("The first words")
    place = stage.channel.id, stage.question.ts
    await slack.until(lambda: slack.team.sessions.get(place) == ["processing"])
    ref = draft.ref
    del draft
    await stage.restart()
    await (await stage.draft(surface="agent", ref=ref)).finish(Answer(text="The first words."))
    assert slack.team.sessions[place] == ["processing", "active"]


async def test_text_is_streamed(slack: SlackSimulator, stage: DraftStage) -> None:
    """Text is streamed as it comes, with a Stop button, and ends as blocks with the answer's buttons."""
    draft = await stage.draft()
    for text in ("The", "The **first** words", "The **first** words of <!channel> it"):
        await draft.write(text)
    (growing,) = stage.answers()
    assert growing.stream == "streaming"
    assert labels(growing) == ["Stop"]
    assert "<!channel>" not in growing.markdown
    (started,) = slack.called("chat.startStream")
    assert started.params["recipient_user_id"] == slack.ada.id
    assert started.params["recipient_team_id"] == slack.team.id
    await draft.finish(Answer(text="The **first** words of <!channel> it.", actions=ACTIONS))
    (done,) = stage.answers()
    assert (done.ts, done.stream) == (growing.ts, "stopped")
    assert read(done) == "The first words of <!channel> it."
    assert labels(done) == ["Again", "👍", "Make a video of it", "Delete"]
    assert not slack.called("chat.postMessage")


async def test_without_streams_it_is_edited(slack: SlackSimulator, stage: DraftStage) -> None:
    """Where streams are refused the message is posted and edited, and no further answer tries one."""
    without_streams(slack)
    draft = await stage.draft()
    await draft.write("The first")
    assert stage.texts() == ["The first"]
    await draft.write("The first words")
    assert stage.texts() == ["The first words"]
    assert labels(stage.answers()[0]) == ["Stop"]
    await draft.finish(Answer(text="The first words."))
    assert stage.texts() == ["The first words."]
    other = await stage.draft("Ev2")
    await other.write("Other")
    await other.finish(Answer(text="Other words."))
    assert len(slack.called("chat.startStream")) == 1
    assert stage.texts() == ["The first words.", "Other words."]


async def test_streams_end_before_slack_ends_them(slack: SlackSimulator, stage: DraftStage) -> None:
    """A stream that gets old becomes a message that is edited; no text is lost."""
    await stage.restart(replace(PROMPT_HISTORY, stream_lifetime=0.0))
    draft = await stage.draft()
    await draft.write("The first")
    assert [m.stream for m in stage.answers()] == ["streaming"]
    await draft.write("The first words")
    assert stage.texts() == ["The first words"]
    assert [m.stream for m in stage.answers()] == ["stopped"]
    await draft.finish(Answer(text="The first words."))
    assert stage.texts() == ["The first words."]


async def test_a_stream_that_slack_has_ended(slack: SlackSimulator, stage: DraftStage) -> None:
    """A stream that Slack has ended is finished by an edit."""
    draft = await stage.draft()
    await draft.write("The first")
    slack.stream_lifetime = 0.0
    await draft.write("The first words")
    assert stage.texts() == ["The first words"]
    await draft.finish(Answer(text="The first words."))
    assert stage.texts() == ["The first words."]


async def test_a_message_that_can_neither_be_edited_nor_deleted(slack: SlackSimulator, stage: DraftStage) -> None:
    """Where Slack refuses to edit a streamed message, the whole answer is posted in its place."""
    draft = await stage.draft()
    await draft.write("The first")
    slack.faults.fail("chat.update", "cant_update_message", times=None)
    slack.faults.fail("chat.delete", "cant_delete_message", times=None)
    await draft.finish(Answer(text="The first words."))
    assert stage.texts() == ["The first", "The first words."]


async def test_text_that_changes_its_mind(slack: SlackSimulator, stage: DraftStage) -> None:
    """A growing text whose beginning changed is edited instead of streamed."""
    draft = await stage.draft()
    await draft.write("One two three")
    await draft.write("Other words")
    assert stage.texts() == ["Other words"]
    many = "\n\n".join(f"# Title {number}\n\nWords {number}" for number in range(40))
    await draft.write(many)  # more blocks than a message takes, until it is finished
    assert "Words 20" in stage.texts()[0]
    assert all(call.is_ok for call in slack.called("chat.update"))


async def test_long_jobs_are_cards(slack: SlackSimulator, stage: DraftStage) -> None:
    """A job with progress is a card with its percentage; it is gone when the answer is complete."""
    draft = await stage.draft()
    await draft.status(Status("Making the video…"))
    await draft.status(Status("Making the video…", progress=0.25, elapsed=4))
    await draft.status(Status("Making the video…", progress=0.5, elapsed=70))
    (card,) = stage.answers()
    assert [(c["title"], c["status"], c["details"]) for c in card.chunks] == [
        ("Making the video…", "in_progress", "25% · 0:04"),
        ("Making the video…", "in_progress", "50% · 1:10"),
    ]
    assert labels(card) == ["Stop"]
    await draft.finish(Answer(text="Here it is."))
    assert stage.texts() == ["Here it is."]


async def test_without_status_and_cards_a_message_tells(slack: SlackSimulator, stage: DraftStage) -> None:
    """Where Slack has neither status nor card, a message shows the status and becomes the answer."""
    slack.faults.unknown("assistant.*")
    without_streams(slack)
    draft = await stage.draft()
    await draft.status(Status("Making…", progress=0.5, elapsed=70))
    assert stage.texts() == ["Making… · 50% · 1:10"]
    await draft.finish(Answer(text="Here it is."))
    assert stage.texts() == ["Here it is."]
    assert len(stage.answers()) == 1


async def test_stop_names_the_event(slack: SlackSimulator, stage: DraftStage) -> None:
    """The Stop button contains its action, the event, the conversation and the thread, and nothing else."""
    draft = await stage.draft("Ev7")
    await draft.write("The first words")
    (block,) = (b for b in stage.answers()[0].blocks if b["type"] == "actions")
    button = ActionButton.of(block["elements"][0], stage.core.signer("slack", slack.team.id, stage.channel.id))
    assert button == ActionButton(
        event="Ev7", action="stop", conversation=stage.target().conversation, thread=stage.question.ts
    )


# ------------------------------------------------------------------ ending


@BOTH
async def test_long_answers_are_pieces(slack: SlackSimulator, stage: DraftStage, streams: bool) -> None:
    """40,000 characters arrive whole and in order, with the buttons under the last part, also after streaming."""
    if not streams:
        without_streams(slack)
    text = long_markdown(40_000)
    draft = await stage.draft()
    for size in (3_000, 15_000, 30_000):
        with contextlib.suppress(DeliveryDelayed):
            await draft.write(text[:size])
    await draft.finish(Answer(text=text, actions=ACTIONS))
    assert words("\n".join(stage.texts())) == words(text)
    assert [bool(labels(message)) for message in stage.answers()] == [False] * (len(stage.answers()) - 1) + [True]


async def test_very_long_answers_are_a_file(slack: SlackSimulator, stage: DraftStage) -> None:
    """Beyond a dozen messages the beginning is shown and the whole is a file."""
    text = long_markdown(200_000)
    draft = await stage.draft()
    await draft.finish(Answer(text=text))
    *messages, last = stage.answers()
    assert len(messages) <= 3
    (file,) = last.files
    assert (file.name, file.content) == ("answer.md", text.strip("\n").encode())


async def test_a_shorter_answer_takes_its_place(slack: SlackSimulator, stage: DraftStage) -> None:
    """An answer that is made again leaves nothing of the one before, also in another process."""
    draft = await stage.draft()
    await draft.finish(Answer(text=long_markdown(20_000)))
    ref = draft.ref
    del draft
    await stage.restart()
    again = await stage.draft(ref=ref)
    await again.finish(Answer(text="Short."))
    assert stage.texts() == ["Short."]


async def test_a_deleted_answer_is_gone(slack: SlackSimulator, stage: DraftStage) -> None:
    """An empty answer removes what was shown; doing it again changes nothing."""
    draft = await stage.draft()
    await draft.finish(Answer(text="Words."))
    await draft.finish(Answer())
    await draft.finish(Answer())
    assert stage.answers() == []


async def test_blocks_that_are_refused(slack: SlackSimulator, stage: DraftStage) -> None:
    """A Slack that refuses tables or languages of code gets the answer without them."""
    slack.faults.fail("chat.postMessage", "invalid_blocks")
    draft = await stage.draft()
    await draft.finish(Answer(text="# T\n\n| a | b |\n|---|---|\n| c | d |", actions=ACTIONS))
    (answer,) = stage.answers()
    assert {block["type"] for block in answer.blocks} == {"rich_text", "actions"}
    assert read(answer).split() == ["T", "a", "|", "b", "--+--", "c", "|", "d"]


async def test_new_blocks_where_a_workspace_has_them(slack: SlackSimulator, stage: DraftStage) -> None:
    """Feedback is Slack's own, a second table can be sorted; a workspace gets what it takes of them.

    What it refuses is left out for a while, and nothing else: what the error names, else as little as it takes.
    """
    table = "| a | b |\n|---|---|\n| c | d |\n\n"
    opinions = [Action(name=name, label=name, command="feedback") for name in ("good", "bad")]
    answer = Answer(text=f"{table}{table}", actions=(ACTIONS[0], *opinions))
    await (await stage.draft("E1")).finish(answer)
    (shown,) = stage.answers()
    assert [block["type"] for block in shown.blocks] == ["table", "data_table", "actions", "context_actions"]
    assert labels(shown) == ["Again", "👍", "👎"]
    pointer = {"messages": ["[ERROR] unsupported type: context_actions [json-pointer:/blocks/3/type]"]}
    for named, tries in ((pointer, 1), (None, 2)):
        rule = slack.faults.fail(
            "chat.postMessage",
            "invalid_blocks",
            times=None,
            where=lambda params: "context_actions" in str(params["blocks"]),
            response_metadata=named,
        )
        for key in ("first", "second"):
            await (await stage.draft(f"{key} {tries}")).finish(answer)
        assert rule.hit == tries
        for plain in stage.answers()[-2:]:
            assert [block["type"] for block in plain.blocks] == ["table", "data_table", "actions"]
            assert labels(plain) == ["Again", "👍", "👎"]
        slack.faults.clear()
        await stage.restart()


async def test_a_plan_is_drawn_where_a_workspace_takes_it(slack: SlackSimulator, stage: DraftStage) -> None:
    """Steps with their states above the note; where plans are refused, the text that says the same."""
    steps = (Step(title="Draw", state="done"), Step(title="Animate", state="running"))
    plan = Plan(title="The fox", steps=steps, note="Cost so far: 1.00")
    answer = Answer(text="**The fox**\n1. Draw ✓\n2. Animate\nCost so far: 1.00", plan=plan, is_board=True)
    draft = await stage.draft("E1")
    await draft.finish(answer)
    (shown,) = stage.answers()
    assert [block["type"] for block in shown.blocks] == ["plan", "rich_text"]
    assert [task["status"] for task in shown.blocks[0]["tasks"]] == ["complete", "in_progress"]
    rule = slack.faults.fail(
        "chat.update", "invalid_blocks", times=None, where=lambda params: '"plan"' in json.dumps(params["blocks"])
    )
    for times in (2, 3):
        await draft.finish(replace(answer, plan=replace(plan, steps=times * steps)))
    assert rule.hit == 1
    assert [block["type"] for block in stage.answers()[0].blocks] == ["rich_text"]
    assert "Animate" in read(stage.answers()[0])


@pytest.mark.parametrize("method", ["chat.startStream", "chat.appendStream", "chat.stopStream", "chat.update"])
async def test_too_many_requests_are_waited_out(slack: SlackSimulator, stage: DraftStage, method: str) -> None:
    """A 429 on any method delays best-effort calls; the final calls wait for it."""
    draft = await stage.draft()
    slack.faults.limit(method, 1)
    for text in ("One", "One two", "One two three"):
        with contextlib.suppress(DeliveryDelayed):
            await draft.write(text)
    await draft.finish(Answer(text="One two three."))
    assert stage.texts() == ["One two three."]


async def test_a_long_limit_delays_the_answer(slack: SlackSimulator, stage: DraftStage) -> None:
    """A long Retry-After delays the answer by as much, and no answer of another method or workspace."""
    slack.faults.limit("chat.postMessage", 240)
    draft = await stage.draft()
    with pytest.raises(DeliveryDelayed) as private_answer:
        await draft.finish(Answer(text="Words."))
    assert private_answer.value.retry_after == 240
    elsewhere = slack.add_channel("elsewhere")
    other = await stage.draft("Ev2", channel=elsewhere.id, thread="", message="")
    await other.finish(Answer(text="Other."))
    assert [read(m) for m in stage.answers(elsewhere)] == ["Other."]


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive", "invalid_auth", "missing_scope"])
async def test_no_way_in(slack: SlackSimulator, stage: DraftStage, error: str) -> None:
    """When Slack refuses for good, the error says so and the answer is not tried again."""
    slack.faults.fail("chat.*", error, times=None, needed="chat:write")
    draft = await stage.draft()
    with pytest.raises(DeliveryRefused, match=error) as refusal:
        await draft.finish(Answer(text="Words."))
    assert ("the scope chat:write" in str(refusal.value)) == (error == "missing_scope")


@pytest.mark.parametrize("error", ["not_in_channel", "is_archived", "channel_not_found", "restricted_action"])
async def test_a_forbidden_channel_is_answered_in_dm(slack: SlackSimulator, stage: DraftStage, error: str) -> None:
    """Where the bot may not write, the answer is sent to the person's direct messages, once."""
    slack.faults.fail("chat.postMessage", error)
    draft = await stage.draft()
    await draft.finish(Answer(text="Words.", actions=ACTIONS))
    await draft.finish(Answer(text="Words.", actions=ACTIONS))
    (private_answer,) = stage.answers(slack.team.direct(slack.ada.id))
    assert read(private_answer).startswith("I may not write where you asked")
    assert read(private_answer).endswith("Words.")
    assert stage.answers() == []


# ------------------------------------------------------------------ commands and private answers


async def test_a_command_gets_a_parent(slack: SlackSimulator, stage: DraftStage) -> None:
    """A command's answer is in the thread of a parent message that says who asked for what; it mentions the person."""
    more: dict[str, Any] = {"thread": "", "message": "", "parent": f"<@{slack.ada.id}> asked: `/image a fox`"}
    draft = await stage.draft(**more)
    await draft.status(Status("Painting…"))
    await draft.finish(Answer(text="Here."))
    parent, answer = stage.answers()
    assert parent.blocks[0]["elements"][0]["elements"][0] == {"type": "user", "user_id": slack.ada.id}
    assert answer.thread_ts == parent.ts
    assert parent.ts in str(stage.core.stored)
    ref = draft.ref
    del draft
    await stage.restart()
    again = await stage.draft(ref=ref, **more)
    await again.finish(Answer(text="Here again."))
    assert [read(m) for m in stage.answers()][1:] == ["Here again."]
    assert len(stage.answers()) == 2


async def test_a_failed_command_leaves_no_parent(slack: SlackSimulator, stage: DraftStage) -> None:
    """When a command ends in a private sentence, its parent message is deleted."""
    draft = await stage.draft(thread="", message="", parent="Ada asked: `/image`")
    await draft.status(Status("Painting…"))
    await draft.finish(Answer(text="That did not work.", private=True))
    assert stage.answers() == []
    assert [read(m) for m in stage.answers(viewer=slack.ada.id)] == ["That did not work."]
    assert [read(m) for m in stage.answers(viewer=slack.bob.id)] == []


async def test_private_answers_are_where_they_are_seen(slack: SlackSimulator, stage: DraftStage) -> None:
    """What is for the person alone is shown so, with its button, and earlier messages are deleted.

    It is in the thread where somebody has replied, else in the channel: Slack would not show it in the thread.
    """
    other = Action(name="other", label="Try again", command="chat", options={"event": "Ev1"})
    draft = await stage.draft()
    await draft.write("The first words")
    answer = Answer(text="That did not work.", actions=(other,), private=True)
    await draft.finish(answer)
    await draft.finish(answer)
    (private_answer,) = stage.answers(viewer=slack.ada.id)
    assert (private_answer.viewer, private_answer.thread_ts, labels(private_answer)) == (
        slack.ada.id,
        "",
        ["Try again"],
    )
    assert not slack.team.statuses.get((stage.channel.id, stage.question.ts))
    reply = slack.bob.say("I know!", thread=stage.question.ts)
    for key, message in (("Ev2", stage.question), ("Ev3", reply)):
        await (await stage.draft(key, message=message.ts)).finish(answer)
    assert [one.thread_ts for one in stage.answers(viewer=slack.ada.id)] == ["", stage.question.ts, stage.question.ts]


async def test_errors_stay_in_the_thread(slack: SlackSimulator, stage: DraftStage) -> None:
    """An error that can be tried again is one message for everybody in the thread, also when a crash repeats it."""
    retry = Action(name="retry", label="Try again", command="retry", options={"event": "Ev1"})
    answer = Answer(text="That did not work.", actions=(retry,), private=True)
    draft = await stage.draft()
    await draft.status(Status("Thinking…"))
    await draft.finish(answer)
    ref = draft.ref
    await stage.restart()
    await (await stage.draft(ref=ref)).finish(answer)
    assert [(read(m), m.thread_ts, labels(m)) for m in stage.answers()] == [
        ("That did not work.", stage.question.ts, ["Try again"])
    ]
    assert stage.answers(viewer=slack.ada.id) == stage.answers()


async def test_private_drafts_show_nothing_before(slack: SlackSimulator, stage: DraftStage) -> None:
    """A private answer shows neither status nor stream."""
    draft = await stage.draft(private=True)
    await draft.status(Status("Counting…"))
    await draft.write("You have")
    assert stage.answers(viewer=slack.ada.id) == []
    assert not slack.team.statuses
    await draft.finish(Answer(text="You have used nothing.", private=True))
    assert len(stage.answers(viewer=slack.ada.id)) == 1


async def test_response_url_reaches_where_the_bot_is_no_member(slack: SlackSimulator, stage: DraftStage) -> None:
    """A command's private answer reaches the person in a channel that the bot has not joined."""
    secret = slack.add_channel("secret", members=[slack.ada.id], is_private=True)
    delivery = slack.ada.slash("/usage", channel=secret)
    more: dict[str, Any] = {"channel": secret.id, "thread": "", "message": "", "private": "1"}
    draft = await stage.draft(**more, response_url=delivery.body["response_url"], requested_at=f"{time.time():.0f}")
    await draft.finish(Answer(text="Nothing used.", private=True))
    assert [m.content for m in slack.ada.sees(secret)] == ["Nothing used."]


async def test_private_without_a_channel_is_direct(slack: SlackSimulator, stage: DraftStage) -> None:
    """A person who can't be reached in the channel gets a direct message."""
    slack.faults.fail("chat.postEphemeral", "user_not_in_channel")
    draft = await stage.draft(private=True)
    await draft.finish(Answer(text="For you.", private=True))
    (private_answer,) = stage.answers(slack.team.direct(slack.ada.id))
    assert read(private_answer).endswith("For you.")


async def test_a_long_private_answer_is_whole(slack: SlackSimulator, stage: DraftStage) -> None:
    """What does not fit into the few messages that a person alone can see is in their direct messages, to its end."""
    draft = await stage.draft(private=True)
    titles = [f"Point {number}" for number in range(1, 121)]
    await draft.finish(Answer(text="\n\n".join(f"## {title}\n\nSome words." for title in titles), private=True))
    first, *rest = (read(m) for m in stage.answers(slack.team.direct(slack.ada.id)))
    assert first.startswith("This is too long for messages that only you see")
    assert [line for text in (first, *rest) for line in text.splitlines() if line in titles] == titles
    assert stage.answers(viewer=slack.ada.id) == []


async def test_the_same_person_in_direct_messages(slack: SlackSimulator, stage: DraftStage) -> None:
    """In direct messages a private answer is an ordinary message, which can be found again."""
    stage.channel = slack.team.direct(slack.ada.id)
    stage.question = slack.ada.direct("hello")
    for _ in range(2):
        draft = await stage.draft(is_dm="1", ref="")
        await draft.finish(Answer(text="That did not work.", private=True))
        del draft
        await stage.restart()
    assert [(read(m), m.viewer) for m in stage.answers()] == [("That did not work.", "")]


# ------------------------------------------------------------------ many at once


async def test_twenty_answers_stay_within_the_limits(slack: SlackSimulator, stage: DraftStage) -> None:
    """Twenty answers that grow at once in one workspace are all completed, and Slack never answers 429."""
    slack.limits.enabled = True
    channels = [slack.add_channel(f"c{number}") for number in range(20)]
    questions = [slack.ada.say("hello", channel=channel) for channel in channels]

    async def one(number: int) -> None:
        ts = questions[number].ts
        draft = await stage.draft(f"Ev{number}", channel=channels[number].id, thread=ts, message=ts)
        for size in range(1, 6):
            with contextlib.suppress(DeliveryDelayed):
                await draft.write(" ".join(["word"] * size))
        await draft.finish(Answer(text="five words and a full stop."))

    await asyncio.gather(*(one(number) for number in range(20)))
    assert slack.limits.refused == 0
    messages = [[read(message) for message in slack.from_bot(channel)] for channel in channels]
    assert messages == [["five words and a full stop."]] * 20
