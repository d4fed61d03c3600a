"""Tries, waits, deadlines, and what becomes of failures; over real sockets."""

import asyncio
import base64
import logging
import traceback
from typing import Any

import pytest
from pydantic import SecretStr

from aimodels import AsyncAIModels, Call
from aimodels.errors import (
    ApiError,
    AuthenticationFailed,
    BadRequest,
    ConfigurationError,
    DeadlineExceeded,
    NotPermitted,
    RateLimited,
    ServerFailed,
    UnexpectedAnswer,
    Unreachable,
)
from aimodels.responses import Flavor
from tests.support.scripted_api import (
    QUICK,
    ScriptedApi,
    Step,
    answer,
    chat,
    failure,
    gibberish,
    half,
    hang_up,
    raw,
    silence,
)

KEY = "sk-very-secret"
HELLO = [{"role": "user", "content": "hello"}]


async def ask(client: AsyncAIModels) -> str:
    response = await client.chat.completions.create(model="m", messages=HELLO)
    return response.data.choices[0].message.content


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "", BadRequest),
        (404, "", BadRequest),
        (401, "invalid_api_key", AuthenticationFailed),
        (403, "", NotPermitted),
        (429, "insufficient_quota", NotPermitted),
        (302, "", UnexpectedAnswer),
    ],
)
async def test_refusals_are_final(api: ScriptedApi, status: int, code: str, kind: type[ApiError]) -> None:
    """A refusal is raised as the error of its status and code, with the API's words, and never tried again."""
    api.play(failure(status, code, "API密鑰無效或已過期"))
    async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=api.url) as client:
        with pytest.raises(kind) as caught:
            await ask(client)
    assert type(caught.value) is kind
    assert caught.value.status == status
    assert status < 400 or (caught.value.code, caught.value.message) == (code, "API密鑰無效或已過期")
    assert len(api.requests) == 1


async def test_refusal_with_good_status(api: ScriptedApi) -> None:
    """An error envelope counts, whatever status it comes with."""
    error = {"code": "invalid_api_key", "message": "no", "type": "authentication_error"}
    api.play(answer({"success": False, "error": error}))
    async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=api.url) as client:
        with pytest.raises(AuthenticationFailed):
            await ask(client)


@pytest.mark.parametrize(
    "fault", [failure(500), failure(503), hang_up, half, gibberish, raw(b"<oops>", "text/html", 502)]
)
async def test_passing_faults_are_survived(api: ScriptedApi, fault: Step) -> None:
    """A server's failure and a broken connection are tried again, and the wait is told."""
    api.play(fault, fault, chat("done"))
    waits: list[str] = []
    calls: list[Call] = []
    async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=api.url, on_call=calls.append) as client:
        view = client.for_caller("ann", on_wait=lambda _seconds, reason: waits.append(reason))
        assert await ask(view) == "done"
    assert waits == ["retry", "retry"]
    assert [call.attempt for call in calls] == [1, 2, 3]
    assert {call.endpoint for call in calls} == {"/chat/completions"}
    assert calls[-1].status == 200


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(failure(500), ServerFailed), (hang_up, Unreachable), (half, Unreachable), (gibberish, Unreachable)],
)
async def test_lasting_faults_are_raised(api: ScriptedApi, fault: Step, kind: type[ApiError]) -> None:
    """A fault that lasts is raised after a few tries, its cause kept, the key nowhere in it."""
    api.play(fault)
    async with AsyncAIModels(timing=QUICK, api_key=SecretStr(KEY), base_url=api.url) as client:
        with pytest.raises(kind) as caught:
            await ask(client)
        assert KEY not in repr(client) + repr(vars(client))
    assert len(api.requests) == 5
    if kind is Unreachable:
        assert caught.value.__cause__ is not None
    link: BaseException | None = caught.value
    while link is not None:
        assert KEY not in repr(link) + repr(link.args) + repr(vars(link))
        link = link.__cause__ or link.__context__
    assert KEY not in "".join(traceback.format_exception(caught.value))


async def test_nobody_listens() -> None:
    """An address where nothing listens is `Unreachable`."""
    async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url="http://127.0.0.1:1/v1") as client:
        with pytest.raises(Unreachable):
            await ask(client)


async def test_key_echoed_by_the_api(api: ScriptedApi) -> None:
    """A key that the API repeats in its message is taken out."""
    api.play(failure(401, "invalid_api_key", f"Incorrect API key provided: {KEY}"))
    async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=api.url) as client:
        with pytest.raises(AuthenticationFailed, match=r"provided: \[key\]"):
            await ask(client)


async def test_key_is_not_logged(api: ScriptedApi, caplog: pytest.LogCaptureFixture) -> None:
    """At the most talkative log level nothing says the key."""
    caplog.set_level(logging.DEBUG)
    api.play(failure(500), chat())
    async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=api.url) as client:
        await ask(client)
    assert KEY not in caplog.text


@pytest.mark.parametrize("key", ["", "  ", "sk\nx", "schlüssel"])
def test_impossible_keys(key: str) -> None:
    """A key that can't be a header is a wrong setting, and is not repeated."""
    with pytest.raises(ConfigurationError) as caught:
        AsyncAIModels(timing=QUICK, api_key=key)
    assert not key.strip() or key not in str(caught.value)


async def test_a_silent_api_costs_no_more_than_the_time_out(api: ScriptedApi) -> None:
    """A silent API costs no more than the time-out."""
    api.play(silence)
    async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=api.url, timeout=0.2) as client:
        with pytest.raises(DeadlineExceeded):
            await ask(client)


async def test_deadline_after_a_fault(api: ScriptedApi) -> None:
    """When time is up after a fault, the fault is what is raised."""
    api.play(failure(500), silence)
    async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=api.url, timeout=1.5) as client:
        with pytest.raises(ServerFailed):
            await ask(client)


async def test_cancelling_hangs_up(api: ScriptedApi) -> None:
    """Cancelling a call closes its connection: the server sees it go."""
    api.play(silence)
    async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=api.url) as client:
        task = asyncio.create_task(ask(client))
        await api.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(60):
            await api.hung_up.wait()


async def test_429_is_waited_for(api: ScriptedApi) -> None:
    """After a 429 the call waits as long as it was told to, says so, and succeeds."""
    api.play(failure(429, "rate_limit_exceeded", headers={"Retry-After": "1"}), chat("done"))
    waits: list[tuple[float, str]] = []
    async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=api.url) as client:
        view = client.for_caller("ann", on_wait=lambda seconds, reason: waits.append((seconds, reason)))
        assert await ask(view) == "done"
    [(seconds, reason)] = waits
    assert reason == "rate_limit"
    assert 0 < seconds <= 1


async def test_a_caller_that_does_not_wait(api: ScriptedApi) -> None:
    """It gets the error where the wait is longer than it takes; under a limit of its own another model is asked."""
    api.play(failure(429, headers={"Retry-After": "20"}), chat("done"))
    async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=api.url) as client:
        with pytest.raises(RateLimited):
            await ask(client.with_limits("", longest_wait=1))
        assert await ask(client.with_limits("another model", longest_wait=1)) == "done"
        assert client.rate_limiter.opens_in() > 10


async def test_429_beyond_the_deadline(api: ScriptedApi) -> None:
    """A 429 whose wait is longer than the time left is raised at once, with the wait."""
    api.play(failure(429, headers={"Retry-After": "60"}))
    async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=api.url, timeout=30) as client:
        for asked in (1, 1):  # the second call does not even ask
            with pytest.raises(RateLimited) as caught:
                await ask(client)
            assert 55 < caught.value.retry_after <= 60
            assert len(api.requests) == asked


async def test_rate_limiter_spares_429s(api: ScriptedApi) -> None:
    """When nothing remains, the next call waits for the reset instead of asking."""
    spent = {"X_RateLimit_Limit": "2", "X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "3600"}
    api.play(chat("first", **spent))
    async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=api.url, timeout=5) as client:
        assert await ask(client) == "first"
        assert (client.rate_limiter.limit, client.rate_limiter.remaining) == (2, 0)
        assert client.rate_limiter.reset_at is not None
        with pytest.raises(RateLimited):
            await ask(client)
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b"not json", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"choices": []}', "flavour openai"),
        (b'{"success": true}', "no data"),
        (b'{"success": true, "data": {}}', "data.choices"),
        (b'{"success": true, "data": {"choices": []}}', "data.choices"),
        (b'{"success": true, "data": {"choices": [{"message": {}}]}}', r"data\.choices\[0\]\.message\.content"),
    ],
)
async def test_unexpected_answers_name_the_field(api: ScriptedApi, body: bytes, names: str) -> None:
    """An answer that nothing documents is an error that names what is missing, and is not tried again."""
    api.play(raw(body, "text/html"))
    async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=api.url) as client:
        with pytest.raises(UnexpectedAnswer, match=names):
            await ask(client)
    assert len(api.requests) == 1


@pytest.mark.parametrize("fault", [failure(401, "invalid_api_key"), failure(403)])
async def test_verify_refuses(api: ScriptedApi, fault: Step) -> None:
    """A key that the API does not take is not verified."""
    api.play(fault)
    async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=api.url) as client:
        with pytest.raises((AuthenticationFailed, NotPermitted)):
            await client.verify()


async def test_verify_spends_nothing(api: ScriptedApi) -> None:
    """A good key is proved by a request that the API must refuse for its parameters."""
    api.play(failure(400, "invalid_messages"))
    async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=api.url) as client:
        await client.verify()
    assert api.requests[0].json["messages"] == []


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (raw(b"<html>", "text/html"), UnexpectedAnswer),
        (raw(b"<html>", "text/html", 404), BadRequest),
        (failure(404, "not_found", "POST /chat/completions: Not Found"), BadRequest),
    ],
)
async def test_verify_needs_the_api(api: ScriptedApi, fault: Step, kind: type[ApiError]) -> None:
    """A web page is no proof of a key, nor is an address of the API where there is no chat."""
    api.play(fault)
    async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=api.url) as client:
        with pytest.raises(kind):
            await client.verify()


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "model_not_found", "message": "no access", "type": "invalid_request_error"}},
        {"error": {"code": None, "message": 'model "m" not found, try pulling it first', "type": "api_error"}},
        {"object": "error", "code": 404, "message": "The model `m` does not exist.", "type": "NotFoundError"},
    ],
)
async def test_verify_needs_the_model(api: ScriptedApi, body: Any) -> None:
    """A model that the API does not have is told as that, however servers put it."""
    api.play(answer(body, 404))
    async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=api.url, flavor="openai") as client:
        with pytest.raises(BadRequest) as caught:
            await client.verify("m")
    assert caught.value.is_about_model
    assert api.requests[-1].json["model"] == "m"


async def test_verify_needs_the_right_flavor(api: ScriptedApi) -> None:
    """Whether the API wraps its answers is seen by its refusals; the flavour that fits is named."""
    bare = answer({"error": {"code": "invalid_messages", "message": "no messages", "type": "x"}}, 400)
    enveloped = failure(400, "invalid_messages")
    cases: tuple[tuple[Flavor, Flavor, Step, Step], ...] = (
        ("aimodels", "openai", enveloped, bare),
        ("openai", "aimodels", bare, enveloped),
    )
    for flavor, other, right, wrong in cases:
        async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=api.url, flavor=flavor) as client:
            api.play(right)
            await client.verify()
            api.play(wrong)
            with pytest.raises(UnexpectedAnswer, match=f"flavour {other}"):
                await client.verify()


async def test_silence_after_a_wait(api: ScriptedApi) -> None:
    """A call that waited its turn and then got no answer says that there was no answer."""
    spent = {"X_RateLimit_Limit": "9", "X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "0.05"}
    api.play(chat("first", **spent), silence)
    async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=api.url, timeout=1.5) as client:
        await ask(client)
        with pytest.raises(DeadlineExceeded):
            await ask(client)
    assert len(api.requests) == 2


async def test_proxy_of_the_environment(api: ScriptedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy named by the environment is used, with its credentials, unless it is not meant for this address."""
    monkeypatch.setenv("http_proxy", api.url.removesuffix("/v1").replace("://", "://me:secret@"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    api.play(chat("done"))
    for base_url in ("http://api.invalid/v1", api.url):
        async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=base_url) as client:
            assert await ask(client) == "done"
    assert [asked.headers["Host"] for asked in api.requests] == ["api.invalid", api.url.split("/")[2]]
    credentials = f"Basic {base64.b64encode(b'me:secret').decode()}"
    assert [asked.headers.get("Proxy-Authorization") for asked in api.requests] == [credentials, None]


def test_certificates_of_the_environment_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the variable, for an address that needs certificates."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    with pytest.raises(ConfigurationError, match="SSL_CERT_FILE"):
        AsyncAIModels(api_key=KEY, base_url="https://api.example.com/v1")


async def test_people_share_one_rate_limiter(api: ScriptedApi) -> None:
    """Everybody's calls wait while the API refuses one person's, and are asked once when it opens."""
    api.play(failure(429, headers={"Retry-After": "0.3", "X-RateLimit-Limit": "9"}), chat())
    async with AsyncAIModels(timing=QUICK, api_key=KEY, base_url=api.url) as client:
        refused = asyncio.Event()
        ann = client.for_caller("ann", on_wait=lambda _seconds, _reason: refused.set())
        first = asyncio.create_task(ask(ann))
        await refused.wait()
        names = ["ann 2", "ann 3", "bob 1"]
        tasks = [
            asyncio.create_task(
                client.for_caller(name.split()[0]).chat.completions.create(
                    model="m", messages=[{"role": "user", "content": name}]
                )
            )
            for name in names
        ]
        await asyncio.gather(first, *tasks)
    said = [asked.json["messages"][0]["content"] for asked in api.requests]
    assert sorted(said) == ["ann 2", "ann 3", "bob 1", "hello", "hello"]
