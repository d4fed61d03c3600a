"""One question, one visible answer, also when Slack sends events twice, late or in the wrong order."""

import asyncio
import secrets
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.slack.timing import Timing
from simulators.slack import SlackSimulator
from simulators.slack.delivery import Delivery
from simulators.slack.messages import Message
from tests.support.database.postgres import server, url
from tests.support.service import quiet_logs
from tests.support.slack.service import service

__all__ = ["server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)
BOTH = pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])


@BOTH
@pytest.mark.parametrize("mention_first", [False, True], ids=["message-first", "mention-first"])
async def test_the_twins_are_one_question(
    slack: SlackSimulator, tmp_path: Path, http: bool, mention_first: bool
) -> None:
    """`message` and `app_mention` of one message, in either order, get one answer in its thread."""
    slack.people.mention_first = mention_first
    async with service(slack, tmp_path, http=http) as running:
        question = slack.ada.mention("hello")
        [answer] = await running.answers(question)
        assert answer.content == "re: hello"
        assert running.echo.prompts == ["hello"]
        kinds = {delivery.event["type"] for delivery in slack.sender.deliveries[:2]}
        assert kinds == {"message", "app_mention"}


@BOTH
async def test_three_redeliveries_are_one_question(slack: SlackSimulator, tmp_path: Path, http: bool) -> None:
    """Slack's three retries while the question is answered change nothing."""
    async with service(slack, tmp_path, http=http) as running:
        gate = running.echo.hold("hello")
        question = slack.ada.mention("hello")
        await running.echo.until(lambda: running.echo.prompts == ["hello"])
        for number in (1, 2, 3):
            for delivery in list(slack.sender.deliveries[:2]):
                await slack.sender.again(delivery, number=number)
        gate.set()
        assert [m.content for m in await running.answers(question)] == ["re: hello"]
        assert running.echo.prompts == ["hello"]


@BOTH
async def test_retries_after_the_answer_are_nothing_new(slack: SlackSimulator, tmp_path: Path, http: bool) -> None:
    """Retries that come late, after a restart and in the wrong order, get no second answer."""
    async with service(slack, tmp_path, http=http) as running:
        first = slack.ada.mention("one")
        await running.answers(first)
        second = slack.ada.mention("two")
        await running.answers(second)
        await running.restart()
        old = [d for d in slack.sender.deliveries if d.event.get("user") == slack.ada.id]
        for delivery in reversed(old):
            await slack.sender.again(delivery, number=3)
        third = slack.ada.mention("three")
        await running.answers(third)
        assert running.echo.prompts == ["one", "two", "three"]
        for question in (first, second, third):
            assert len(slack.from_bot(slack.general, thread=question.ts)) == 1


async def test_a_late_message_is_where_it_was_written(slack: SlackSimulator, tmp_path: Path) -> None:
    """A message that Slack delivers after a newer one was answered is told to the model at its place, and once."""
    async with service(slack, tmp_path, http=True) as running:
        first = slack.ada.mention("one")
        await running.answers(first)
        slack.sender.url, url = "http://127.0.0.1:9/", slack.sender.url
        slack.ada.mention("two", thread=first)
        await slack.until_delivered()
        slack.sender.url = url
        missed = [delivery for delivery in slack.sender.deliveries if not delivery.is_acknowledged]
        slack.ada.mention("three", thread=first)
        await running.answers(first, 2)
        for delivery in missed:
            await slack.sender.again(delivery, number=3)
        await running.answers(first, 3)
        slack.ada.mention("four", thread=first)
        await running.answers(first, 4)
        asked = [[m["content"] for m in body["messages"][1:] if m["role"] == "user"] for body in running.echo.bodies]
    assert asked == [["one"], ["one", "three"], ["one", "two"], ["one", "two", "three", "four"]]


async def test_a_question_asked_while_the_service_was_away_is_answered_once(
    slack: SlackSimulator, tmp_path: Path
) -> None:
    """Slack has given up sending it: it is read at the next start. Neither a restart nor a late event repeats it."""
    async with service(slack, tmp_path, timing=Timing(absence_before_start=0.0)) as running:
        first = slack.ada.mention("one")
        await running.answers(first)
        await running.stop()
        slack.sender.gives_up = True
        slack.ada.say("two", thread=first)
        missed = slack.ada.mention("three")
        slack.sender.gives_up = False
        await running.start()
        await running.answers(missed)
        await running.answers(first, 2)
        await running.restart()
        for delivery in [delivery for delivery in slack.sender.deliveries if not delivery.is_acknowledged]:
            await slack.sender.again(delivery, number=3)
        await running.answers(slack.ada.mention("four"))
        assert sorted(running.echo.prompts) == ["four", "one", "three", "two"]
        assert [message.content for message in slack.from_bot(slack.general, thread=missed.ts)] == ["re: three"]


async def mention_unheard(slack: SlackSimulator, text: str, **more: Any) -> tuple[Message, list[Delivery]]:
    """Mention the bot while it can't be reached; return the message and what Slack has to deliver again."""
    slack.sender.url, reachable = "http://127.0.0.1:9/", slack.sender.url
    message = slack.ada.mention(text, **more)
    await slack.until_delivered()
    slack.sender.url = reachable
    return message, [delivery for delivery in slack.sender.deliveries if not delivery.is_acknowledged]


async def test_a_late_message_that_was_read_along_is_told_once(slack: SlackSimulator, tmp_path: Path) -> None:
    """A thread's first message that comes after a reply to it was answered is no second time in the context."""
    async with service(slack, tmp_path, http=True) as running:
        first, missed = await mention_unheard(slack, "one")
        slack.ada.mention("two", thread=first)
        await running.answers(first)
        for delivery in missed:
            await slack.sender.again(delivery, number=3)
        await running.answers(first, 2)
        slack.ada.mention("three", thread=first)
        await running.answers(first, 3)
        asked = [[m["content"] for m in body["messages"][1:] if m["role"] == "user"] for body in running.echo.bodies]
    assert asked == [["one", "two"], ["one"], ["one", "two", "three"]]


@pytest.mark.parametrize("late_event", [0.0, 5.0], ids=["history", "memory"])
async def test_a_reply_to_a_late_message_is_answered(slack: SlackSimulator, tmp_path: Path, late_event: float) -> None:
    """A reply without a mention that came before the message that it replies to is answered after that."""
    async with service(slack, tmp_path, http=True, timing=Timing(late_event=late_event)) as running:
        topic = slack.bob.say("a topic")
        slack.ada.say("not for the bot", thread=topic)
        await slack.until_delivered()
        first, missed = await mention_unheard(slack, "one", thread=topic)
        slack.ada.say("two", thread=first)
        await slack.until_delivered()
        for delivery in missed:
            await slack.sender.again(delivery, number=3)
        await running.answers(first, 2)
        assert running.echo.prompts == ["Ada: one", "Ada: two"]


async def test_a_reply_that_another_process_was_given(slack: SlackSimulator, tmp_path: Path, url: SecretStr) -> None:
    """Processes share the events: a reply is answered also if its process hears nothing of the question before it."""
    given: dict[str, Any] = {"bot_database_url": url, "bot_secret_key": secrets.token_urlsafe(32), "http": True}
    given["timing"] = Timing(late_event=1.0)
    async with service(slack, tmp_path / "one", **given) as one:
        first_url = slack.sender.url
        async with service(slack, tmp_path / "two", **given) as two:
            second_url = slack.sender.url
            topic = slack.bob.say("a topic")
            slack.ada.say("not for the bot", thread=topic)
            await slack.until_delivered()
            first, missed = await mention_unheard(slack, "one", thread=topic)
            slack.ada.say("two", thread=first)
            await slack.until_delivered()
            slack.sender.url = first_url
            for delivery in missed:
                await slack.sender.again(delivery, number=1)
            await one.answers(first, 2)
            await two.idle()
            assert sorted(one.echo.prompts + two.echo.prompts) == ["Ada: one", "Ada: two"]
            slack.ada.say(f"<@{slack.bob.id}> what do you think?", thread=first)
            await slack.until_delivered()
            aside = two.core.store.namespace(f"storage:slack.aside.{first.team}.{first.channel}")
            async with asyncio.timeout(60):  # the database tells the other process a moment after the commit
                while not await aside.items():  # noqa: ASYNC110 - nothing else tells of it
                    await asyncio.sleep(0.01)
            slack.sender.url = second_url
            slack.ada.mention("three", thread=first)
            await two.answers(first, 3)
            slack.sender.url = first_url
            slack.ada.say("four", thread=first)
            await one.answers(first, 4)


async def test_a_process_that_ends_while_it_looks_for_replies(slack: SlackSimulator, tmp_path: Path) -> None:
    """The late message is acknowledged once its replies are recorded: Slack sends it again to the next process."""
    async with service(slack, tmp_path, http=True, timing=Timing(late_event=0.0)) as running:
        first, missed = await mention_unheard(slack, "one")
        slack.ada.say("two", thread=first)
        await slack.until_delivered()
        looking = slack.faults.hold("conversations.replies")
        delivering = [asyncio.create_task(slack.sender.again(delivery, number=2)) for delivery in missed]
        await slack.until(lambda: slack.from_bot(thread=first.ts))
        await running.restart()
        looking.set()
        await asyncio.gather(*delivering)
        for delivery in missed:
            if not delivery.is_acknowledged:
                await slack.sender.again(delivery, number=3)
        await running.answers(first, 2)
        assert running.echo.prompts == ["one", "two"]


async def test_wrong_missing_and_old_signatures_ask_nothing(slack: SlackSimulator, tmp_path: Path) -> None:
    """Only requests with a valid and recent signature are accepted."""
    async with service(slack, tmp_path, http=True) as running:
        for signature in ("wrong", "missing", "old"):
            slack.sender.signature = signature
            slack.ada.mention(signature)
            slack.ada.slash("chat", signature)
            await slack.until_delivered()
        slack.sender.signature = "right"
        question = slack.ada.mention("right")
        assert [m.content for m in await running.answers(question)] == ["re: right"]
        refused = [d.statuses for d in slack.sender.deliveries if not d.is_acknowledged]
        assert {status for statuses in refused for status in statuses} == {401}
        assert running.echo.prompts == ["right"]
