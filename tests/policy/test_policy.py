"""Permissions and quotas, decided before anything is spent."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bot.errors import OverLimit, SettingsError
from bot.limits import Limit, Measure, Period, Subject
from bot.models import Actor, Answer, CommandSpec, Event, Lane, Location, Option, Outcome, Usage
from bot.policy import Policy, Refusal, RefusalNotices
from bot.policy.quota import format_duration, refusal_text
from bot.settings.core import Settings
from bot.store.sqlite.store import SqliteStore
from tests.support.database.policy import make_policy, quota_of

CHAT = CommandSpec(name="chat", description="Talk.", kind="chat")
IMAGE = CommandSpec(
    name="image",
    description="Draw.",
    kind="image",
    options=(Option(name="n", description="How many", kind="integer", default="1"),),
)
VIDEO = CommandSpec(name="video", description="Film.", kind="video")
USAGE = CommandSpec(name="usage", description="Count.")
HELP = CommandSpec(name="help", description="Help.")
STOP = CommandSpec(name="stop", description="Stop.")

_ids = count()


class Clock:
    """A clock that moves only when it is set."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def notices(store: SqliteStore, clock: Clock) -> RefusalNotices:
    return RefusalNotices(store, now=clock)


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[SqliteStore]:
    async with SqliteStore(tmp_path / "bot.db", now=lambda: clock().timestamp()) as store:
        yield store


Make = Callable[..., Policy]


@pytest.fixture
def make(store: SqliteStore, clock: Clock) -> Make:
    def policy(**settings: Any) -> Policy:
        settings = {"bot_requests_per_minute": 0, "bot_media_per_day": 0} | settings
        return make_policy(Settings(_env_file=None, **settings), store, now=clock)  # type: ignore[call-arg]

    return policy


def asked(
    person: str = "ann", *, roles: tuple[str, ...] = (), channel: str = "c1", workspace: str = "w1", **actor: Any
) -> Event:
    return Event(
        id=f"e{next(_ids)}",
        adapter="here",
        conversation="c1",
        actor=Actor(id=person, roles=roles, **actor),
        location=Location(workspace=workspace, channel=channel),
        received_at=datetime.now(UTC),
    )


class Ask:
    """Asks as the service does: an admitted event is recorded with its quota, a refusal as the event's answer."""

    def __init__(self, make: Make, store: SqliteStore) -> None:
        self._make = make
        self._store = store
        self.set()

    def set(self, **settings: Any) -> None:
        self._policy = self._make(**settings)

    async def __call__(self, event: Event, spec: CommandSpec) -> Refusal | None:
        refusal = self._policy.check(event, spec)
        if refusal is None:
            try:
                await self._store.record(event, lane=Lane.FREE, quota=await quota_of(self._policy, event, spec))
            except OverLimit as over:
                refusal = self._policy.refusal(event, over)
        if refusal is not None:
            await self._store.record(event, lane=Lane.FREE, answer=Answer(text=refusal.text, private=True))
        return refusal


@pytest.fixture
def ask(make: Make, store: SqliteStore) -> Ask:
    return Ask(make, store)


async def answered(store: SqliteStore, event: Event, *usage: Usage) -> None:
    """Complete a recorded event with its usage; other events are released."""
    held = []
    while (job := await store.claim({Lane.FREE}, {"here"})) is not None and job.event.id != event.id:
        held.append(job)
    assert job is not None
    await store.commit(job, Outcome(answer=Answer(text="done"), usage=usage))
    await store.complete(job)
    for other in held:
        await store.release(other)


async def finished(store: SqliteStore, event: Event, *usage: Usage) -> None:
    """Process an event in the store, with its usage."""
    await store.record(event, lane=Lane.FREE)
    await answered(store, event, *usage)


async def test_the_defaults_admit_people(make: Make) -> None:
    """Without settings people may use everything."""
    policy = make()
    for spec in (CHAT, IMAGE, VIDEO, USAGE, HELP):
        assert policy.check(asked(), spec) is None


@pytest.mark.parametrize("entry", ["{}", "here:{}"])
@pytest.mark.parametrize(
    ("setting", "good", "bad"),
    [
        ("people", {"person": "x"}, {"person": "y"}),
        ("roles", {"roles": ("a", "x")}, {"roles": ("y",)}),
        ("channels", {"channel": "x"}, {"channel": "y"}),
        ("workspaces", {"workspace": "x"}, {"workspace": "y"}),
    ],
)
async def test_lists_allow_and_deny(
    make: Make, entry: str, setting: str, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    """An allow list admits its ids only, a deny list excludes its ids; an id may have its adapter's name in front."""
    words = (entry.format("x"),)
    allow, deny = make(**{f"bot_allow_{setting}": words}), make(**{f"bot_deny_{setting}": words})
    assert allow.check(asked(**good), CHAT) is None
    assert deny.check(asked(**bad), CHAT) is None
    for refusal in (allow.check(asked(**bad), CHAT), deny.check(asked(**good), CHAT)):
        assert refusal is not None
        assert refusal.text
        assert not refusal.silent


async def test_another_adapters_entry_does_not_match(make: Make) -> None:
    """The same id on another platform does not match."""
    assert make(bot_deny_people=("there:ann",)).check(asked("ann"), CHAT) is None


async def test_deny_beats_allow_and_lists_add_up(make: Make) -> None:
    """Every list must agree, for administrators too."""
    policy = make(bot_allow_people=("ann", "bob"), bot_deny_people=("bob",), bot_allow_channels=("c1",))
    assert policy.check(asked("ann"), CHAT) is None
    assert policy.check(asked("bob", is_admin=True), CHAT)
    assert policy.check(asked("ann", channel="c2", is_admin=True), CHAT)


async def test_rules_hold_for_their_command(make: Make) -> None:
    """`=` admits only these ids, `!=` excludes these, and other commands are not affected."""
    policy = make(bot_command_rules=("video=role:artists", "video=role:here:staff", "image!=channel:c2"))
    assert policy.check(asked(roles=("artists",)), VIDEO) is None
    assert policy.check(asked(roles=("staff",)), VIDEO) is None
    refusal = policy.check(asked(), VIDEO)
    assert refusal is not None
    assert "video" in refusal.text
    assert policy.check(asked(channel="c2"), IMAGE)
    assert policy.check(asked(channel="c1"), IMAGE) is None
    assert policy.check(asked(channel="c2"), CHAT) is None


@pytest.mark.parametrize("rule", ["video", "video=artists", "video==role:a", "video=team:a", "=role:a", "video=role:"])
async def test_a_wrong_rule_stops_the_start(make: Make, rule: str) -> None:
    """The error names the setting, the rule and the allowed form."""
    with pytest.raises(SettingsError, match=r"BOT_COMMAND_RULES.*must look like"):
        make(bot_command_rules=(rule,))


async def test_a_rule_for_no_command_stops_the_start(store: SqliteStore) -> None:
    """A rule with a misspelt command is an error, as it would never apply."""
    settings = Settings(_env_file=None, bot_command_rules=("vidoe=role:a",))  # type: ignore[call-arg]
    with pytest.raises(SettingsError, match=r"vidoe.*chat, video"):
        make_policy(settings, store, commands=("video", "chat"))


async def test_bots_are_not_answered(make: Make) -> None:
    """Bots are ignored silently by default, so that two bots never talk endlessly."""
    refusal = make().check(asked(is_bot=True), CHAT)
    assert refusal is not None
    assert refusal.silent
    assert make(bot_allow_bots=True).check(asked(is_bot=True), CHAT) is None


async def is_told(notices: RefusalNotices, policy: Policy, event: Event) -> bool:
    refusal = policy.check(event, CHAT)
    assert refusal is not None
    return not (await notices.once(event, refusal)).silent


async def test_a_stranger_is_refused_once_a_day(make: Make, notices: RefusalNotices, clock: Clock) -> None:
    """A stranger gets one sentence a day, and silence afterwards."""
    policy = make()
    eve = partial(asked, "eve", is_stranger=True)
    assert [await is_told(notices, policy, eve(channel=f"c{n}")) for n in range(3)] == [True, False, False]
    assert await is_told(notices, policy, asked("mal", is_stranger=True))
    clock.pass_by(86400)
    assert await is_told(notices, policy, eve())
    assert make(bot_allow_strangers=True).check(eve(), CHAT) is None


async def test_a_denied_person_is_refused_once_a_day(make: Make, notices: RefusalNotices, clock: Clock) -> None:
    """A person who is on a list gets one sentence a day in each channel, and silence afterwards."""
    policy = make(bot_deny_people=("eve",))

    async def told(channel: str) -> bool:
        return await is_told(notices, policy, asked("eve", channel=channel))

    assert [await told(channel) for channel in ("c1", "c1", "c2", "c1", "c2")] == [True, False, True, False, False]
    clock.pass_by(86400)
    assert await told("c1")


async def test_a_flood_gets_one_refusal(make: Make, notices: RefusalNotices, clock: Clock) -> None:
    """Of messages at the same time one is answered, whatever the limit; that one again, when it comes again."""
    policy, flood = make(), [asked("ann", channel=f"c{n}") for n in range(100)]
    limit = Limit(Subject.PERSON, Measure.REQUESTS, Period.MINUTE, 2)

    async def told() -> list[bool]:
        refusals = [notices.once(event, policy.refusal(event, OverLimit(limit, wait=20))) for event in flood]
        return [not refusal.silent for refusal in await asyncio.gather(*refusals)]

    for _ in range(2):
        assert [n for n, is_told in enumerate(await told()) if is_told] == [0]
    clock.pass_by(61)
    assert (await told()).count(True) == 1


async def test_requests_a_minute_slide(ask: Ask, clock: Clock) -> None:
    """The limit holds for any sixty seconds of one person, and the refusal names the wait."""
    ask.set(bot_requests_per_minute=2)
    assert await ask(asked(), CHAT) is None
    clock.pass_by(40)
    assert await ask(asked(), USAGE) is None
    refusal = await ask(asked(), CHAT)
    assert refusal is not None
    assert "20 seconds" in refusal.text
    assert await ask(asked("bob"), CHAT) is None
    for spec in (HELP, STOP):  # what costs nothing counts, too; `Inbox` lets through a stop of one's own
        assert await ask(asked(), spec)
    clock.pass_by(20)
    assert await ask(asked(), CHAT) is None
    assert await ask(asked(), CHAT)


async def test_a_redelivered_event_counts_once(ask: Ask, clock: Clock, store: SqliteStore) -> None:
    """A repeated event gets the same verdict and is not counted again."""
    ask.set(bot_requests_per_minute=2)
    first, second, third = asked(), asked(), asked()
    for _ in range(5):
        assert await ask(first, CHAT) is None
    assert await ask(second, CHAT) is None
    assert await ask(third, CHAT)
    clock.pass_by(61)
    assert await ask(third, CHAT) is None  # known: nothing is recorded or said again
    job = await store.job("here", third.id)
    assert job is not None
    assert job.answer is not None
    assert "minute" in job.answer.text


async def test_media_a_day_counts_stored_usage(ask: Ask, store: SqliteStore, clock: Clock) -> None:
    """The person's files of today count, across restarts; other people's files and chats do not."""
    await finished(store, asked("ann"), Usage(kind="image", model="m", items=3))
    await finished(store, asked("bob"), Usage(kind="image", model="m", items=9))
    ask.set(bot_media_per_day=4)
    four = replace(asked("ann"), options={"n": "2"})
    refusal = await ask(four, IMAGE)
    assert refusal is not None
    assert "12 hours" in refusal.text
    assert "1 left" in refusal.text
    video = asked("ann")
    assert await ask(video, VIDEO) is None
    assert await ask(asked("ann"), VIDEO)
    assert await ask(asked("ann"), CHAT) is None
    clock.pass_by(12 * 3600)
    await answered(store, video)
    assert await ask(asked("ann"), VIDEO) is None


async def test_a_hundred_quick_requests_do_not_overshoot(ask: Ask) -> None:
    """An admitted request counts before it is finished, also among concurrent ones."""
    ask.set(bot_media_per_day=10)
    verdicts = await asyncio.gather(*(ask(asked(), IMAGE) for _ in range(100)))
    assert verdicts.count(None) == 10


async def test_unused_reservations_are_released(ask: Ask, store: SqliteStore) -> None:
    """A failed request releases its reservation, one that used less releases the rest, a stopped one all."""
    ask.set(bot_media_per_day=4)
    event = replace(asked(), options={"n": "4"})
    assert await ask(event, IMAGE) is None
    assert await ask(asked(), IMAGE)
    await answered(store, event)
    event = replace(asked(), options={"n": "4"})
    assert await ask(event, IMAGE) is None
    await answered(store, event, Usage(kind="image", model="m", items=3))
    assert await ask(asked(), IMAGE) is None
    assert await ask(asked(), IMAGE)
    assert await store.cancel_waiting("here", conversation="c1", before=2**40, answer=Answer(text="Stopped.")) == 1
    assert await ask(asked(), IMAGE) is None


async def test_the_budget_is_shared(ask: Ask, store: SqliteStore) -> None:
    """One person's spending reduces the budget of all; free commands stay allowed."""
    await finished(store, asked("ann"), Usage(kind="image", model="m", items=1, cost=0.5))
    await finished(store, asked("bob"), Usage(kind="chat", model="m", cost=0.5))
    ask.set(bot_budget_per_day=1)
    refusal = await ask(asked("eve"), CHAT)
    assert refusal is not None
    assert "12 hours" in refusal.text
    assert await ask(asked("eve"), USAGE) is None


async def test_quick_requests_can_not_overspend(ask: Ask, store: SqliteStore) -> None:
    """Unfinished requests count at the highest known price."""
    await finished(store, asked(), Usage(kind="image", model="m", items=2, cost=0.2))
    ask.set(bot_budget_per_day=1)
    verdicts = await asyncio.gather(*(ask(asked(f"p{n}"), IMAGE) for n in range(100)))
    assert verdicts.count(None) == 8


async def test_the_first_request_of_a_kind_determines_the_price(ask: Ask, store: SqliteStore) -> None:
    """While the price is unknown, one request at a time is admitted."""
    ask.set(bot_budget_per_day=1)
    first = asked()
    assert await ask(first, IMAGE) is None
    refusal = await ask(asked(), IMAGE)
    assert refusal is not None
    assert "1 minute" in refusal.text
    await answered(store, first, Usage(kind="image", model="m", items=1, cost=0.3))
    verdicts = [await ask(asked(), IMAGE) for _ in range(5)]
    assert verdicts.count(None) == 2


async def test_refusals_use_nothing_up(ask: Ask) -> None:
    """A request refused for one limit does not count against another."""
    ask.set(bot_requests_per_minute=3, bot_media_per_day=1)
    assert await ask(asked(), IMAGE) is None
    for _ in range(10):
        assert await ask(asked(), IMAGE)
    assert await ask(asked(), CHAT) is None


async def test_refusals_are_in_the_person_s_language(make: Make) -> None:
    """Reason and wait are in the person's language."""
    refusal = make(bot_deny_people=("ann",)).check(asked(locale="zh-TW"), CHAT)
    assert refusal is not None
    assert "名單" in refusal.text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 second"),
        (1.2, "2 seconds"),
        (59.9, "1 minute"),
        (60, "1 minute"),
        (61, "2 minutes"),
        (3600, "1 hour"),
        (3601, "2 hours"),
        (86400, "24 hours"),
    ],
)
def test_a_formatted_wait_is_never_too_short(seconds: float, words: str) -> None:
    """The duration is rounded up, in the largest fitting unit."""
    assert format_duration(seconds, "en") == words


def test_a_refusal_is_a_sentence_whatever_is_limited() -> None:
    """A budget is named as well as a number of requests."""
    limits = [Limit(subject, Measure.MONEY, Period.DAY, 5_000_000) for subject in Subject]
    texts = [refusal_text(OverLimit(limit, wait=60), "en") for limit in limits]
    assert [text.removesuffix(". Try again in 1 minute.") for text in texts] == [
        "You have used up your limit: a budget of 5 a day",
        "You have used up your limit here: a budget of 5 a day",
        "This channel has used up its limit: a budget of 5 a day. Try again in 1 minute, or in another channel.",
        "This workspace has used up its limit: a budget of 5 a day",
        "Everybody together has used up a budget of 5 a day",
    ]
    left = refusal_text(OverLimit(limits[0], wait=60, left=1_500_000), "en")
    assert left.startswith("Your limit is a budget of 5 a day, with 1.5 left. Ask for less at a time")
    left = refusal_text(OverLimit(limits[-1], wait=60, left=1_500_000), "en")
    assert left.startswith("The limit for everybody is a budget of 5 a day, and too little is left for this. Ask for")
