"""Delivery: what a platform delays, refuses or finds too big, and the pace of what is shown before."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.models import Answer, Capabilities, Status
from bot.pipeline.delivery import Progress
from sandbox.server import Sandbox
from tests.support.channel import Channel, ChannelAdapter, ChannelDraft, channel_server
from tests.support.scripted_api import failure
from tests.support.service import FAST, Service, quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(host="127.0.0.1", port=0, api_key="sk-of-the-tests") as sandbox:
        yield sandbox


PICTURE: dict[str, Any] = {"command": "image", "options": {"size": "2048x2048"}}
AT_ONCE = replace(FAST.pipeline, first_update=0.0)
SMALL: dict[str, Any] = {"command": "image", "options": {"size": "512x512"}}


async def test_a_delayed_answer_is_delivered_without_being_made_again(tmp_path: Path) -> None:
    """A platform that says "later" gets the committed answer again; the API is asked once."""
    async with service(tmp_path) as one:
        one.channel.faults = {"post": [429, 429], "finish": [429, 429, 429, 429, 429, 429]}
        assert (await one.ask("hello")).text == "re: hello"
        assert one.echo.prompts == ["hello"]


async def test_a_platform_is_not_asked_before_it_said(tmp_path: Path) -> None:
    """An answer that is to be delivered later waits as long as its platform said, while others are delivered."""
    async with service(tmp_path) as one:
        one.channel.later = 1000
        one.channel.faults = {"finish": [429]}
        late = await one.channel.ask("late")
        await one.channel.until(lambda: f"finish {late}" in one.channel.calls)
        for number in range(5):
            await one.ask("hello", conversation=f"elsewhere {number}")
        assert one.channel.calls.count(f"finish {late}") == 1
        assert (await one.core.store.counts())["waiting"] == 1


async def test_a_refused_answer_is_given_up(tmp_path: Path) -> None:
    """A platform that will never show it is believed and counted; the lane goes on."""
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


async def test_a_retry_shows_what_was_made_and_not_taken(tmp_path: Path) -> None:
    """An answer that its platform refused is kept: asking for it again makes nothing anew, the second time it does."""
    async with service(tmp_path) as one:
        one.channel.faults = {"finish": [403]}
        refused = await one.channel.ask("hello")
        await given_up(one, refused)
        assert (await one.ask("", command="retry")).text == "re: hello"
        assert not one.answer(refused).final
        assert one.echo.prompts == ["hello"]
        for times in (2, 3):
            assert (await one.ask("", command="retry", options={"event": refused})).text == "re: hello"
            assert one.echo.prompts == ["hello"] * times


async def test_an_apology_that_was_not_taken_is_no_answer(tmp_path: Path) -> None:
    """A retry after a failure that could not even be told asks the API again."""
    async with service(tmp_path) as one:
        one.channel.faults = {"finish": [403]}
        one.echo.instead = [failure(401)]
        await given_up(one, await one.channel.ask("hello"))
        assert (await one.ask("", command="retry")).text == "re: hello"
        assert one.echo.prompts == ["hello", "hello"]


async def given_up(one: Service, event: str) -> None:
    """Wait until the service has seen the event's answer refused, and nothing is left to do."""
    await one.channel.until(lambda: f"finish {event}" in one.channel.calls)
    await one.core.worker.drain()


class Growing:
    """A draft that finds more of itself with each message that it shows."""

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


async def test_what_finds_an_answer_again_is_kept_as_it_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference kept of a draft is the one it has after each update, and after its end."""
    limits = Capabilities(edit_interval=0.01, status_interval=0.01)
    async with service(tmp_path, limits=limits) as one:
        open_draft = one.adapter.draft

        async def draft(*args: Any, **more: Any) -> Growing:
            return Growing(await open_draft(*args, **more))

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
async def test_an_adapters_surprise_costs_neither_answer_nor_lane(tmp_path: Path, call: str) -> None:
    """An exception that no adapter should raise is tried again; when it stays, the lane and its slot go on."""
    async with service(tmp_path, bot_chat_concurrency=1) as one:
        one.channel.faults = {call: [500, 500]}
        assert (await one.ask("hello")).text == "re: hello"
        one.channel.faults = {call: [500] * 5}
        await one.channel.ask("lost")
        assert (await one.ask("next")).text == "re: next"
        assert one.echo.prompts.count("lost") <= 1


async def test_a_surprise_in_an_update_does_not_matter(tmp_path: Path) -> None:
    """Whatever goes wrong with what is shown before the answer, the answer is shown."""
    async with service(tmp_path) as one:
        release = one.echo.hold("slow")
        one.channel.faults = {"update": [500, 403, 413]}
        event = await one.channel.ask("slow")
        await one.channel.until(lambda: f"update {event}" in one.channel.calls)
        release.set()
        await one.channel.wait_for_answers(event)
        assert one.answer(event).text == "re: slow"


# -- files that are too big


async def test_a_file_refused_as_too_big_is_made_smaller(tmp_path: Path, sandbox: Sandbox) -> None:
    """A 2048x2048 picture fits a limit of 100 kB that is only told when it is uploaded."""
    async with service(tmp_path, aimodels_base_url=sandbox.base_url) as one:
        one.channel.max_upload = 100_000
        told = await one.ask("a fox", **PICTURE)
        assert 5_000 < told.files[0]["bytes"] <= 100_000
        assert "smaller" in told.text
        assert one.channel.calls.count("finish e1") == 2


async def test_a_known_limit_is_respected_before_the_first_try(tmp_path: Path, sandbox: Sandbox) -> None:
    """What the adapter's capabilities allow is what is uploaded, at once."""
    limits = Capabilities(edit_interval=0.05, max_upload=20_000)
    async with service(tmp_path, limits=limits, aimodels_base_url=sandbox.base_url) as one:
        one.channel.max_upload = 20_000
        told = await one.ask("a fox", **SMALL)
        assert told.files[0]["bytes"] <= 20_000
        assert one.channel.calls.count("finish e1") == 1


async def test_a_limit_that_is_not_the_whole_truth_is_met(tmp_path: Path, sandbox: Sandbox) -> None:
    """Refused again at the limit that was told, the file is made smaller still."""
    async with service(tmp_path, aimodels_base_url=sandbox.base_url) as one:
        one.channel.max_upload = 20_000
        one.channel.faults = {"finish": [413, 413]}
        told = await one.ask("a fox", **SMALL)
        assert told.files[0]["bytes"] <= 10_000
        assert one.channel.calls.count("finish e1") == 3


async def test_what_can_not_be_made_small_enough_is_a_link(tmp_path: Path, sandbox: Sandbox) -> None:
    """Under a limit that no picture meets, people get a link that works, and a sentence."""
    public = "https://bot.example"
    async with service(tmp_path, aimodels_base_url=sandbox.base_url, bot_public_url=public, bot_link_hours=5) as one:
        one.channel.max_upload = 10
        told = await one.ask("a fox", **SMALL)
        [file] = told.files
        assert file["url"].startswith("https://bot.example/media/")
        *_, token, name = file["url"].split("/")
        path = one.core.spool.resolve(token, name)
        assert path is not None
        assert path.stat().st_size > 20_000
        assert "5 hours" in told.text


async def test_files_that_no_limit_explains_are_left_out_with_a_sentence(tmp_path: Path) -> None:
    """A platform that refuses whatever is uploaded shows the text, and why the file is missing."""
    async with service(tmp_path) as one:
        one.channel.max_upload = 1_000_000
        one.channel.faults = {"finish": [413, 413, 413]}
        told = await one.ask("a fox", command="image")
        assert told.files == []
        assert "bigger than I may handle" in told.text


# -- the pace of updates


async def test_updates_never_overlap_and_only_the_newest_is_shown() -> None:
    """While an update is in flight others replace each other; at most one change of a draft is in flight."""
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


async def test_nothing_is_shown_after_the_end() -> None:
    """Leaving waits for the update in flight and drops what was not shown: what is finished stays."""
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
    """A status that stays is shown again, each time with the seconds that have passed since the start."""
    clock = iter(range(0, 1000, 10))
    async with channel_server() as channel, draft(channel) as one:
        limits = Capabilities(edit_interval=0.0, status_interval=0.01)
        async with Progress(one, limits, timing=AT_ONCE, clock=lambda: float(next(clock))) as progress:
            progress.status(Status("Painting…"))
            await channel.until(lambda: len(channel.seen) == 3)
        assert [change["elapsed"] for _, change in channel.seen[:3]] == [10.0, 20.0, 30.0]


async def test_a_hanging_update_does_not_hold_up_the_answer(tmp_path: Path) -> None:
    """An update that never ends is dropped after a while, and the answer is shown."""
    timing = replace(FAST.pipeline, first_update=0.0, last_update=0.05)
    async with service(tmp_path, timing=timing) as one:
        one.channel.hold = asyncio.Event()
        release = one.echo.hold("slow")
        event = await one.channel.ask("slow")
        await one.channel.until(lambda: f"update {event}" in one.channel.calls)
        release.set()
        await one.channel.wait_for_answers(event)
        assert one.answer(event).text == "re: slow"


@asynccontextmanager
async def draft(channel: Channel) -> AsyncIterator[ChannelDraft]:
    adapter = ChannelAdapter(channel.url)
    yield await adapter.draft({"event": "e"}, key="e", ref=None, private=False)
    await adapter.http.aclose()
