"""Make the recordings beside it anew, for when what people see was changed on purpose.

`python -m tests.replays.make_recordings [NAME …]`: requests under faults on the simulators, recorded by the service.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path

import structlog

from adapters.discord.setup.application_commands import context_menu_name
from adapters.slack.timing import Timing
from bot.bootstrap import Core
from bot.ports import RequestFilter
from simulators.discord.errors import server_error
from simulators.discord.files import Upload
from simulators.discord.values import BOB, CHANNEL, ME, member
from simulators.replay.stand_ins import FileFacts, answer_file, png
from simulators.slack import SlackSimulator
from tests.support.discord.interactions import message_command
from tests.support.discord.whole import whole
from tests.support.media_files import MP4
from tests.support.scripted_api import chat_data, data, events, failure, piece
from tests.support.slack.service import service

FOLDER = Path(__file__).parent
_SLACK = Timing(edit_interval=0.05, announce_delay=0.0)
_MARKDOWN = "**A monad** is:\n\n- a thing\n- with `bind`\n\n```haskell\nx >>= f\n```"
_SENTENCE = "Here is what a monad is, in one sentence and some more words that follow it."
_USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


async def slack_lost_reply(folder: Path) -> str:
    """The reply to the post of an answer is lost, and the message shows late in the history."""
    async with (
        SlackSimulator() as slack,
        service(slack, folder, timing=_SLACK, bot_recorder="redacted") as one,
    ):
        one.echo.instead = [failure(503), data(chat_data(_MARKDOWN))]
        slack.faults.drop("chat.postMessage", when="after")
        slack.history_lag = 0.3
        await one.answers(slack.ada.mention("what is a monad? call me at ada@example.com"))
        return await _export(one.core)


async def slack_broken_stream(folder: Path) -> str:
    """The API limits the rate, then breaks off; Slack limits the rate, too."""
    words = [piece(f"{word} ") for word in _SENTENCE.split()]
    async with (
        SlackSimulator() as slack,
        service(slack, folder, timing=_SLACK, bot_recorder="redacted", aimodels_streaming=True, bot_patience=60) as one,
    ):
        limited = failure(429, "RATE_LIMITED", headers={"Retry-After": "1"})
        cut = events(piece("Here is "), piece("what"), end=False, abort=True)
        one.echo.instead = [limited, cut, events(*words, piece(finish="stop", usage=_USAGE))]
        slack.faults.limit("chat.postMessage", 1)
        await one.answers(slack.ada.direct("remember that I prefer short answers"))
        return await _export(one.core)


async def discord_lost_reply(folder: Path) -> str:
    """The reply to the post of an answer is lost."""
    async with whole(folder, bot_recorder="redacted") as one:
        one.echo.instead = [failure(503)]
        one.simulator.rest.cut("POST", "/messages", moment="after")
        await one.mention("hello, what is a monad?")
        return await _export(one.core)


async def discord_image_refused_edit(folder: Path) -> str:
    """The API and the edit that shows a picture, with its size and price, are refused."""
    async with whole(
        folder, bot_recorder="redacted", bot_image_models=("model-a",), bot_prices=("model-a=picture:0.04",)
    ) as one:
        answer = {"images": [{"url": f"{one.api.url.removesuffix('/v1')}/a.png"}]}
        one.echo.files["a.png"] = png(1024, 768)
        one.echo.instead = [failure(503), data(answer)]
        one.simulator.rest.fail("PATCH", "@original", server_error(503))
        await one.command("image", prompt="a red fox", style="anime")
        return await _export(one.core)


async def slack_button(folder: Path) -> str:
    """Again, under an answer; the API fails at first."""
    async with (
        SlackSimulator() as slack,
        service(slack, folder, timing=_SLACK, bot_recorder="redacted") as one,
    ):
        [answer] = await one.answers(slack.ada.mention("what is a monad?"))
        one.echo.instead = [failure(503)]
        slack.ada.press(answer, "press:again")
        return await _export(one.core, 2)


async def slack_form(folder: Path) -> str:
    """The form of /image; the API fails at first."""
    async with (
        SlackSimulator() as slack,
        service(slack, folder, timing=_SLACK, bot_recorder="redacted") as one,
    ):
        slack.ada.slash("image")
        one.echo.instead = [failure(503)]
        await slack.ada.submit(await slack.ada.modal(), {"prompt": "a red fox", "style": "anime"})
        return await _export(one.core)


async def slack_edited_question(folder: Path) -> str:
    """A message mentions the bot since it was edited; the API fails at first, and Slack limits the rate."""
    async with (
        SlackSimulator() as slack,
        service(slack, folder, timing=_SLACK, bot_recorder="redacted") as one,
    ):
        said = slack.ada.say("what is a monad?")
        one.echo.instead = [failure(503)]
        slack.faults.limit("chat.postMessage", 0)
        slack.ada.edit(said, f"<@{slack.team.bot.id}> from now on answer in one sentence")
        return await _export(one.core)


async def slack_attached_file(folder: Path) -> str:
    """A text file is attached; the API fails at first."""
    async with (
        SlackSimulator() as slack,
        service(slack, folder, timing=_SLACK, bot_recorder="redacted") as one,
    ):
        one.echo.instead = [failure(503)]
        slack.ada.upload("notes.txt", b"some words\n" * 20, f"<@{slack.team.bot.id}> sum it up")
        return await _export(one.core)


async def slack_sound(folder: Path) -> str:
    """The form of /audio, opened by its global shortcut; the API fails at first."""
    async with (
        SlackSimulator() as slack,
        service(slack, folder, timing=_SLACK, bot_recorder="redacted") as one,
    ):
        answer = {"audio": {"url": f"{one.api.url.removesuffix('/v1')}/a.mp3"}, "usage": {"seconds": 12}}
        one.echo.files["a.mp3"] = answer_file("a.mp3", FileFacts("audio/mpeg", seconds=12.3))[1]
        one.echo.instead = [failure(503), data(answer)]
        slack.ada.shortcut("make:audio")
        await slack.ada.submit(await slack.ada.modal(), {"prompt": "a calm sea", "where": slack.general.id})
        return await _export(one.core)


async def slack_menu(folder: Path) -> str:
    """Explain, in the menu of somebody else's message; the API fails at first."""
    async with (
        SlackSimulator() as slack,
        service(slack, folder, timing=_SLACK, bot_recorder="redacted") as one,
    ):
        said = slack.bob.say("a monad is a monoid in the category of endofunctors")
        one.echo.instead = [failure(503)]
        slack.ada.message_shortcut("explain", said)
        return await _export(one.core)


async def discord_menu(folder: Path) -> str:
    """Reply with a code review, in the menu of somebody else's message; the API fails at first."""
    async with whole(folder, bot_recorder="redacted") as one:
        said = one.simulator.message(CHANNEL, "def a_monad(): ...", by=BOB)
        one.echo.instead = [failure(503)]
        data = message_command(context_menu_name("review"), said)
        await one.simulator.interact(2, data, channel=CHANNEL)
        return await _export(one.core)


async def discord_button(folder: Path) -> str:
    """Again, under an answer; the reply to its post is lost."""
    async with whole(folder, bot_recorder="redacted") as one:
        answer = await one.see(await one.mention("what is a monad?"), "re: ")
        await one.core.worker.drain()
        one.echo.instead = [failure(503)]
        await one.press(answer, "again")
        return await _export(one.core, 2)


async def discord_form(folder: Path) -> str:
    """The form under a picture's style button; the API fails at first."""
    async with whole(folder, bot_recorder="redacted") as one:
        await one.command("image", prompt="a red fox")
        answer = (await one.simulator.until(lambda: list(one.simulator.originals.values())))[0]
        await one.core.worker.drain()
        one.echo.instead = [failure(503)]
        await one.press(answer, "style")
        await one.submit(answer, style="anime")
        return await _export(one.core, 2)


async def discord_reply(folder: Path) -> str:
    """A reply to another message; the API fails at first."""
    async with whole(folder, bot_recorder="redacted") as one:
        other = one.simulator.message(CHANNEL, "a monad is a monoid", by=BOB)
        one.echo.instead = [failure(503)]
        await one.mention("is that so?", answers=other)
        return await _export(one.core)


async def discord_edited_question(folder: Path) -> str:
    """A message mentions the bot since it was edited; the API fails at first."""
    async with whole(folder, bot_recorder="redacted") as one:
        said = await one.simulator.say(CHANNEL, "what is a monad?")
        one.echo.instead = [failure(503)]
        await one.edit({**said, "mentions": [member(ME)["user"]]}, f"<@{ME}> hello, Muse!")
        return await _export(one.core)


async def discord_attached_file(folder: Path) -> str:
    """A text file is attached; the API fails at first."""
    async with whole(folder, bot_recorder="redacted") as one:
        content = b"some words\n" * 20
        file = one.simulator.cdn.attachment(Upload("notes.txt", len(content), content=content), CHANNEL, {})
        one.echo.instead = [failure(503)]
        await one.mention("sum it up", attachments=[file])
        return await _export(one.core)


async def discord_video(folder: Path) -> str:
    """/video; the edit that shows it is refused at first."""
    async with whole(folder, bot_recorder="redacted") as one:
        answer = {"video": {"url": f"{one.api.url.removesuffix('/v1')}/a.mp4"}, "usage": {"seconds": 1}}
        one.echo.files["a.mp4"] = MP4
        one.echo.instead = [failure(503), data(answer)]
        one.simulator.rest.fail("PATCH", "@original", server_error(503))
        await one.command("video", prompt="a red fox")
        return await _export(one.core)


RECORDINGS: tuple[Callable[[Path], Coroutine[None, None, str]], ...] = (
    slack_lost_reply,
    slack_broken_stream,
    slack_button,
    slack_form,
    slack_edited_question,
    slack_attached_file,
    slack_sound,
    slack_menu,
    discord_lost_reply,
    discord_image_refused_edit,
    discord_button,
    discord_form,
    discord_reply,
    discord_edited_question,
    discord_attached_file,
    discord_video,
    discord_menu,
)


async def _export(core: Core, requests: int = 1) -> str:
    """Return the recording of the newest request, once there are so many and all have ended."""
    while True:
        rows = await core.store.list_requests(RequestFilter(), limit=requests)
        if len(rows) == requests and all(row.state in {"answered", "failed"} for row in rows):
            break
        await asyncio.sleep(0.05)
    assert core.recorder is not None
    found = await core.recorder.find(rows[0].id)
    assert found is not None
    return json.dumps(found.to_json(core.settings), ensure_ascii=False, indent=1)


def main(names: list[str]) -> None:
    """Make those named, or all."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    for make in RECORDINGS:
        if not names or make.__name__ in names:
            with tempfile.TemporaryDirectory() as folder:
                made = asyncio.run(make(Path(folder)))
            (FOLDER / f"{make.__name__}.json").write_text(f"{made}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
