"""One campaign: a database engine, a number of processes, both platforms, faults for a time, then quiet."""

import asyncio
import contextlib
import random
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.torture.api import Api, scripted_api
from bench.torture.checker import Verdict, judge
from bench.torture.clock import Clock
from bench.torture.database import SqliteDatabase, postgres_database
from bench.torture.discord import DiscordSide
from bench.torture.faults import DISK_FULL, KILL, FaultInjector
from bench.torture.history import History, Question, write_record
from bench.torture.platform import KINDS, Conversation, Fault, Platform, has_answer
from bench.torture.service import ServiceProcess
from bench.torture.slack import SlackSide
from simulators.discord.server import DiscordSimulator
from simulators.slack import SlackSimulator

_PEOPLE = 5  #: conversations at a time on each platform
_QUIET = 60.0  #: seconds without a change, after the last fault, in which what is open counts as never answered
_SETTLED = 3.0  #: seconds that are waited once everything is answered, for what comes too much
_SHUTDOWN = 30.0
_API_KEY = "key-of-the-torture-9d1f"
_SECRET_KEY = "signing-key-of-the-torture-5b7e2c90aa41d6f3"


@dataclass(frozen=True, slots=True)
class Plan:
    """The setup of one campaign."""

    engine: str  #: "SQLite" or "PostgreSQL"
    roles: tuple[str, ...]  #: of each process; "": all
    seed: int
    seconds: float
    has_faults: bool = True
    platform: str = ""  #: the only one to ask on; "" for both
    kill_weight: int = 6  #: how often a process is killed, compared with most other faults
    keep: Path | None = None  #: where databases, logs and the record are kept

    @property
    def name(self) -> str:
        """The plan in words."""
        if any(self.roles):
            return f"{self.engine}, {' + '.join(self.roles)}"
        return f"{self.engine}, {len(self.roles)} process{'es' if len(self.roles) > 1 else ''}"


@dataclass(slots=True)
class Result:
    """The result of one campaign."""

    plan: Plan
    questions: Counter[str] = field(default_factory=Counter)  #: by platform
    unheard: Counter[str] = field(default_factory=Counter)  #: of them, those that the platform refused or gave up
    faults: Counter[str] = field(default_factory=Counter)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)  #: secrets in logs, processes that ended by themselves

    @property
    def kills(self) -> int:
        """Number of processes killed."""
        return self.faults[KILL]


@dataclass(slots=True)
class _People:
    """Holds conversations on one platform until the time is over."""

    platform: Platform
    rng: random.Random
    questions: list[Question] = field(default_factory=list)
    is_over: bool = False
    opened: int = 0

    async def run(self) -> None:
        """Hold conversations, one after another."""
        while not self.is_over:
            self.opened += 1
            conversation = self.platform.open(self.opened, self.rng.choice(KINDS))
            with contextlib.suppress(LookupError):
                await self._converse(conversation)

    async def _converse(self, conversation: Conversation) -> None:
        while conversation.open_questions > 0 and not self.is_over:
            burst = 2 if self.rng.random() < 0.2 and conversation.open_questions > 1 and conversation.questions else 1
            for _ in range(burst):
                question = self._new(conversation)
                await self.platform.ask(conversation, question)
                self._record(conversation, question)
            if conversation.kind != "slash" and burst == 1 and self.rng.random() < 0.08:
                await asyncio.sleep(self.rng.uniform(0.05, 1.5))
                question = self._new(conversation, edited_from=question.token)
                await self.platform.edit(conversation, question)
                self._record(conversation, question)
            await self._wait(conversation, question.token)
            await asyncio.sleep(self.rng.uniform(0, 0.4))
            if self.rng.random() < 0.1:
                return

    def _new(self, conversation: Conversation, edited_from: str = "") -> Question:
        texts = self.platform.texts(conversation)
        before = tuple(one.token for one in conversation.questions if has_answer(texts, one.token))
        kept = tuple(token for token in before if token != edited_from)
        return Question(f"q{self.rng.getrandbits(32):08x}", conversation.name, kept, edited_from=edited_from)

    def _record(self, conversation: Conversation, question: Question) -> None:
        conversation.questions.append(question)
        self.questions.append(question)

    async def _wait(self, conversation: Conversation, token: str) -> None:
        """Wait for the answer, as patiently as people are."""
        end = asyncio.get_running_loop().time() + self.rng.choice((5, 20, 40))
        while asyncio.get_running_loop().time() < end and not self.is_over:
            if has_answer(self.platform.texts(conversation), token):
                return
            await asyncio.sleep(0.15)


async def run_campaign(plan: Plan) -> Result:
    """Run one campaign and judge it."""
    rng = random.Random(f"{plan.seed}/{plan.name}")
    result = Result(plan)
    async with contextlib.AsyncExitStack() as stack:
        api = await stack.enter_async_context(scripted_api(random.Random(rng.random())))
        slack = await stack.enter_async_context(SlackSimulator())
        discord = await stack.enter_async_context(DiscordSimulator())
        both: list[Platform] = [SlackSide(slack, rng), DiscordSide(discord, rng)]
        platforms = [one for one in both if plan.platform.lower() in one.name.lower()]
        folder = _folder(plan, stack)
        database = (
            SqliteDatabase(folder / "data")
            if plan.engine == "SQLite"
            else await stack.enter_async_context(postgres_database())
        )
        clock = Clock(folder)
        services = [
            _process(folder, number, roles, api, platforms, database.url, clock, rng)
            for number, roles in enumerate(plan.roles)
        ]
        people = [_People(platform, random.Random(rng.random())) for platform in platforms]
        others: dict[str, Fault] = dict(database.faults())
        for platform in platforms:
            others |= {f"{platform.name}: {name}": fault for name, fault in platform.faults().items()}
        injector = FaultInjector(
            rng,
            services,
            others,
            clock=clock,
            kill_weight=plan.kill_weight,
            on_death=[platform.note_death for platform in platforms],
        )
        outages = {DISK_FULL, *database.faults()}
        try:
            await _run(plan, api, platforms, services, people, injector)
            for one in services:
                if not await one.stop(_SHUTDOWN):
                    result.problems.append("a process did not end within its time after SIGTERM")
        finally:
            for one in services:
                await one.kill()
        secrets = [_API_KEY, _SECRET_KEY, *(secret for platform in platforms for secret in platform.secrets)]
        result.problems += _find_problems(services, secrets)
        result.faults = injector.counts + api.faults
        for platform, group in zip(platforms, people, strict=True):
            result.questions[platform.name] = len(group.questions)
            history = _history(platform, group, api)
            history.kills = [one for one in injector.log if one.name == KILL]
            history.outages = [one for one in injector.log if one.name in outages]
            history.processes = len(plan.roles)
            result.verdicts[platform.name] = judge(history)
            result.unheard[platform.name] = sum(one.is_refused or one.is_unheard for one in group.questions)
            if plan.keep is not None:
                write_record(folder / f"{platform.name}.txt", history, injector.log)
    return result


def _folder(plan: Plan, stack: contextlib.AsyncExitStack) -> Path:
    """Create the folder of databases and logs."""
    if plan.keep is None:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="torture-")))
    folder = plan.keep / f"{plan.engine}-{len(plan.roles)}-{plan.seed}"
    folder.mkdir(parents=True)
    return folder


def _process(
    folder: Path,
    number: int,
    roles: str,
    api: Api,
    platforms: Sequence[Platform],
    database: str,
    clock: Clock,
    rng: random.Random,
) -> ServiceProcess:
    own = folder / f"process{number}"
    own.mkdir()
    environment = {
        "AIMODELS_BASE_URL": api.url,
        "AIMODELS_API_KEY": _API_KEY,
        "AIMODELS_STREAMING": rng.choice(("true", "false")),
        "BOT_DATA_DIR": str(folder / "data"),
        "BOT_DATABASE_URL": database,
        "BOT_REQUESTS_PER_MINUTE": "1000",  # counted, and never reached
        "BOT_SECRET_KEY": _SECRET_KEY,
        "BOT_CONTEXT_TOKENS": "100000",  # so that each earlier turn fits
        "BOT_LOG_FORMAT": "json",
        "BOT_ROLES": roles,
        **clock.environment,
    }
    for platform in platforms:
        environment |= platform.environment

    receives = not roles or "receive" in roles

    async def connected() -> None:
        for platform in platforms if receives else ():
            await platform.connected()

    def before_start() -> None:
        for platform in platforms if receives else ():
            platform.expect_connection()

    return ServiceProcess(own, environment, before_start=before_start, connected=connected, receives=receives)


async def _run(
    plan: Plan,
    api: Api,
    platforms: Sequence[Platform],
    services: Sequence[ServiceProcess],
    people: Sequence[_People],
    injector: FaultInjector,
) -> None:
    """Start, ask under faults, then wait in quiet until all is answered or the patience is over."""
    for one in services:
        await one.start()
    async with _talking(people):
        if plan.has_faults:
            api.fault_rate = 0.05
            await injector.run(plan.seconds)
        else:
            await asyncio.sleep(plan.seconds)
    api.fault_rate = 0.0
    for platform in platforms:
        platform.heal()
    await _wait_for_answers(api, platforms, people)
    await asyncio.sleep(_SETTLED)


async def _wait_for_answers(api: Api, platforms: Sequence[Platform], people: Sequence[_People]) -> None:
    """Wait until all is answered; give up once nothing has changed for a time."""
    fewest, end = None, 0.0
    while True:
        verdicts = [judge(_history(platform, group, api)) for platform, group in zip(platforms, people, strict=True)]
        open_ends = sum(len(verdict.lost) + len(verdict.left_over) for verdict in verdicts)
        if not open_ends:
            return
        now = asyncio.get_running_loop().time()
        if fewest is None or open_ends < fewest:
            fewest, end = open_ends, now + _QUIET
        if now > end:
            return
        await asyncio.sleep(1)


@contextlib.asynccontextmanager
async def _talking(people: Sequence[_People]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(group.run()) for group in people for _ in range(_PEOPLE)]
    try:
        yield
    finally:
        for group in people:
            group.is_over = True
        await asyncio.gather(*tasks)


def _history(platform: Platform, people: _People, api: Api) -> History:
    platform.note_receipts(people.questions)
    tokens = {question.token for question in people.questions}
    calls = [call for call in api.calls if call.token in tokens]
    return History(people.questions, platform.shown(), calls, platform.left_over())


def _find_problems(services: Sequence[ServiceProcess], secrets: Sequence[str]) -> list[str]:
    found = []
    for number, one in enumerate(services):
        if one.unexpected_ends:
            found.append(f"process {number} ended by itself {one.unexpected_ends} times")
        log = one.log.read_text(encoding="utf-8", errors="replace") if one.log.exists() else ""
        found += [f"a secret in the log of process {number}: {secret[:6]}…" for secret in secrets if secret in log]
    return found
