"""Signing in with OpenID Connect: the authorization code flow with PKCE, at the one provider of the settings.

https://openid.net/specs/openid-connect-core-1_0.html and https://openid.net/specs/openid-connect-discovery-1_0.html
"""

import asyncio
import json
import secrets
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any
from urllib.parse import quote

import httpx
import structlog
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from bot.settings.core import Settings
from bot.values import valueclass

log = structlog.get_logger(__name__)

#: Algorithms of signatures that the provider alone can make: without "none" and those with a shared secret.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
#: Seconds for which an attempt can be completed.
LIFETIME = 600
#: Seconds by which the clocks may differ, and for an answer of the provider.
_LEEWAY, _TIMEOUT = 60, 15.0
#: Seconds for which the provider's addresses and keys are remembered.
_REMEMBERED = 3600.0
#: Seconds after which a provider that has failed is asked again, whoever wants to sign in.
_PAUSE = 5.0
_TRANSPORT_ERRORS = (httpx.HTTPError, httpx.InvalidURL, ValueError)


class SignInFailed(Exception):
    """The provider or what it says can't be trusted. `key`: of the sentence for the person."""

    def __init__(self, key: str, reason: str = "") -> None:
        super().__init__(reason or key)
        self.key = key
        self.status = 503 if key == "cockpit.oidc.away" else 403  #: of the page that says it


@valueclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One sign-in that has begun; only the browser that began it has its values."""

    state: str
    nonce: str
    verifier: str  #: of PKCE
    redirect_uri: str
    expires: float  #: seconds since 1970

    def dumps(self) -> str:
        """Return the attempt as text."""
        return json.dumps(asdict(self))


def load_attempt(text: str | None) -> Attempt | None:
    """Return an attempt from its text; None: there is none, or its time is over."""
    if text is None:
        return None
    try:
        found = Attempt(**json.loads(text))
        return found if found.expires > time.time() else None
    except (ValueError, TypeError):  # of another version
        return None


@valueclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A person, as the provider says. `claims`: what it says of them, its signature verified."""

    claims: Mapping[str, Any]

    @property
    def email(self) -> str:
        """The e-mail address, if the provider has verified it."""
        return str(self.claims.get("email") or "") if self.claims.get("email_verified") is True else ""

    @property
    def id(self) -> str:
        """A name for the audit log."""
        return f"oidc:{self.email or self.claims['sub']}"

    @property
    def name(self) -> str:
        """The name to show."""
        return str(self.claims.get("name") or self.email or self.claims["sub"])

    def find_grant(self, operators: Sequence[str]) -> str:
        """Return which entry of `BOT_OIDC_OPERATORS` names the person; "": none does."""
        return next((entry for entry in operators if self._matches(entry)), "")

    def _matches(self, entry: str) -> bool:
        claim, sign, wanted = entry.partition("=")
        if not sign or claim == "email":
            address = wanted if sign else entry
            return bool(self.email) and self.email.casefold() == address.casefold()
        found = self.claims.get(claim)
        return wanted in [str(one) for one in (found if isinstance(found, list) else [found]) if one is not None]


class OpenIdProvider:
    """The provider of the settings. Its addresses and keys are read when somebody signs in, and then remembered."""

    def __init__(self, settings: Settings) -> None:
        self._issuer = settings.bot_oidc_issuer
        self._id = settings.bot_oidc_client_id
        self._secret = settings.bot_oidc_client_secret
        self._scopes = settings.bot_oidc_scopes
        self._metadata: Mapping[str, Any] = {}
        self._keys: KeySet | None = None
        self._read_at = 0.0
        self._retry_at = 0.0
        self._discovering = asyncio.Lock()

    async def begin(self, redirect_uri: str) -> tuple[str, Attempt]:
        """Return the provider's address to go to, and the attempt to keep in the browser. Raises `SignInFailed`."""
        metadata = await self.discover()
        attempt = Attempt(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            redirect_uri=redirect_uri,
            expires=time.time() + LIFETIME,
        )
        url = prepare_grant_uri(
            metadata["authorization_endpoint"],
            client_id=self._id,
            response_type="code",
            redirect_uri=redirect_uri,
            scope=" ".join(self._scopes),
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
        )
        return url, attempt

    async def complete(self, attempt: Attempt, given: Mapping[str, str]) -> Identity:
        """Exchange the code that the provider has sent the browser back with. Raises `SignInFailed`."""
        if not secrets.compare_digest(given.get("state", "").encode(), attempt.state.encode()):
            raise SignInFailed("cockpit.oidc.failed", "another state")
        if given.get("iss", self._issuer).rstrip("/") != self._issuer:  # RFC 9207
            raise SignInFailed("cockpit.oidc.failed", "another issuer")
        if "code" not in given:
            raise SignInFailed("cockpit.oidc.refused", given.get("error", "no code")[:100])
        metadata = await self.discover()
        try:
            async with _open_client() as client:
                token = await self._exchange(client, attempt, given["code"])
                claims = await self._verify(client, str(token.get("id_token", "")), attempt, token.get("access_token"))
                if url := metadata.get("userinfo_endpoint"):
                    answer = await client.get(url, headers={"Authorization": f"Bearer {token['access_token']}"})
                    more = answer.raise_for_status().json()
                    if more.get("sub") == claims["sub"]:  # else it is about somebody else
                        claims = {**more, **claims}
        except httpx.TransportError as exc:
            raise SignInFailed("cockpit.oidc.away", f"{type(exc).__name__}: {exc}") from exc
        except (JoseError, KeyError, AttributeError, *_TRANSPORT_ERRORS) as exc:
            raise SignInFailed("cockpit.oidc.failed", f"{type(exc).__name__}: {exc}") from exc
        return Identity(claims=claims)

    async def discover(self) -> Mapping[str, Any]:
        """Return the provider's metadata. Raises `SignInFailed`."""
        async with self._discovering:
            now = time.monotonic()
            if not self._metadata or now - self._read_at > _REMEMBERED:
                if now < self._retry_at:
                    raise SignInFailed("cockpit.oidc.away", "it failed a moment ago")
                self._retry_at = now + _PAUSE
                self._metadata, self._keys, self._read_at = await self._read_metadata(), None, now
            return self._metadata

    async def _read_metadata(self) -> Mapping[str, Any]:
        try:
            async with _open_client() as client:
                answer = await client.get(f"{self._issuer}/.well-known/openid-configuration")
                metadata = answer.raise_for_status().json()
                if metadata.get("issuer", "").rstrip("/") != self._issuer:
                    raise SignInFailed("cockpit.oidc.away", f"the issuer is {metadata.get('issuer')}")
                missing = {"authorization_endpoint", "token_endpoint", "jwks_uri"} - metadata.keys()
                if missing:
                    raise SignInFailed("cockpit.oidc.away", f"without {', '.join(sorted(missing))}")
        except (AttributeError, *_TRANSPORT_ERRORS) as exc:
            raise SignInFailed("cockpit.oidc.away", f"{type(exc).__name__}: {exc}") from exc
        found: Mapping[str, Any] = metadata
        return found

    async def _exchange(self, client: httpx.AsyncClient, attempt: Attempt, code: str) -> dict[str, Any]:
        """Return the tokens for a code."""
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": attempt.redirect_uri,
            "code_verifier": attempt.verifier,
            "client_id": self._id,
        }
        secret = "" if self._secret is None else self._secret.get_secret_value()
        methods = self._metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        name, password = quote(self._id, safe=""), quote(secret, safe="")
        is_plain = (name, password) == (self._id, secret)
        # not every provider decodes what HTTP Basic encodes; a form leaves no doubt
        is_basic = "client_secret_basic" in methods and (is_plain or "client_secret_post" not in methods)
        auth = httpx.BasicAuth(name, password) if secret and is_basic else httpx.Auth()
        if secret and not is_basic:
            fields["client_secret"] = secret
        answer = await client.post(self._metadata["token_endpoint"], data=fields, auth=auth)
        if answer.is_error:  # RFC 6749, 5.2: the body says why
            raise SignInFailed("cockpit.oidc.failed", f"token endpoint: {answer.status_code} {answer.text[:200]}")
        token: dict[str, Any] = answer.json()
        return token

    async def _verify(
        self, client: httpx.AsyncClient, id_token: str, attempt: Attempt, access_token: str | None
    ) -> dict[str, Any]:
        """Return the claims of an ID token whose signature, issuer, audience, time and nonce are right."""
        registry = JWSRegistry(algorithms=list(_ALGORITHMS), strict_check_header=False)
        try:
            token = jwt.decode(id_token, await self._read_keys(client), registry=registry)
        except (JoseError, ValueError):  # the provider may have new keys
            token = jwt.decode(id_token, await self._read_keys(client, anew=True), registry=registry)
        options = {
            "iss": {"essential": True, "value": self._metadata["issuer"]},
            "aud": {"essential": True, "value": self._id},
            "nonce": {"essential": True},
        }
        params = {"nonce": attempt.nonce, "client_id": self._id, "access_token": access_token}
        CodeIDToken(token.claims, token.header, options, params).validate(leeway=_LEEWAY)
        return dict(token.claims)

    async def _read_keys(self, client: httpx.AsyncClient, *, anew: bool = False) -> KeySet:
        if self._keys is None or anew:
            answer = await client.get(self._metadata["jwks_uri"])
            self._keys = KeySet.import_key_set(answer.raise_for_status().json())
        return self._keys


def _open_client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=_TIMEOUT, verify=_tls_context())


@cache
def _tls_context() -> ssl.SSLContext:
    """Read the trusted authorities once: that holds up everything else for 15 ms and more."""
    return httpx.create_ssl_context()
