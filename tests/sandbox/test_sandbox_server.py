"""The documented API over real sockets."""

import asyncio
import base64
import json
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from anyio.from_thread import start_blocking_portal

from sandbox.config import Fault, SandboxConfig
from sandbox.errors import SandboxError
from sandbox.server import Sandbox
from tests.support.reference import SAMPLES

#: How a connection that was dropped ends: its end, or its reset, arrives first.
BROKEN_OFF = (httpx.RemoteProtocolError, httpx.ReadError)
CHAT = {"model": "gpt-4-turbo", "messages": [{"role": "user", "content": "what is 6 * 7?"}]}
IMAGE = {"model": "seeddream-4.0", "prompt": "a sunset over the sea", "size": "512x512"}


SMALL_VIDEO = {**SAMPLES["/video/generations"], "resolution": "640x360"}
#: Made of so little that it is made soon, and still a job.
LONG_SOUND = {**SAMPLES["/audio/generations"], "prompt": "a beep", "duration": 61, "format": "wav"}
#: Nothing is encrypted: to load the authorities takes longer than most of these requests.
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox that tests share, on an event loop of its own."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(Sandbox()) as running:
        yield running


def client(sandbox: Sandbox, key: str = "") -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {key or sandbox.api_key}"}
    return httpx.AsyncClient(base_url=sandbox.base_url, headers=headers, timeout=120, verify=NO_AUTHORITIES)


def told(response: httpx.Response, status: int) -> str:
    """The message of an error envelope."""
    body = response.json()
    assert response.status_code == status
    assert body["success"] is False
    assert set(body["error"]) == {"code", "message", "type"}
    assert body["timestamp"]
    message: str = body["error"]["message"]
    return message


async def test_every_endpoint_answers_in_the_envelope() -> None:
    """Every documented endpoint answers in the envelope, as the sandbox, and counts the requests."""
    shorter: dict[str, dict[str, object]] = {
        "/audio/generations": {"duration": 1},
        "/images/generations": {"size": "512x512"},
    }
    async with Sandbox() as sandbox, client(sandbox) as api:
        for number, (path, sample) in enumerate(SAMPLES.items(), 1):
            response = await api.post(path, json={**sample, **shorter.get(path, {})})
            body = response.json()
            assert response.status_code == 200, path
            assert body["success"] is True
            assert body["message"].startswith("sandbox:")
            assert body["timestamp"].endswith("Z")
            assert {"choices", "images", "audio", "progress"} & set(body["data"]), path
            assert int(response.headers["X-RateLimit-Remaining"]) == int(response.headers["X-RateLimit-Limit"]) - number
            assert int(response.headers["X-RateLimit-Reset"]) > 1_700_000_000


async def test_what_is_made_of_a_prompt_is_named_and_served(sandbox: Sandbox) -> None:
    """Each file comes with the words of its prompt that were understood; none where it is made up.

    `n` pictures differ, have the asked size, and are served with their type and in ranges.
    """
    async with client(sandbox) as api:
        for prompt, words in (("a tax form", []), ("雪地裡的狐狸", ["雪地", "狐狸"])):
            answer = await api.post("/images/generations", json={**IMAGE, "prompt": prompt, "n": 1 + len(words) // 2})
            data = answer.json()["data"]
            assert [item["sandbox_words"] for item in data["images"]] == [words] * data["usage"]["images"]
        body = {"model": "audiogen", "prompt": "soft Rain, then thunder", "duration": 1}
        answer = await api.post("/audio/generations", json=body)
        assert answer.json()["data"]["audio"][0]["sandbox_words"] == ["Rain", "thunder"]
        files = [await api.get(image["url"]) for image in data["images"]]
        part = await api.get(data["images"][0]["url"], headers={"Range": "bytes=0-3"})
    assert [(image["width"], image["height"]) for image in data["images"]] == [(512, 512)] * 2
    assert files[0].content != files[1].content
    assert all(file.headers["content-type"].startswith("image/") for file in files)
    assert (part.status_code, part.content) == (206, files[0].content[:4])
    assert data["usage"]["images"] == 2


@pytest.mark.parametrize(
    ("path", "change", "words"),
    [
        ("/images/generations", {"n": 5}, ("n:", "4")),
        ("/images/generations", {"size": "3x3"}, ("size:", "512x512", "1024x1024", "2048x2048")),
        ("/images/generations", {"style": "cubist"}, ("style:", "digital-art", "photo-realistic", "anime")),
        ("/images/generations", {"prompt": "  "}, ("prompt:", "blank")),
        ("/images/generations", {"model": "dalle"}, ("model:", "dalle", "seeddream-4.0")),
        ("/chat/completions", {"temperature": 2.5}, ("temperature:", "2")),
        ("/chat/completions", {"messages": [{"role": "robot", "content": "x"}]}, ("messages.0.role:", "assistant")),
        ("/chat/completions", {"max_tokens": 0}, ("max_tokens:", "1")),
        ("/audio/generations", {"duration": 301}, ("duration:", "300")),
        ("/audio/generations", {"format": "ogg"}, ("format:", "mp3", "wav")),
        ("/video/generations", {"duration": 61}, ("duration:", "60")),
        ("/video/generations", {"resolution": "9x9"}, ("resolution:", "1920x1080")),
        ("/video/generations", {"image": "https://example.com/a.png"}, ("image:", "data URL")),
        ("/code/completions", {"prompt": None}, ("prompt:", "string")),
    ],
)
async def test_wrong_parameters_are_named(
    sandbox: Sandbox, path: str, change: dict[str, Any], words: tuple[str, ...]
) -> None:
    """A 400 says which parameter is wrong and what is allowed."""
    async with client(sandbox) as api:
        message = told(await api.post(path, json={**SAMPLES[path], **change}), 400)
    assert all(word in message for word in words), message


async def test_a_missing_parameter_is_named(sandbox: Sandbox) -> None:
    """What is required is said to be."""
    async with client(sandbox) as api:
        assert told(await api.post("/chat/completions", json={}), 400) == "model: is required; messages: is required"


@pytest.mark.parametrize(
    ("content", "content_type", "word"),
    [
        ("{bad", "application/json", "JSON"),
        ("[]", "application/json", "object"),
        ("", "application/json", "object"),
        ("a=b", "text/plain", "Content-Type"),
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(
    sandbox: Sandbox, content: str, content_type: str, word: str
) -> None:
    """Neither broken JSON nor another content type is ever a 500."""
    async with client(sandbox) as api:
        response = await api.post("/chat/completions", content=content, headers={"Content-Type": content_type})
    assert word in told(response, 400)


async def test_unknown_addresses_are_answered_in_the_envelope(sandbox: Sandbox) -> None:
    """404 and 405 look like every other error."""
    async with client(sandbox) as api:
        told(await api.get("/nothing"), 404)
        told(await api.get("/chat/completions"), 405)
        told(await api.get("/video/generations/none"), 404)
        root = sandbox.base_url.removesuffix("/v1")
        told(await api.get(f"{root}/files/none.png"), 404)
        told(await api.get(f"{root}/files/..%2Fserver.py"), 404)


async def test_a_wrong_key_is_refused(sandbox: Sandbox) -> None:
    """401 invalid_api_key, with the limit's headers."""
    async with client(sandbox, "wrong") as api:
        response = await api.post("/chat/completions", json=CHAT)
    told(response, 401)
    assert response.json()["error"] == {
        "code": "invalid_api_key",
        "message": response.json()["error"]["message"],
        "type": "authentication_error",
    }
    assert "X-RateLimit-Reset" in response.headers


async def test_a_key_may_be_kept_from_models() -> None:
    """403 for a model that the key may not use; its others work."""
    config = SandboxConfig(keys={"small": frozenset({"gpt-4-turbo"})})
    async with Sandbox(config=config) as sandbox, client(sandbox, "small") as api:
        assert (await api.post("/chat/completions", json=CHAT)).status_code == 200
        assert "seeddream-4.0" in told(await api.post("/images/generations", json=IMAGE), 403)


async def test_over_the_limit_is_429() -> None:
    """The limit counts for each key, and Remaining counts down to 0."""
    config = SandboxConfig(keys={"other": None}, requests_per_minute=2)
    async with Sandbox(config=config) as sandbox, client(sandbox) as api:
        answers = [await api.post("/chat/completions", json=CHAT) for _ in range(3)]
        async with client(sandbox, "other") as others:
            assert (await others.post("/chat/completions", json=CHAT)).status_code == 200
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[2].json()["error"]["code"] == "rate_limit_exceeded"


async def test_failures_are_played_as_told(sandbox: Sandbox) -> None:
    """The next N calls of an endpoint fail or break off; then it works again, and other endpoints never noticed."""
    sandbox.inject(Fault(path="/chat/completions", times=2), Fault(path="/chat/completions", kind="drop"))
    async with client(sandbox) as api:
        code = await api.post("/code/completions", json=SAMPLES["/code/completions"])
        assert code.status_code == 200
        told(await api.post("/chat/completions", json=CHAT), 500)
        told(await api.post("/chat/completions", json=CHAT), 500)
        with pytest.raises(BROKEN_OFF):
            await api.post("/chat/completions", json=CHAT)
        assert (await api.post("/chat/completions", json=CHAT)).status_code == 200


async def test_a_hanging_call_does_not_keep_the_sandbox_open() -> None:
    """Closing ends a call that was told to hang."""
    async with Sandbox() as sandbox, client(sandbox) as api:
        sandbox.inject(Fault(kind="hang"))
        call = asyncio.create_task(api.post("/chat/completions", json=CHAT))
        assert sandbox._state
        while sandbox._state.faults.waiting:  # noqa: ASYNC110 - taken by the server, which tells nobody
            await asyncio.sleep(0)
        await sandbox.__aexit__(None, None, None)
        with pytest.raises(BROKEN_OFF):
            await call


async def test_streaming_says_the_same_in_pieces(sandbox: Sandbox) -> None:
    """The chunks add up to the answer; the last one has the finish reason and the usage."""
    async with client(sandbox) as api:
        whole = (await api.post("/chat/completions", json=CHAT)).json()["data"]
        response = await api.post("/chat/completions", json={**CHAT, "stream": True})
    lines = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    chunks = [json.loads(line) for line in lines[:-1]]
    assert response.headers["content-type"].startswith("text/event-stream")
    assert lines[-1] == "[DONE]"
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert text == whole["choices"][0]["message"]["content"]
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["usage"] == whole["usage"]


async def test_max_tokens_cuts_the_answer(sandbox: Sandbox) -> None:
    """A cut answer has the finish reason length and no more tokens than allowed."""
    async with client(sandbox) as api:
        body = {**CHAT, "messages": [{"role": "user", "content": "hello"}], "max_tokens": 5}
        data = (await api.post("/chat/completions", json=body)).json()["data"]
    assert data["choices"][0]["finish_reason"] == "length"
    assert data["usage"]["completion_tokens"] == 5
    assert data["usage"]["total_tokens"] == data["usage"]["prompt_tokens"] + 5


async def test_a_long_render_is_a_polled_job(sandbox: Sandbox) -> None:
    """A long video is answered with a job whose progress grows until it has the file; meanwhile chat is answered.

    What goes wrong in the worker process before is a 500 in the envelope, and the next render works.
    """
    body = {**SMALL_VIDEO, "duration": 3.1}
    nonsense = "data:image/png;base64," + base64.b64encode(b"no picture").decode()
    async with client(sandbox) as api, asyncio.timeout(300):
        told(await api.post("/video/generations", json={**body, "duration": 1, "image": nonsense}), 500)
        image = (await api.post("/images/generations", json=IMAGE)).json()["data"]["images"][0]["url"]
        job = (await api.post("/video/generations", json={**body, "image": image})).json()["data"]
        assert job["status"] == "queued"
        progress = [job["progress"]]
        while job["status"] in {"queued", "processing"}:
            assert (await api.post("/chat/completions", json=CHAT)).status_code == 200
            await asyncio.sleep(0.05)
            job = (await api.get(f"/video/generations/{job['id']}")).json()["data"]
            progress.append(job["progress"])
        file = await api.get(job["videos"][0]["url"])
    assert job["status"] == "succeeded"
    assert progress == sorted(progress)
    assert any(0 < step < 1 for step in progress), "nothing was answered while the video was made"
    assert progress[-1] == 1
    assert file.headers["content-type"] == "video/mp4"
    assert file.content[4:8] == b"ftyp"


async def test_the_reference_page_works_offline(sandbox: Sandbox) -> None:
    """The page at /docs loads nothing from elsewhere, and its document offers the key and every endpoint."""
    root = sandbox.base_url.removesuffix("/v1")
    async with httpx.AsyncClient(base_url=root, verify=NO_AUTHORITIES) as browser:
        page = (await browser.get("/docs")).text
        script = await browser.get("/static-offline-docs/swagger-ui-bundle.js")
        document = (await browser.get("/openapi.json")).json()
    assert "https://" not in page
    assert script.status_code == 200
    assert {f"/v1{path}" for path in SAMPLES} <= set(document["paths"])
    assert document["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    for path in SAMPLES:
        operation = document["paths"][f"/v1{path}"]["post"]
        assert operation["security"]
        assert operation["responses"]["200"]["content"]["application/json"]["example"]["success"] is True
        assert "422" not in operation["responses"]


async def test_a_taken_port_is_a_clear_error(sandbox: Sandbox) -> None:
    """An address in use stops the start with a sentence that names it."""
    port = int(sandbox.base_url.rsplit(":")[-1].removesuffix("/v1"))
    with pytest.raises(SandboxError, match=str(port)):
        async with Sandbox(port=port):
            pass


async def test_a_job_that_nobody_asks_about_ends() -> None:
    """It is given up, as after a stop, so that the next one starts."""
    config = SandboxConfig(abandoned_after=0.5)
    async with Sandbox(config=config) as sandbox, client(sandbox) as api, asyncio.timeout(300):
        first = (await api.post("/video/generations", json={**SMALL_VIDEO, "duration": 60})).json()["data"]
        second = (await api.post("/audio/generations", json=LONG_SOUND)).json()["data"]
        while second["status"] in {"queued", "processing"}:
            await asyncio.sleep(0.02)
            second = (await api.get(f"/audio/generations/{second['id']}")).json()["data"]
        first = (await api.get(f"/video/generations/{first['id']}")).json()["data"]
        assert (first["status"], second["status"]) == ("failed", "succeeded")
        assert "nobody polled" in first["error"]["message"]


async def test_a_stopped_job_makes_room_at_once_and_goes_on_when_it_is_asked_for() -> None:
    """Its render ends after two gaps between questions, not after the time in which it is given up."""
    config = SandboxConfig(abandoned_after=1000, stopped_after=0.1)
    async with Sandbox(config=config) as sandbox, client(sandbox) as api, asyncio.timeout(300):
        first = (await api.post("/video/generations", json={**SMALL_VIDEO, "duration": 60})).json()["data"]
        second = (await api.post("/audio/generations", json=LONG_SOUND)).json()["data"]
        first = (await api.get(f"/video/generations/{first['id']}")).json()["data"]
        while second["status"] in {"queued", "processing"}:
            await asyncio.sleep(0.05)
            second = (await api.get(f"/audio/generations/{second['id']}")).json()["data"]
        assert second["status"] == "succeeded"
        first = (await api.get(f"/video/generations/{first['id']}")).json()["data"]
        assert first["status"] == "queued"
        while first["status"] == "queued":
            await asyncio.sleep(0.02)
            first = (await api.get(f"/video/generations/{first['id']}")).json()["data"]
        assert first["status"] == "processing"


async def test_pictures_do_not_wait_for_jobs_and_nothing_is_left_behind() -> None:
    """A picture is made beside a long video, in a process of its own.

    After closing there is no task, no worker process and no temporary folder.
    """
    before = asyncio.all_tasks()
    async with Sandbox() as sandbox, client(sandbox) as api, asyncio.timeout(300):
        job = (await api.post("/video/generations", json={**SMALL_VIDEO, "duration": 60})).json()["data"]
        assert (await api.post("/images/generations", json=IMAGE)).status_code == 200
        assert (await api.get(f"/video/generations/{job['id']}")).json()["data"]["status"] in {"queued", "processing"}
        assert sandbox._state
        state = sandbox._state
        assert state.files.folder.is_dir()
        assert state.renderer.pid
        assert state.background.pid
    assert asyncio.all_tasks() == before
    assert state.renderer.pid is None
    assert state.background.pid is None
    assert not state.files.folder.exists()
