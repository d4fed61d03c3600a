"""The inbox: events are recorded once, admitted by the rules, and acknowledged once stored."""

import asyncio
import inspect
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import CoroutineType
from typing import Any

import pytest

from bot.errors import StoreUnavailable
from bot.models import Event
from tests.support.channel.adapter import parse
from tests.support.service import quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


def event(name: str, prompt: str = "hello", **more: Any) -> Event:
    return parse({"id": name, "command": "chat", "text": prompt, "options": {}, **more})


async def test_an_event_delivered_again_is_answered_once(tmp_path: Path) -> None:
    """Concurrent, later and repeated deliveries, also after a restart, cause one call and one answer."""
    async with service(tmp_path) as one:
        release = one.echo.hold("hello")
        sink = one.core.inbox.accept
        await asyncio.gather(*(sink(event("x")) for _ in range(3)))
        await one.echo.until(lambda: one.echo.running == 1)
        await asyncio.gather(*(sink(event("x")) for _ in range(3)))
        release.set()
        await one.channel.wait_for_answers("x")
        await asyncio.gather(*(sink(event("x")) for _ in range(3)))
        await one.stop()
        await one.start()
        await one.core.inbox.accept(event("x"))
        await one.ask("last")
        assert one.answer("x").text == "re: hello"
        assert one.echo.prompts == ["hello", "last"]


async def test_what_delivers_an_event_goes_on_before_work_on_it_begins(tmp_path: Path) -> None:
    """So does what waits for it, as another notice of the same message does; `drain` knows of the event by then."""
    lock = asyncio.Lock()

    def is_begun(task: asyncio.Task[Any]) -> bool:
        coro = task.get_coro()
        assert isinstance(coro, CoroutineType)
        return inspect.getcoroutinestate(coro) != inspect.CORO_CREATED

    begun: list[bool] = []

    async def receive() -> None:
        async with lock:
            if not begun:
                await one.core.inbox.accept(event("x"))
            begun.append(any(is_begun(task) for task in asyncio.all_tasks() if task.get_name() == "event x"))

    async with service(tmp_path) as one:
        await one.ask("first")
        await asyncio.gather(receive(), receive())
        await one.core.worker.drain()
        assert one.answer("x").final
    assert begun == [False, False]


async def test_an_event_is_acknowledged_once_it_is_stored(tmp_path: Path) -> None:
    """If the store fails, the platform repeats the event, which is answered later."""
    async with service(tmp_path) as one:
        record, troubles = one.core.store.record, [StoreUnavailable("full")] * 3

        async def troubled(*args: object, **kwargs: object) -> bool:
            if troubles:
                raise troubles.pop()
            return await record(*args, **kwargs)  # type: ignore[arg-type]

        one.core.store.record = troubled  # type: ignore[method-assign]
        with pytest.raises(StoreUnavailable):
            await one.core.inbox.accept(event("x"))
        assert (await one.ask("hello")).text == "re: hello"
        assert not troubles
        assert not one.channel.answers("x")


async def test_an_invalid_request_is_rejected_privately(tmp_path: Path) -> None:
    """Invalid requests and unknown commands get a private sentence and cost nothing; so do questions about the bot."""
    async with service(tmp_path) as one:
        told = await one.ask("x", rejection="`--stile`? Did you mean `--style`?", command="image")
        assert (told.text, told.private) == ("`--stile`? Did you mean `--style`?", True)
        gone = await one.ask("x", command="tarot")
        assert "tarot" in gone.text
        assert gone.private
        for text, locale, start in (("who are you?", "en", "Just write to me"), ("你會什麼？", "zh-Hant", "直接對我")):
            told = await one.ask(text, locale=locale)
            assert (told.text.startswith(start), told.private) == (True, True)
        assert not one.echo.prompts


async def test_a_refusal_is_private(tmp_path: Path) -> None:
    """A request over a limit gets a private sentence with the wait, and other people are answered."""
    async with service(tmp_path, bot_deny_people=("mallory",)) as one:
        told = await one.ask("hello", who="mallory")
        assert told.private
        assert "list of people" in told.text
        assert not one.echo.prompts
        assert (await one.ask("hello", who="ada")).text == "re: hello"
        allowed = await one.ask("allow chat person:mallory person:ada", command="access", options={"for": "workspace"})
        assert "Done" in allowed.text
        assert "You may not use `chat`" in (await one.ask("me?", who="bob", member=True)).text
        await one.core.inbox.accept(event("m", who="mallory"))
        assert (await one.ask("again", who="ada")).text == "re: again"
        assert one.echo.prompts == ["hello", "again"]


async def test_who_was_denied_for_a_time_is_answered_afterwards(tmp_path: Path) -> None:
    """The rule that `/access --until` sets is gone once its time is over."""
    async with service(tmp_path) as one:
        tomorrow = {"until": f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}", "for": "workspace"}
        assert "until" in (await one.ask("deny chat person:bob", command="access", options=tomorrow)).text
        assert "You may not use `chat`" in (await one.ask("hello", who="bob", member=True)).text
        rules = one.core.store.namespace("workspace:channel:w")
        [(name, rule)] = (await rules.items()).items()
        await rules.set(name, rule, expires=datetime.now(UTC))  # as if it were tomorrow
        assert (await one.ask("hello", who="bob", member=True)).text == "re: hello"


async def test_a_pause_is_of_its_workspace(tmp_path: Path) -> None:
    """What a workspace pauses waits, and holds no other one back."""
    async with service(tmp_path) as one:
        assert "Paused" in (await one.ask("", command="pause", options={"for": "workspace"})).text
        kept = await one.channel.ask("kept")
        elsewhere = await one.ask("elsewhere", workspace="other", conversation="other")
        assert elsewhere.text == "re: elsewhere"
        assert one.echo.prompts == ["elsewhere"]
        await one.ask("", command="resume", options={"for": "workspace"})
        await one.channel.until(lambda: any(m.text == "re: kept" for m in one.channel.answers(kept)))


async def test_a_private_sentence_survives_a_restart(tmp_path: Path) -> None:
    """A recorded refusal is delivered after a restart even if the rules have changed."""
    async with service(tmp_path, bot_shutdown_timeout=0, bot_deny_people=("mallory",)) as one:
        one.channel.holds["finish x"] = asyncio.Event()
        await one.core.inbox.accept(event("x", who="mallory"))
        await one.channel.until(lambda: "finish x" in one.channel.calls)
        await one.stop()
        one.channel.holds.pop("finish x").set()
        await one.start(bot_deny_people=())
        await one.channel.wait_for_answers("x")
        assert "list of people" in one.answer("x").text
        assert not one.echo.prompts


@pytest.mark.parametrize("more", [{}, {"rejection": "What?"}, {"command": "tarot"}, {"command": "press"}])
async def test_bots_are_not_answered(tmp_path: Path, more: dict[str, str]) -> None:
    """Another bot gets no answer, not even to an invalid request, as two bots would never stop."""
    async with service(tmp_path) as one:
        await one.core.inbox.accept(event("x", bot=True, **more))
        await one.ask("hello")
        assert not one.channel.answers("x")
        assert one.echo.prompts == ["hello"]


async def test_a_denied_person_learns_nothing_about_commands(tmp_path: Path) -> None:
    """A denied person's invalid request gets the refusal and no help."""
    async with service(tmp_path, bot_deny_people=("mallory",)) as one:
        told = await one.ask("x", rejection="Did you mean `--style`?", who="mallory")
        assert "list of people" in told.text


async def test_a_refusal_is_said_once(tmp_path: Path) -> None:
    """A list, a command that is switched off and a limit cost one sentence and one row, lists also after a restart."""
    async with service(tmp_path, bot_deny_people=("eve",), bot_requests_per_minute=1) as one:
        people: dict[str, dict[str, Any]] = {
            "ada": {},
            "bob": {"who": "bob", "command": "image", "member": True},
            "eve": {"who": "eve"},
        }
        await one.ask("commands_off image", command="settings", options={"for": "channel"})
        said = {name: await one.ask("hello", **asked) for name, asked in people.items()}
        assert "1 request in a minute" in said["ada"].text
        assert "`image` is switched off" in said["bob"].text
        assert "list of people" in said["eve"].text

        async def are_said(*names: str) -> bool:
            events = [event(f"{name} again", **people[name]) for name in names]
            return any(await asyncio.gather(*(one.core.inbox.accept(asked) for asked in events for _ in range(3))))

        assert not await are_said(*people)
        await one.stop()
        await one.start()
        assert not await are_said("bob", "eve")
        with closing(sqlite3.connect(tmp_path / "bot.db")) as db:
            assert db.execute("SELECT count(*) FROM events").fetchall() == [(4,)]
        for name, asked in people.items():  # delivered again
            assert await one.core.inbox.accept(event(said[name].reply_to, **asked))


async def test_invalid_requests_count_against_the_rate(tmp_path: Path) -> None:
    """Invalid requests are limited like valid ones."""
    async with service(tmp_path, bot_requests_per_minute=2) as one:
        told = [await one.ask("x", rejection="What?") for _ in range(3)]
        assert [message.text for message in told[:2]] == ["What?", "What?"]
        assert "2 requests in a minute" in told[2].text


async def test_an_event_that_nobody_could_answer_is_a_mistake_of_its_adapter(tmp_path: Path) -> None:
    """An adapter's name that no adapter has, and a time without its zone, are refused before anything is recorded."""
    async with service(tmp_path) as one:
        nowhere = replace(event("x"), adapter="chanel")
        timeless = replace(event("x"), received_at=datetime.now(UTC).replace(tzinfo=None))
        for wrong, said in ((nowhere, "'chanel', the name of none of channel"), (timeless, "no time zone")):
            with pytest.raises(ValueError, match=said):
                await one.core.inbox.accept(wrong)
        assert not any((await one.core.store.counts()).values())


async def test_an_alias_is_its_command(tmp_path: Path) -> None:
    """An alias is recorded under the command's name, so that a retry finds it. Words that ask for a picture get one."""
    async with service(tmp_path) as one:
        asked = await one.ask("hello", command="ask")
        again = await one.ask("", command="retry")
        assert asked.text == again.text == "re: hello"
        assert len((await one.ask("could you draw me a red fox?")).files) == 1
        assert one.echo.prompts[-1] == "a red fox"
    async with service(tmp_path / "without", bot_disabled_commands=("image",)) as one:
        assert (await one.ask("draw me a red fox")).text == "re: draw me a red fox"


async def test_a_button_works_after_a_restart_and_replaces_the_answer(tmp_path: Path) -> None:
    """A button repeats its request with the context of that time, and the old exchange is replaced."""
    async with service(tmp_path) as one:
        await one.ask("what is love?")
        await one.stop()
        await one.start()
        assert (
            await one.ask("", command="press", options={"event": "e1", "action": "again"})
        ).text == "re: what is love?"
        await one.ask("next")
        assert [m["content"] for m in one.echo.bodies[-1]["messages"][1:]] == [
            "what is love?",
            "re: what is love?",
            "next",
        ]


@pytest.mark.parametrize("options", [{}, {"event": "e1"}, {"event": "nowhere", "action": "again"}])
async def test_an_invalid_button_is_a_sentence(tmp_path: Path, options: dict[str, str]) -> None:
    """A button of an erased, foreign or forged answer gets a sentence."""
    async with service(tmp_path) as one:
        await one.ask("hello")
        told = await one.ask("", command="press", options=options)
        assert "no longer works" in told.text
        assert told.private
        assert one.echo.prompts == ["hello"]


async def test_a_retry_of_an_invalid_request_repeats_its_error(tmp_path: Path) -> None:
    """A retry of a rejected request gets the same error."""
    async with service(tmp_path) as one:
        await one.ask("hello --sise 3", rejection="What is --sise?")
        assert (await one.ask("", command="retry")).text == "What is --sise?"
        assert one.echo.prompts == []


async def test_another_conversation_is_not_repeated(tmp_path: Path) -> None:
    """A retry with the id of another conversation's event repeats nothing."""
    async with service(tmp_path) as one:
        await one.ask("secret", conversation="theirs")
        told = await one.ask("", command="retry", options={"event": "e1"}, conversation="mine")
        assert "secret" not in told.text
        assert one.echo.prompts == ["secret"]


async def test_a_request_stopped_while_it_waits_does_not_count(tmp_path: Path) -> None:
    """Against the day's limit counts the image request that the API was asked, not the one that still waited."""
    async with service(tmp_path, bot_media_per_day=3, bot_media_concurrency=1) as one:
        one.echo.hold("slow")
        first = await one.start_asking("slow", command="image")
        waiting = await one.channel.ask("waiting", command="image")
        await one.channel.until(lambda: waiting in one.channel.acknowledged)
        await one.ask("", command="stop")
        await one.channel.wait_for_answers(first, waiting)
        assert (await one.ask("fresh", command="image", options={"n": "2"})).files
        assert not (await one.ask("two more", command="image", options={"n": "2"})).files


async def test_the_time_of_receipt_does_not_matter_to_the_order(tmp_path: Path) -> None:
    """Events are answered in the order of recording, whatever their times."""
    async with service(tmp_path) as one:
        one.echo.hold("first")
        await one.start_asking("first")
        late = datetime.now(UTC) + timedelta(hours=1)
        await one.core.inbox.accept(replace(event("a", "a"), received_at=late))
        await one.core.inbox.accept(replace(event("b", "b"), received_at=late - timedelta(hours=2)))
        one.echo.holds["first"].set()
        await one.channel.wait_for_answers("a", "b")
        assert one.echo.prompts == ["first", "a", "b"]
