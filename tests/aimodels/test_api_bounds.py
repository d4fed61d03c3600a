"""What an API may send: bodies, events and figures are bounded, whatever it says of itself."""

import json
import zlib
from contextlib import aclosing
from itertools import chain, islice, repeat
from typing import Any

import pytest
from aiohttp import web

from aimodels import AsyncAIModels
from aimodels.errors import ServerFailed, UnexpectedAnswer
from aimodels.request import MAX_TEXT_ANSWER, MAX_TRIES
from aimodels.transport import MAX_ERROR
from tests.support.scripted_api import QUICK, ScriptedApi, Step, chat_data, data, raw

MESSAGES = [{"role": "user", "content": "hi"}]
PIECE = b"x" * 1_000_000


def endless(status: int = 200, *, sent: list[int], packed: bool = False, line: bytes = b"") -> Step:
    """Sends until the client leaves; `sent`: bytes so far."""
    packer = zlib.compressobj(wbits=31)  # gzip
    # After a full flush nothing refers to what was before, so that the second piece can be sent again and again.
    first, next_ = (packer.compress(PIECE) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    pieces = chain([first], repeat(next_)) if packed else repeat(line or PIECE)

    async def step(request: web.Request) -> web.StreamResponse:
        headers = {"Content-Type": "text/event-stream" if line else "application/json"}
        response = web.StreamResponse(status=status, headers=headers | ({"Content-Encoding": "gzip"} if packed else {}))
        await response.prepare(request)
        for content in islice(pieces, 1000):
            await response.write(content)
            sent.append(len(content))
        return response

    return step


@pytest.mark.parametrize("packed", [False, True])
async def test_an_endless_answer(api: ScriptedApi, packed: bool) -> None:
    """One that is larger than any chat answer is broken off there, packed or not, and is not asked for again."""
    sent: list[int] = []
    api.play(endless(sent=sent, packed=packed))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
        with pytest.raises(UnexpectedAnswer, match="larger than 16 MB"):
            await client.chat.completions.create(model="m", messages=MESSAGES)
    assert len(api.requests) == 1
    assert packed or len(sent) < 1000  # a packed gigabyte may already lie in the buffers of the connection


async def test_a_large_request(api: ScriptedApi) -> None:
    """A body of many megabytes arrives whole, with its length, at each try."""
    text = "x" * 5_000_000
    api.play(raw(b"", status=500), data(chat_data("hi")))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
        await client.chat.completions.create(model="m", messages=[{"role": "user", "content": text}])
    assert [request.json["messages"][0]["content"] == text for request in api.requests] == [True, True]
    assert all(int(request.headers["Content-Length"]) > len(text) for request in api.requests)


async def test_the_number_of_files_is_bounded(api: ScriptedApi) -> None:
    """Of an answer with thousands of files the first hundred are read."""
    api.play(data({"images": [{"url": "https://files.example/a.png"}] * 10_000}))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
        answer = await client.images.create(model="m", prompt="a fox")
    assert len(answer.data.images) == 100


async def test_an_endless_error(api: ScriptedApi) -> None:
    """Of an error only the beginning is read, at each try."""
    sent: list[int] = []
    api.play(endless(500, sent=sent))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
        with pytest.raises(ServerFailed) as caught:
            await client.chat.completions.create(model="m", messages=MESSAGES)
    assert len(api.requests) == MAX_TRIES
    assert len(str(caught.value)) <= MAX_ERROR
    assert len(sent) < 1000 * MAX_TRIES


async def test_an_endless_event(api: ScriptedApi) -> None:
    """A streamed event of ever more lines is broken off."""
    sent: list[int] = []
    api.play(endless(sent=sent, line=b"data: " + PIECE + b"\n"))
    async with (
        AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, streaming=True) as client,
        aclosing(client.chat.completions.stream(model="m", messages=MESSAGES)) as deltas,
    ):
        with pytest.raises(UnexpectedAnswer, match="without end"):
            await anext(deltas)
    assert len(sent) < 1000


async def test_a_large_answer_is_taken(api: ScriptedApi) -> None:
    """The bound is far above any answer."""
    text = "word " * (MAX_TEXT_ANSWER // 10)
    api.play(data(chat_data(text)))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
        response = await client.chat.completions.create(model="m", messages=MESSAGES)
    assert response.data.choices[0].message.content == text


@pytest.mark.parametrize(
    "figure", ["NaN", "Infinity", "-Infinity", "1e999", "-1", "9223372036854775807", '"many"', "[]"]
)
async def test_figures_that_make_no_sense(api: ScriptedApi, figure: str, caplog: pytest.LogCaptureFixture) -> None:
    """A count or a cost that can't be stored or summed is none, with a warning; the answer is not lost."""
    body: dict[str, Any] = {**chat_data("hi"), "usage": {"prompt_tokens": "@", "completion_tokens": 7, "cost": "@"}}
    text = json.dumps({"success": True, "data": body}).replace('"@"', figure)
    media = (
        f'{{"success": true, "data": {{"images": [{{"url": "https://a.example/1"}}], "usage": {{"cost": {figure}}}}}}}'
    )
    api.play(raw(text.encode()), raw(media.encode()))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
        usage = (await client.chat.completions.create(model="m", messages=MESSAGES)).data.usage
        assert usage is not None
        assert (usage.prompt_tokens, usage.completion_tokens, usage.cost) == (0, 7, None)
        assert (await client.images.create(model="m", prompt="p")).data.usage.cost is None
    assert sum("ignored" in record.getMessage() for record in caplog.records) == 3
