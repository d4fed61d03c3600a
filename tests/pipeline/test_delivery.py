"""Delivery: answers that a platform delays, refuses or finds too big, and the pace of updates."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.models import Answer, Capabilities, Job, Outcome, Status
from bot.pipeline.delivery import Progress
from bot.telemetry.logs import add_context
from tests.support.channel.adapter import Channel, ChannelAdapter, ChannelDraft, channel_server
from tests.support.media_files import noise
from tests.support.scripted_api import failure
from tests.support.service import FAST, Service, quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


AT_ONCE = replace(FAST.pipeline, first_update=0.0)


async def test_a_delayed_answer_is_not_generated_again(tmp_path: Path) -> None:
    """A delayed delivery repeats the committed answer; there is one API call."""
    async with service(tmp_path) as one:
        one.channel.faults = {"post": [429, 429], "finish": [429, 429, 429, 429, 429, 429]}
        assert (await one.ask("hello")).text == "re: hello"
        assert one.echo.prompts == ["hello"]


async def test_a_platform_s_delay_is_respected(tmp_path: Path) -> None:
    """The delivery waits as long as the platform said, while others go on."""
    async with service(tmp_path) as one:
        one.channel.later = 1000
        one.channel.faults = {"finish": [429]}
        late = await one.channel.ask("late")
        await one.channel.until(lambda: f"finish {late}" in one.channel.calls)
        for number in range(5):
            await one.ask("hello", conversation=f"elsewhere {number}")
        assert one.channel.calls.count(f"finish {late}") == 1
        assert (await one.core.store.counts())["waiting"] == 1


async def test_the_end_of_a_request_is_one_line_of_the_log(tmp_path: Path) -> None:
    """With its outcome, duration, model, tokens and cost, also after a delayed delivery; without anything said."""
    async with service(tmp_path, bot_patience=0) as one:
        with capture_logs([add_context]) as lines:
            one.channel.faults = {"finish": [429]}
            await one.ask("my secret diagnosis")
            one.echo.instead = [failure(401)]
            await one.ask("fails")
            await one.ask("refused", rejection="What?")
            one.echo.hold("slow")
            stopped = [await one.start_asking("slow"), await one.channel.ask("waits")]
            await one.channel.until(lambda: stopped[1] in one.channel.acknowledged)
            await one.ask("", command="stop")
            await one.channel.wait_for_answers(*stopped)
            one.channel.faults = {"finish": [403]}
            await one.channel.ask("forbidden")
            deleted = await one.channel.ask("last")
            await one.channel.wait_for_answers(deleted)
            await one.ask("", command="delete", options={"event": deleted})
            await one.core.worker.drain()
        shown = one.core.metrics.render({}, one.core.api.rate_limiter).decode()
    ended = [line for line in lines if line["event"] == "request ended"]
    assert Counter((line["command"], line["outcome"]) for line in ended) == {
        ("chat", "answered"): 2,
        ("chat", "failed"): 1,
        ("chat", "refused"): 1,
        ("chat", "cancelled"): 2,
        ("chat", "undelivered"): 1,
        ("stop", "answered"): 1,
        ("delete", "answered"): 1,
    }
    assert len({line["event_id"] for line in ended}) == len(ended)
    for outcome, count in {"answered": 2, "failed": 1, "refused": 1, "cancelled": 2, "undelivered": 1}.items():
        assert f'bot_events_total{{adapter="channel",command="chat",outcome="{outcome}"}} {count}.0' in shown
    assert 'bot_answer_seconds_count{adapter="channel",command="chat"} 5.0' in shown
    for line in ended:
        assert 0 <= line["seconds"] < 60
        assert line["files"] == line["cost"] == 0
        is_paid = line["command"] == "chat" and line["outcome"] in {"answered", "undelivered"}
        assert line["models"] == ["gpt-4-turbo"] * is_paid or line["outcome"] == "cancelled"
        assert bool(line["prompt_tokens"] and line["completion_tokens"]) == is_paid
    assert not any(word in str(lines) for word in ("diagnosis", "What?"))


async def test_a_refused_answer_is_given_up(tmp_path: Path) -> None:
    """An answer that the platform refuses is counted and not retried; the lane goes on."""
    async with service(tmp_path) as one:
        one.channel.faults = {"finish": [403]}
        refused = await one.channel.ask("hello")
        assert (await one.ask("next")).text == "re: next"
        assert not one.answer(refused).final
        one.channel.faults = {"post": [403]}
        gone = await one.channel.ask("gone")
        assert (await one.ask("last")).text == "re: last"
        assert not one.channel.answers(gone)
        shown = one.core.metrics.render(await one.core.store.counts(), one.core.api.rate_limiter).decode()
        assert 'bot_events_total{adapter="channel",command="chat",outcome="undelivered"} 2.0' in shown
        assert one.echo.prompts == ["hello", "next", "last"]


async def test_a_retry_delivers_an_undelivered_answer(tmp_path: Path) -> None:
    """The first retry delivers the stored answer, the second generates a new one."""
    async with service(tmp_path) as one:
        one.channel.faults = {"finish": [403]}
        refused = await one.channel.ask("hello")
        await wait_for_refusal(one, refused)
        assert (await one.ask("", command="retry")).text == "re: hello"
        assert not one.answer(refused).final
        assert one.echo.prompts == ["hello"]
        for times in (2, 3):
            assert (await one.ask("", command="retry", options={"event": refused})).text == "re: hello"
            assert one.echo.prompts == ["hello"] * times


async def test_an_undelivered_error_message_is_no_answer(tmp_path: Path) -> None:
    """A retry after an undelivered error message calls the API again."""
    async with service(tmp_path) as one:
        one.channel.faults = {"finish": [403]}
        one.echo.instead = [failure(401)]
        await wait_for_refusal(one, await one.channel.ask("hello"))
        assert (await one.ask("", command="retry")).text == "re: hello"
        assert one.echo.prompts == ["hello", "hello"]


async def wait_for_refusal(one: Service, event: str) -> None:
    """Wait until the event's answer was refused and no work is left."""
    await one.channel.until(lambda: f"finish {event}" in one.channel.calls)
    await one.core.worker.drain()


class GrowingDraft:
    """A draft whose reference grows with each message."""

    def __init__(self, draft: ChannelDraft) -> None:
        self._draft = draft
        self.ref = draft.ref

    async def status(self, status: Status) -> None:
        await self._draft.status(status)
        self.ref += "+"

    async def write(self, text: str) -> None:
        await self._draft.write(text)
        self.ref += "+"

    async def finish(self, answer: Answer) -> None:
        await self._draft.finish(answer)
        self.ref += "."


async def test_a_growing_reference_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stored reference of a draft is the one after each update, and after the end."""
    limits = Capabilities(edit_interval=0.01, status_interval=0.01)
    async with service(tmp_path, limits=limits) as one:
        open_draft = one.adapter.draft

        async def draft(*args: Any, **more: Any) -> GrowingDraft:
            return GrowingDraft(await open_draft(*args, **more))

        monkeypatch.setattr(one.adapter, "draft", draft)
        release = one.echo.hold("hello")
        event = await one.start_asking("hello")
        await one.channel.until(lambda: one.channel.calls.count(f"update {event}") > 1)
        assert (await kept_ref(one, event)).endswith("+")
        release.set()
        await one.channel.wait_for_answers(event)
        await one.ask("next")
        assert (await kept_ref(one, event)).endswith("+.")


async def kept_ref(one: Service, event: str) -> str:
    await one.core.store.namespace("test").set("written", "now")  # after everything before it
    job = await one.core.store.job("channel", event)
    assert job is not None
    return job.ref or ""


@pytest.mark.parametrize("call", ["post", "finish"])
async def test_an_adapter_s_bug_costs_neither_answer_nor_lane(tmp_path: Path, call: str) -> None:
    """An unexpected exception is retried; if it persists, lane and slot are freed."""
    async with service(tmp_path, bot_chat_concurrency=1) as one:
        one.channel.faults = {call: [500, 500]}
        assert (await one.ask("hello")).text == "re: hello"
        one.channel.faults = {call: [500] * 5}
        await one.channel.ask("lost")
        assert (await one.ask("next")).text == "re: next"
        assert one.echo.prompts.count("lost") <= 1


async def test_a_failed_update_does_not_matter(tmp_path: Path) -> None:
    """The answer is delivered whatever happened to its updates."""
    async with service(tmp_path) as one:
        release = one.echo.hold("slow")
        one.channel.faults = {"update": [500, 403, 413]}
        event = await one.channel.ask("slow")
        await one.channel.until(lambda: f"update {event}" in one.channel.calls)
        release.set()
        await one.channel.wait_for_answers(event)
        assert one.answer(event).text == "re: slow"


# -- files that are too big


async def test_a_file_refused_as_too_big_is_made_smaller(tmp_path: Path) -> None:
    """An image is shrunk to a limit that the platform reports with the upload."""
    async with service(tmp_path) as one:
        one.channel.max_upload = 20_000
        one.echo.files["a.png"] = noise(300, 300)
        told = await one.ask("a fox", command="image")
        assert 5_000 < told.files[0]["bytes"] <= 20_000
        assert "smaller" in told.text
        assert one.channel.calls.count("finish e1") == 2


async def test_a_known_limit_is_respected_before_the_first_try(tmp_path: Path) -> None:
    """A file is shrunk to the limit of the adapter's capabilities before the first upload."""
    limits = Capabilities(edit_interval=0.05, max_upload=20_000)
    async with service(tmp_path, limits=limits) as one:
        one.channel.max_upload = 20_000
        one.echo.files["a.png"] = noise(300, 300)
        told = await one.ask("a fox", command="image")
        assert told.files[0]["bytes"] <= 20_000
        assert one.channel.calls.count("finish e1") == 1


async def test_a_second_refusal_halves_the_limit(tmp_path: Path) -> None:
    """A file refused again at the reported limit is made smaller still."""
    async with service(tmp_path) as one:
        one.channel.max_upload = 20_000
        one.channel.faults = {"finish": [413, 413]}
        one.echo.files["a.png"] = noise(300, 300)
        told = await one.ask("a fox", command="image")
        assert told.files[0]["bytes"] <= 10_000
        assert one.channel.calls.count("finish e1") == 3


async def test_a_file_that_can_not_fit_is_a_link(tmp_path: Path) -> None:
    """Under an impossible limit people get a working link and a sentence."""
    public = "https://bot.example"
    async with service(tmp_path, bot_public_url=public, bot_link_hours=5) as one:
        one.channel.max_upload = 10
        one.echo.files["a.png"] = noise(300, 300)
        told = await one.ask("a fox", command="image")
        [file] = told.files
        assert file["url"].startswith("https://bot.example/media/")
        *_, token, name = file["url"].split("/")
        found = await one.core.spool.open_link(token, name)
        assert found is not None
        assert found.size > 20_000
        assert "5 hours" in told.text


async def test_a_file_that_is_always_refused_is_left_out(tmp_path: Path) -> None:
    """The platform shows the text and the reason for the missing file."""
    async with service(tmp_path) as one:
        one.channel.max_upload = 1_000_000
        one.channel.faults = {"finish": [413, 413, 413]}
        told = await one.ask("a fox", command="image")
        assert told.files == []
        assert "bigger than I may handle" in told.text


# -- the pace of updates


async def test_updates_never_overlap_and_only_the_newest_is_shown() -> None:
    """At most one update of a draft is in flight; pending ones are replaced by the newest."""
    async with channel_server() as channel, draft(channel) as one:
        channel.hold = asyncio.Event()
        async with Progress(one, Capabilities(edit_interval=0.0), timing=AT_ONCE) as progress:
            progress.write("a")
            await channel.until(lambda: len(channel.seen) == 1)
            for text in ("ab", "abc", "abcd"):
                progress.write(text)
            channel.hold.set()
            await channel.until(lambda: len(channel.seen) == 2)
        assert [change["text"] for _, change in channel.seen] == ["a", "abcd"]
        assert channel.most_in_flight == 1


async def test_no_update_follows_the_end() -> None:
    """The end waits for the update in flight and drops pending ones."""
    async with channel_server() as channel, draft(channel) as one:
        channel.hold = asyncio.Event()
        async with Progress(one, Capabilities(edit_interval=0.0), timing=AT_ONCE) as progress:
            progress.write("a")
            await channel.until(lambda: len(channel.seen) == 1)
            progress.write("ab")
            asyncio.get_running_loop().call_soon(channel.hold.set)
        assert channel.in_flight == {"e": 0}
        assert [change["text"] for _, change in channel.seen] == ["a"]
        assert channel.messages["m1"].text == "a"


async def test_a_status_is_shown_again_with_its_age() -> None:
    """An unchanged status is repeated with the seconds since the start."""
    clock = iter(range(0, 1000, 10))
    async with channel_server() as channel, draft(channel) as one:
        limits = Capabilities(edit_interval=0.0, status_interval=0.01)
        async with Progress(one, limits, timing=AT_ONCE, clock=lambda: float(next(clock))) as progress:
            progress.status(Status("Painting…"))
            await channel.until(lambda: len(channel.seen) == 3)
        assert [change["elapsed"] for _, change in channel.seen[:3]] == [10.0, 20.0, 30.0]


async def test_a_hanging_update_does_not_hold_up_the_answer(tmp_path: Path) -> None:
    """After a timeout the answer is delivered without the update."""
    timing = replace(FAST.pipeline, first_update=0.0, last_update=0.05)
    async with service(tmp_path, timing=timing) as one:
        one.channel.hold = asyncio.Event()
        release = one.echo.hold("slow")
        event = await one.channel.ask("slow")
        await one.channel.until(lambda: f"update {event}" in one.channel.calls)
        release.set()
        await one.channel.wait_for_answers(event)
        assert one.answer(event).text == "re: slow"


async def test_an_answer_is_committed_while_an_update_is_in_flight(tmp_path: Path) -> None:
    """A platform that takes long to show an update has no crash pay the API again."""
    timing = replace(FAST.pipeline, first_update=0.0, last_update=3600, draft_step=3600)
    async with service(tmp_path, timing=timing) as one:
        one.adapter.http.timeout = 3600
        committed, commit = asyncio.Event(), one.core.store.commit

        async def commit_and_tell(job: Job, outcome: Outcome) -> bool:
            is_new = await commit(job, outcome)
            committed.set()
            return is_new

        one.core.store.commit = commit_and_tell  # type: ignore[method-assign]
        one.channel.hold = asyncio.Event()
        release = one.echo.hold("slow")
        event = await one.channel.ask("slow")
        await one.channel.until(lambda: f"update {event}" in one.channel.calls)
        release.set()
        await committed.wait()
        assert not one.answer(event).final
        one.channel.hold.set()
        await one.channel.wait_for_answers(event)
        assert one.echo.prompts == ["slow"]


@asynccontextmanager
async def draft(channel: Channel) -> AsyncIterator[ChannelDraft]:
    adapter = ChannelAdapter(channel.url)
    yield await adapter.draft({"event": "e"}, key="e", ref=None, private=False)
    await adapter.http.aclose()
