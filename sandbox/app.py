"""The documented endpoints as an ASGI application."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter, FastAPI, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from fastapi.security import HTTPBearer
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException

from aimodels.reference import Kind
from sandbox import docs
from sandbox.chat.completions import TextGenerator, events
from sandbox.config import SandboxConfig
from sandbox.endpoints import MediaEndpoint, MediaTools, media_endpoints
from sandbox.errors import Refusal, explain, failure, success
from sandbox.files import GeneratedFiles
from sandbox.jobs import Jobs
from sandbox.middleware import ApiMiddleware, FaultInjector
from sandbox.moderation import ModerationBody, moderate
from sandbox.schema import ChatBody, CodeBody
from sandbox.temporary_folder import TemporaryFolder
from sandbox.voice.endpoints import add_voice
from sandbox.worker import TaskFailed, Worker, WorkerDied

CALLER_GONE = 499  #: status of an answer that is never sent


class SandboxState:
    """Shared state of one sandbox's endpoints."""

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self.faults = FaultInjector(list(config.faults))
        self.moderated = itertools.count(1)  # numbers of moderations
        self.renderer = Worker()
        self.background = Worker()  # of jobs: what somebody waits for does not wait for them
        self.model = Worker()
        self.text = TextGenerator(self.model, config.gguf)
        self.temporary = None
        if (folder := config.folder) is None:
            self.temporary = TemporaryFolder()
            folder = self.temporary.folder
        self.files = GeneratedFiles(folder, config.max_folder_bytes, config.max_file_age)
        self.jobs = Jobs(config.abandoned_after, config.stopped_after)
        self.media = MediaTools(self.renderer, self.background, self.files, self.jobs)

    async def close(self) -> None:
        """Cancel running work, end the processes and remove the temporary files. Safe to repeat."""
        self.faults.closing.set()
        await self.jobs.close()
        await self.renderer.close()
        await self.background.close()
        await self.model.close()
        if self.temporary is not None:
            await asyncio.to_thread(self.temporary.close)

    def admit(self, request: Request, kind: Kind | Literal["transcription"], model: str) -> None:
        """Raise `Refusal` unless the endpoint has the model and the key may use it."""
        config = self.config
        known = config.transcription_models if kind == "transcription" else config.models.get(kind, ())
        if model not in known:
            raise Refusal(
                400, f"model: unknown model {model!r}; allowed here: {', '.join(known)}", code="unknown_model"
            )
        permitted = self.config.keys[request.scope["sandbox_key"]]
        if permitted is not None and model not in permitted:
            raise Refusal(403, f"this API key may not use the model {model!r}", code="model_not_permitted")


def file_url(request: Request) -> Callable[[Path], str]:
    """A function that turns a file's path into a URL at the address that this request used."""
    base = str(request.base_url).rstrip("/")
    return lambda path: f"{base}/files/{path.name}"


async def unless_gone(request: Request, work: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """Await `work`, and cancel it when the client disconnects."""

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    task, leaving = asyncio.ensure_future(work), asyncio.create_task(gone())
    try:
        await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Refusal(CALLER_GONE, "the caller went away")
        return task.result()
    finally:
        task.cancel()
        leaving.cancel()
        await asyncio.gather(task, leaving, return_exceptions=True)


def create_app(config: SandboxConfig) -> FastAPI:
    """The sandbox: the documented API under `/v1`, files under `/files`, the reference page at `/docs`."""
    state = SandboxState(config)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await state.close()

    app = FastAPIOffline(
        redoc_url=None,
        title="AI Models API (sandbox)",
        version="v1",
        description=docs.DESCRIPTION,
        lifespan=lifespan,
        swagger_ui_parameters={"persistAuthorization": True, "defaultModelsExpandDepth": 0, "tryItOutEnabled": True},
    )
    app.state.sandbox = state
    bearer = HTTPBearer(auto_error=False, description="The key printed when the sandbox started.")
    api = APIRouter(prefix="/v1", dependencies=[Security(bearer)], responses=docs.ERRORS)
    _add_text(api, state)
    _add_media(api, state)
    add_voice(api, state)
    app.include_router(api)
    _add_files(app, state)
    _add_errors(app)
    app.add_middleware(ApiMiddleware, config=config, faults=state.faults)
    return app


def _add_text(api: APIRouter, state: SandboxState) -> None:
    @api.post("/chat/completions", tags=["text"], summary="Go on with a conversation", responses=docs.CHAT)
    async def chat(body: ChatBody, request: Request) -> Response:
        state.admit(request, "chat", body.model)
        data = await unless_gone(request, state.text.chat(body))
        if body.stream:
            return StreamingResponse(events(data), media_type="text/event-stream")
        return JSONResponse(success(data))

    @api.post("/moderations", tags=["text"], summary="Say what is flagged", responses=docs.MODERATION)
    async def moderations(body: ModerationBody) -> Response:
        return JSONResponse(moderate(body, next(state.moderated)))  # OpenAI's endpoint, without the envelope

    @api.post("/code/completions", tags=["text"], summary="Write or complete code", responses=docs.CODE)
    async def code(body: CodeBody, request: Request) -> Response:
        state.admit(request, "code", body.model)
        return JSONResponse(success(await unless_gone(request, state.text.code(body))))


def _add_media(api: APIRouter, state: SandboxState) -> None:
    for endpoint in media_endpoints():
        _add_media_endpoint(api, state, endpoint)

    @api.get("/{kind}/generations/{id}", tags=["media"], summary="Ask about a long job", responses=docs.JOB)
    async def job(kind: str, id: str) -> Response:  # noqa: A002 - the documented name
        found = state.jobs.find(kind, id)
        if found is None:
            raise Refusal(404, f"there is no {kind} job {id!r}")
        return JSONResponse(success(found.view()))


def _add_media_endpoint(api: APIRouter, state: SandboxState, endpoint: MediaEndpoint[Any]) -> None:
    async def generate(body: Any, request: Request) -> Response:
        state.admit(request, endpoint.kind, body.model)
        data = await unless_gone(request, endpoint.generate(state.media, body, file_url(request)))
        return JSONResponse(success(data))

    generate.__name__ = endpoint.path.split("/")[1]  # the name of the operation in the reference
    generate.__annotations__["body"] = endpoint.body  # FastAPI reads the body's type from the signature
    responses = dict(endpoint.responses)
    api.post(endpoint.path, tags=["media"], summary=endpoint.summary, responses=responses)(generate)


def _add_files(app: FastAPI, state: SandboxState) -> None:
    @app.get("/files/{name}", include_in_schema=False)
    async def file(name: str) -> Response:
        found = state.files.find(name)
        if found is None:
            raise Refusal(404, "there is no such file (the oldest are removed to make room)")
        return FileResponse(found[0], media_type=found[1])

    @app.get("/", include_in_schema=False)
    async def start() -> Response:
        return Response(status_code=307, headers={"location": "/docs"})


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(Refusal)
    async def refused(_request: Request, exc: Refusal) -> Response:
        return JSONResponse(failure(exc.status, exc.message, exc.code), exc.status)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, exc: RequestValidationError) -> Response:
        return JSONResponse(failure(400, explain(exc.errors())), 400)

    @app.exception_handler(HTTPException)
    async def http(request: Request, exc: HTTPException) -> Response:
        message = f"{request.method} {request.url.path}: {exc.detail}; the reference is at /docs"
        return JSONResponse(failure(exc.status_code, message), exc.status_code, headers=exc.headers)

    @app.exception_handler(OSError)
    @app.exception_handler(TaskFailed)
    @app.exception_handler(WorkerDied)
    async def failed(_request: Request, exc: Exception) -> Response:
        return JSONResponse(failure(500, str(exc)), 500)
