"""The flavour openai where servers differ: names of parameters, videos, what a server has."""

import asyncio
import base64
from typing import Any

import pytest

from aimodels import AIModels, AsyncAIModels
from aimodels.errors import AuthenticationFailed, BadRequest, ConfigurationError, JobFailed, UnexpectedAnswer
from tests.support.scripted_api import (
    QUICK,
    ReceivedRequest,
    ScriptedApi,
    answer,
    chat_data,
    events,
    failure,
    hang_up,
    piece,
    raw,
)

HELLO = [{"role": "user", "content": "hello"}]
#: OpenAI's answer for gpt-5 and the o-series; Azure gives another code.
RENAMED = answer(
    {
        "error": {
            "message": "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            "type": "invalid_request_error",
            "param": "max_tokens",
            "code": "unsupported_parameter",
        }
    },
    400,
)
LACKING = answer({"error": {"message": "File Not Found", "type": "not_found_error", "code": 404}}, 404)


def client_of(api: ScriptedApi, **options: Any) -> AsyncAIModels:
    return AsyncAIModels(timing=QUICK, api_key="sk-test", base_url=api.url, flavor="openai", **options)


def limits(requests: list[ReceivedRequest]) -> list[tuple[str, int | None, int | None]]:
    bodies = [asked.json for asked in requests]
    return [(body["model"], body.get("max_tokens"), body.get("max_completion_tokens")) for body in bodies]


async def test_moderation_names_the_categories(api: ScriptedApi) -> None:
    """Each category once; a server may leave them out or send null. What is no verdict is an error."""
    flagged = {"flagged": True, "categories": {"hate": True, "violence": False, "sexual": None}}
    results = [{"flagged": False, "categories": {"hate": False}}, flagged, flagged, {"flagged": True}]
    api.play(answer({"id": "modr-1", "model": "m", "results": results}), answer({"results": []}))
    async with client_of(api) as client:
        verdict = await client.moderations.create(input=["a", "b", "c", "d"], model="m")
        assert verdict.flagged == ("hate", "other")
        assert api.requests[0].json == {"input": ["a", "b", "c", "d"], "model": "m"}
        with pytest.raises(UnexpectedAnswer):
            await client.moderations.create(input="a")


async def test_the_other_name_of_the_limit_is_learnt_for_each_model(api: ScriptedApi) -> None:
    """A model that wants `max_completion_tokens` gets it at once, and from then on; other models do not."""
    api.play(RENAMED, answer(chat_data("hi")))
    async with client_of(api) as client:
        for model in ("gpt-5", "gpt-5", "gpt-4"):
            asked = client.for_caller("ann").chat.completions
            response = await asked.create(model=model, messages=HELLO, max_tokens=7)
            assert response.data.choices[0].message.content == "hi"
    assert limits(api.requests) == [
        ("gpt-5", 7, None),
        ("gpt-5", None, 7),
        ("gpt-5", None, 7),
        ("gpt-4", 7, None),
    ]


async def test_a_stream_learns_the_other_name_too(api: ScriptedApi) -> None:
    """A refused stream begins again under the other name; code through chat knows it then."""
    api.play(RENAMED, events(piece("hi"), piece(finish="stop")), failure(404), answer(chat_data("pass")))
    async with client_of(api, streaming=True) as client:
        stream = client.chat.completions.stream(model="o3", messages=HELLO, max_tokens=9)
        assert "".join([delta.text async for delta in stream]) == "hi"
        await client.code.completions.create(model="o3", prompt="p", max_tokens=9)
    assert limits(api.requests) == [("o3", 9, None), *[("o3", None, 9)] * 3]


async def test_a_refusal_that_goes_on_is_an_error(api: ScriptedApi) -> None:
    """A server that takes neither name is asked twice, not for ever."""
    api.play(RENAMED)
    async with client_of(api, streaming=True) as client:
        with pytest.raises(BadRequest):
            await anext(client.chat.completions.stream(model="o3", messages=HELLO, max_tokens=9))
    assert len(api.requests) == 2


def video(status: str, **more: Any) -> dict[str, Any]:
    return {"id": "video_1", "object": "video", "model": "sora-2", "status": status, **more}


async def test_a_video_is_made_polled_and_downloaded(api: ScriptedApi) -> None:
    """A form is posted, its job is polled through faults, and its content is the file; the picture is in the form."""
    api.play(
        answer(video("queued", progress=0)),
        answer(video("in_progress", progress=1)),
        hang_up,
        answer(video("completed", progress=100)),
        raw(b"the film", "video/mp4"),
    )
    seen: list[tuple[float | None, str]] = []
    jobs: list[str] = []
    picture = "data:image/jpeg;base64," + base64.b64encode(b"\xff\xd8 picture").decode()
    async with client_of(api) as client:
        response = await client.video.create(
            model="sora-2",
            prompt="a fox — 狐",
            duration=4,
            resolution="1280x720",
            image=picture,
            on_progress=lambda progress, status: seen.append((progress, status)),
            on_job=jobs.append,
        )
    [item] = response.data.items
    assert base64.b64decode(item.b64_json or "") == b"the film"
    assert seen == [(0.0, "queued"), (0.01, "in_progress")]
    assert jobs == ["/videos/video_1"]
    assert [(asked.method, asked.path) for asked in api.requests] == [
        ("POST", "/v1/videos"),
        *[("GET", "/v1/videos/video_1")] * 3,
        ("GET", "/v1/videos/video_1/content"),
    ]
    form = await api.requests[0].form()
    assert form == {
        "model": (None, "", b"sora-2"),
        "prompt": (None, "", "a fox — 狐".encode()),
        "seconds": (None, "", b"4"),
        "size": (None, "", b"1280x720"),
        "input_reference": ("image.jpg", "image/jpeg", b"\xff\xd8 picture"),
    }


async def test_an_address_of_a_picture_is_sent_as_json(api: ScriptedApi) -> None:
    """A picture that is an https address is named, not sent; a video that comes with its address is not downloaded."""
    api.play(answer(video("completed", url="https://cdn.example/1.mp4")))
    async with client_of(api) as client:
        [item] = (await client.video.create(model="m", prompt="p", image="https://x.example/a.png")).data.items
        with pytest.raises(ConfigurationError, match="base64"):
            await client.video.create(model="m", prompt="p", image="data:image/png,raw")
    assert item.url == "https://cdn.example/1.mp4"
    assert [asked.json for asked in api.requests] == [
        {"model": "m", "prompt": "p", "input_reference": {"image_url": "https://x.example/a.png"}}
    ]


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_server_without_videos_is_asked_the_documented_way(api: ScriptedApi, status: int) -> None:
    """Where there is no /videos the documented endpoint is used, and /videos is not tried again."""
    api.play(answer({"detail": "no"}, status), answer({"video": {"url": "https://cdn.example/1.mp4"}}))
    async with client_of(api) as client:
        for _ in range(2):
            await client.for_caller("ann").video.create(model="m", prompt="p", duration=4)
    assert [asked.path for asked in api.requests] == ["/v1/videos", *["/v1/video/generations"] * 2]
    assert api.requests[1].json == {"model": "m", "prompt": "p", "duration": 4}


async def test_an_unknown_video_model_is_no_missing_endpoint(api: ScriptedApi) -> None:
    """A 404 about the model is the answer."""
    api.play(answer({"error": {"message": "The model `m` does not exist", "code": "model_not_found"}}, 404))
    async with client_of(api) as client:
        with pytest.raises(BadRequest):
            await client.video.create(model="m", prompt="p")
    assert len(api.requests) == 1


async def test_a_job_is_waited_for_by_a_later_call(api: ScriptedApi) -> None:
    """With the name of its job a call posts nothing; a job that failed or has gone says so."""
    api.play(
        answer(video("in_progress")),
        answer(video("completed")),
        raw(b"film", "video/mp4"),
        answer(video("failed", error={"message": "no cat"})),
        LACKING,
    )
    async with client_of(api) as client:
        [item] = (await client.video.create(model="m", prompt="p", job="/videos/video_1")).data.items
        assert base64.b64decode(item.b64_json or "") == b"film"
        with pytest.raises(JobFailed, match="no cat"):
            await client.video.create(model="m", prompt="p", job="/videos/video_1")
        with pytest.raises(BadRequest):
            await client.video.create(model="m", prompt="p", job="/videos/video_1")
        with pytest.raises(ConfigurationError):
            await client.video.create(model="m", prompt="p", job="/files/secret")
    assert {asked.method for asked in api.requests} == {"GET"}


async def test_a_job_is_cancelled_where_that_is_possible(api: ScriptedApi) -> None:
    """DELETE /videos/ID; the documented endpoint has no such thing and is not asked."""
    api.play(answer({"id": "video_1", "object": "video.deleted", "deleted": True}))
    async with client_of(api) as client:
        await client.video.cancel("/videos/video_1")
        await client.video.cancel("/video/generations/1")
    assert [(asked.method, asked.path, asked.raw) for asked in api.requests] == [("DELETE", "/v1/videos/video_1", b"")]


def models(*names: str) -> Any:
    return answer({"object": "list", "data": [{"id": name, "object": "model"} for name in names]})


@pytest.mark.parametrize(
    "taken",
    [
        answer({"error": {"message": "[] is too short", "type": "invalid_request_error"}}, 400),
        answer({"error": {"message": "No fixture matched", "code": "no_fixture_match"}}, 404),
        answer({"error": {"message": "template failed", "code": 500}}, 500),
        answer(chat_data("something")),
        answer({"error": {"message": "The model `m` is not loaded", "code": "model_not_found"}}, 404),
    ],
)
async def test_a_server_that_lists_its_models_works(api: ScriptedApi, taken: Any) -> None:
    """However it takes a chat without messages, a server that lists the model works; it is asked once for each."""
    api.play(models("m"), taken)
    async with client_of(api) as client:
        await client.verify("m")
    assert [(asked.method, asked.path) for asked in api.requests] == [
        ("GET", "/v1/models"),
        ("POST", "/v1/chat/completions"),
    ]
    assert api.requests[1].json == {"model": "m", "messages": [], "max_tokens": 1}


async def test_a_public_list_of_models_proves_no_key(api: ScriptedApi) -> None:
    """Some servers list their models to everybody: the key counts where it is asked for."""
    api.play(models("m"), answer({"error": {"message": "no", "code": "invalid_api_key"}}, 401))
    async with client_of(api) as client:
        with pytest.raises(AuthenticationFailed):
            await client.verify("m")


async def test_what_a_server_lacks_is_found(api: ScriptedApi) -> None:
    """A kind is missing when none of its endpoints is there; nothing is generated for that."""
    there = answer({"error": {"message": "body must be an object"}}, 422)
    odd = answer({"error": "Unexpected endpoint or method. (POST /v1/videos)"})
    api.play(LACKING, there, odd, answer({"detail": "Method Not Allowed"}, 405))
    async with client_of(api) as client:
        assert await client.missing_kinds() == {"image", "video"}
    assert {asked.raw for asked in api.requests} == {b"[]"}
    async with AsyncAIModels(timing=QUICK, api_key="sk-test", base_url=api.url) as documented:
        assert await documented.missing_kinds() == set()


async def test_the_synchronous_client_has_them_too(api: ScriptedApi) -> None:
    """`missing_kinds` and `video.cancel`, without an event loop."""
    api.play(LACKING)

    def ask() -> frozenset[str]:
        with AIModels(timing=QUICK, api_key="sk-test", base_url=api.url, flavor="openai") as client:
            with pytest.raises(BadRequest):
                client.video.cancel("/videos/video_1")
            return client.missing_kinds()

    assert await asyncio.to_thread(ask) == {"image", "audio", "video"}
