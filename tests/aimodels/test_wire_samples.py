"""What goes over the wire is what the reference's curl samples show."""

import json
import re
from collections.abc import Awaitable, Callable

import pytest

from aimodels import AsyncAIModels
from tests.support.api import FakeApi, chat, data
from tests.support.reference import REFERENCE, SAMPLES

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
async def test_request_is_the_sample(api: FakeApi, endpoint: str) -> None:
    """A call with a sample's parameters sends the sample's method, path, headers and JSON."""
    api.play(ANSWERS[endpoint])
    async with AsyncAIModels(api_key="YOUR_API_KEY", base_url=api.url) as client:
        await CALLS[endpoint](client)(**SAMPLES[endpoint])
    [asked] = api.asked
    assert (asked.method, asked.path) == ("POST", f"/v1{endpoint}")
    assert asked.json == SAMPLES[endpoint]
    assert asked.headers["Authorization"] == "Bearer YOUR_API_KEY"
    assert asked.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("endpoint", SAMPLES)
async def test_omitted_parameters_are_not_sent(api: FakeApi, endpoint: str) -> None:
    """A parameter that was not given is not sent, so that the API's default holds."""
    required = {key: SAMPLES[endpoint][key] for key in ("model", "prompt", "messages") if key in SAMPLES[endpoint]}
    api.play(ANSWERS[endpoint])
    async with AsyncAIModels(api_key="k", base_url=api.url) as client:
        await CALLS[endpoint](client)(**required)
    assert api.asked[0].json == required


async def test_image_to_video(api: FakeApi) -> None:
    """A picture to bring to life is sent as `image`."""
    api.play(ANSWERS["/video/generations"])
    async with AsyncAIModels(api_key="k", base_url=api.url) as client:
        await client.video.create(model="videogen-pro", prompt="pan", image="data:image/png;base64,AAAA")
    assert api.asked[0].json == {"model": "videogen-pro", "prompt": "pan", "image": "data:image/png;base64,AAAA"}


async def test_half_an_emoji_is_sent(api: FakeApi) -> None:
    """A prompt with a lone surrogate reaches the API instead of failing."""
    api.play(chat())
    async with AsyncAIModels(api_key="k", base_url=api.url) as client:
        await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "a\ud83d"}])
    assert api.asked[0].json["messages"][0]["content"] == "a?"
