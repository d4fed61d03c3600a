"""One visible answer, wherever an earlier try was cut off."""

from typing import Any

import pytest

from bot.errors import DeliveryError
from bot.models import Answer, Status
from simulators.slack import SlackSimulator
from tests.contract.adapter_contract import long_markdown, words
from tests.support.slack.drafts import ACTIONS, DraftStage, labels, read

SHORT = Answer(text="The first words.", actions=ACTIONS)
LONG = Answer(text=long_markdown(12_000), actions=ACTIONS)


async def answered(stage: DraftStage, answer: Answer, *, key: str = "Ev1", ref: str | None, **more: Any) -> str:
    """Show an answer as the core does; the draft's ref, also when that fails."""
    draft = await stage.draft(key, ref=ref, **more)
    try:
        await draft.status(Status("Thinking…", elapsed=1))
        await draft.write(answer.text[: len(answer.text) // 2])
        await draft.write(answer.text[:-3])
        await draft.finish(answer)
    except DeliveryError:
        pass
    return draft.ref


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "edits"])
@pytest.mark.parametrize(
    ("answer", "is_kept"), [(SHORT, True), (SHORT, False), (LONG, False)], ids=["ref", "no-ref", "long"]
)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_cut_off_anywhere(
    slack: SlackSimulator, stage: DraftStage, when: Any, answer: Answer, is_kept: bool, streams: bool
) -> None:
    """After a death before or after any call another process shows the answer once, whole, in order, and complete."""
    if not streams:
        slack.faults.unknown("chat.*Stream")
    for number in range(1, 40):
        stage.question, key, first = slack.ada.say("What is love?"), f"Ev{number}", len(slack.calls)

        def die() -> None:
            slack.faults.drop("*", times=None)

        slack.faults.at(first + number, when, die)
        ref = await answered(stage, answer, key=key, ref=None)
        is_over = len(slack.calls) - first < number
        slack.faults.clear()
        if not streams:
            slack.faults.unknown("chat.*Stream")
        await stage.restart()
        await (await stage.draft(key, ref=ref if is_kept else "")).finish(answer)
        shown = slack.from_bot(stage.channel, thread=stage.question.ts)
        text = "\n".join(map(read, shown))
        assert (words(text) if answer is LONG else text) == (words(LONG.text) if answer is LONG else answer.text)
        assert [m.stream for m in shown if m.stream not in ("", "stopped")] == []
        assert [len(labels(m)) for m in shown] == [0] * (len(shown) - 1) + [len(ACTIONS)]
        if is_over:
            break
    assert number > 4


async def test_a_command_cut_off_after_its_parent(slack: SlackSimulator, stage: DraftStage) -> None:
    """The message that says who asked what is found again, too."""
    more: dict[str, Any] = {"thread": "", "message": "", "parent": "Ada asked: `/image a fox`", "requested_at": "1"}
    slack.faults.drop("chat.postMessage", when="after")
    await answered(stage, SHORT, ref=None, **more)
    slack.faults.clear()
    await stage.restart()
    draft = await stage.draft(ref="", **more)
    await draft.finish(SHORT)
    parent, answer = stage.answers()
    assert read(parent) == "Ada asked: /image a fox"
    assert (read(answer), answer.thread_ts) == ("The first words.", parent.ts)


async def test_answers_of_other_events_are_left_alone(slack: SlackSimulator, stage: DraftStage) -> None:
    """Only what belongs to the very event is taken over."""
    other = await stage.draft("Ev2")
    await other.write("Other words")
    draft = await stage.draft("Ev1", ref="")
    await draft.finish(SHORT)
    await other.finish(Answer(text="Other words."))
    assert sorted(stage.texts()) == ["Other words.", "The first words."]


async def test_a_thread_that_can_not_be_read(slack: SlackSimulator, stage: DraftStage) -> None:
    """Without the right to read, a kept reference still finds its message."""
    draft = await stage.draft()
    await draft.write("The first")
    ref = draft.ref
    del draft
    await stage.restart()
    slack.faults.fail("conversations.*", "missing_scope", times=None)
    again = await stage.draft(ref=ref)
    await again.finish(SHORT)
    assert stage.texts() == ["The first words."]


async def test_a_first_try_reads_nothing(slack: SlackSimulator, stage: DraftStage) -> None:
    """Reading a thread is scarce: only what may have been begun before is looked for."""
    await answered(stage, SHORT, ref=None)
    assert not slack.called("conversations.replies")
    assert not slack.called("conversations.history")
