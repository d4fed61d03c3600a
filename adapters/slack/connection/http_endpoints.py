"""The HTTP endpoints that Slack, and a person who installs the app, call.

Size, time and signature of a request are checked on its raw bytes, before anything parses them. Bolt checks the
signature once more.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl

import structlog
from slack_bolt import BoltResponse
from slack_bolt.adapter.starlette.async_handler import to_async_bolt_request, to_starlette_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from adapters.slack.connection.http_paths import EVENTS, INSTALL, REDIRECT
from bot.errors import StoreError

log = structlog.get_logger(__name__)

#: Bytes of a request; Slack sends none as big.
MAX_REQUEST = 2 * 1024 * 1024
#: Bytes of all requests that arrive at the same time; those of at most `_SMALL` bytes always may. Until a request is
#: whole nobody knows whether Slack has sent it.
MAX_ARRIVING = 32 * 1024 * 1024
_SMALL = 64 * 1024
#: Headers of an answer after which the request's body is not read.
_WITHOUT_BODY = {"Connection": "close"}
_Step = Callable[[AsyncBoltRequest], Awaitable[BoltResponse]]
#: Seconds for the body of a request to arrive; Slack itself waits three for the answer.
BODY_TIMEOUT = 5.0
#: Bytes of Slack's unsigned checks of the certificate (`ssl_check=1`).
_MAX_SSL_CHECK = 1024
#: A Unix time.
_SECONDS = re.compile(r"[0-9]{1,12}")
_BAD_REQUEST, _UNAUTHORIZED, _LENGTH_REQUIRED, _TOO_LARGE, _UNAVAILABLE = 400, 401, 411, 413, 503


class HttpEndpoints:
    """The routes. A request that comes before the app is ready gets a 503, which Slack repeats.

    `receives_events`: HTTP mode; `has_oauth`: many workspaces, each with an installation of its own;
    `signing_secret`: what Slack signs its requests with, required in HTTP mode.
    """

    def __init__(self, *, receives_events: bool, has_oauth: bool, signing_secret: str = "") -> None:
        self._app: AsyncApp | None = None
        self._arriving = 0  #: bytes of the requests whose bodies are being read
        self._verifier = SignatureVerifier(signing_secret) if signing_secret.strip() else None
        self.oauth: AsyncOAuthFlow | None = None  #: set while the app can be installed
        self.routes: list[BaseRoute] = [Route(EVENTS, self._events, methods=["POST"])] if receives_events else []
        if has_oauth:
            self.routes.append(Route(INSTALL, self._install, methods=["GET"]))
            self.routes.append(Route(REDIRECT, self._redirect, methods=["GET"]))

    @property
    def is_accepting(self) -> bool:
        """Whether events are accepted."""
        return self._app is not None

    @contextmanager
    def accepting(self, app: AsyncApp) -> Iterator[None]:
        """Accept events for the app in the block."""
        self._app = app
        try:
            yield
        finally:
            self._app = None

    async def _events(self, request: Request) -> Response:
        if self._app is None:
            raise HTTPException(_UNAVAILABLE, "Not listening yet.", {"Retry-After": "5"})
        body = await self._read_body(request)
        is_signed = self._is_signed(request, body)
        if not is_signed and not _is_ssl_check(body):
            raise HTTPException(_UNAUTHORIZED, "The signature is wrong.")
        if not _is_well_formed(request, body):
            if is_signed:  # a stranger could fill the log
                log.warning("request ignored", reason="malformed")
            raise HTTPException(_BAD_REQUEST, "The request is malformed.")
        return to_starlette_response(await self._app.async_dispatch(to_async_bolt_request(request, body)))

    async def _read_body(self, request: Request) -> bytes:
        given = request.headers.get("content-length", "")
        if not given.isdecimal() or "transfer-encoding" in request.headers:
            raise HTTPException(_LENGTH_REQUIRED, "Give the length.")
        length = int(given)
        if length > MAX_REQUEST:
            raise HTTPException(_TOO_LARGE, "The request is too large.", _WITHOUT_BODY)
        if length > _SMALL and self._arriving + length > MAX_ARRIVING:
            raise HTTPException(_UNAVAILABLE, "Too much arrives.", {"Retry-After": "5", **_WITHOUT_BODY})
        self._arriving += length
        try:
            async with asyncio.timeout(BODY_TIMEOUT):
                return await request.body()
        except (TimeoutError, ClientDisconnect) as exc:
            raise HTTPException(_BAD_REQUEST, "The request did not arrive.") from exc
        finally:
            self._arriving -= length

    def _is_signed(self, request: Request, body: bytes) -> bool:
        """Whether Slack signed the request within the last five minutes."""
        timestamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        if self._verifier is None or not _SECONDS.fullmatch(timestamp) or not signature.isascii():
            return False
        try:
            return self._verifier.is_valid(body, timestamp, signature)
        except UnicodeDecodeError:  # Slack sends UTF-8
            return False

    async def _install(self, request: Request) -> Response:
        return await self._run_oauth(request, lambda oauth: oauth.handle_installation)

    async def _redirect(self, request: Request) -> Response:
        return await self._run_oauth(request, lambda oauth: oauth.handle_callback)

    async def _run_oauth(self, request: Request, step: Callable[[AsyncOAuthFlow], _Step]) -> Response:
        if self.oauth is None:
            raise HTTPException(_UNAVAILABLE, "Not ready yet.")
        try:
            return to_starlette_response(await step(self.oauth)(to_async_bolt_request(request, b"")))
        except StoreError as exc:
            log.warning("installation not stored", reason=str(exc))
            text = "The installation could not be written down. Please try again in a moment.\n"
            return PlainTextResponse(text, status_code=_UNAVAILABLE)


def _is_ssl_check(body: bytes) -> bool:
    return len(body) <= _MAX_SSL_CHECK and b"ssl_check=1" in body


def _is_well_formed(request: Request, body: bytes) -> bool:
    """Whether the body holds an object where Bolt expects one."""
    try:
        text = body.decode()
        if text.startswith("{") or request.headers.get("content-type", "") == "application/json":
            payload = json.loads(text)
        else:
            payload = (
                json.loads(dict(parse_qsl(text, keep_blank_values=True)).get("payload", "{}"))
                if "payload=" in text
                else {}
            )
    except (ValueError, RecursionError):
        return False
    return isinstance(payload, dict) and isinstance(payload.get("event", {}), dict)
