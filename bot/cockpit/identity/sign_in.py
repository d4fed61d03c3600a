"""Signing in: with a link that works once, or with the identity provider of the settings."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.cockpit.page import COMMAND_LINE, CockpitServices, Rights, read_form
from bot.cockpit.protection import MOST_BEGUN, SignInAttempts
from bot.cockpit.sessions import LIFETIME
from bot.errors import StoreError
from bot.ports import AuditEntry
from bot.security.token_cipher import TokenCipher
from bot.sign_in.address import PageAddress
from bot.sign_in.links import CALLBACK, ROOT, LinkSigner
from bot.sign_in.visitor import Visitor

if TYPE_CHECKING:
    from bot.sign_in.openid import Identity, OpenIdProvider

log = structlog.get_logger(__name__)


class SignInPages:
    """The pages with which people sign in."""

    def __init__(
        self,
        cockpit: CockpitServices,
        address: PageAddress,
        signer: LinkSigner,
        cipher: TokenCipher,  # of the cookie of an attempt, and of nothing else
        provider: "OpenIdProvider | None",
    ) -> None:
        self._cockpit = cockpit
        self._address = address
        self._signer = signer
        self._cipher = cipher
        self._provider = provider
        self._begun = SignInAttempts(most=MOST_BEGUN)  #: at the provider
        self._attempts = SignInAttempts()  #: links that failed, and returns from the provider
        prefix = "__Host-" if address.public_url else ""
        self.cookie = f"{prefix}cockpit"  #: name of the session's cookie
        self._attempt_cookie = f"{prefix}cockpit_oidc"

    @property
    def routes(self) -> list[Route]:
        """The pages that people see before they are signed in."""
        routes = [
            Route(f"{ROOT}/enter", self._enter, methods=["GET"]),
            Route(f"{ROOT}/enter", self._guarded(self._use_link), methods=["POST"]),
        ]
        if self._provider is not None:
            routes += [
                Route(f"{ROOT}/oidc", self._guarded(self._go_to_provider), methods=["GET"]),
                Route(CALLBACK, self._guarded(self._come_back), methods=["GET"]),
            ]
        return routes

    def _guarded(self, handle: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            try:
                return await handle(request)
            except StoreError as exc:
                log.warning("not signed in", reason=str(exc))
                return self._cockpit.refuse(request, "cockpit.no_database", 503)

        return guarded

    def _is_allowed(self, request: Request, attempts: SignInAttempts) -> bool:
        """Count an attempt; return whether there were not too many."""
        return attempts.allow(request.client.host if request.client else "")

    # -- with a link

    async def _enter(self, request: Request) -> Response:
        """Show a button: a preview of the link, which a platform makes, must not use it up."""
        token = request.query_params.get("token", "")
        found = self._signer.verify(token)
        if found is None:
            return self._cockpit.refuse(request, "cockpit.bad_link", 403)
        return self._cockpit.show(request, "enter.html", link=token, name=found.visitor.name)

    async def _use_link(self, request: Request) -> Response:
        form = dict(read_form(await request.body()))
        found = self._signer.verify(form.get("link", ""))
        if found is None and not self._is_allowed(request, self._attempts):
            return self._cockpit.refuse(request, "cockpit.too_many", 429)
        if found is None or not await self._cockpit.sessions.use_link(found.nonce, found.expires):
            return self._cockpit.refuse(request, "cockpit.bad_link", 403)
        return await self._begin(found.visitor)

    async def _begin(self, who: Visitor) -> Response:
        """Begin a session in the browser."""
        cookie = await self._cockpit.sessions.begin(who)
        await self.audit(who, "cockpit.sign_in", after=who.grant or None)
        where = who.adapter or ("identity provider" if who.grant else "command line")
        log.info("signed in to the cockpit", adapter=where, workspace=who.workspace)
        response = RedirectResponse(ROOT, status_code=303)
        self._set_cookie(response, self.cookie, cookie, int(LIFETIME.total_seconds()))
        return response

    async def audit(self, who: Visitor, action: str, *, after: str | None = None) -> None:
        """Add what concerns somebody's sign-in to the audit log. Raises `StoreError`."""
        entry = AuditEntry(
            adapter=who.adapter or COMMAND_LINE,
            actor=who.actor or Rights.OPERATOR,
            action=action,
            workspace=who.workspace,
            after=after,
        )
        await self._cockpit.sources.audit_log.add_audit(entry)

    def _set_cookie(self, response: Response, name: str, value: str, seconds: int) -> None:
        is_secure = bool(self._address.public_url)
        path = "/" if is_secure else ROOT
        response.set_cookie(name, value, max_age=seconds, httponly=True, secure=is_secure, samesite="lax", path=path)

    # -- with the identity provider

    async def _go_to_provider(self, request: Request) -> Response:
        from bot.sign_in.openid import LIFETIME as SECONDS  # of an extra
        from bot.sign_in.openid import SignInFailed

        assert self._provider is not None
        if not self._is_allowed(request, self._begun):
            return self._cockpit.refuse(request, "cockpit.too_many", 429)
        try:
            url, attempt = await self._provider.begin(f"{self._base_url(request)}{CALLBACK}")
        except SignInFailed as exc:
            log.warning("identity provider not usable", reason=str(exc))
            return self._cockpit.refuse(request, exc.key, exc.status)
        response = RedirectResponse(url, status_code=303)
        self._set_cookie(response, self._attempt_cookie, self._cipher.encrypt(attempt.dumps()), SECONDS)
        return response

    async def _come_back(self, request: Request) -> Response:
        """Complete a sign-in; the attempt is used up whatever comes of it."""
        given: Mapping[str, str] = request.query_params
        cookie = request.cookies.get(self._attempt_cookie, "")
        response = await self._complete(request, given, cookie)
        self._set_cookie(response, self._attempt_cookie, "", 0)
        return response

    async def _complete(self, request: Request, given: Mapping[str, str], cookie: str) -> Response:
        from bot.sign_in.openid import SignInFailed

        if not self._is_allowed(request, self._attempts):
            return self._cockpit.refuse(request, "cockpit.too_many", 429)
        try:
            identity = await self._identify(given, cookie)
        except SignInFailed as exc:
            log.warning("not signed in with the identity provider", reason=str(exc))
            return self._cockpit.refuse(request, exc.key, exc.status)
        grant = identity.find_grant(self._cockpit.sources.settings.bot_oidc_operators)
        who = Visitor(is_operator=True, actor=identity.id, name=identity.name, grant=grant)
        if not grant:
            await self.audit(who, "cockpit.sign_in_refused")
            is_unverified = bool(identity.claims.get("email")) and not identity.email
            key = "cockpit.oidc.unverified" if is_unverified else "cockpit.oidc.not_operator"
            return self._cockpit.refuse(request, key, 403)
        return await self._begin(who)

    async def _identify(self, given: Mapping[str, str], cookie: str) -> "Identity":
        """Return who the provider says it is. Raises `SignInFailed`, and `StoreError`."""
        from bot.sign_in.openid import SignInFailed, load_attempt

        assert self._provider is not None
        attempt = load_attempt(self._cipher.decrypt(cookie))
        if attempt is None or not await self._cockpit.sessions.use_link(attempt.state, attempt.expires):
            raise SignInFailed("cockpit.oidc.failed", "no attempt of this browser")
        return await self._provider.complete(attempt, given)

    def _base_url(self, request: Request) -> str:
        """Return the address of the pages: the public one, or that of this machine which the browser has used."""
        return self._address.public_url or f"http://{request.headers['host']}"
