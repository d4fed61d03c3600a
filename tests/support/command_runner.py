"""Runs commands with the real store, spool and API client, and a stub of the API server."""

import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from aimodels import AsyncAIModels
from bot.approvals.approvals import Approvals
from bot.approvals.pending import PendingApprovals
from bot.approvals.questions import Questions
from bot.approvals.timing import ApprovalTiming
from bot.background import BackgroundTasks
from bot.calls.api_job import ApiJob
from bot.calls.circuit_breaker import CircuitBreaker
from bot.calls.guarded_api import GuardedApi
from bot.calls.learnt_limits import LearntLimits
from bot.calls.model_calls import ModelCalls
from bot.calls.workspace_apis import WorkspaceApis
from bot.commands import Command, Context, Registry, RequestControls, load_offered
from bot.composites.composites import open_composites
from bot.conversation.attachments import AttachmentReader
from bot.conversation.context import Conversation
from bot.media import Spool
from bot.models import (
    Action,
    Actor,
    Attachment,
    Event,
    Job,
    Lane,
    Location,
    Media,
    Part,
    PriorMessages,
    Status,
    Turn,
    TurnRecord,
    Usage,
)
from bot.moderation.rules import load_rules
from bot.pipeline.jobs import OutcomeBuilder
from bot.ports import NoChannels, NoDirectory
from bot.schedules.clock import SystemClock
from bot.schedules.schedules import Schedules
from bot.scoped_settings.effective import ScopedSettings
from bot.scoped_settings.registry import load_settings_registry
from bot.security.token_cipher import TokenCipher
from bot.settings.core import Settings
from bot.spending.prices import PriceBook
from bot.spending.quotes import Quotes
from bot.store.sqlite.store import SqliteStore
from tests.support.database.policy import make_policy, make_quotas
from tests.support.media_files import MP4, PNG, WAV

FILES = {"a.png": ("image/png", PNG), "a.wav": ("audio/wav", WAV), "a.mp4": ("video/mp4", MP4)}


@dataclass(slots=True)
class StubApi:
    """An API server with the documented responses, whose contents a test sets."""

    url: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    reply: str = "Hello there."
    code: str = "print('hi')"
    finish_reason: str = "stop"
    refusal: tuple[int, str] | None = None  #: status and code of every response, if set
    extra_images: int = 0  #: number of pictures that nobody asked for
    sandbox_words: list[str] | None = None  #: of each picture, as the sandbox sends them
    polls: Sequence[dict[str, Any]] = ()  #: responses of a video job before it is done; (): done at once

    def bodies(self, endpoint: str) -> list[dict[str, Any]]:
        """Return the bodies posted to an endpoint."""
        return [body for path, body in self.calls if path == endpoint]

    async def post(self, request: web.Request) -> web.Response:
        endpoint = request.path.removeprefix("/v1/").partition("/")[0]
        body = await request.json()
        self.calls.append((endpoint, body))
        if self.refusal is not None:
            status, code = self.refusal
            error = {"code": code, "message": "內部訊息", "type": "invalid_request_error"}
            return web.json_response({"success": False, "error": error}, status=status)
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        data: dict[str, Any]
        match endpoint:
            case "chat":
                message = {"role": "assistant", "content": self.reply}
                choice = {"index": 0, "message": message, "finish_reason": self.finish_reason}
                data = {"id": "c1", "model": body["model"], "choices": [choice], "usage": usage}
            case "code":
                data = {"choices": [{"text": self.code, "finish_reason": self.finish_reason}], "usage": usage}
            case "images":
                image = {"url": f"{self.url}/files/a.png", "width": 1, "height": 1, "sandbox_words": self.sandbox_words}
                data = {
                    "images": [image] * (body["n"] + self.extra_images),
                    "usage": {"images": body["n"], "cost": 0.0008 * body["n"]},
                }
            case "audio":
                data = {"audio": {"url": f"{self.url}/files/a.wav"}}
            case _:
                data = {"id": "job1", "status": "queued"} if self.polls else self.video()
        return web.json_response({"success": True, "data": data})

    def video(self) -> dict[str, Any]:
        return {"id": "job1", "status": "succeeded", "video": {"url": f"{self.url}/files/a.mp4"}}

    async def poll(self, request: web.Request) -> web.Response:
        self.calls.append(("poll", {}))
        number = len(self.bodies("poll")) - 1
        data = {"id": "job1", **self.polls[number]} if number < len(self.polls) else self.video()
        return web.json_response({"success": True, "data": data})

    async def file(self, request: web.Request) -> web.Response:
        content_type, data = FILES[request.match_info["name"]]
        return web.Response(body=data, content_type=content_type)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_get("/files/{name}", self.file)
        app.router.add_get("/v1/{kind}/generations/{id}", self.poll)
        app.router.add_post("/v1/{kind}/{what}", self.post)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield
        finally:
            await runner.cleanup()


@dataclass(slots=True)
class CommandResult:
    """The result of one request."""

    event: Event
    parts: list[Part]
    builder: OutcomeBuilder

    @property
    def text(self) -> str:
        return self.builder.text

    @property
    def media(self) -> list[Media]:
        return self.builder.media

    @property
    def actions(self) -> tuple[Action, ...]:
        return self.builder.actions

    @property
    def usage(self) -> list[Usage]:
        return self.builder.usage

    @property
    def statuses(self) -> list[Status]:
        return [part for part in self.parts if isinstance(part, Status)]

    @property
    def turn_record(self) -> TurnRecord | None:
        return self.builder.turn_record


class NoProgress:
    """Progress that shows nothing."""

    def write(self, text: str) -> None:
        """Show nothing."""

    def status(self, status: Status) -> None:
        """Show nothing."""


@dataclass(kw_only=True)
class CommandRunner:
    """Runs commands and commits their outcomes, as the service does."""

    settings: Settings
    store: SqliteStore
    api: AsyncAIModels
    spool: Spool
    api_server: StubApi
    registry: Registry
    attachment_reader: AttachmentReader
    files: dict[str, bytes] = field(default_factory=dict)
    running: int = 0  #: number of events that `stop` cancels
    cancelled: list[str] = field(default_factory=list)
    before: tuple[Turn, ...] = ()  #: messages from before the service's first event
    counted: list[Usage] = field(default_factory=list)  #: in addition to the outcomes
    reads: int = 0  #: number of times that `before` was read
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def event(
        self,
        command: str = "chat",
        prompt: str = "",
        *,
        options: Mapping[str, str] | None = None,
        attach: Mapping[str, bytes] | None = None,
        actor: str = "ada",
        conversation: str = "c1",
        channel: str = "ch1",
        thread: str | None = None,
        workspace: str = "",
        admin: bool = False,
        private: bool = False,
        locale: str = "en",
        roles: tuple[str, ...] = (),
        replaces: str = "",
    ) -> Event:
        """Make an event; the person's name is their id, capitalized."""
        self.files |= attach or {}
        return Event(
            id=f"e{next(self.numbers)}",
            adapter="runner",
            conversation=conversation,
            actor=Actor(id=actor, name=actor.capitalize(), locale=locale, is_admin=admin, roles=roles),
            location=Location(
                workspace=workspace,
                channel=channel,
                thread=conversation if thread is None else thread,
                is_private=private,
            ),
            command=command,
            prompt=prompt,
            options=options or {},
            attachments=tuple(Attachment(name=name) for name in attach or {}),
            received_at=datetime.now(UTC),
            replaces=replaces,
        )

    async def open(self, attachment: Attachment) -> AsyncIterator[bytes]:
        """Read an attachment."""
        yield self.files[attachment.name]

    async def read_prior_messages(self, reply_to: Mapping[str, str], *, limit: int) -> PriorMessages:
        """Return the messages from before the event."""
        self.reads += 1
        return PriorMessages(turns=self.before[-limit:])

    @property
    def guarded(self) -> GuardedApi:
        """The API behind the rules on words."""
        return GuardedApi(
            client=self.api,
            rules=load_rules(self.settings.bot_content_rules),
            key=b"pseudonyms",
            settings=self.settings,
            workspaces=self.workspace_apis,
        )

    @property
    def workspace_apis(self) -> WorkspaceApis:
        """The APIs that workspaces bring; events are of none."""
        return WorkspaceApis(
            self.settings,
            self.store,
            service_url=self.api.base_url,
            make_cipher=lambda: TokenCipher([SecretStr("a key for tests")]),
            on_call=lambda _: None,
        )

    @property
    def scoped(self) -> ScopedSettings:
        """The settings that commands may change."""
        return ScopedSettings(values=self.store, registry=load_settings_registry(self.settings, self.registry.specs))

    @property
    def approvals(self) -> Approvals:
        """The requests that wait for an approver."""
        return Approvals(
            queue=self.store,
            journal=self.store,
            pending=PendingApprovals(self.store),
            audit_log=self.store,
            scoped=self.scoped,
            policy=make_policy(self.settings, self.store),
            find_spec=self.registry.find_spec,
            adapters={},
            timing=ApprovalTiming(),
        )

    @property
    def questions(self) -> Questions:
        """The questions that a person is asked before an expensive request is made."""
        return Questions(Quotes(settings=self.settings, prices=self.prices), self.approvals)

    @property
    def prices(self) -> PriceBook:
        """The prices in effect."""
        return PriceBook(self.settings, self.store)

    async def conversation(self, event: Event) -> Conversation:
        """Make the conversation of an event."""
        return Conversation(
            contexts=self.store,
            values=self.store,
            settings=self.settings,
            event=event,
            effective=await self.scoped.for_event(event),
            attachment_reader=self.attachment_reader,
            open_attachment=self.open,
            read_prior_messages=self.read_prior_messages,
            is_secret=lambda text: False,
        )

    async def summarize(self) -> Usage | None:
        """Summarize the conversation, as the service does after an answer."""
        event = self.event()
        conversation = await self.conversation(event)
        return await conversation.summarize(await self.calls(event, conversation))

    async def count(self, usage: Usage) -> None:
        """Keep what a call used after which the event made another."""
        self.counted.append(usage)

    async def calls(self, event: Event, conversation: Conversation) -> ModelCalls:
        """Make the calls of the API for an event."""

        async def count_lost() -> None: ...

        async def expect(usage: Usage) -> None: ...

        return ModelCalls(
            api=await self.guarded.for_event(event, conversation.effective),
            event=event,
            settings=self.settings,
            effective=conversation.effective,
            limits=LearntLimits(self.store),
            breaker=CircuitBreaker(3, 60),
            api_job=ApiJob(self.store, event, BackgroundTasks("test")),
            is_repeated=False,
            count_lost=count_lost,
            count=self.count,
            expect=expect,
            on_fallback=lambda _: None,
        )

    async def context(self, event: Event, command: Command, job: Job) -> Context:
        """Make the context of a command."""

        async def stop() -> int:
            return self.running

        async def cancel(event_id: str) -> bool:
            self.cancelled.append(event_id)
            return bool(self.running)

        conversation = await self.conversation(event)
        calls = await self.calls(event, conversation)
        return Context(
            event=event,
            spec=command.spec,
            settings=self.settings,
            calls=calls,
            conversation=conversation,
            effective=conversation.effective,
            directory=NoDirectory(),
            channels=NoChannels(),
            values=self.store,
            defaults=conversation.effective.defaults_of(command.spec),
            price=self.prices.given.priced,
            workspace_apis=self.workspace_apis,
            quotas=make_quotas(self.settings, self.store),
            spool=self.spool,
            composites=open_composites(self.store, self.prices, self.registry.find_spec, adapters={}, days=1),
            schedules=Schedules(store=self.store, adapters={}, settings=self.settings, clock=SystemClock()),
            journal=self.store,
            ledger=self.store,
            reports=self.store,
            audit_log=self.store,
            questions=self.questions,
            policy=make_policy(self.settings, self.store),
            commands=self.registry,
            seq=job.seq,
            controls=RequestControls(stop=stop, cancel=cancel, wake=self.store.wake),
            reset=lambda: self.store.reset(job),
            personal_settings=lambda person: self.scoped.personal(event.adapter, person),
            forget_person=lambda person, workspace: self.store.forget(event.adapter, person, workspace=workspace),
        )

    async def record_and_claim(self, event: Event) -> Job:
        """Record and claim an event."""
        assert await self.store.record(event, lane=Lane.FREE)
        job = await self.store.claim([Lane.FREE], ["runner"])
        assert job is not None
        return job

    async def ask(self, command: str = "chat", prompt: str = "", **more: Any) -> CommandResult:
        """Run a command to its end and commit its outcome; its errors are raised, and nothing is committed then."""
        event = self.event(command, prompt, **more)
        found = self.registry.find(command)
        assert found is not None
        job = await self.record_and_claim(event)
        result = CommandResult(event, [], OutcomeBuilder())
        try:
            async with aclosing(found.run(await self.context(event, found, job))) as parts:
                async for part in parts:
                    result.parts.append(part)
                    result.builder.add(part, NoProgress())  # type: ignore[arg-type]
            await self.store.commit(job, result.builder.build(job, private=found.spec.private))
        finally:
            await self.store.complete(job)
        return result

    async def exchange(self, *exchanges: tuple[str, str], **more: Any) -> None:
        """Have exchanges of a question and its answer in the conversation."""
        before = self.api_server.reply
        for asked, answered in exchanges:
            self.api_server.reply = answered
            await self.ask("chat", asked, **more)
        self.api_server.reply = before
        self.api_server.calls.clear()


@asynccontextmanager
async def command_runner(folder: Path, **settings: Any) -> AsyncIterator[CommandRunner]:
    """Make a runner with its data in `folder`."""
    server = StubApi()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(server.serving())
        made = Settings(_env_file=None, bot_data_dir=folder, **settings)  # type: ignore[call-arg, unused-ignore]
        api = AsyncAIModels(api_key=SecretStr("key"), base_url=f"{server.url}/v1")
        spool = Spool(
            made.media_dir, secret=SecretStr("s"), max_bytes=1_000_000, timeout=10, allowed_origins=(server.url,)
        )
        yield CommandRunner(
            settings=made,
            api=await stack.enter_async_context(api),
            spool=await stack.enter_async_context(spool),
            store=await stack.enter_async_context(SqliteStore(made.database_path)),
            api_server=server,
            registry=load_offered(made),
            attachment_reader=AttachmentReader(max_bytes=made.bot_max_attachment_bytes, parse_seconds=60),
        )
