"""Protection of the page: it is for this machine's own browser, and shows texts that others made."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: No inline script or style, nothing from elsewhere, in no frame.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_LOCAL = {"127.0.0.1", "localhost"}


class RequestGuard:
    """Refuses requests by other sites' pages and names, and adds the security headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        if is_foreign(Headers(scope=scope), scope["method"]):
            refusal = PlainTextResponse("This page is for the browser of this machine.", status_code=403)
            await refusal(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)


def is_foreign(headers: Headers, method: str) -> bool:
    """Whether another site's page sent the request, or one under a name that only points here (DNS rebinding)."""
    host = headers.get("host", "")
    if urlsplit(f"//{host}").hostname not in _LOCAL:
        return True
    origin = headers.get("origin")
    if origin is not None and origin != f"http://{host}":
        return True
    return method == "POST" and headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}
