"""`image`, `audio` and `video`: requests, answers, usage and stored turns."""

import asyncio
import base64

import pytest
import structlog

from aimodels.errors import JobFailed
from bot.commands._media import ProgressStream
from bot.errors import UsageError
from bot.models import Media, Status, Text, TurnRecord
from tests.support.command_runner import CommandRunner
from tests.support.media_files import MP4, PNG, WAV


async def test_an_image_is_shown_with_a_caption(runner: CommandRunner) -> None:
    """An answer has status, file, caption, usage, buttons and a short text for the conversation."""
    said = await runner.ask("image", "a red fox", options={"size": "512x512", "style": "anime", "n": "2"})
    assert runner.api_server.bodies("images") == [
        {"model": "seeddream-4.0", "prompt": "a red fox", "n": 2, "size": "512x512", "style": "anime"}
    ]
    assert isinstance(said.parts[0], Status)
    assert [m.path.read_bytes() for m in said.media if m.path] == [PNG, PNG]
    assert len({m.name for m in said.media}) == 2
    assert {m.description for m in said.media} == {"a red fox"}
    assert said.text == "seeddream-4.0 · anime · 1x1 · cost 0.0016"  # the stub's picture has one pixel
    assert [(u.kind, u.items, u.cost) for u in said.usage] == [("image", 2, 0.0016)]
    assert said.turn_record == TurnRecord(user="a red fox", assistant="[image: a red fox, anime, 1x1]")
    assert [action.command for action in said.actions] == ["retry", *["image"] * 3, "video", "edit", "back", "delete"]


async def test_pictures_that_nobody_asked_for_are_ignored(runner: CommandRunner) -> None:
    """Only as many files are fetched, shown and counted as were asked for, whatever the API sends; the log says so."""
    runner.api_server.extra_images = 49
    with structlog.testing.capture_logs() as logs:
        said = await runner.ask("image", "a red fox", options={"n": "1"})
    assert len(said.media) == 1
    assert len(list(runner.settings.media_dir.rglob("*.png"))) == 1
    assert [(usage.items, usage.cost) for usage in said.usage] == [(1, 0.0008)]
    assert [(line["log_level"], line["sent"]) for line in logs if "more files" in line["event"]] == [("warning", 50)]


async def test_what_the_sandbox_made_says_so(runner: CommandRunner) -> None:
    """The caption names the sandbox in place of the model, and the words that it went by."""
    for words, maker in ((["fox", "snow"], "offline sandbox from: fox, snow"), ([], "which knows none of these words")):
        runner.api_server.sandbox_words = words
        said = await runner.ask("image", "a red fox in snow", options={"size": "512x512"})
        assert maker in said.text
        assert "seeddream" not in said.text


async def test_an_image_is_part_of_the_conversation(runner: CommandRunner) -> None:
    """Later chat requests mention the image."""
    await runner.ask("image", "a red fox")
    await runner.ask("chat", "make it darker")
    contents = [message["content"] for message in runner.api_server.bodies("chat")[0]["messages"]]
    assert contents[1:] == ["a red fox", "[image: a red fox, 1x1]", "make it darker"]


async def test_the_defaults_are_as_documented(runner: CommandRunner) -> None:
    """Without options one image without a style is requested."""
    await runner.ask("image", "a red fox")
    assert runner.api_server.bodies("images") == [
        {"model": "seeddream-4.0", "prompt": "a red fox", "n": 1, "size": "1024x1024"}
    ]


@pytest.mark.parametrize(
    ("command", "option", "value"),
    [
        ("image", "size", "640x480"),
        ("image", "style", "cubist"),
        ("image", "n", "5"),
        ("image", "n", "1.5"),
        ("audio", "duration", "0"),
        ("audio", "duration", "nan"),
        ("audio", "format", "midi"),
        ("video", "duration", "soon"),
        ("video", "resolution", "8k"),
    ],
)
async def test_an_invalid_value_costs_nothing(runner: CommandRunner, command: str, option: str, value: str) -> None:
    """The error names the allowed values, before any API call."""
    with pytest.raises(UsageError, match=option):
        await runner.ask(command, "a red fox", options={option: value})
    assert runner.api_server.calls == []


@pytest.mark.parametrize("command", ["image", "audio", "video"])
async def test_media_need_a_prompt(runner: CommandRunner, command: str) -> None:
    """A missing prompt is an error with an example."""
    with pytest.raises(UsageError, match=f"/{command} "):
        await runner.ask(command)


async def test_audio_is_shown(runner: CommandRunner) -> None:
    """Duration and format are sent to the API, and the file is shown."""
    said = await runner.ask("audio", "rain", options={"duration": "2.5", "format": "wav"})
    assert runner.api_server.bodies("audio") == [
        {"model": "audiogen", "prompt": "rain", "duration": 2.5, "format": "wav"}
    ]
    assert [m.path.read_bytes() for m in said.media if m.path] == [WAV]
    assert said.text == "audiogen · wav"
    assert said.turn_record == TurnRecord(user="rain", assistant="[audio: rain, wav]")


async def test_a_video_job_shows_its_progress(runner: CommandRunner) -> None:
    """The person sees the progress while the job is polled."""
    runner.api_server.polls = [{"status": "processing", "progress": 0.5}]
    said = await runner.ask("video", "a kitten", options={"duration": "3"})
    assert runner.api_server.bodies("video") == [
        {"model": "videogen-pro", "prompt": "a kitten", "duration": 3, "resolution": "1280x720"}
    ]
    assert 0.5 in [status.progress for status in said.statuses]
    assert [m.path.read_bytes() for m in said.media if m.path] == [MP4]


async def test_a_failed_job_is_raised(runner: CommandRunner) -> None:
    """A failed job shows nothing and costs nothing."""
    runner.api_server.polls = [{"status": "failed"}]
    with pytest.raises(JobFailed):
        await runner.ask("video", "a kitten")


def sent_picture(runner: CommandRunner) -> bytes:
    image = runner.api_server.bodies("video")[-1]["image"]
    assert image.startswith("data:image/png;base64,")
    return base64.b64decode(image.partition(",")[2])


async def test_a_button_makes_a_video_of_an_image(runner: CommandRunner) -> None:
    """The button under an image makes a video of exactly that image."""
    picture = await runner.ask("image", "a red fox")
    action = next(action for action in picture.actions if action.name == "video")
    await runner.ask("image", "something later")
    said = await runner.ask(action.command, action.prompt, options=dict(action.options))
    assert sent_picture(runner) == PNG
    assert said.media[0].description == "a red fox"


async def test_an_image_has_buttons(runner: CommandRunner) -> None:
    """A variation keeps style and size with another wording; another style keeps wording and size."""
    picture = await runner.ask("image", "a red fox", options={"style": "anime", "size": "512x512"})
    actions = {action.name: action for action in picture.actions}
    await runner.ask("image", actions["variation"].prompt, options=dict(actions["variation"].options))
    varied = runner.api_server.bodies("images")[-1]
    assert varied["prompt"].startswith("a red fox")
    assert varied["prompt"] != "a red fox"
    assert (varied["style"], varied["size"]) == ("anime", "512x512")
    await runner.ask("image", actions["style"].prompt, options=dict(actions["style"].options))
    other = runner.api_server.bodies("images")[-1]
    assert (other["prompt"], other["size"]) == ("a red fox", "512x512")
    assert other["style"] != "anime"


async def test_each_of_several_images_has_a_variation(runner: CommandRunner) -> None:
    """Four images have four buttons for variations, which are numbered together."""
    picture = await runner.ask("image", "a red fox", options={"n": "4"})
    variations = [action for action in picture.actions if action.name.startswith("variation")]
    assert [action.name for action in variations] == [f"variation-{at}" for at in range(1, 5)]
    assert {action.series for action in variations} == {variations[0].options["variation_of"]}
    assert all(action.label.endswith(action.name[-1]) for action in variations)


async def test_the_last_image_can_be_animated(runner: CommandRunner) -> None:
    """Without a prompt the video uses the image's prompt."""
    with pytest.raises(UsageError, match="no picture"):
        await runner.ask("video", options={"last": "yes"})
    await runner.ask("image", "a red fox")
    await runner.ask("video", options={"last": "yes"})
    assert sent_picture(runner) == PNG
    assert runner.api_server.bodies("video")[0]["prompt"] == "a red fox"


async def test_an_attached_image_is_animated(runner: CommandRunner) -> None:
    """An attached image needs no option and no prompt."""
    await runner.ask("video", attach={"photo.png": PNG})
    assert sent_picture(runner) == PNG


async def test_another_file_is_not_animated(runner: CommandRunner) -> None:
    """The error names the accepted file types."""
    with pytest.raises(UsageError, match=r"notes\.txt is not a picture"):
        await runner.ask("video", "make it move", attach={"notes.txt": b"text"})


async def test_an_image_may_be_a_url(runner: CommandRunner) -> None:
    """An https URL is passed to the API."""
    await runner.ask("video", "make it move", options={"image": "https://example.org/a.png"})
    assert runner.api_server.bodies("video")[0]["image"] == "https://example.org/a.png"


@pytest.mark.parametrize("name", ["e1", "nothing", "http://example.org/a.png"])
async def test_an_image_of_another_conversation_is_not_used(runner: CommandRunner, name: str) -> None:
    """Only images of this conversation can be used, whatever id is given."""
    picture = await runner.ask("image", "a secret fox", conversation="elsewhere")
    assert picture.event.id == "e1"
    with pytest.raises(UsageError, match="can't find that picture"):
        await runner.ask("video", "make it move", options={"image": name})


async def test_the_file_comes_before_its_caption(runner: CommandRunner) -> None:
    """The file is shown before its caption."""
    kinds = [type(part) for part in (await runner.ask("image", "a red fox")).parts]
    assert kinds.index(Media) < kinds.index(Text)


async def test_leaving_a_progress_stream_cancels_the_call() -> None:
    """Stopping a video cancels its API call."""
    ended = asyncio.Event()

    async def endless(report: object) -> None:
        assert callable(report)
        report(0.1, "processing")
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with ProgressStream(endless) as call:
        async for fraction in call:
            assert fraction == 0.1
            break
    assert ended.is_set()


async def test_a_progress_stream_raises_the_call_s_error() -> None:
    """Reading the result raises the call's error."""

    async def failing(report: object) -> None:
        raise JobFailed("no")

    async with ProgressStream(failing) as call:
        assert [fraction async for fraction in call] == []
        with pytest.raises(JobFailed):
            _ = call.result
