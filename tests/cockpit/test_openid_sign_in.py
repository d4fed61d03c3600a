"""Signing in with OpenID Connect: at a provider that is not ours, and at one that lies."""

import time
import warnings
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc.jwk import RSAKey
from pydantic import SecretStr
from structlog.testing import capture_logs
from yarl import URL

from bot.ops.check import check_running
from bot.sign_in.openid import Identity
from tests.support.openid_provider import CLIENT, SECRET, DishonestProvider, dishonest_provider
from tests.support.pages.client import Pages, Shown, pages

with warnings.catch_warnings(record=True):  # what it imports is deprecated
    from oidc_provider_mock import User, run_server_in_thread

pytestmark = pytest.mark.usefixtures("quiet_logs")

_ADDRESSES = count(1)


def oidc(issuer: str, *operators: str, secret: str = SECRET) -> dict[str, Any]:
    return {
        "bot_oidc_issuer": issuer,
        "bot_oidc_client_id": CLIENT,
        "bot_oidc_client_secret": SecretStr(secret),
        "bot_oidc_operators": operators,
    }


async def begin(web: Pages) -> tuple[str, dict[str, str]]:
    """Press the button; return the provider's address and what it is asked."""
    assert "Sign in with" in (await web.get("/cockpit")).words
    async with web.http.get(f"{web.base}/cockpit/oidc", allow_redirects=False) as response:
        assert response.status == 303
        address = response.headers["Location"]
    return address, dict(parse_qsl(urlsplit(address).query))


@pytest.mark.filterwarnings("ignore:.*deprecated and will be removed:DeprecationWarning")  # the provider's own
async def test_an_operator_signs_in_at_a_provider_that_is_not_ours(tmp_path: Path) -> None:
    """Once, with an entry in the audit log; the session ends when the person is no longer in the settings."""
    claims = {"email": "ada@example.com", "email_verified": True, "name": "Ada", "groups": ["muse", "tea"]}
    with run_server_in_thread(user_claims=[User(sub="1", claims=claims)]) as server:
        issuer = f"http://localhost:{server.server_port}"
        async with pages(tmp_path, **oidc(issuer, "eve@example.com", "groups=muse", secret="x")) as web:
            address, asked = await begin(web)
            assert (asked["code_challenge_method"], asked["response_type"]) == ("S256", "code")
            shown = await web.submit(address, {"sub": "1"})
            assert (shown.status, shown.url) == (200, f"{web.base}/cockpit"), shown.words
            [entry] = await web.service.core.store.audit("cockpit", limit=9)
            assert (entry.actor, entry.action, entry.after) == (
                "oidc:ada@example.com",
                "cockpit.sign_in",
                "groups=muse",
            )
            assert "Ada localhost" in (await web.get("/cockpit/sessions")).words
            [found] = [one for one in await check_running(web.service.core.settings, {}) if issuer in one.subject]
            assert found.is_ok
            assert "/cockpit/oidc/callback" in found.text
            cookies = {one.key: one.value for one in web.http.cookie_jar}
    async with pages(tmp_path, **oidc(issuer, "eve@example.com", secret="x")) as web:
        web.http.cookie_jar.update_cookies(cookies, response_url=URL(f"{web.base}/cockpit"))
        assert (await web.get("/cockpit")).status == 401
        assert "cockpit.rights_lost" in {e.action for e in await web.service.core.store.audit("cockpit", limit=9)}
        for _ in range(2):  # the provider is gone
            away = await web.get("/cockpit/oidc")
            assert (away.status, "can't be used at the moment" in away.words) == (503, True)
        assert (await web.get("/cockpit")).status == 401


async def come_back(
    web: Pages, provider: DishonestProvider, *, kept: list[tuple[str, str]] | None = None, **more: str
) -> Shown:
    """Begin from an own address, and return from the provider at once. `kept`: gets the cookie of the attempt."""
    web.http.headers["X-Forwarded-For"] = f"192.0.2.{next(_ADDRESSES)}"  # as a reverse proxy says it
    _, provider.asked = await begin(web)
    if kept is not None:
        kept += [(one.key, one.value) for one in web.http.cookie_jar]
    given = {"code": "c", "state": provider.asked["state"], **more}
    return await web.get("/cockpit/oidc/callback?" + "&".join(f"{name}={value}" for name, value in given.items()))


async def test_a_lie_of_a_provider_signs_nobody_in(tmp_path: Path) -> None:
    """Of another issuer, for another, too old, unsigned, replayed, of another browser: one sentence, and no session."""
    async with dishonest_provider() as provider, pages(tmp_path, **oidc(provider.url, "ada@example.com")) as web:
        kept_cookies: list[tuple[str, str]] = []
        signed_in = await come_back(web, provider, kept=kept_cookies)
        assert (signed_in.status, signed_in.url) == (200, f"{web.base}/cockpit"), signed_in.words
        [(name, kept)] = kept_cookies
        again = f"/cockpit/oidc/callback?code=c&state={provider.asked['state']}"
        assert (await web.get(again)).status == 403
        web.http.cookie_jar.update_cookies({name: kept}, response_url=URL(f"{web.base}/cockpit"))
        assert (await web.get(again)).status == 403
        honest, failed = provider.change, "could not be completed"
        web.http.cookie_jar.clear()
        for lie in (
            {"iss": "https://evil.example"},
            {"aud": "another"},
            {"aud": "another", "azp": CLIENT},
            {"nonce": "another"},
            {"exp": int(time.time()) - 3600},
            {"iss": None},
            {"sub": None},
        ):
            provider.change = lambda claims, lie=lie: {k: v for k, v in (claims | lie).items() if v is not None}  # type: ignore[misc]
            await _assert_refused(web, await come_back(web, provider), failed)
        provider.change = honest
        for algorithm in ("none", "HS256"):
            provider.algorithm = algorithm
            await _assert_refused(web, await come_back(web, provider), failed)
        provider.algorithm = "RS256"
        provider.key, provider.published = RSAKey.generate_key(2048, {"kid": "1"}), provider.key
        await _assert_refused(web, await come_back(web, provider), failed)
        provider.published = None
        await _assert_refused(web, await come_back(web, provider, iss="https://evil.example"), failed)
        await _assert_refused(web, await come_back(web, provider, state="another"), failed)
        assert (await come_back(web, provider)).status == 200  # the new key is read


async def test_people_who_are_no_operators_get_one_sentence(tmp_path: Path) -> None:
    """Not in the settings, an unverified address, refused there, of somebody else, or another browser's attempt."""
    async with dishonest_provider() as provider, pages(tmp_path, **oidc(provider.url, "ada@example.com")) as web:
        provider.person = {"email": "eve@example.com", "email_verified": True}
        await _assert_refused(web, await come_back(web, provider), "not among the operators")
        provider.person["email_verified"] = False
        for address in ("eve@example.com", "ada@example.com"):
            provider.person["email"] = address
            await _assert_refused(web, await come_back(web, provider), "has not verified")
        provider.person, provider.of_another = {}, {"sub": "2", "email": "ada@example.com", "email_verified": True}
        await _assert_refused(web, await come_back(web, provider), "not among the operators")
        provider.of_another = None
        await come_back(web, provider)
        refused = await web.get("/cockpit/oidc/callback?error=access_denied")
        await _assert_refused(web, refused, "could not be completed")
        _, asked = await begin(web)
        refused = await web.get(f"/cockpit/oidc/callback?error=access_denied&state={asked['state']}")
        await _assert_refused(web, refused, "did not sign you in")
        _, asked = await begin(web)
        web.http.cookie_jar.clear()  # a link that somebody else has begun
        refused = await web.get(f"/cockpit/oidc/callback?code=c&state={asked['state']}")
        await _assert_refused(web, refused, "could not be completed")
        provider.is_away = True
        away = await come_back(web, provider)
        assert (away.status, "can't be used at the moment" in away.words) == (503, True)
        log = await web.service.core.store.audit("cockpit", limit=20)
        assert {(e.action, e.actor) for e in log} == {
            ("cockpit.sign_in_refused", "oidc:eve@example.com"),
            ("cockpit.sign_in_refused", "oidc:1"),
        }
        settings = web.service.core.settings.model_copy(update={"bot_oidc_issuer": f"{provider.url}/other"})
        [found] = [one for one in await check_running(settings, {}) if provider.url in one.subject]
        assert not found.is_ok


async def test_a_stranger_makes_the_service_and_the_provider_work_within_bounds(tmp_path: Path) -> None:
    """Sign-ins begun, and returns whose cookie is none or of another kind, which are refused like all others."""
    async with dishonest_provider() as provider, pages(tmp_path, **oidc(provider.url, "ada@example.com")) as web:
        provider.takes_form = True  # a secret with a slash goes where every provider reads it
        with capture_logs() as logs:
            provider.secret = "another"
            await _assert_refused(web, await come_back(web, provider), "could not be completed")
            assert "invalid_client" in logs[-1]["reason"]  # as the operator has to know
            provider.secret = SECRET
        signed_in = await come_back(web, provider)
        assert signed_in.status == 200, signed_in.words
        [session] = [one.value for one in web.http.cookie_jar]
        web.http.cookie_jar.clear()
        for cookie in (session, ""):
            web.http.cookie_jar.update_cookies({"cockpit_oidc": cookie}, response_url=URL(f"{web.base}/cockpit"))
            await _assert_refused(web, await web.get("/cockpit/oidc/callback?code=c"), "could not be completed")
        begun = [(await web.peek("/cockpit/oidc")).status for _ in range(60)]
        assert begun == [303] * 59 + [429]  # one was begun before
        kept = {one.key: one.value for one in web.http.cookie_jar}
        assert kept
        for _ in range(7):
            await _assert_refused(web, await web.get("/cockpit/oidc/callback?code=c"), "could not be completed")
        exchanged = provider.exchanged
        web.http.cookie_jar.update_cookies(kept, response_url=URL(f"{web.base}/cockpit"))
        shown = await web.get(f"/cockpit/oidc/callback?code=c&state={provider.asked['state']}")
        assert (shown.status, "Too many attempts." in shown.words) == (429, True)
        assert provider.exchanged == exchanged


def test_an_entry_names_whoever_has_the_claim() -> None:
    """An address only when it is verified, whichever way it is written; nobody has a claim that is absent."""
    ada = {"sub": "1", "email": "ada@example.com", "groups": ["tea", None]}
    for claims, operators, grant in (
        (ada, ["email=ada@example.com", "ada@example.com"], ""),
        ({**ada, "email_verified": True}, ["email=Ada@Example.com"], "email=Ada@Example.com"),
        (ada, ["role=None", "role=", "groups=None"], ""),
        (ada, ["groups=tea"], "groups=tea"),
    ):
        assert Identity(claims=claims).find_grant(operators) == grant


async def _assert_refused(web: Pages, shown: Shown, sentence: str) -> None:
    assert shown.status == 403, shown.words
    assert sentence in shown.words, shown.words
    assert (await web.get("/cockpit")).status == 401
