"""The promises of every store about a database that the version before wrote: see `tests/store/previous_version`."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import SecretStr

from bot.adapter_services.core_services import CoreServices
from bot.calls.learnt_limits import LearntLimits
from bot.commands import Registry
from bot.models import Action, Actor, Answer, Attachment, Event, Lane, Location, Media
from bot.ports import Store
from bot.scoped_settings.effective import ScopedSettings
from bot.security.token_cipher import TokenCipher
from tests.support.channel.adapter import ChannelAdapter, Message, channel_server
from tests.support.database.store import event
from tests.support.scripted_api import scripted_api
from tests.support.service import EchoApi, Service

FOLDER = Path(__file__).parents[1] / "store" / "previous_version"
AT = datetime(2026, 7, 1, 12, 30, 15, 250000, UTC)
ANN = Actor(id="T1.U1", name="Ann 雪", locale="zh-TW", roles=("R1", "R2"), is_admin=True)
FULL = Event(
    id="full",
    adapter="channel",
    conversation="T1.C1.1",
    actor=ANN,
    location=Location(workspace="T1", channel="C1", thread="1.0", is_private=True),
    prompt='nul \0, surrogate \ufffd, quote ", backslash \\, 雪 \U0001f98a, "place": {}, "asks": []',
    options={"again": "yes", "place": "home", "asks": "", "n": "2"},
    attachments=(
        Attachment(name="a.txt", content_type="text/plain", size=4, source={"place": "file", "again": "x"}),
        Attachment(name="b.bin"),
    ),
    reply_to={"event": "full", "place": "C1", "again": "1.0"},
    received_at=AT,
    rejection="not understood",
    replaces="first",
    has_prior_messages=True,
)
ACTIONS = (
    Action(
        name="vary", label="Vary", command="image", prompt="a fox", options={"n": "1"}, prompts_for=("prompt", "size")
    ),
    Action(name="delete", label="Delete", command="delete", is_danger=True),
)
MEDIA = (
    Media(name="fox.png", content_type="image/png", size=3, path=Path("/spool/fox.png"), description="A fox", width=8),
    Media(name="fox.mp4", content_type="video/mp4", size=9, url="https://x.test/fox", source_url="u", duration=1.5),
)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


async def found(store: Store, event_id: str) -> tuple[Event, Answer | None]:
    job = await store.job("channel", event_id)
    assert job is not None
    return job.event, job.answer


class UpgradeContract:
    """Subclasses give `open_previous`, which opens the database, and the settings of a service on it."""

    summary = "They spoke \0 of foxes 雪."
    feedback = (1, 1)

    def open_previous(self, place: Path) -> AbstractAsyncContextManager[Store]:
        raise NotImplementedError

    def settings(self) -> dict[str, Any]:
        """Make a service whose data folder is `place` use that database."""
        return {}

    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[Store]:
        async with self.open_previous(tmp_path) as store:
            yield store

    async def test_events_have_every_field(self, store: Store) -> None:
        """With the names of today; nothing that people or platforms wrote is renamed."""
        assert await found(store, "full") == (FULL, Answer(text="answer to full", actions=ACTIONS))
        assert await found(store, "drawn") == (
            replace(event_of("drawn"), command="image"),
            Answer(text="answer to drawn", media=MEDIA, actions=ACTIONS),
        )
        assert (await found(store, "first"))[0].has_prior_messages
        assert (await found(store, "problem"))[0].rejection == "That is no number."
        pressed = {"n": "1", "size": "512x512"}
        assert await found(store, "press") == (
            replace(event_of("press"), command="image", prompt="a fox", options=pressed),
            None,
        )
        assert (await found(store, "undelivered"))[1] == Answer(text="answer to undelivered", actions=ACTIONS)
        assert await store.job("channel", "forgotten") is None
        assert not await store.record(event_of("forgotten"), lane=Lane.FREE)

    async def test_contexts_are_as_they_were(self, store: Store) -> None:
        """Summaries, resets, repetitions and deleted questions."""
        context = await store.context("channel", "T1.C1.1", limit=9)
        assert (context.summary, context.total) == (self.summary, 2)
        assert [turn.content for turn in context.turns] == ["prompt of drawn", "answer to drawn"]
        context = await store.context("channel", "T1.C2.1", limit=9)
        assert [turn.content for turn in context.turns] == ["prompt of after", "answer to after"]
        transcript = [(turn.content, media) async for turn, media in store.transcript("channel", "T1.C1.1")]
        assert transcript == [
            ("prompt of full", ()),
            ("answer to full", ()),
            ("prompt of drawn", ()),
            ("answer to drawn", MEDIA),
        ]

    async def test_earlier_usage_feedback_and_files_are_kept(self, store: Store) -> None:
        """Usage, feedback, files and who took part."""
        rows = {row.kind: row for row in await store.usage(since=LONG_AGO, adapter="channel")}
        assert (rows["chat"].requests, rows["chat"].cost) == (8, 2.0)
        assert (rows["image"].items, rows["image"].cost) == (2, 0.25)
        assert [row.requests for row in await store.usage(since=LONG_AGO, actor="T1.U2")] == [1]
        sums = await store.usage_sums(["workspace", "channel"], since=LONG_AGO, adapter="channel")
        assert ("T1", "C1") in {one.fields for one in sums}
        assert await store.feedback_totals(since=LONG_AGO, adapter="channel", channel="C1") == self.feedback
        assert await store.recent_media("channel", ANN.id, limit=9) == [("drawn", media) for media in MEDIA]
        assert await store.participants("channel", "T1.C1.1") == {"T1.U1", "T1.U2"}
        assert (await store.counts())["waiting"] >= 6

    async def test_settings_are_there(self, store: Store) -> None:
        """Of people, channels, conversations and adapters."""
        assert await store.namespace("person:channel:T1.U1").items() == {"language": "zh-TW", "model.image": "painter"}
        assert await store.namespace("person:channel:odd\0:\ud800").items() == {"language": "en"}
        assert await store.namespace("person:channel:T1.U3").items() == {}
        assert await store.namespace("channel:channel:C1").items() == {
            "system_prompt": "Be kind \0 雪.",
            "model.chat": "talker",
        }
        assert await store.namespace("conversation:channel:T1.C1.1").items() == {
            "model.chat": "thinker",
            "prior_messages_read_by": "first\nfull",
        }
        assert await store.namespace("undelivered:channel:T1.C4.1").items() == {"undelivered": "undelivered"}
        services = CoreServices(
            shares=store,
            places=cast(Any, None),
            loops=cast(Any, None),
            settings=cast(Any, None),
            journal=store,
            values=store,
            scoped=ScopedSettings(values=store, registry={}),
            ledger=store,
            registry=Registry([]),
            policy=cast(Any, None),
            limits=LearntLimits(store),
            account="",
            inbox=cast(Any, None),
            worker=cast(Any, SimpleNamespace()),
            dispatcher=cast(Any, None),
            make_cipher=lambda: TokenCipher([SecretStr("a key for tests")]),
            value_key=b"",
        )
        assert await services.storage("slack.installation.T1").items() == {"installation": '{"token": "xoxb-1"}'}
        assert await services.storage("slack.roots.T1.C1", has_secrets=False).items() == {"1.0": "T1.C1.1"}
        assert await services.storage("slack.states").items() == {"a state": "1782909015.5"}
        assert await services.storage("discord.waiting").items() == {"7": "8"}

    async def test_it_goes_on(self, tmp_path: Path) -> None:
        """The database is written to like a new one, by this version and after a restart by this version."""
        async with self.open_previous(tmp_path) as store:
            asked = event("new", adapter="channel", conversation="T1.C4.1")
            assert await store.record(asked, lane=Lane.CONVERSATION)
            await store.add_feedback(
                "drawn", replace(asked, id="press", actor=Actor(id="T1.U2", name="")), is_good=True
            )
            assert await store.withdraw("channel", "before")
            assert await store.reopen(replace(FULL, prompt="revised"))
            assert len(await store.forget("channel", ANN.id)) == len(MEDIA)
            assert await store.job("channel", "full") is None
            assert len(await store.prune(datetime.now(UTC) + timedelta(days=1))) == 0
            assert [row.requests for row in await store.usage(since=LONG_AGO, actor="")] == [7, 1]

    async def test_what_waits_is_answered(self, tmp_path: Path) -> None:
        """By the whole service: what was recorded, running, committed, refused; what was not delivered is, on retry."""
        async with AsyncExitStack() as stack:
            async with self.open_previous(tmp_path):
                pass
            api = await stack.enter_async_context(scripted_api())
            channel = await stack.enter_async_context(channel_server())
            echo = EchoApi(api.url)
            api.play(echo)
            for name in ("retried", "running", "committed"):
                channel.messages[f"ref of {name}"] = Message(key=name, reply_to=name)
            for name in ("also waiting", "press"):
                channel.questions[name] = {"id": name, "earlier": [["bob", "said before"]]}
                channel.acknowledged.add(name)
            channel.questions["waiting"] = {"id": "waiting", "files": {"a.txt": "in the file"}}
            channel.acknowledged.add("waiting")
            settings = {**self.settings(), "bot_retention_days": 0}
            one = Service(tmp_path, api, echo, channel, settings, ChannelAdapter(channel.url))
            stack.push_async_callback(one.adapter.http.aclose)
            await one.start()
            stack.push_async_callback(one.stop)
            # The time of `retried` is further away than any wait, as after the clock was set back.
            waiting = "press", "refused", "problem", "retried", "running", "committed", "waiting", "also waiting"
            await channel.wait_for_answers(*waiting)
            assert one.answer("problem").text == "That is no number."
            assert one.answer("committed").text == "answer to committed"
            assert one.answer("committed").actions == ["vary", "delete"]
            assert one.answer("running").text == "re: prompt of running"
            assert "in the file" in one.answer("waiting").text
            assert len(one.answer("press").files) == 1
            [asked] = [body["messages"] for body in echo.bodies if "also waiting" in str(body)]
            contents = [message["content"] for message in asked]
            assert "prompt of also waiting" in contents[-1]
            assert any("prompt of after" in content for content in contents)
            assert any("said before" in content for content in contents)
            assert not any("prompt of before" in content for content in contents)
            assert one.answer("retried").text == "re: prompt of retried"
            calls = len(echo.prompts)
            again = {"event": "undelivered", "action": "retry"}
            retried = await one.ask("", command="press", options=again, conversation="T1.C4.1", who=ANN.id)
            assert retried.text == "answer to undelivered"
            assert len(echo.prompts) == calls


def event_of(name: str) -> Event:
    return Event(
        id=name,
        adapter="channel",
        conversation="T1.C1.1",
        actor=ANN,
        location=Location(workspace="T1", channel="C1", thread="1.0"),
        prompt=f"prompt of {name}",
        reply_to={"event": name, "place": "C1", "again": "1.0"},
        received_at=AT,
    )
