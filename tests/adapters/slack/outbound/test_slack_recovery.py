"""One visible answer, at whichever call an earlier try was interrupted."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import DeliveryError
from bot.models import Answer, Status
from simulators.slack import SlackSimulator
from tests.contract.adapter_contract import long_markdown, words
from tests.support.slack.drafts import ACTIONS, PROMPT_HISTORY, DraftStage, labels, read

SHORT = Answer(text="The first words.", actions=ACTIONS)
LONG = Answer(text=long_markdown(7_000), actions=ACTIONS)


async def show_answer(stage: DraftStage, answer: Answer, *, key: str = "Ev1", ref: str | None, **more: Any) -> str:
    """Show an answer as the core does, and return the draft's ref, also when that fails."""
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
    """After a crash before or after any call, another process shows the answer once, whole and in order."""
    if not streams:
        slack.faults.unknown("chat.*Stream")
    for number in range(1, 40):
        await stage.restart()  # the calls of the round before count for no limit
        stage.question, key, first = slack.ada.say("What is love?"), f"Ev{number}", len(slack.calls)

        def die() -> None:
            slack.faults.drop("*", times=None)

        slack.faults.at(first + number, when, die)
        ref = await show_answer(stage, answer, key=key, ref=None)
        is_over = len(slack.calls) - first < number
        slack.faults.clear()
        if not streams:
            slack.faults.unknown("chat.*Stream")
        await stage.restart()
        await (await stage.draft(key, ref=ref if is_kept else "")).finish(answer)
        messages = slack.from_bot(stage.channel, thread=stage.question.ts)
        text = "\n".join(map(read, messages))
        assert (words(text) if answer is LONG else text) == (words(LONG.text) if answer is LONG else answer.text)
        assert [m.stream for m in messages if m.stream not in ("", "stopped")] == []
        assert [len(labels(m)) for m in messages] == [0] * (len(messages) - 1) + [len(ACTIONS)]
        if is_over:
            break
    assert number > 4


async def test_a_command_cut_off_after_its_parent(slack: SlackSimulator, stage: DraftStage) -> None:
    """The parent of a command's thread is found again, too."""
    more: dict[str, Any] = {"thread": "", "message": "", "parent": "Ada asked: `/image a fox`", "requested_at": "1"}
    slack.faults.drop("chat.postMessage", when="after")
    await show_answer(stage, SHORT, ref=None, **more)
    slack.faults.clear()
    await stage.restart()
    draft = await stage.draft(ref="", **more)
    await draft.finish(SHORT)
    parent, answer = stage.answers()
    assert read(parent) == "Ada asked: /image a fox"
    assert (read(answer), answer.thread_ts) == ("The first words.", parent.ts)


async def test_answers_of_other_events_are_left_alone(slack: SlackSimulator, stage: DraftStage) -> None:
    """Only messages of the same event are taken over."""
    other = await stage.draft("Ev2")
    await other.write("Other words")
    draft = await stage.draft("Ev1", ref="")
    await draft.finish(SHORT)
    await other.finish(Answer(text="Other words."))
    assert sorted(stage.texts()) == ["Other words.", "The first words."]


async def test_a_thread_that_can_not_be_read(slack: SlackSimulator, stage: DraftStage) -> None:
    """Without the right to read, a stored ref still finds its message."""
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
    """Slack limits the reading of threads: one is read only where an earlier try may have posted."""
    await show_answer(stage, SHORT, ref=None)
    assert not slack.called("conversations.replies")
    assert not slack.called("conversations.history")


def _let_start_be_earlier(stage: DraftStage) -> None:
    services = stage.adapter._delivery_services()
    stage.adapter._delivery = replace(services, started_at=services.started_at - 2000.0)


@pytest.mark.parametrize("has_peers", [False, True])
async def test_an_answer_of_before_the_start_is_not_waited_for(
    slack: SlackSimulator, stage: DraftStage, has_peers: bool
) -> None:
    """No earlier process has sent anything since this one started; where others run beside it, one may have lately."""
    patient = replace(PROMPT_HISTORY, late_messages=1000.0)
    stage.core.has_peers = has_peers
    draft = await stage.draft()
    await draft.finish(Answer(text="An answer."))
    ref = draft.ref
    del draft
    await stage.restart(patient)
    _let_start_be_earlier(stage)
    draft = await stage.draft(ref=ref)
    if has_peers:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await draft.finish(Answer())
        assert stage.texts() == ["An answer."]
        del draft
        await stage.restart(patient)
        _let_start_be_earlier(stage)
        thread, message, finished_at = ref.split("/")
        draft = await stage.draft(ref=f"{thread}/{message}/{int(finished_at) - 60}")
        assert draft.ref == f"{thread}/{message}", "another process that goes on with it waits"
    await draft.finish(Answer())
    assert stage.texts() == []
