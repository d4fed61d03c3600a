"""Streamed chat answers, over real sockets."""

import asyncio
from contextlib import aclosing

import pytest

from aimodels import AsyncAIModels, ChatDelta
from aimodels.errors import ApiError, DeadlineExceeded, RateLimited, ServerFailed, UnexpectedAnswer, Unreachable
from aimodels.wire.sse import EventParser
from tests.support.scripted_api import (
    QUICK,
    ScriptedApi,
    Step,
    answer,
    chat,
    chat_data,
    events,
    failure,
    half,
    hang_up,
    piece,
    raw,
    silence,
)

HELLO = [{"role": "user", "content": "hello"}]
USED = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


async def collect(client: AsyncAIModels, into: list[ChatDelta] | None = None) -> list[ChatDelta]:
    deltas = [] if into is None else into
    async for delta in client.chat.completions.stream(model="m", messages=HELLO):
        deltas.append(delta)
    return deltas


def text(deltas: list[ChatDelta]) -> str:
    return "".join(delta.text for delta in deltas)


async def test_pieces_usage_and_reason(api: ScriptedApi) -> None:
    """The pieces come in order, then why the answer ended and what it used."""
    api.play(events(piece("你"), ": keep-alive\n\n", piece("好"), piece(finish="stop", usage=USED)))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, streaming=True) as client:
        deltas = await collect(client)
    assert [delta.text for delta in deltas] == ["你", "好", ""]
    assert deltas[-1].finish_reason == "stop"
    assert deltas[-1].usage is not None
    assert deltas[-1].usage.total_tokens == 5
    assert deltas[0].model == "gpt-4-turbo"
    assert api.requests[0].json == {"model": "m", "messages": HELLO, "stream": True}


async def test_usage_is_asked_of_openai_servers(api: ScriptedApi) -> None:
    """In the OpenAI flavour the usage is asked for and read from the piece without choices."""
    api.play(events(piece("hi", finish="stop"), {"choices": [], "usage": USED}))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, streaming=True, flavor="openai") as client:
        deltas = await collect(client)
    assert api.requests[0].json["stream_options"] == {"include_usage": True}
    assert deltas[-1].usage is not None


async def test_not_streaming_is_as_documented(api: ScriptedApi) -> None:
    """Without the setting the documented request is made and its answer is one piece."""
    api.play(chat("all at once"))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url) as client:
        [delta] = await collect(client)
    assert (delta.text, delta.finish_reason) == ("all at once", "stop")
    assert api.requests[0].json == {"model": "m", "messages": HELLO}


async def test_plain_answer_to_a_streamed_request(api: ScriptedApi) -> None:
    """A server that does not stream, although asked to, is understood."""
    api.play(chat("all at once"))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, streaming=True) as client:
        assert text(await collect(client)) == "all at once"


async def test_pieces_come_while_the_answer_is_written(api: ScriptedApi) -> None:
    """A piece is given out as soon as it is there, not when the answer ends."""
    rest = asyncio.Event()
    api.play(events(piece("first"), piece("second", finish="stop"), wait=rest))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, streaming=True) as client:
        got = []
        async with asyncio.timeout(60), aclosing(client.chat.completions.stream(model="m", messages=HELLO)) as deltas:
            async for delta in deltas:
                got.append(delta.text)
                if len(got) == 2:
                    rest.set()
    assert got == ["first", "second"]


@pytest.mark.parametrize("fault", [failure(500), hang_up, half, events(abort=True), events(end=False)])
async def test_tried_again_before_the_first_piece(api: ScriptedApi, fault: Step) -> None:
    """As long as nothing was given out, a fault is survived."""
    api.play(fault, events(piece("done", finish="stop")))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, streaming=True) as client:
        assert text(await collect(client)) == "done"
    assert len(api.requests) == 2


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (events(piece("begun"), abort=True), Unreachable),
        (events(piece("begun"), end=False), Unreachable),
        (events(piece("begun"), {"error": {"message": "overloaded", "type": "server_error"}}), ServerFailed),
        (events(piece("begun"), {"error": {"message": "slow down", "type": "rate_limit_error"}}), RateLimited),
        (events(piece("begun"), "data: {broken\n\n"), UnexpectedAnswer),
        (events(piece("begun"), {"no": "choices"}), UnexpectedAnswer),
    ],
)
async def test_never_tried_again_after_the_first_piece(api: ScriptedApi, step: Step, kind: type[ApiError]) -> None:
    """After a piece was given out a fault is raised: the answer must not begin anew."""
    api.play(step)
    got: list[ChatDelta] = []
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, streaming=True) as client:
        with pytest.raises(kind):
            await collect(client, got)
    assert text(got) == "begun"
    assert len(api.requests) == 1


async def test_deadline_in_mid_stream(api: ScriptedApi) -> None:
    """An answer that stops coming costs no more than the time-out."""
    api.play(events(piece("begun"), wait=asyncio.Event()))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, streaming=True, timeout=1) as client:
        with pytest.raises(DeadlineExceeded):
            await collect(client)


@pytest.mark.parametrize("step", [silence, events(piece("begun"), wait=asyncio.Event())])
async def test_cancelling_hangs_up(api: ScriptedApi, step: Step) -> None:
    """Cancelling a streamed answer, before or after its first piece, closes the connection."""
    api.play(step)
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, streaming=True) as client:
        got: list[ChatDelta] = []
        task = asyncio.create_task(collect(client, got))
        await api.arrived.wait()
        async with asyncio.timeout(60):
            while step is not silence and not got:  # noqa: ASYNC110 (the list tells, as it would a person)
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await api.hung_up.wait()


async def test_leaving_early_hangs_up(api: ScriptedApi) -> None:
    """Who leaves a streamed answer closes its connection."""
    api.play(events(piece("begun"), wait=asyncio.Event()))
    async with (
        AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, streaming=True) as client,
        asyncio.timeout(60),
    ):
        async with aclosing(client.chat.completions.stream(model="m", messages=HELLO)) as deltas:
            assert (await anext(deltas)).text == "begun"
        await api.hung_up.wait()


async def test_refusal_is_final(api: ScriptedApi) -> None:
    """An error envelope with a good status ends a streamed request like any other."""
    api.play(answer({"success": False, "error": {"message": "no", "type": "invalid_request_error"}}))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, streaming=True) as client:
        with pytest.raises(ApiError, match="no"):
            await collect(client)
    assert len(api.requests) == 1


async def test_connection_is_used_again(api: ScriptedApi) -> None:
    """After a finished stream the next call needs no new connection."""
    api.play(events(piece("a", finish="stop")))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, streaming=True) as client:
        await collect(client)
        await collect(client)
    assert len({asked.peer for asked in api.requests}) == 1


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_events_cut_anywhere(size: int) -> None:
    """However the bytes are cut, the events are the same."""
    stream = 'event: x\r\ndata: 你好\r\n\r\n: note\n\ndata:a\ndata: b\n\nid: 3\ndata: {"x": 1}\n\ndata: last'.encode()
    parser = EventParser()
    found = [event for i in range(0, len(stream), size) for event in parser.feed(stream[i : i + size])]
    assert [*found, *parser.end()] == ["你好", "a\nb", '{"x": 1}', "last"]


def test_endless_event() -> None:
    """An event without end is an error, not memory."""
    parser = EventParser()
    for _ in range(16):
        parser.feed(b"x" * 1_000_000)
    with pytest.raises(UnexpectedAnswer):
        parser.feed(b"x")


async def test_openai_plain_answer(api: ScriptedApi) -> None:
    """In the OpenAI flavour the answer has no envelope."""
    api.play(answer(chat_data("bare")), raw(b"{}"))
    async with AsyncAIModels(timing=QUICK, api_key="k", base_url=api.url, flavor="openai") as client:
        assert text(await collect(client)) == "bare"
        with pytest.raises(UnexpectedAnswer, match="choices"):
            await collect(client)
