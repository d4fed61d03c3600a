"""`image`, `audio` and `video`: what is asked, shown, counted and remembered."""

import asyncio
import base64

import pytest

from aimodels.errors import JobFailed
from bot.commands._media import ProgressStream
from bot.errors import UsageError
from bot.models import Media, Status, Text, TurnRecord
from tests.support.command_runner import CommandRunner
from tests.support.media_files import MP4, PNG, WAV


async def test_a_picture_is_shown_with_a_caption(runner: CommandRunner) -> None:
    """Status, file, caption, use, buttons and a short text for the conversation."""
    said = await runner.ask("image", "a red fox", options={"size": "512x512", "style": "anime", "n": "2"})
    assert runner.api_server.bodies("images") == [
        {"model": "seeddream-4.0", "prompt": "a red fox", "n": 2, "size": "512x512", "style": "anime"}
    ]
    assert isinstance(said.parts[0], Status)
    assert [m.path.read_bytes() for m in said.media if m.path] == [PNG, PNG]
    assert len({m.name for m in said.media}) == 2
    assert {m.description for m in said.media} == {"a red fox"}
    assert said.text == "seeddream-4.0 · anime · 512x512 · cost 0.0016"
    assert [(u.kind, u.items, u.cost) for u in said.usage] == [("image", 2, 0.0016)]
    assert said.turn_record == TurnRecord(user="a red fox", assistant="[image: a red fox, anime, 512x512]")
    assert [action.command for action in said.actions] == ["retry", *["image"] * 3, "video", "delete"]


async def test_a_picture_is_part_of_the_conversation(runner: CommandRunner) -> None:
    """Chat can tell what "make it darker" is about."""
    await runner.ask("image", "a red fox")
    await runner.ask("chat", "make it darker")
    contents = [message["content"] for message in runner.api_server.bodies("chat")[0]["messages"]]
    assert contents[1:] == ["a red fox", "[image: a red fox, 1024x1024]", "make it darker"]


async def test_the_usual_picture_is_as_documented(runner: CommandRunner) -> None:
    """Without options one picture is asked for, in no particular style."""
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
async def test_a_wrong_value_costs_nothing(runner: CommandRunner, command: str, option: str, value: str) -> None:
    """It is answered with what is allowed, before the API is asked."""
    with pytest.raises(UsageError, match=option):
        await runner.ask(command, "a red fox", options={option: value})
    assert runner.api_server.calls == []


@pytest.mark.parametrize("command", ["image", "audio", "video"])
async def test_media_need_a_prompt(runner: CommandRunner, command: str) -> None:
    """A missing prompt is asked for with an example."""
    with pytest.raises(UsageError, match=f"/{command} "):
        await runner.ask(command)


async def test_a_sound_is_shown(runner: CommandRunner) -> None:
    """Duration and format go to the API, the file into the answer."""
    said = await runner.ask("audio", "rain", options={"duration": "2.5", "format": "wav"})
    assert runner.api_server.bodies("audio") == [
        {"model": "audiogen", "prompt": "rain", "duration": 2.5, "format": "wav"}
    ]
    assert [m.path.read_bytes() for m in said.media if m.path] == [WAV]
    assert said.text == "audiogen · 2.5 s · wav"
    assert said.turn_record == TurnRecord(user="rain", assistant="[audio: rain, 2.5 s, wav]")


async def test_a_video_job_shows_its_progress(runner: CommandRunner) -> None:
    """While the job is polled the person sees how far it is."""
    runner.api_server.polls = [{"status": "processing", "progress": 0.5}]
    said = await runner.ask("video", "a kitten", options={"duration": "3"})
    assert runner.api_server.bodies("video") == [
        {"model": "videogen-pro", "prompt": "a kitten", "duration": 3, "resolution": "1280x720"}
    ]
    assert 0.5 in [status.progress for status in said.statuses]
    assert [m.path.read_bytes() for m in said.media if m.path] == [MP4]


async def test_a_failed_job_is_raised(runner: CommandRunner) -> None:
    """A job that ends in failure shows nothing and costs nothing."""
    runner.api_server.polls = [{"status": "failed"}]
    with pytest.raises(JobFailed):
        await runner.ask("video", "a kitten")


def sent_picture(runner: CommandRunner) -> bytes:
    image = runner.api_server.bodies("video")[-1]["image"]
    assert image.startswith("data:image/png;base64,")
    return base64.b64decode(image.partition(",")[2])


async def test_a_button_makes_a_video_of_a_picture(runner: CommandRunner) -> None:
    """The button under a picture leads to a video of that very picture."""
    picture = await runner.ask("image", "a red fox")
    action = next(action for action in picture.actions if action.name == "video")
    await runner.ask("image", "something later")
    said = await runner.ask(action.command, action.prompt, options=dict(action.options))
    assert sent_picture(runner) == PNG
    assert said.media[0].description == "a red fox"


async def test_buttons_lead_on_from_a_picture(runner: CommandRunner) -> None:
    """A variation keeps style and size under another wording; another style keeps wording and size."""
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


async def test_each_of_several_pictures_has_a_variation(runner: CommandRunner) -> None:
    """Four pictures have four variations, each with a wording of its own."""
    picture = await runner.ask("image", "a red fox", options={"n": "4"})
    variations = [action for action in picture.actions if action.name.startswith("variation")]
    assert [action.name for action in variations] == [f"variation-{at}" for at in range(1, 5)]
    assert len({action.prompt for action in variations}) == 4
    assert all(action.label.endswith(action.name[-1]) for action in variations)


async def test_the_last_picture_can_be_animated(runner: CommandRunner) -> None:
    """Without a word the video is of what the picture was made from."""
    with pytest.raises(UsageError, match="no picture"):
        await runner.ask("video", options={"last": "yes"})
    await runner.ask("image", "a red fox")
    await runner.ask("video", options={"last": "yes"})
    assert sent_picture(runner) == PNG
    assert runner.api_server.bodies("video")[0]["prompt"] == "a red fox"


async def test_an_attached_picture_is_animated(runner: CommandRunner) -> None:
    """The message's own picture needs no option and no prompt."""
    await runner.ask("video", attach={"photo.png": PNG})
    assert sent_picture(runner) == PNG


async def test_a_file_that_is_no_picture_is_not_animated(runner: CommandRunner) -> None:
    """The person is told which files would do."""
    with pytest.raises(UsageError, match=r"notes\.txt is not a picture"):
        await runner.ask("video", "make it move", attach={"notes.txt": b"text"})


async def test_a_picture_may_be_an_address(runner: CommandRunner) -> None:
    """An https address is for the API to fetch."""
    await runner.ask("video", "make it move", options={"image": "https://example.org/a.png"})
    assert runner.api_server.bodies("video")[0]["image"] == "https://example.org/a.png"


@pytest.mark.parametrize("name", ["e1", "nothing", "http://example.org/a.png"])
async def test_a_picture_of_another_conversation_stays_there(runner: CommandRunner, name: str) -> None:
    """Whatever id is typed, only what was made here can be used here."""
    picture = await runner.ask("image", "a secret fox", conversation="elsewhere")
    assert picture.event.id == "e1"
    with pytest.raises(UsageError, match="can't find that picture"):
        await runner.ask("video", "make it move", options={"image": name})


async def test_parts_come_in_an_order_that_shows_early(runner: CommandRunner) -> None:
    """The file is shown before its caption."""
    kinds = [type(part) for part in (await runner.ask("image", "a red fox")).parts]
    assert kinds.index(Media) < kinds.index(Text)


async def test_leaving_a_watched_call_cancels_it() -> None:
    """A person who stops a video stops the call that makes it."""
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


async def test_a_watched_call_raises_what_it_raised() -> None:
    """A failure comes out where the result is taken."""

    async def failing(report: object) -> None:
        raise JobFailed("no")

    async with ProgressStream(failing) as call:
        assert [fraction async for fraction in call] == []
        with pytest.raises(JobFailed):
            _ = call.result
