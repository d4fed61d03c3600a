"""Code, pictures, sound and video: liberal reading, jobs, and the OpenAI flavour."""

import base64
from typing import Any

import pytest

from aimodels import AsyncAIModels
from aimodels.errors import AuthenticationFailed, BadRequest, DeadlineExceeded, JobFailed, UnexpectedAnswer
from tests.support.scripted_api import QUICK, ScriptedApi, answer, chat_data, data, failure, raw

URL = "https://cdn.example/1"


@pytest.mark.parametrize(
    "body",
    [
        {"choices": [{"text": "pass"}]},
        {"choices": [{"message": {"content": "pass"}}]},
        {"code": "pass"},
        {"code": "```python\npass\n```\n"},
    ],
)
async def test_code_shapes(api: ScriptedApi, body: dict[str, Any]) -> None:
    """Each accepted shape of a code answer gives the code, and its usage is kept."""
    api.play(data({**body, "usage": {"prompt_tokens": 1, "completion_tokens": 2}}))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
        response = await client.code.completions.create(model="m", prompt="p")
    assert response.data.code == "pass"
    assert response.data.usage is not None
    assert response.data.usage.completion_tokens == 2


@pytest.mark.parametrize(
    "body",
    [
        {"video": {"url": URL}},
        {"videos": [{"url": URL}]},
        {"audio": [{"url": URL}]},
        {"audios": {"url": URL}},
        {"images": [{"url": URL}]},
        {"video": URL},
        {"url": URL},
    ],
)
async def test_media_shapes(api: ScriptedApi, body: dict[str, Any]) -> None:
    """Each accepted shape of a media answer gives its items and its cost."""
    api.play(data({**body, "usage": {"cost": 0.5}}))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
        response = await client.video.create(model="m", prompt="p")
    assert [item.url for item in response.data.items] == [URL]
    assert response.data.usage.cost == 0.5


async def test_item_details(api: ScriptedApi) -> None:
    """What an item brings is kept, in base64 as well, and a wrong detail does not cost the item."""
    item = {"b64_json": "AAAA", "width": 640, "height": "tall", "duration": 2.5, "format": "mp4"}
    api.play(data({"video": item}), data({"url": "data:audio/mpeg;base64,BBBB"}))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
        [first] = (await client.video.create(model="m", prompt="p")).data.items
        [second] = (await client.audio.create(model="m", prompt="p")).data.items
    assert (first.url, first.b64_json, first.width, first.height) == (None, "AAAA", 640, None)
    assert (first.duration, first.format) == (2.5, "mp4")
    assert (second.url, second.b64_json) == (None, "BBBB")


async def test_documented_images(api: ScriptedApi) -> None:
    """The reference's picture answer is read in full, the envelope included."""
    body = {"images": [{"url": URL, "width": 1024, "height": 1024}], "usage": {"images": 1, "cost": 0.0008}}
    api.play(answer({"success": True, "data": body, "message": "操作成功", "timestamp": "2024-01-15T10:30:00Z"}))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
        response = await client.images.create(model="m", prompt="p")
    assert (response.data.usage.images, response.data.usage.cost) == (1, 0.0008)
    assert response.data.images[0].width == 1024
    assert response.message == "操作成功"
    assert response.timestamp is not None
    assert response.timestamp.year == 2024


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, "images, audio, video or url"),
        ({"images": []}, "images, audio, video or url"),
        ({"images": [{"url": URL}, {}]}, r"images\[1\]\.url"),
        ({"video": {"link": URL}}, r"video\.url"),
        ({"id": "1", "status": "dancing"}, "status 'dancing'"),
        ({"id": "1", "status": "succeeded"}, "images, audio, video or url"),
    ],
)
async def test_unexpected_media_name_the_field(api: ScriptedApi, body: dict[str, Any], names: str) -> None:
    """A media answer of any other shape names what is missing."""
    api.play(data(body))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
        with pytest.raises(UnexpectedAnswer, match=names):
            await client.video.create(model="m", prompt="p")


async def test_unexpected_code_names_the_field(api: ScriptedApi) -> None:
    """A code answer of any other shape names what is missing."""
    api.play(data({"choices": [{}]}))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
        with pytest.raises(UnexpectedAnswer, match=r"choices\[0\]\.text"):
            await client.code.completions.create(model="m", prompt="p")


async def test_job_is_polled(api: ScriptedApi) -> None:
    """A job is looked at until it is done, through faults, and its progress is told."""
    api.play(
        data({"id": "job 1", "status": "queued"}),
        data({"id": "job 1", "status": "processing", "progress": 0.5}),
        failure(503),
        data({"status": "processing", "progress": 75}),
        data({"id": "job 1", "status": "succeeded", "video": {"url": URL}}),
    )
    seen: list[tuple[float | None, str]] = []
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
        response = await client.video.create(
            model="m", prompt="p", on_progress=lambda progress, status: seen.append((progress, status))
        )
    assert response.data.items[0].url == URL
    assert seen == [(None, "queued"), (0.5, "processing"), (0.75, "processing")]
    assert [(asked.method, asked.path) for asked in api.requests[1:]] == [("GET", "/v1/video/generations/job 1")] * 4


async def test_a_failed_job_says_why(api: ScriptedApi) -> None:
    """A job that fails says why."""
    api.play(data({"id": 7, "status": "queued"}), data({"id": 7, "status": "failed", "error": {"message": "no cat"}}))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
        with pytest.raises(JobFailed, match="no cat"):
            await client.audio.create(model="m", prompt="p")
    assert api.requests[1].path == "/v1/audio/generations/7"


async def test_job_deadline(api: ScriptedApi) -> None:
    """A job that never ends costs no more than the time-out for media."""
    api.play(data({"id": "1", "status": "processing"}))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, media_timeout=0.3) as client:
        with pytest.raises(DeadlineExceeded):
            await client.video.create(model="m", prompt="p")


async def test_openai_images(api: ScriptedApi) -> None:
    """In the OpenAI flavour pictures come as `data`, and a style joins the prompt."""
    api.play(answer({"created": 1, "data": [{"b64_json": "AAAA"}, {"url": URL}]}))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, flavor="openai") as client:
        response = await client.images.create(model="m", prompt="a fox", style="anime", n=2)
    assert [(item.url, item.b64_json) for item in response.data.images] == [(None, "AAAA"), (URL, None)]
    assert api.requests[0].json == {"model": "m", "prompt": "a fox, anime style", "n": 2}


async def test_openai_speech(api: ScriptedApi) -> None:
    """In the OpenAI flavour sound is speech, whose bytes are the answer."""
    api.play(raw(b"ID3 sound", "audio/mpeg"))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, flavor="openai") as client:
        [item] = (await client.audio.create(model="tts-1", prompt="hello", duration=3)).data.items
    assert base64.b64decode(item.b64_json or "") == b"ID3 sound"
    assert item.format == "mp3"
    assert api.requests[0].path == "/v1/audio/speech"
    assert api.requests[0].json == {"model": "tts-1", "input": "hello", "voice": "alloy"}


async def test_openai_code_through_chat(api: ScriptedApi) -> None:
    """A server without a code endpoint is asked through chat, and is not asked for it a second time."""
    api.play(failure(404), answer(chat_data("```python\npass\n```")))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, flavor="openai") as client:
        for _ in range(2):
            response = await client.for_caller("ann").code.completions.create(model="m", prompt="p", language="python")
            assert response.data.code == "pass"
    assert [asked.path for asked in api.requests] == ["/v1/code/completions", *["/v1/chat/completions"] * 2]
    assert api.requests[1].json["messages"][1] == {"role": "user", "content": "p"}


async def test_openai_code_refused(api: ScriptedApi) -> None:
    """A model that the server does not know is an error, not a missing endpoint."""
    api.play(failure(404, "model_not_found"))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, flavor="openai") as client:
        with pytest.raises(BadRequest):
            await client.code.completions.create(model="m", prompt="p")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "m", "type": "invalid_request_error", "code": "invalid_api_key"}}, "m"),
        ({"error": "m"}, "m"),
        ({"detail": "m"}, "m"),
        ({"object": "error", "message": "m"}, "m"),
        (["m"], "the API answered with status 401"),
    ],
)
async def test_openai_error_shapes(api: ScriptedApi, body: Any, message: str) -> None:
    """The words of an error are found in the shapes that servers use."""
    api.play(answer(body, 401))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, flavor="openai") as client:
        with pytest.raises(AuthenticationFailed) as caught:
            await client.images.create(model="x", prompt="p")
    assert caught.value.message == message
