"""Long answers and big files arrive whole: split where nothing breaks, attached, made smaller or linked."""

import base64
import io
import json
import random
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from PIL import Image

from adapters.discord.timing import Timing
from simulators.discord.components import media
from simulators.discord.files import Upload
from simulators.discord.values import CHANNEL, DM, Json
from tests.support.discord.messages import text_of
from tests.support.discord.whole import Whole, whole
from tests.support.media_files import film
from tests.support.scripted_api import Step, chat, data, piece
from tests.support.service import FAST

MB = 1024 * 1024
ENGLISH = "The quick brown fox jumps over the lazy dog and thinks about it for quite a while. "
CHINESE = "敏捷的棕色狐狸跳過了懶惰的狗，然後想了很久很久，最後決定回家睡覺。"


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Whole]:
    core_timing = replace(FAST, pipeline=replace(FAST.pipeline, first_update=0.0))
    timing = Timing(edit_window=0.05, edit_interval=0.02)
    async with whole(tmp_path, timing=timing, core_timing=core_timing, aimodels_streaming=True) as one:
        yield one


def written(sentence: str, length: int) -> str:
    """Paragraphs, lists, code and tables; everything is numbered, so that nothing can be lost or come twice."""
    parts: list[str] = []
    number = 0
    while len("\n\n".join(parts)) < length:
        number += 1
        parts += [
            f"## Part {number}",
            f"p{number}a {sentence * 3} p{number}b @everyone",
            "\n".join(f"- p{number}c{item} {sentence}" for item in range(4)),
            "```python\n" + "\n".join(f"p{number}d{line} = {line}  # {sentence[:30]}" for line in range(12)) + "\n```",
            "| name | what |\n| --- | --- |\n"
            + "\n".join(f"| p{number}e{row} | {sentence[:12]} |" for row in range(6)),
        ]
    return "\n\n".join(parts)


def marks(text: str) -> list[str]:
    return re.findall(r"p\d+[a-e]\d*", text)


def is_whole(text: str) -> bool:
    """Whether every code block of a message that is opened is closed."""
    return len(re.findall(r"^```", text, re.MULTILINE)) % 2 == 0


def streamed(one: Whole, answer: str) -> Step:
    """The answer in pieces, each when something of those before can be seen, so that it is seen to grow."""

    async def step(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        cuts = [0, 1_000, 3_000, 20_000, len(answer)]
        for begin, end in pairwise(cuts):
            number = len(one.simulator.rest.calls)
            for at in range(begin, min(end, len(answer)), 50):
                await response.write(f"data: {json.dumps(piece(answer[at : min(at + 50, end)]))}\n\n".encode())
            if begin < len(answer):
                await one.simulator.until(partial(is_seen, number))
        await response.write(b"data: [DONE]\n\n")
        return response

    def is_seen(known: int) -> bool:
        return any(
            "messages" in call.path and "content" in (call.body or {}) for call in one.simulator.rest.calls[known:]
        )

    return step


@pytest.mark.parametrize("sentence", [ENGLISH, CHINESE], ids=["en", "zh"])
@pytest.mark.parametrize("asks", ["message", "command"])
@pytest.mark.parametrize("comes", ["streamed", "whole"])
async def test_forty_thousand_characters(one: Whole, sentence: str, asks: str, comes: str) -> None:
    """An answer of too many messages comes as a file with everything, below its beginning."""
    answer = written(sentence, 40_000)
    one.echo.instead = [streamed(one, answer) if comes == "streamed" else chat(answer)]
    place = await asked(one, asks)
    await one.simulator.until(lambda: any(message["attachments"] for message in one.simulator.bot_messages(place)))
    await one.idle()
    messages = [
        message for message in one.simulator.bot_messages(place) if not text_of(message).startswith("re: the end")
    ]
    [file] = [file for message in messages for file in message["attachments"]]
    assert file["filename"].endswith(".md")
    assert one.simulator.cdn.uploads[file["id"]].content.decode() == answer
    shown = "\n".join(map(text_of, messages))
    assert marks(shown) == marks(answer)[: len(marks(shown))]
    assert len(marks(shown)) > 20
    assert all(is_whole(text_of(message)) for message in messages)
    assert len(messages) <= 5


@pytest.mark.parametrize("sentence", [ENGLISH, CHINESE], ids=["en", "zh"])
@pytest.mark.parametrize("comes", ["streamed", "whole"])
async def test_a_long_answer_is_several_messages_in_order(one: Whole, sentence: str, comes: str) -> None:
    """A long answer is several messages in order; nothing is missing, doubled or broken, and nobody is notified."""
    answer = written(sentence, 6_000)
    one.echo.instead = [streamed(one, answer) if comes == "streamed" else chat(answer)]
    place = await asked(one, "message")
    await one.simulator.until(
        lambda: any(marks(answer)[-1] in text_of(message) for message in one.simulator.bot_messages(place))
    )
    await one.idle()
    messages = [
        message for message in one.simulator.bot_messages(place) if not text_of(message).startswith("re: the end")
    ]
    assert len(messages) > 2
    assert marks("\n".join(map(text_of, messages))) == marks(answer)
    assert all(is_whole(text_of(message)) for message in messages)
    sent = [call for call in one.simulator.rest.calls if call.body and "content" in call.body and call.method != "PUT"]
    assert all(call.body["allowed_mentions"].get("parse") == [] for call in sent)
    assert all(is_whole(call.body["content"]) for call in sent)


async def asked(one: Whole, how: str) -> str:
    if how == "command":
        await one.command("chat", prompt="tell me everything")
        return CHANNEL
    await one.simulator.say(DM, "tell me everything")
    return DM


# ------------------------------------------------------------------ big files


def noise(size: int) -> bytes:
    """A picture of about that many bytes."""
    side = int((size / 3) ** 0.5)
    file = io.BytesIO()
    Image.frombytes("RGB", (side, side), random.Random(1).randbytes(side * side * 3)).save(
        file, "PNG", compress_level=0
    )
    return file.getvalue()


def pictures(*contents: bytes) -> Any:
    return data({"images": [{"b64_json": base64.b64encode(content).decode()} for content in contents]})


def sent(one: Whole, message: Json) -> list[Upload]:
    return [one.simulator.cdn.uploads[file["id"]] for file in message["attachments"]]


async def shown_with_files(one: Whole, place: str) -> Json:
    found: list[Json] = await one.simulator.until(
        lambda: [message for message in one.simulator.bot_messages(place) if message["attachments"]]
    )
    return found[0]


async def test_four_big_pictures(one: Whole) -> None:
    """Four pictures of 8 MB, each within the limit, are one gallery of the files as they were made."""
    picture = noise(8 * MB)
    one.echo.instead = [pictures(*[picture] * 4)]
    await one.command("image", prompt="a fox", n=4)
    message = await shown_with_files(one, CHANNEL)
    assert [upload.content for upload in sent(one, message)] == [picture] * 4
    names = [f"attachment://{file['filename']}" for file in message["attachments"]]
    assert [*media(message["components"])] == names
    assert len(one.simulator.bot_messages(CHANNEL)) == 1


@pytest.mark.parametrize("what", ["each", "together"])
async def test_pictures_that_are_refused(one: Whole, what: str) -> None:
    """Pictures that Discord refuses, alone or together, are made smaller until it takes them, and it is said."""
    one.simulator.cdn.limit, one.simulator.cdn.total = (300_000, 0) if what == "each" else (10 * MB, 1_000_000)
    one.echo.instead = [pictures(*[noise(600_000)] * 2)]
    await one.command("image", prompt="a fox", n=2, told={"attachment_size_limit": 10 * MB})
    message = await shown_with_files(one, CHANNEL)
    uploads = sent(one, message)
    assert len(uploads) == 2
    assert all(upload.size <= one.simulator.cdn.limit for upload in uploads)
    assert "縮小" in text_of(message)
    assert any(call.status == 413 for call in one.simulator.rest.calls)
    await one.idle()
    assert len(one.simulator.bot_messages(CHANNEL)) == 1


def padded(content: bytes, size: int) -> bytes:
    """The same film with empty room at its end."""
    room = size - len(content)
    return content + room.to_bytes(4, "big") + b"free" + bytes(room - 8)


async def test_big_film_is_made_smaller(one: Whole) -> None:
    """A film of 60 MB comes to a server that takes 10 MB as a smaller one that plays."""
    one.echo.files["fox.mp4"] = padded(film(seconds=1), 60 * MB)
    one.echo.instead = [data({"videos": [{"url": f"{one.api.url.removesuffix('/v1')}/fox.mp4"}]})]
    await one.command("video", prompt="a fox")
    message = await shown_with_files(one, CHANNEL)
    [upload] = sent(one, message)
    assert 0 < upload.size <= 10 * MB
    assert upload.content[4:8] == b"ftyp"
    assert "縮小" in text_of(message)


async def test_big_film_that_stays_big_is_linked(tmp_path: Path) -> None:
    """A film that can't be made smaller is a link to the whole file, with a sentence."""
    broken = padded(film(seconds=1)[:200], 60 * MB)
    async with whole(tmp_path, bot_public_url="https://muse.example", bot_port=0) as one:
        one.echo.files["fox.mp4"] = broken
        one.echo.instead = [data({"videos": [{"url": f"{one.api.url.removesuffix('/v1')}/fox.mp4"}]})]
        await one.command("video", prompt="a fox")
        message = await one.see(CHANNEL, "https://muse.example/")
        assert not message["attachments"]
        assert not any(call.uploads for call in one.simulator.rest.calls)
