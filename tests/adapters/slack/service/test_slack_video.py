"""An animated picture, from each place where Slack lets a person ask for it, to the video in its thread."""

import base64
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.i18n import translate
from simulators.slack import Message, SlackSimulator
from tests.support.media_files import MP4, PNG
from tests.support.scripted_api import data
from tests.support.service import quiet_logs
from tests.support.slack.drafts import labels
from tests.support.slack.service import Service, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

IMAGE = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


def serve_videos(running: Service) -> list[dict[str, Any]]:
    """Let the API make videos; return the bodies of its requests."""
    requests: list[dict[str, Any]] = []

    async def step(request: web.Request) -> web.StreamResponse:
        if request.path.endswith(".mp4"):
            return web.Response(body=MP4, content_type="video/mp4")
        if "video" not in request.path:
            return await running.echo(request)
        requests.append(await request.json())
        address = f"{running.api.url.removesuffix('/v1')}/a.mp4"
        return await data({"video": {"url": address}, "usage": {"videos": 1, "cost": 0.5}})(request)

    running.api.play(step)
    return requests


async def wait_for_video(running: Service, thread: str) -> Message:
    """The video in a thread, once everything is done."""
    slack = running.slack
    is_film = "video/mp4"
    await slack.until(lambda: any(f.mimetype == is_film for m in slack.from_bot(thread=thread) for f in m.files))
    await running.idle()
    [video] = [m for m in slack.from_bot(thread=thread) if any(file.mimetype == is_film for file in m.files)]
    assert [file.content for file in video.files] == [MP4]
    return video


async def test_a_picture_in_the_form(slack: SlackSimulator, tmp_path: Path) -> None:
    """A picture in the form is sent to the API with the form's values; the video is shown in the chosen channel."""
    async with service(slack, tmp_path) as running:
        requests = serve_videos(running)
        slack.ada.shortcut("make:video")
        view = await slack.ada.modal()
        picture = slack.ada.file("fox.png", PNG, mimetype="image/png")
        given = {"prompt": "it runs", "image": [picture], "duration": "8", "resolution": "640x360"}
        await slack.ada.submit(view, {**given, "where": "C0GENERAL"})
        await slack.until(lambda: slack.from_bot(slack.general))
        parent = slack.from_bot(slack.general)[0]
        assert "it runs" in parent.content
        video = await wait_for_video(running, parent.ts)
        assert labels(video) == ["Again", "Branch from here", "Back to this one", "Delete"]
        [body] = requests
        assert (body["prompt"], body["image"], body["duration"], body["resolution"]) == ("it runs", IMAGE, 8, "640x360")


async def test_a_picture_that_cannot_be_fetched(slack: SlackSimulator, tmp_path: Path) -> None:
    """It is not said to be too big; the API is not asked."""
    async with service(slack, tmp_path) as running:
        requests = serve_videos(running)
        picture = slack.ada.file("fox.png", PNG, mimetype="image/png")
        question = slack.ada.mention("video it runs", files=[picture])
        picture.is_deleted = True
        [answer] = await running.answers(question)
        assert translate("error.download", "en") in answer.content
        assert not requests


async def test_a_picture_alone_in_the_form(slack: SlackSimulator, tmp_path: Path) -> None:
    """A command without its prompt opens the form, and a picture needs no prompt there."""
    async with service(slack, tmp_path) as running:
        requests = serve_videos(running)
        slack.ada.slash("/video")
        view = await slack.ada.modal()
        await slack.ada.submit(view, {"image": [slack.ada.file("fox.png", PNG, mimetype="image/png")]})
        await slack.until(lambda: slack.from_bot(slack.general))
        await wait_for_video(running, slack.from_bot(slack.general)[0].ts)
        assert [body["image"] for body in requests] == [IMAGE]
        assert requests[0]["prompt"]


async def test_a_form_with_neither(slack: SlackSimulator, tmp_path: Path) -> None:
    """A form with neither picture nor prompt calls no API; the person gets a private sentence."""
    async with service(slack, tmp_path) as running:
        requests = serve_videos(running)
        slack.ada.slash("/video")
        view = await slack.ada.modal()
        await slack.ada.submit(view, {"duration": "8"})
        [note] = await slack.until(slack.ada.sees)
        await running.idle()
        assert note.is_ephemeral
        assert not requests
        assert not slack.from_bot(slack.general)


async def test_a_picture_of_a_message(slack: SlackSimulator, tmp_path: Path) -> None:
    """The shortcut of another person's message animates its picture, in its thread."""
    async with service(slack, tmp_path) as running:
        requests = serve_videos(running)
        message = slack.bob.say("my cat", files=[slack.bob.file("cat.png", PNG, mimetype="image/png")])
        slack.ada.message_shortcut("animate", message)
        await wait_for_video(running, message.ts)
        assert [(body["image"], body["prompt"]) for body in requests] == [(IMAGE, "my cat")]


async def test_a_picture_that_was_made(slack: SlackSimulator, tmp_path: Path) -> None:
    """The button under a picture asks how to animate it, after a restart too; a prompt is not needed."""
    async with service(slack, tmp_path) as running:
        requests = serve_videos(running)
        question = slack.ada.mention("image a red fox")
        [answer] = await running.answers(question)
        await running.restart()
        slack.ada.press(answer, "press:video")
        view = await slack.ada.modal()
        await slack.ada.submit(view, {"duration": "8"})
        await wait_for_video(running, question.ts)
        assert [(body["image"], body["prompt"], body["duration"]) for body in requests] == [(IMAGE, "a red fox", 8)]
