"""The page's web server: its files, a stream of what changed, and what people do."""

import asyncio
import contextlib
import json
import mimetypes
import re
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from simulators.play.errors import PlayError
from simulators.play.request_fields import not_of_the_page
from simulators.play.security import RequestGuard

if TYPE_CHECKING:
    from simulators.play.session import PlaySession

_STATIC = Path(__file__).parent / "static"
_PAUSE = 0.05  #: seconds at least between two frames of a stream
_ALIVE = 15.0  #: seconds without a change after which a stream says that it is alive
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_SHOWN = ("image/", "audio/", "video/")  # types of files that a page may show itself


def create_app(session: "PlaySession") -> Starlette:
    """The application that serves a session."""
    handlers = _Handlers(session)
    routes = [
        Route("/", handlers.index),
        Route("/slack", handlers.page),
        Route("/discord", handlers.page),
        Route("/cockpit", handlers.cockpit),
        Route("/api/wire/{number:int}", handlers.wire_entry),
        Route("/api/faults/{name}", handlers.fault, methods=["POST"]),
        Route("/api/{platform}/events", handlers.events),
        Route("/api/{platform}/files/{number}", handlers.file),
        Route("/api/{platform}/files", handlers.upload, methods=["POST"]),
        Route("/api/{platform}/voice", handlers.voice, methods=["POST"]),
        Route("/api/{platform}/do/{action}", handlers.act, methods=["POST"]),
        Mount("/static", StaticFiles(directory=_STATIC)),
    ]
    app = Starlette(routes=routes, exception_handlers={PlayError: _refused})
    app.add_middleware(RequestGuard)
    return app


async def _refused(request: Request, exc: Exception) -> Response:
    return JSONResponse(
        {"error": exc.sentence, "values": exc.values} if isinstance(exc, PlayError) else {}, status_code=409
    )


async def _read_body(request: Request) -> dict[str, Any]:
    """Return the JSON of a request; half a character, as of a text that was cut, is replaced. Raises `PlayError`."""
    try:
        body = json.loads(await request.body())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise not_of_the_page()
    whole: dict[str, Any] = json.loads(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))
    return whole


class _Handlers:
    """The answers to requests."""

    def __init__(self, session: "PlaySession") -> None:
        self._session = session

    async def index(self, request: Request) -> Response:
        return RedirectResponse("/slack")

    async def page(self, request: Request) -> Response:
        """The page; a command that was added meanwhile is there."""
        await self._session.reload()
        return Response((_STATIC / "index.html").read_bytes(), media_type="text/html")

    async def cockpit(self, request: Request) -> Response:
        """Lead to the service's own pages, as its operator."""
        link = await self._session.cockpit_link()
        if not link:
            raise PlayError("The service has no pages. The reason: python -m bot cockpit")
        return RedirectResponse(link)

    def _side(self, request: Request) -> Any:
        side = self._session.sides.get(request.path_params["platform"])
        if side is None:
            raise PlayError("There is no such platform.")
        return side

    async def act(self, request: Request) -> Response:
        body, side = await _read_body(request), self._side(request)
        answer = await side.act(str(body.get("person", "")), request.path_params["action"], body)
        return JSONResponse(answer)

    async def upload(self, request: Request) -> Response:
        query = request.query_params
        number = self._side(request).upload(query.get("person", ""), query.get("name", "file"), await request.body())
        return JSONResponse({"id": number})

    async def voice(self, request: Request) -> Response:
        """Keep a text as a sound that the sandbox speaks, named as the platform's own voice messages."""
        body, side = await _read_body(request), self._side(request)
        sound = await self._session.speak(str(body.get("text", "")))
        return JSONResponse({"id": side.upload(str(body.get("person", "")), side.voice_message, sound)})

    async def file(self, request: Request) -> Response:
        """A file's bytes; one that is no picture, sound or video is only ever downloaded."""
        content, kind = self._side(request).file(request.path_params["number"])
        headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, max-age=3600"}
        if not kind.startswith(_SHOWN) or kind == "image/svg+xml":
            headers["Content-Disposition"] = "attachment"
        if wanted := _RANGE.fullmatch(request.headers.get("range", "")):
            first, last = wanted.groups()
            size = len(content)
            start = int(first) if first else max(size - int(last or 0), 0)
            end = min(int(last), size - 1) if first and last else size - 1
            if start > end:
                return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
            headers["Content-Range"] = f"bytes {start}-{end}/{size}"
            return Response(content[start : end + 1], status_code=206, media_type=kind, headers=headers)
        return Response(content, media_type=kind, headers=headers)

    async def fault(self, request: Request) -> Response:
        platform = str((await _read_body(request)).get("platform", ""))
        return JSONResponse(await self._session.fault(request.path_params["name"], platform))

    async def wire_entry(self, request: Request) -> Response:
        entry = self._session.wire.find(request.path_params["number"])
        if entry is None:
            raise PlayError("This entry is too old.")
        return Response(json.dumps(entry.detail(), indent=1, ensure_ascii=False, default=str), media_type="text/plain")

    async def events(self, request: Request) -> Response:
        """A stream of server-sent events: each part of the page's state as soon as it changes."""
        side, query = self._side(request), request.query_params
        people = [{"id": number, **side.label(number)} for number in side.people]

        def state() -> dict[str, Any]:
            person = query.get("person", "")
            person = person if person in side.people else next(iter(side.people))  # of another session or platform
            seen = side.view(person, query.get("place", ""), query.get("thread", ""))
            return {**seen, "person": person, "people": people, "service": self._session.state}

        return StreamingResponse(self._frames(state), media_type="text/event-stream")

    async def _frames(self, state: Any) -> AsyncIterator[str]:
        sent: dict[str, str] = {}
        version = 0
        changed = asyncio.Event()
        unsubscribe = self._session.changes.subscribe(changed.set)
        try:
            while True:
                changed.clear()
                parts = {name: json.dumps(value) for name, value in state().items()}
                new = {name: text for name, text in parts.items() if sent.get(name) != text}
                sent |= new
                for side in self._session.sides.values():
                    side.collect()
                if entries := self._session.wire.since(version):
                    new["wire"] = json.dumps(entries)
                    version = self._session.wire.version
                body = ",".join(f"{json.dumps(name)}:{text}" for name, text in new.items())
                yield f"data: {{{body}}}\n\n" if new else ": alive\n\n"
                await asyncio.sleep(_PAUSE)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_ALIVE):
                        await changed.wait()
        finally:
            unsubscribe()


class _Server(uvicorn.Server):
    """A server that leaves the process's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class WebServer:
    """Serves an application on the loopback interface. Raises `OSError` when the port is taken."""

    def __init__(self, app: Starlette, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio does not: no protocol is named
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        config = uvicorn.Config(app, log_config=None, log_level="critical", access_log=False, ws="none")
        config.timeout_graceful_shutdown = 1
        self._server = _Server(config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to answer."""
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._listener]))
        while not self._server.started:  # noqa: ASYNC110 - uvicorn announces it in no other way
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Close every connection."""
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving
        self._listener.close()


mimetypes.add_type("text/javascript", ".js")
