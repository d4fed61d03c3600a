"""A picture that is set in motion, from each place where Slack lets somebody ask for it, to the film in its thread."""

import base64
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from simulators.slack import Message, SlackSimulator
from tests.support.api import data
from tests.support.command_runner import MP4, PNG
from tests.support.service import impatient
from tests.support.slack.drafts import labels
from tests.support.slack.service import Service, service

pytestmark = pytest.mark.usefixtures(impatient.__name__)

IMAGE = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


def films(running: Service) -> list[dict[str, Any]]:
    """Let the API make films; what it is asked for them."""
    asked: list[dict[str, Any]] = []

    async def step(request: web.Request) -> web.StreamResponse:
        if request.path.endswith(".mp4"):
            return web.Response(body=MP4, content_type="video/mp4")
        if "video" not in request.path:
            return await running.echo(request)
        asked.append(await request.json())
        address = f"{running.api.url.removesuffix('/v1')}/a.mp4"
        return await data({"video": {"url": address}, "usage": {"videos": 1, "cost": 0.5}})(request)

    running.api.play(step)
    return asked


async def shown(running: Service, thread: str) -> Message:
    """The film in a thread, once everything is done."""
    slack = running.slack
    is_film = "video/mp4"
    await slack.until(lambda: any(f.mimetype == is_film for m in slack.from_bot(thread=thread) for f in m.files))
    await running.idle()
    [film] = [m for m in slack.from_bot(thread=thread) if any(file.mimetype == is_film for file in m.files)]
    assert [file.content for file in film.files] == [MP4]
    return film


async def test_a_picture_in_the_form(slack: SlackSimulator, tmp_path: Path) -> None:
    """A picture put into the form goes to the API with what the form says; the film is shown where it was wanted."""
    async with service(slack, tmp_path) as running:
        asked = films(running)
        slack.ada.shortcut("make:video")
        view = await slack.ada.modal()
        picture = slack.ada.file("fox.png", PNG, mimetype="image/png")
        given = {"prompt": "it runs", "image": [picture], "duration": "8", "resolution": "640x360"}
        await slack.ada.submit(view, {**given, "where": "C0GENERAL"})
        await slack.until(lambda: slack.from_bot(slack.general))
        parent = slack.from_bot(slack.general)[0]
        assert "it runs" in parent.content
        film = await shown(running, parent.ts)
        assert labels(film) == ["Again", "Delete"]
        [body] = asked
        assert (body["prompt"], body["image"], body["duration"], body["resolution"]) == ("it runs", IMAGE, 8, "640x360")


async def test_a_picture_alone_in_the_form(slack: SlackSimulator, tmp_path: Path) -> None:
    """A command without its prompt opens the form, and a picture needs no words there."""
    async with service(slack, tmp_path) as running:
        asked = films(running)
        slack.ada.slash("/video")
        view = await slack.ada.modal()
        await slack.ada.submit(view, {"image": [slack.ada.file("fox.png", PNG, mimetype="image/png")]})
        await slack.until(lambda: slack.from_bot(slack.general))
        await shown(running, slack.from_bot(slack.general)[0].ts)
        assert [body["image"] for body in asked] == [IMAGE]
        assert asked[0]["prompt"]


async def test_a_form_with_neither(slack: SlackSimulator, tmp_path: Path) -> None:
    """Without a picture and without words nothing is asked; that is told to who sent the form, alone."""
    async with service(slack, tmp_path) as running:
        asked = films(running)
        slack.ada.slash("/video")
        view = await slack.ada.modal()
        await slack.ada.submit(view, {"duration": "8"})
        [told] = await slack.until(slack.ada.sees)
        await running.idle()
        assert told.is_ephemeral
        assert not asked
        assert not slack.from_bot(slack.general)


async def test_a_picture_of_a_message(slack: SlackSimulator, tmp_path: Path) -> None:
    """The shortcut of somebody's message animates its picture, in its thread."""
    async with service(slack, tmp_path) as running:
        asked = films(running)
        message = slack.bob.say("my cat", files=[slack.bob.file("cat.png", PNG, mimetype="image/png")])
        slack.ada.message_shortcut("animate", message)
        await shown(running, message.ts)
        assert [(body["image"], body["prompt"]) for body in asked] == [(IMAGE, "my cat")]


async def test_a_picture_that_was_made(slack: SlackSimulator, tmp_path: Path) -> None:
    """The button under a picture asks how to animate it and does, after a restart too; words are not needed."""
    async with service(slack, tmp_path) as running:
        asked = films(running)
        question = slack.ada.mention("image a red fox")
        [answer] = await running.answers(question)
        await running.restart()
        slack.ada.press(answer, "press:video")
        view = await slack.ada.modal()
        await slack.ada.submit(view, {"duration": "8"})
        await shown(running, question.ts)
        assert [(body["image"], body["prompt"], body["duration"]) for body in asked] == [(IMAGE, "a red fox", 8)]
