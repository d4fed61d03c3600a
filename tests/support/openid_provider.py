"""An OpenID Connect provider that can be made to say what no honest one says."""

import base64
import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from joserfc.jws import JWSRegistry

CLIENT, SECRET = "muse", "s/ecret of muse"
Claims = dict[str, Any]
_EVERY = JWSRegistry(algorithms=["RS256", "HS256", "none"])


@cache
def _first_key() -> RSAKey:
    """The key of every provider of this process: to generate one takes long."""
    return RSAKey.generate_key(2048, {"kid": "1"})


@dataclass(slots=True)
class DishonestProvider:
    """One provider with one person. What it says of them is honest until something is changed."""

    url: str = ""
    person: Claims = field(default_factory=lambda: {"email": "ada@example.com", "email_verified": True, "name": "Ada"})
    change: Callable[[Claims], Claims] = lambda claims: claims  #: of an ID token, before it is signed
    algorithm: str = "RS256"
    of_another: Claims | None = None  #: claims of the userinfo endpoint in place of the person's
    exchanged: int = 0  #: codes that somebody wanted to exchange
    asked: dict[str, str] = field(default_factory=dict)  #: parameters of the last sign-in
    key: RSAKey = field(default_factory=_first_key)
    published: RSAKey | None = None  #: in place of `key`
    takes_form: bool = False  #: the secret in a form, too, and does not decode what HTTP Basic encodes, as Glewlwyd 2.7
    secret: str = SECRET  #: of the client, in a form
    is_away: bool = False  #: when a code is exchanged

    def metadata(self, _: web.Request) -> web.Response:
        """Answer discovery. As the specification allows, "none" is among the algorithms."""
        methods = ["client_secret_basic", "client_secret_post"][: 1 + self.takes_form]
        found = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "token_endpoint_auth_methods_supported": methods,
        }
        return web.json_response(found)

    def keys(self, _: web.Request) -> web.Response:
        """Publish the key."""
        return web.json_response({"keys": [(self.published or self.key).as_dict(private=False)]})

    async def token(self, request: web.Request) -> web.Response:
        """Exchange a code, of the client alone that proves itself and that it began the sign-in."""
        self.exchanged += 1
        if self.is_away and request.transport:
            request.transport.close()
        form = await request.post()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(str(form["code_verifier"]).encode()).digest()).rstrip(b"=")
        expected = base64.b64encode(f"muse:{SECRET}".encode() if self.takes_form else b"muse:s%2Fecret%20of%20muse")
        if challenge.decode() != self.asked["code_challenge"] or form["redirect_uri"] != self.asked["redirect_uri"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        is_form = self.takes_form and form.get("client_secret") == self.secret
        if not is_form and request.headers.get("Authorization") != f"Basic {expected.decode()}":
            return web.json_response({"error": "invalid_client"}, status=401)
        return web.json_response({"access_token": "access", "token_type": "Bearer", "id_token": self._id_token()})

    def userinfo(self, _: web.Request) -> web.Response:
        """Say what scopes other than openid give."""
        return web.json_response({"sub": "1", **self.person, **(self.of_another or {})})

    def _id_token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": "1",
            "aud": CLIENT,
            "exp": now + 300,
            "iat": now,
            "nonce": self.asked["nonce"],
        }
        claims = self.change(claims)
        header = {"alg": self.algorithm, "kid": "1"}
        if self.algorithm == "none":
            parts = (json.dumps(part).encode() for part in (header, claims))
            return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."
        key = OctKey.import_key(SECRET) if self.algorithm == "HS256" else self.key
        return jwt.encode(header, claims, key, registry=_EVERY)


@asynccontextmanager
async def dishonest_provider() -> AsyncIterator[DishonestProvider]:
    """Run a provider on a free port."""
    one = DishonestProvider()
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", _async(one.metadata))
    app.router.add_get("/keys", _async(one.keys))
    app.router.add_post("/token", one.token)
    app.router.add_get("/userinfo", _async(one.userinfo))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield one
    finally:
        await runner.cleanup()


def _async(answer: Callable[[web.Request], web.Response]) -> Callable[[web.Request], Any]:
    async def handle(request: web.Request) -> web.Response:
        return answer(request)

    return handle
