"""The pages as an ASGI app: finds the session, checks rights and origin, then runs the page."""

import importlib
import pkgutil
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import __version__
from bot.cockpit import pages
from bot.cockpit.identity.confirmation import RightsConfirmation
from bot.cockpit.identity.sign_in import SignInPages
from bot.cockpit.live import LiveParts, Render
from bot.cockpit.page import Page, Visit, read_form, registered_pages
from bot.cockpit.protection import HEADERS, HSTS, FormTokens, is_same_origin
from bot.cockpit.rendering import load_templates
from bot.cockpit.sessions import PURPOSE, Session, Sessions
from bot.cockpit.sources import Sources
from bot.errors import StoreError
from bot.i18n import is_known, language_of, translate
from bot.ops.play_pages import PlayPages
from bot.security.token_cipher import TokenCipher
from bot.security.value_signer import derive_key
from bot.settings.core import Settings
from bot.sign_in.address import PageAddress
from bot.sign_in.links import ROOT, LinkSigner, caller_signer
from bot.sign_in.visitor import Visitor

if TYPE_CHECKING:
    from bot.sign_in.openid import OpenIdProvider

log = structlog.get_logger(__name__)

#: Largest form, in bytes.
_LARGEST_FORM = 200_000
#: Pages of one sign-in that move at the same time, at most.
_STREAMS = 8
#: Seconds between two renderings of a live part.
_LIVE_INTERVAL = 2.0
#: Seconds after which a stream without a change says that it is there: proxies end those that are silent for a minute.
_LIVE_QUIET = 20.0
_LANGUAGE = "cockpit_language"

Handler = Callable[[Request], Awaitable[Response]]


class Cockpit:
    """The pages of one service, and who is signed in. See `CockpitServices`, which pages use.

    `secret`: signs links and forms; `keys`: encrypt cookies.
    """

    def __init__(self, sources: Sources, address: PageAddress, *, secret: SecretStr, keys: Sequence[SecretStr]) -> None:
        for module in pkgutil.walk_packages(pages.__path__, f"{pages.__name__}."):
            importlib.import_module(module.name)
        self.sources = sources
        self.sessions = Sessions(sources.values, sources.journal, TokenCipher(keys, purpose=PURPOSE))
        self.live = LiveParts(_LIVE_INTERVAL, _LIVE_QUIET)
        self.play = PlayPages()
        self._streams: Counter[str] = Counter()  #: open streams, by session
        self._address = address
        self._secret = secret
        self._tokens = FormTokens(derive_key(secret, b"cockpit form"))
        self._templates = load_templates(sources.settings.bot_time_zone, __version__)
        self._menu = sorted(
            (page for page in registered_pages() if page.title and page.is_offered(sources.settings)),
            key=lambda page: page.order,
        )
        provider = _open_provider(sources.settings)
        self._provider = urlsplit(sources.settings.bot_oidc_issuer).hostname if provider else ""
        attempts = TokenCipher(keys, purpose="cockpit sign-in")
        self._sign_in = SignInPages(self, address, LinkSigner(secret), attempts, provider)
        self._rights = RightsConfirmation(sources.settings, sources.policy, sources.adapters, sources.journal)
        self.app = self._protect(Starlette(routes=self._routes()))

    # -- for pages

    @property
    def is_local(self) -> bool:
        """See `CockpitServices`."""
        return not self._address.public_url

    def close(self) -> None:
        """End the streams that pages keep open, and what was started from one."""
        self.live.close()
        self.play.stop()

    def show(self, request: Request, template: str, *, status: int = 200, **values: object) -> Response:
        """See `CockpitServices`."""
        return HTMLResponse(self._render(template, self._locale(request), **values), status_code=status)

    def refuse(self, request: Request, key: str, status: int) -> Response:
        """See `CockpitServices`."""
        text = translate(key, self._locale(request))
        return self.show(request, "message.html", status=status, text=text)

    def render(self, visit: Visit, template: str, *, status: int = 200, **values: object) -> Response:
        """See `CockpitServices`."""
        path = visit.request.url.path.removeprefix(ROOT)
        menu = [page for page in self._menu if page.is_open_to(visit.visitor)]
        text = self._render(
            template,
            visit.locale,
            visitor=visit.visitor,
            workspace_name=visit.workspace_name,
            token=self._tokens.make(visit.session.key),
            menu=menu,
            current=max((one.path for one in menu if f"{path}/".startswith(f"{one.path}/")), key=len, default=""),
            **values,
        )
        return HTMLResponse(text, status_code=status)

    def render_part(self, visit: Visit, template: str, **values: object) -> str:
        """See `CockpitServices`."""
        return self._render(template, visit.locale, **values)

    def stream(self, visit: Visit, name: str, render: Render) -> Response:
        """See `CockpitServices`."""
        who = visit.visitor
        rights = (who.adapter, who.workspace, "" if who.is_administrator else who.actor)
        key = (name, () if who.is_operator else rights, visit.locale, str(visit.request.query_params))

        async def events() -> AsyncIterator[str]:
            self._streams[visit.session.key] += 1
            is_stale = False
            sent: dict[str, str] = {}
            try:
                async for found in self.live.watch(key, render):
                    if await self._find_session(visit.request) is None:
                        return  # ended meanwhile
                    if found is None:
                        yield ":\n\n"
                        continue
                    if found.is_stale is not is_stale:
                        is_stale = found.is_stale
                        yield _server_sent_event("stale", translate("cockpit.stale", visit.locale) if is_stale else "")
                    for event, html in found.html.items():
                        if sent.get(event) != html:  # what is replaced is read aloud again by screen readers
                            sent[event] = html
                            yield _server_sent_event(event, html)
            finally:
                self._streams[visit.session.key] -= 1
                self._streams += Counter()  # drops those that are 0

        if self._streams[visit.session.key] >= _STREAMS or visit.request.method != "GET":
            return PlainTextResponse("Too many pages are open.\n", status_code=429)

        return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    # -- wiring

    def _routes(self) -> list[Route | Mount]:
        routes: list[Route | Mount] = [
            Mount(f"{ROOT}/static", StaticFiles(packages=[("bot.cockpit", "static")])),
            *self._sign_in.routes,
            Route(f"{ROOT}/", self._drop_slash, methods=["GET"]),
            Route(f"{ROOT}/language", self._choose_language, methods=["POST"]),
        ]
        for page in registered_pages():
            methods = ["POST"] if page.is_act else ["GET"]
            routes.append(Route(f"{ROOT}{page.path}", self._handler(page), methods=methods))
        return [*routes, Mount("/", app=self._not_found)]

    def _handler(self, page: Page) -> Handler:
        async def handle(request: Request) -> Response:
            try:
                session = await self._find_caller(request) or await self._find_session(request)
                if session is None:
                    return self.refuse(request, "cockpit.signed_out", 401)
                if not page.is_open_to(session.visitor):
                    return self._turn_away(request, page, session.visitor)
                if not page.is_offered(self.sources.settings):
                    return self.refuse(request, "cockpit.no_page", 404)
                fields = read_form(await request.body()) if page.is_act else []
                token = dict(fields).get("token", "")
                if page.is_act and session.key and not self._tokens.verify(session.key, token):
                    return self.refuse(request, "cockpit.foreign_form", 403)
                locale = self._locale(request, session)
                name = await self._name_workspace(session.visitor)
                return await page.endpoint(
                    Visit(
                        cockpit=self,
                        request=request,
                        session=session,
                        locale=locale,
                        workspace_name=name,
                        fields=fields,
                    )
                )
            except StoreError as exc:
                log.warning("page not shown", path=page.path, reason=str(exc))
                return self.refuse(request, "cockpit.no_database", 503)

        return handle

    async def _name_workspace(self, visitor: Visitor) -> str:
        """Return the name of a visitor's workspace, or its id. Raises `StoreError`."""
        key = visitor.adapter, visitor.workspace, ""
        found = await self.sources.places.find_places([key]) if visitor.workspace else {}
        return found[key].name if key in found else visitor.workspace

    def _turn_away(self, request: Request, page: Page, visitor: Visitor) -> Response:
        """Refuse a page; at the entrance lead to the first page that the visitor has."""
        if page.path or page.is_act:
            return self.refuse(request, "cockpit.not_yours", 403)
        first = next(one for one in self._menu if one.is_open_to(visitor))
        return RedirectResponse(f"{ROOT}{first.path}")

    async def _find_caller(self, request: Request) -> Session | None:
        """Return who calls from the command line, which has the service's key; None: nobody does."""
        token = _bearer(request)
        if not token:
            return None
        body = await request.body() if request.method == "POST" else b""
        target = f"{request.url.path}?{request.url.query}"
        found = caller_signer(self._secret, request.method, target, body).verify(token)
        return None if found is None else Session(key="", visitor=found.visitor, since=datetime.now(UTC))

    async def _find_session(self, request: Request) -> Session | None:
        """Return the session of a browser. One whose person has lost the rights ends. Raises `StoreError`."""
        session = await self.sessions.find(request.cookies.get(self._sign_in.cookie, ""))
        if session is None or await self._rights.confirm(session):
            return session
        await self.sessions.end(session.key)
        self._rights.forget(session)
        await self._sign_in.audit(session.visitor, "cockpit.rights_lost")
        return None

    def _protect(self, app: ASGIApp) -> ASGIApp:
        """Check where a request comes from, and add the headers that every answer has."""
        headers = dict(HEADERS)
        if self._address.public_url:
            headers["Strict-Transport-Security"] = HSTS
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

        async def protected(scope: Scope, receive: Receive, send: Send) -> None:
            async def send_with_headers(message: Message) -> None:
                if message["type"] == "http.response.start":
                    given = {name for name, _ in raw}
                    message["headers"] = [pair for pair in message["headers"] if pair[0] not in given] + raw
                await send(message)

            request = Request(scope)
            chosen = app
            if not self._address.accepts(request.headers.get("host", "")):
                chosen = PlainTextResponse("This address does not serve the pages.\n", status_code=421)
            elif request.method == "POST" and not (_bearer(request) or is_same_origin(request, self._address)):
                chosen = PlainTextResponse("This request does not come from a page of the service.\n", status_code=403)
            elif request.method == "POST" and _length(request) > _LARGEST_FORM:
                chosen = PlainTextResponse("This form is too big.\n", status_code=413)
            elif request.method not in {"GET", "HEAD", "POST"}:
                chosen = PlainTextResponse("GET and POST only.\n", status_code=405)
            await chosen(scope, receive, send_with_headers)

        return protected

    async def _choose_language(self, request: Request) -> Response:
        form = dict(read_form(await request.body()))
        response = RedirectResponse(ROOT, status_code=303)
        if is_known(form.get("language", "")):
            is_secure = bool(self._address.public_url)
            seconds = 365 * 86_400
            response.set_cookie(
                _LANGUAGE, form["language"], httponly=True, secure=is_secure, samesite="lax", max_age=seconds
            )
        return response

    async def _drop_slash(self, _: Request) -> Response:
        return RedirectResponse(ROOT)

    # -- parts

    async def _not_found(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.refuse(Request(scope), "cockpit.no_page", 404)(scope, receive, send)

    def _render(self, template: str, locale: str, **values: Any) -> str:
        def t(key: str, **fields: object) -> str:
            return translate(f"cockpit.{key}", locale, **fields)

        return self._templates.render(template, locale, {"t": t, "root": ROOT, "provider": self._provider, **values})

    def _locale(self, request: Request, session: Session | None = None) -> str:
        """The language of a page: the chosen one, else that of the person, else that of the browser."""
        locale = request.cookies.get(_LANGUAGE, "")
        if not is_known(locale):
            given = request.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip()
            locale = (session.visitor.locale if session is not None else "") or given
        return language_of(locale)


def _open_provider(settings: Settings) -> "OpenIdProvider | None":
    """Return the identity provider of the settings; None: there is none."""
    if not settings.bot_oidc_issuer:
        return None
    from bot.sign_in.openid import OpenIdProvider  # of an extra

    return OpenIdProvider(settings)


def _server_sent_event(name: str, text: str) -> str:
    return f"event: {name}\n" + "".join(f"data: {line}\n" for line in text.splitlines() or [""]) + "\n"


def _bearer(request: Request) -> str:
    """The token of a caller that is no browser: a page of another origin can't send one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _length(request: Request) -> int:
    """The length of a body; one without a length is too big."""
    try:
        return int(request.headers.get("content-length", _LARGEST_FORM + 1))
    except ValueError:
        return _LARGEST_FORM + 1
