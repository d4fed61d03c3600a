"""Buttons under answers, through the whole service, also after a restart."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.slack.timing import Timing
from simulators.slack import Message, SlackSimulator
from tests.support.scripted_api import failure
from tests.support.service import quiet_logs
from tests.support.slack.drafts import labels, read
from tests.support.slack.service import FAST, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


def ephemeral_texts(slack: SlackSimulator) -> list[str]:
    """Messages that Ada alone sees."""
    return [read(message) for message in slack.ada.sees() if message.is_ephemeral]


def visible_texts(slack: SlackSimulator, question: Message) -> list[str]:
    return [read(message) for message in slack.from_bot(thread=question.root)]


async def test_chat_buttons(slack: SlackSimulator, tmp_path: Path) -> None:
    """Buttons under an answer continue it where it was cut, repeat it and give feedback, which is stored."""
    async with service(slack, tmp_path) as running:
        running.echo.cut = {"love"}
        question = slack.ada.mention("what is love?")
        [answer] = await running.answers(question)
        assert labels(answer) == ["Again", "Continue", "👍", "👎"]
        await running.restart()
        slack.ada.press(answer, "press:continue")
        await running.answers(question, 2)
        assert visible_texts(slack, question)[1] == "re: Please continue."
        slack.ada.press(answer, "press:feedback")
        await slack.until(lambda: ephemeral_texts(slack))
        await running.idle()
        since = datetime.now(UTC) - timedelta(days=1)
        assert await running.core.store.feedback_totals(since=since, adapter="slack", channel="C0GENERAL") == (1, 0)


async def test_an_error_offers_a_retry(slack: SlackSimulator, tmp_path: Path) -> None:
    """An error is a message in the thread, for who looks later too; the answer that its button asks for removes it."""
    async with service(slack, tmp_path) as running:
        running.echo.instead = [failure(400)]
        question = slack.ada.mention("hello")
        [told] = await running.answers(question)
        assert not told.is_ephemeral
        assert (told.thread_ts, labels(told)) == (question.ts, ["Try again"])
        assert ephemeral_texts(slack) == []
        assert not slack.team.statuses
        await running.restart()
        running.echo.instead = [failure(400)]
        slack.ada.press(told, "press:retry")
        await slack.until(lambda: told.is_deleted)
        [told] = await running.answers(question)
        assert labels(told) == ["Try again"]
        slack.ada.press(told, "press:retry")
        await slack.until(lambda: told.is_deleted)
        await running.idle()
        assert visible_texts(slack, question) == ["re: hello"]


async def test_an_error_that_is_delivered_again_stays_in_the_thread(slack: SlackSimulator, tmp_path: Path) -> None:
    """When its first delivery fails, it comes as the same message, not as a private one."""
    async with service(slack, tmp_path, timing=FAST) as running:
        running.echo.instead = [failure(400)]
        slack.faults.drop("chat.postMessage", when="before", times=4)
        question = slack.ada.mention("hello")
        [told] = await running.answers(question)
        await running.idle()
        assert (told.thread_ts, labels(told)) == (question.ts, ["Try again"])
        assert ephemeral_texts(slack) == []


async def test_a_private_error_is_replaced(slack: SlackSimulator, tmp_path: Path) -> None:
    """An error of what was asked privately is private, like the answer that its button asks for."""
    async with service(slack, tmp_path) as running:
        running.echo.instead = [failure(400)] * 2
        said = slack.bob.say("hello", channel=slack.general)
        slack.ada.message_shortcut("explain", said)
        [told] = await slack.until(lambda: [m for m in slack.ada.sees() if m.is_ephemeral])
        slack.ada.press(told, "press:retry")
        await slack.until(lambda: told.is_deleted)
        [told] = [message for message in slack.ada.sees() if message.is_ephemeral]
        slack.ada.press(told, "press:retry")
        await slack.until(lambda: told.is_deleted)
        await running.idle()
        [text] = ephemeral_texts(slack)
        assert text.startswith("re: ")
        assert slack.from_bot(slack.general) == []


async def test_an_error_after_a_command_stays(slack: SlackSimulator, tmp_path: Path) -> None:
    """It is a message in the command's thread, and there the answer takes its place."""
    async with service(slack, tmp_path) as running:
        running.echo.instead = [failure(400)]
        slack.ada.slash("/chat", "hello")
        parent, told = await slack.until(lambda: len(found := slack.from_bot(slack.general)) == 2 and found)
        assert (told.thread_ts, labels(told)) == (parent.ts, ["Try again"])
        await running.idle()
        slack.ada.press(told, "press:retry")
        await slack.until(lambda: told.is_deleted)
        await running.idle()
        assert [read(message) for message in slack.from_bot(slack.general)][1:] == ["re: hello"]
        assert ephemeral_texts(slack) == []


async def test_an_error_where_the_bot_is_no_member_is_private(slack: SlackSimulator, tmp_path: Path) -> None:
    """Slack still takes a private message there."""
    private = slack.add_channel("private", members=[slack.ada.id], is_private=True)
    async with service(slack, tmp_path) as running:
        running.echo.instead = [failure(400)]
        slack.ada.slash("/chat", "hello", channel=private)
        [told] = await slack.until(lambda: [m for m in slack.ada.sees(private) if m.is_ephemeral])
        assert labels(told) == ["Try again"]
        await running.idle()
        assert slack.from_bot(private) == []


async def test_quick_double_clicks_make_one(slack: SlackSimulator, tmp_path: Path) -> None:
    """A second press of the same button right after the first is the same press; another button is another press."""
    async with service(slack, tmp_path) as running:
        running.echo.cut = {"love"}
        question = slack.ada.mention("what is love?")
        [answer] = await running.answers(question)
        for button in ("press:continue", "press:continue", "press:feedback"):
            slack.ada.press(answer, button)
        await running.answers(question, 2)
        await slack.until(lambda: ephemeral_texts(slack))
        await running.idle()
        assert running.echo.prompts == ["what is love?", "Please continue."]


@pytest.mark.parametrize("user", ["USLACKBOT", "USLACK"])
async def test_notices_of_slack_are_no_questions(slack: SlackSimulator, tmp_path: Path, user: str) -> None:
    """A direct message by which Slack says what somebody did is not answered, and the API is not asked."""
    async with service(slack, tmp_path) as running:
        direct = slack.team.direct(slack.ada.id)
        text = "You have been removed from #general by <@U0ADA>"
        notice = {"type": "message", "user": user, "text": text, "channel": direct.id, "channel_type": "im"}
        slack.people.event(slack.team, {**notice, "ts": slack.clock.ts()})
        await running.idle()
        question = slack.ada.direct("hello")
        await running.answers(question)
        assert running.echo.prompts == ["hello"]


async def test_under_load_no_status_is_left_over(slack: SlackSimulator, tmp_path: Path) -> None:
    """Slack refuses by its rate limit what ends a session of the agent view: it is repeated until Slack takes it."""
    slack.faults.limit("agents.sessions.setStatus", 0.1, times=4).where = lambda params: params["status"] == "active"
    async with service(slack, tmp_path, timing=FAST) as running:
        gate = running.echo.hold("hello")
        question = slack.ada.direct("hello")
        await slack.until(lambda: slack.team.sessions)
        gate.set()
        await running.answers(question)
        await slack.until(lambda: [states[-1] for states in slack.team.sessions.values()] == ["active"])


async def test_a_status_that_comes_after_the_answer_is_removed(slack: SlackSimulator, tmp_path: Path) -> None:
    """Slack takes longer to show that the bot is thinking than the answer takes: afterwards nothing says so."""
    areas = "assistant.threads", "agents.sessions"
    sending = [slack.faults.hold(f"{area}.setStatus") for area in areas]
    async with service(slack, tmp_path, timing=Timing(announce_delay=0.0, status_patience=0.1)) as running:
        gate = running.echo.hold("hello")
        question = slack.ada.direct("hello")
        await slack.until(lambda: all(slack.called(f"{area}.setStatus") for area in areas))
        gate.set()
        await running.answers(question)
        await running.core.worker.drain()
        for one in sending:
            one.set()
        await slack.until(lambda: [states[-1] for states in slack.team.sessions.values()] == ["active"])
        await slack.until(lambda: not slack.team.statuses)


async def test_stop_ends_a_running_job(slack: SlackSimulator, tmp_path: Path) -> None:
    """The button under a job's card stops the job; only the sentence that it was stopped stays."""
    slack.faults.unknown("assistant.*")  # so that a message tells what is being done
    async with service(slack, tmp_path) as running:
        running.echo.hold("fox")
        question = slack.ada.mention("image a fox")
        await slack.until(lambda: slack.from_bot(thread=question.ts))
        (making,) = slack.from_bot(thread=question.ts)
        assert labels(making) == ["Stop"]
        slack.ada.press(making, "press:stop")
        await slack.until(lambda: visible_texts(slack, question) == ["Stopped."])
        await running.idle()


async def test_pictures_lead_on(slack: SlackSimulator, tmp_path: Path) -> None:
    """Buttons under a picture make others of it, some with a form; only the person who asked can delete it."""
    async with service(slack, tmp_path) as running:
        question = slack.ada.mention("image a fox --size 512x512")
        [answer] = await running.answers(question)
        more = ["Branch from here", "Back to this one", "Delete"]
        assert labels(answer) == ["Again", "Variation", "Other style", "Make a video of it", *more]
        assert len(answer.files) == 1
        assert "1x1" in read(answer)  # as it is, not as it was asked for
        assert running.echo.bodies[-1]["size"] == "512x512"
        await running.restart()
        slack.ada.press(answer, "press:video")
        view = await slack.ada.modal()
        assert "duration" in str(view.content)
        slack.ada.close(view)
        slack.ada.press(answer, "press:style")
        view = await slack.ada.modal()
        await slack.ada.submit(view, {"style": "anime"})
        answers = await running.answers(question, 2)
        assert running.echo.bodies[-1]["style"] == "anime"
        assert [len(message.files) for message in answers] == [1, 1]
        slack.bob.press(answer, "press:delete")
        await slack.until(lambda: [m for m in slack.bob.sees() if m.is_ephemeral])
        await running.idle()
        assert len(slack.from_bot(thread=question.ts)) == 2
        slack.ada.press(answer, "press:delete")
        await slack.until(lambda: len(slack.from_bot(thread=question.ts)) == 1)
        await running.idle()
        assert sum(not file.is_deleted for file in slack.team.files.values()) == 1
