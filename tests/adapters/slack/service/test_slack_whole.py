"""The whole answer arrives, however long it is and however many are written at once."""

import asyncio
import json
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web

from simulators.slack import SlackSimulator
from tests.contract.adapter_contract import long_markdown, words
from tests.support.scripted_api import Step, chat_data, data, events, piece
from tests.support.slack.service import FAST, quiet_logs, service

PIECE = 3000  #: characters of a streamed answer that come at once

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


@pytest.mark.parametrize("is_streamed", [False, True], ids=["at-once", "streamed"])
async def test_forty_thousand_characters_arrive_whole(slack: SlackSimulator, tmp_path: Path, is_streamed: bool) -> None:
    """Every word of a long answer in two languages is shown once and in order; fences and tables are not broken."""
    text = long_markdown(40_000)
    async with service(slack, tmp_path, timing=FAST, aimodels_streaming=is_streamed) as running:
        running.api.play(slowly(slack, text) if is_streamed else data(chat_data(text)))
        question = slack.ada.mention("tell me everything")
        messages = await running.answers(question)
    assert words("\n".join(message.content for message in messages)) == words(text)
    assert all(message.stream in ("", "stopped") for message in messages)
    assert not any("```" in message.content and message.content.count("```") % 2 for message in messages)
    assert not any("|---|" in message.content for message in messages)
    assert bool(slack.called("chat.startStream")) is bool(slack.called("chat.appendStream")) is is_streamed


def slowly(slack: SlackSimulator, text: str) -> Step:
    """An answer of the API that continues when its text so far is visible."""

    async def step(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for at in range(0, len(text), PIECE):
            chunk = piece(text[at : at + PIECE])
            await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
            newest = words(text[: at + PIECE])[-2]  # the last one may go on
            await slack.until(partial(is_shown, slack, newest))
        await response.write(b"data: [DONE]\n\n")
        return response

    return step


def is_shown(slack: SlackSimulator, word: str) -> bool:
    """Whether the bot shows a word."""
    return any(word in words(message.content) for message in slack.from_bot(slack.general))


async def test_twenty_answers_at_once_stay_within_the_rate_limits(slack: SlackSimulator, tmp_path: Path) -> None:
    """Twenty people get streamed answers at once, and Slack's rate limits are never exceeded."""
    slack.limits.enabled = True
    slack.people.delivers_own_messages = False
    rooms = [slack.add_channel(f"room-{number}") for number in range(20)]
    start_asking, gate = 0, asyncio.Event()

    async def step(request: web.Request) -> web.StreamResponse:
        nonlocal start_asking
        start_asking += 1
        if start_asking == len(rooms):
            gate.set()
        return await events(piece("One half. "), piece("The other half.", finish="stop"), wait=gate)(request)

    async with service(slack, tmp_path, timing=FAST, aimodels_streaming=True, bot_chat_concurrency=20) as running:
        running.api.play(step)
        questions = [slack.ada.mention("tell me", channel=room) for room in rooms]
        for question in questions:
            [answer] = await running.answers(question)
            assert answer.content.split() == ["One", "half.", "The", "other", "half."]
    assert slack.limits.refused == 0
