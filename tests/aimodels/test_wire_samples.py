"""What goes over the wire is what the reference's curl samples show."""

import json
import re
from collections.abc import Awaitable, Callable

import pytest

from aimodels import AsyncAIModels, reference
from tests.support.reference import REFERENCE, SAMPLES
from tests.support.scripted_api import QUICK, ScriptedApi, answer, chat, data, events, piece

CALLS: dict[str, Callable[[AsyncAIModels], Callable[..., Awaitable[object]]]] = {
    "/chat/completions": lambda client: client.chat.completions.create,
    "/code/completions": lambda client: client.code.completions.create,
    "/images/generations": lambda client: client.images.create,
    "/audio/generations": lambda client: client.audio.create,
    "/video/generations": lambda client: client.video.create,
}
ANSWERS = {
    "/chat/completions": chat(),
    "/code/completions": data({"code": "pass"}),
    "/images/generations": data({"images": [{"url": "https://x/1.png"}]}),
    "/audio/generations": data({"audio": {"url": "https://x/1.mp3"}}),
    "/video/generations": data({"video": {"url": "https://x/1.mp4"}}),
}


@pytest.mark.optional
def test_samples_are_the_references() -> None:
    """The samples typed here are those of the reference, where it lies beside the checkout."""
    if not REFERENCE.exists():
        pytest.skip(f"the reference is not at {REFERENCE}")
    found = re.findall(r"curl -X POST https://[^/]+/v1(\S+).*?-d '(.*?)'\n", REFERENCE.read_text(), re.DOTALL)
    assert {endpoint: json.loads(body) for endpoint, body in found} == SAMPLES


@pytest.mark.parametrize("endpoint", SAMPLES)
async def test_request_is_the_sample(api: ScriptedApi, endpoint: str) -> None:
    """A call with a sample's parameters sends the sample's method, path, headers and JSON."""
    api.play(ANSWERS[endpoint])
    async with AsyncAIModels(timing=QUICK, api_key="YOUR_API_KEY", base_url=api.url) as client:
        await CALLS[endpoint](client)(**SAMPLES[endpoint])
    [asked] = api.requests
    assert (asked.method, asked.path) == ("POST", f"/v1{endpoint}")
    assert asked.json == SAMPLES[endpoint]
    assert asked.headers["Authorization"] == "Bearer YOUR_API_KEY"
    assert asked.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("endpoint", SAMPLES)
async def test_omitted_parameters_are_not_sent(api: ScriptedApi, endpoint: str) -> None:
    """A parameter that was not given is not sent, so that the API's default holds."""
    required = {key: SAMPLES[endpoint][key] for key in ("model", "prompt", "messages") if key in SAMPLES[endpoint]}
    api.play(ANSWERS[endpoint])
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
        await CALLS[endpoint](client)(**required)
    assert api.requests[0].json == required


async def test_image_to_video(api: ScriptedApi) -> None:
    """A picture to bring to life is sent as `image`."""
    api.play(ANSWERS["/video/generations"])
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
        await client.video.create(model="videogen-pro", prompt="pan", image="data:image/png;base64,AAAA")
    assert api.requests[0].json == {"model": "videogen-pro", "prompt": "pan", "image": "data:image/png;base64,AAAA"}


async def test_half_an_emoji_is_sent(api: ScriptedApi) -> None:
    """A prompt with a lone surrogate reaches the API instead of failing."""
    api.play(chat())
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
        await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "a\ud83d"}])
    assert api.requests[0].json["messages"][0]["content"] == "a?"


@pytest.mark.parametrize("endpoint", SAMPLES)
async def test_further_parameters_pass_through(api: ScriptedApi, endpoint: str) -> None:
    """Parameters that the SDK does not know are sent as they are; None is not sent."""
    extra = {"temperature": 0.2, "max_tokens": 7, "seed": 4, "nested": {"a": [1]}}
    api.play(ANSWERS[endpoint])
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
        await CALLS[endpoint](client)(**{**SAMPLES[endpoint], **extra}, nothing=None)
    assert api.requests[0].json == {**SAMPLES[endpoint], **extra}


async def test_a_call_for_whole_answers_does_not_stream(api: ScriptedApi) -> None:
    """`stream=True` would bring an answer that the call can't read: the error names the method that can."""
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
        with pytest.raises(TypeError, match="stream"):
            await client.chat.completions.create(model="m", messages=[], stream=True)
    assert api.requests == []


async def test_streams_pass_parameters_through(api: ScriptedApi) -> None:
    """A streamed request has them, too."""
    api.play(events(piece("a", finish="stop")))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, streaming=True) as client:
        async for _ in client.chat.completions.stream(model="m", messages=[], temperature=1.5, seed=4):
            pass
    assert api.requests[0].json == {"model": "m", "messages": [], "temperature": 1.5, "seed": 4, "stream": True}


async def test_speech_takes_another_voice(api: ScriptedApi) -> None:
    """With the flavour openai a voice that is given replaces the default."""
    api.play(data({}))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, flavor="openai") as client:
        api.play(answer({"url": "https://x/1.mp3"}))
        await client.audio.create(model="m", prompt="p", voice="nova")
    assert api.requests[0].json == {"model": "m", "input": "p", "voice": "nova"}


async def test_address_and_key_of_the_environment(api: ScriptedApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments win over the environment; without either the address is the reference's."""
    assert AsyncAIModels(api_key="k").base_url == reference.BASE_URL
    assert AsyncAIModels(api_key="k", baseURL="https://x/v1").base_url == "https://x/v1"
    monkeypatch.setenv("AIMODELS_BASE_URL", api.url)
    monkeypatch.setenv("AIMODELS_API_KEY", "from-outside")
    assert AsyncAIModels(base_url="https://x/v1/").base_url == "https://x/v1"
    api.play(chat())
    for client in (AsyncAIModels(timing=QUICK), AsyncAIModels(timing=QUICK, api_key="given")):
        async with client:
            await client.chat.completions.create(model="m", messages=[])
    assert [asked.headers["Authorization"] for asked in api.requests] == ["Bearer from-outside", "Bearer given"]
