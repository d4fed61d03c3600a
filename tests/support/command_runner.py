"""A desk at which commands are asked: the real store, spool and API client, and an API that speaks the wire."""

import base64
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
from bot.commands import Command, Context, Registry, load_commands
from bot.conversation.context import Conversation
from bot.conversation.preferences import Preferences
from bot.media import Spool
from bot.models import (
    KINDS,
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
from bot.pipeline.dispatcher import OutcomeBuilder
from bot.settings.core import Settings
from bot.store.sqlite.store import SqliteStore

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
WAV = b"RIFF\x2c\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00@\x1f\x00\x00@\x1f\x00\x00\x01\x00\x08\x00data"
WAV += b"\x08\x00\x00\x00" + bytes([128] * 8)
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(600)
FILES = {"a.png": ("image/png", PNG), "a.wav": ("audio/wav", WAV), "a.mp4": ("video/mp4", MP4)}


@dataclass(slots=True)
class WireApi:
    """The API's documented shapes, with whatever a test wants it to say."""

    url: str = ""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    reply: str = "Hello there."
    code: str = "print('hi')"
    finish_reason: str = "stop"
    refusal: tuple[int, str] | None = None  #: status and code of every answer
    polls: Sequence[dict[str, Any]] = ()  #: what a video job says before it is done; ()) is an answer at once

    def bodies(self, endpoint: str) -> list[dict[str, Any]]:
        """What was posted there."""
        return [body for path, body in self.asked if path == endpoint]

    async def post(self, request: web.Request) -> web.Response:
        endpoint = request.path.removeprefix("/v1/").partition("/")[0]
        body = await request.json()
        self.asked.append((endpoint, body))
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
                image = {"url": f"{self.url}/files/a.png", "width": 1, "height": 1}
                data = {"images": [image] * body["n"], "usage": {"images": body["n"], "cost": 0.0008 * body["n"]}}
            case "audio":
                data = {"audio": {"url": f"{self.url}/files/a.wav"}}
            case _:
                data = {"id": "job1", "status": "queued"} if self.polls else self.video()
        return web.json_response({"success": True, "data": data})

    def video(self) -> dict[str, Any]:
        return {"id": "job1", "status": "succeeded", "video": {"url": f"{self.url}/files/a.mp4"}}

    async def poll(self, request: web.Request) -> web.Response:
        self.asked.append(("poll", {}))
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
class Said:
    """What came of one request."""

    event: Event
    parts: list[Part]
    gathered: OutcomeBuilder

    @property
    def text(self) -> str:
        return self.gathered.text

    @property
    def media(self) -> list[Media]:
        return self.gathered.media

    @property
    def actions(self) -> tuple[Action, ...]:
        return self.gathered.actions

    @property
    def usage(self) -> list[Usage]:
        return self.gathered.usage

    @property
    def statuses(self) -> list[Status]:
        return [part for part in self.parts if isinstance(part, Status)]

    @property
    def remembered(self) -> TurnRecord | None:
        return self.gathered.turn_record


class Silent:
    """Where a gathering shows what can be seen: here, nowhere."""

    def write(self, text: str) -> None:
        """Show nothing."""

    def status(self, status: Status) -> None:
        """Show nothing."""


@dataclass(kw_only=True)
class AdapterServices:
    """Asks commands and commits what they leave behind, as the service does."""

    settings: Settings
    store: SqliteStore
    api: AsyncAIModels
    spool: Spool
    wire: WireApi
    registry: Registry
    files: dict[str, bytes] = field(default_factory=dict)
    running: int = 0  #: what `stop` finds
    halted: list[str] = field(default_factory=list)
    before: tuple[Turn, ...] = ()  #: said here before the service was called
    looks: int = 0  #: times that it was read
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
        admin: bool = False,
        private: bool = False,
        locale: str = "en",
        replaces: str = "",
    ) -> Event:
        """One request; people's names are their ids with a capital."""
        self.files |= attach or {}
        return Event(
            id=f"e{next(self.numbers)}",
            adapter="desk",
            conversation=conversation,
            actor=Actor(id=actor, name=actor.capitalize(), locale=locale, is_admin=admin),
            location=Location(channel=channel, is_private=private),
            command=command,
            prompt=prompt,
            options=options or {},
            attachments=tuple(Attachment(name=name) for name in attach or {}),
            received_at=datetime.now(UTC),
            replaces=replaces,
        )

    async def open(self, attachment: Attachment) -> AsyncIterator[bytes]:
        """Give an attachment's bytes."""
        yield self.files[attachment.name]

    async def look(self, reply_to: Mapping[str, str], *, limit: int) -> PriorMessages:
        """What was said before."""
        self.looks += 1
        return PriorMessages(turns=self.before[-limit:])

    def conversation(self, event: Event) -> Conversation:
        """The conversation as the event sees it."""
        return Conversation(
            contexts=self.store,
            values=self.store,
            settings=self.settings,
            event=event,
            preferences=Preferences(self.store, self.settings, event),
            open_attachment=self.open,
            read_prior_messages=self.look,
        )

    def context(self, event: Event, command: Command, job: Job) -> Context:
        """What the command may use."""

        async def stop() -> int:
            return self.running

        async def cancel(event_id: str) -> bool:
            self.halted.append(event_id)
            return bool(self.running)

        return Context(
            event=event,
            spec=command.spec,
            settings=self.settings,
            api=self.api,
            conversation=(conversation := self.conversation(event)),
            preferences=conversation.preferences,
            spool=self.spool,
            journal=self.store,
            ledger=self.store,
            commands=self.registry,
            seq=job.seq,
            stop=stop,
            cancel=cancel,
            reset=lambda: self.store.reset(job),
            forget=lambda: self.store.forget(event.adapter, event.actor.id),
        )

    async def claimed(self, event: Event) -> Job:
        """The event, recorded and taken on."""
        assert await self.store.record(event, lane=Lane.FREE)
        job = await self.store.claim([Lane.FREE], ["desk"])
        assert job is not None
        return job

    async def ask(self, command: str = "chat", prompt: str = "", **more: Any) -> Said:
        """Ask and wait for the whole answer; what the command raises is raised, and leaves nothing behind."""
        event = self.event(command, prompt, **more)
        found = self.registry.find(command)
        assert found is not None
        job = await self.claimed(event)
        said = Said(event, [], OutcomeBuilder())
        try:
            async with aclosing(found.run(self.context(event, found, job))) as parts:
                async for part in parts:
                    said.parts.append(part)
                    said.gathered.add(part, Silent())  # type: ignore[arg-type]
            await self.store.commit(job, said.gathered.build(job, private=found.spec.private))
        finally:
            await self.store.complete(job)
        return said

    async def tell(self, *exchanges: tuple[str, str], **more: Any) -> None:
        """Exchanges that the conversation has had."""
        before = self.wire.reply
        for asked, answered in exchanges:
            self.wire.reply = answered
            await self.ask("chat", asked, **more)
        self.wire.reply = before
        self.wire.asked.clear()


@asynccontextmanager
async def desk_at(folder: Path, **settings: Any) -> AsyncIterator[AdapterServices]:
    """A desk with its data in `folder`."""
    wire = WireApi()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(wire.serving())
        made = Settings(_env_file=None, bot_data_dir=folder, **settings)  # type: ignore[call-arg, unused-ignore]
        api = AsyncAIModels(api_key=SecretStr("key"), base_url=f"{wire.url}/v1")
        spool = Spool(
            made.media_dir, secret=SecretStr("s"), max_bytes=1_000_000, timeout=10, allowed_origins=(wire.url,)
        )
        yield AdapterServices(
            settings=made,
            api=await stack.enter_async_context(api),
            spool=await stack.enter_async_context(spool),
            store=await stack.enter_async_context(SqliteStore(made.database_path)),
            wire=wire,
            registry=load_commands({kind: made.models(kind) for kind in KINDS}),
        )


__all__ = ["MP4", "PNG", "WAV", "AdapterServices", "Said", "WireApi", "desk_at"]
