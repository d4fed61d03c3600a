"""What was made here knows what it came from, and goes on from any of it; on the whole service."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from bot.family.change_words import asks_for_another, asks_for_video, read_repeat, reads_as_change
from bot.media.drawing.canvas import MARGIN
from tests.support.channel.adapter import Message, parse
from tests.support.scripted_api import data
from tests.support.service import Service, service

_CURRENT = (47, 111, 222)
REWRITTEN = "re: Prompt: {}\nChange: {}"


async def press(one: Service, message: Message, action: str, text: str = "") -> Message:
    """Press a button; `text`: of its form."""
    options = {"event": message.reply_to, "action": action, **({"prompt": text} if text else {})}
    return await one.ask("", command="press", options=options)


async def tree(one: Service) -> tuple[list[tuple[str, int]], list[str]]:
    """Return the number and the indentation of every file, and the lines."""
    shown = await one.ask("", command="tree")
    assert [file["name"] for file in shown.files] == ["tree.png"]
    lines = [line for line in shown.text.splitlines() if line.lstrip().startswith("- ")]
    return [(line.split("**")[1], len(line) - len(line.lstrip())) for line in lines], lines


def marked_rows(folder: Path) -> list[int]:
    """Return the rows of the newest tree whose box has the colour of the file that changes go on from."""
    newest = max(folder.rglob("*tree.png"), key=lambda path: path.stat().st_mtime_ns)
    with Image.open(newest) as opened:
        image = opened.convert("RGB")
    rows = (y for y in range(image.height) if any(image.getpixel((x, y)) == _CURRENT for x in range(image.width)))
    return sorted({(y - MARGIN) // 36 for y in rows})


async def test_a_picture_is_changed_in_words(tmp_path: Path) -> None:
    """A sentence after a picture changes it through a rewritten prompt, which is shown; a question stays a question."""
    async with service(tmp_path, bot_prices="gpt-4-turbo=request:0.25") as one:
        fox = await one.ask("a red fox", command="image", options={"size": "512x512", "style": "anime"})
        dark = await one.ask("make it darker")
        darker = REWRITTEN.format("a red fox", "make it darker")
        image = one.echo.bodies[-1]
        assert (image["prompt"], image["size"], image["style"]) == (darker, "512x512", "anime")
        assert dark.text.startswith("> re: Prompt: a red fox\n> Change: make it darker\n\n")
        assert dark.actions[-3:] == ["branch", "back", "delete"]
        used = {
            row.kind: (row.requests, row.cost)
            for row in await one.core.store.usage(since=datetime.now(UTC) - timedelta(days=1))
        }
        assert used == {"image": (2, 1.0), "chat": (1, 0.25)}
        # A question is one, and what follows it is no change of a picture.
        assert (await one.ask("what is a monad?")).text == "re: what is a monad?"
        assert (await one.ask("make it darker")).text == "re: make it darker"
        # Back to the first, and on from there; the command needs no picture before it.
        assert "a red fox" in (await press(one, fox, "back")).text
        await tree(one)
        assert marked_rows(tmp_path) == [0]
        await one.ask("the same at night")
        assert one.echo.bodies[-1]["prompt"] == REWRITTEN.format("a red fox", "the same at night")
        await one.ask("thank you")
        await one.ask("with snow", command="edit", options={"number": "2"})
        assert one.echo.bodies[-1]["prompt"] == REWRITTEN.format(darker, "with snow")
        await press(one, fox, "branch", "in winter")
        assert one.echo.bodies[-1]["prompt"] == REWRITTEN.format("a red fox", "in winter")
        # Again is another take of the same; a variation belongs to its picture.
        await press(one, dark, "again")
        await press(one, dark, "variation")
        assert one.echo.bodies[-1]["prompt"].startswith(darker)
        places, lines = await tree(one)
        assert places == [("1", 0), ("2", 2), ("4", 4), ("7", 4), ("3", 2), ("5", 2), ("6", 2)]
        assert "Picture: `a red fox` · `seeddream-4.0 · 512x512 · anime · cost 0.50 · Ada`" in lines[0]
        assert (await one.ask("", command="edit")).private
        # What is deleted is gone from the family, and what came from it stands alone.
        await press(one, dark, "delete")
        places, _ = await tree(one)
        assert places == [("1", 0), ("2", 2), ("4", 2), ("5", 2), ("3", 0), ("6", 0)]


async def test_what_was_asked_is_repeated_with_a_change(tmp_path: Path) -> None:
    """`/again` with words makes the last request anew from a rewritten prompt, which is shown; changes add up."""
    async with service(tmp_path) as one:
        assert (await one.ask("at night", command="again")).text == "There is nothing here to try again yet."
        assert (await one.ask("again, shorter")).text == "re: again, shorter"  # a plain message, as any other
        await one.ask("explain monads")
        short = await one.ask("again, shorter")
        shorter = REWRITTEN.format("explain monads", "again, shorter")
        assert short.text.removeprefix("> re: Prompt: explain monads\n> Change: again, shorter\n\n") == f"re: {shorter}"
        # The model reads the first answer, and the prompt that was made of the change.
        said = [message["content"] for message in one.echo.bodies[-1]["messages"]]
        assert said[-3:] == ["explain monads", "re: explain monads", shorter]
        await one.ask("in French", command="again")
        assert one.echo.bodies[-2]["messages"][-1]["content"] == (
            "Prompt: explain monads\nChange: again, shorter\nin French"
        )
        await press(one, short, "again")
        assert one.echo.bodies[-1]["messages"][-1]["content"] == shorter
        # Thanks and greetings are passed over.
        await one.ask("hello")
        await one.ask("thanks!")
        await one.ask("again, longer")
        assert one.echo.bodies[-2]["messages"][-1]["content"] == (
            "Prompt: explain monads\nChange: again, shorter\nagain, longer"
        )
        # An edit of the message is a repeat of what came before it.
        await one.ask("sort a list", command="code", options={"language": "go"})
        again = await one.ask("again, but in place")
        asked = parse({**one.channel.questions[again.reply_to], "text": "again, but stable"})
        await one.core.services.revise(asked)
        await one.core.services.revise(asked)
        await one.core.worker.drain()
        assert one.echo.prompts[-1] == REWRITTEN.format("sort a list", "again, but stable")
        assert one.echo.bodies[-1]["language"] == "go"
        # Pictures are new ones from a new prompt, with the same options, and belong to the family.
        fox = await one.ask("a red fox", command="image", options={"size": "512x512", "style": "anime", "n": "2"})
        dark = await one.ask("but at night", command="again")
        image = one.echo.bodies[-1]
        assert image["prompt"] == REWRITTEN.format("a red fox", "but at night")
        assert (image["size"], image["style"], image["n"]) == ("512x512", "anime", 2)
        assert dark.text.startswith("> re: Prompt: a red fox\n> Change: but at night\n\n")
        await press(one, fox, "back")
        await one.ask("再來一次，但是晚上")
        assert one.echo.bodies[-1]["prompt"] == REWRITTEN.format("a red fox", "再來一次，但是晚上")
        assert [place for _, place in (await tree(one))[0]] == [0, 2, 2]
        # In words there is another take, and a video of the picture.
        await one.ask("another one")
        assert one.echo.bodies[-1]["prompt"] == REWRITTEN.format("a red fox", "再來一次，但是晚上")
        await one.ask("a video of this")
        assert one.echo.bodies[-1]["prompt"] == REWRITTEN.format("a red fox", "再來一次，但是晚上")
        assert one.echo.bodies[-1]["image"].startswith("data:image/")
        # What was only read aloud has no words of its own that could change.
        await one.ask("", command="audio", options={"answer": "gone"})
        assert "`/audio` can't be repeated" in (await one.ask("louder", command="again")).text
        await one.ask("a red fox", command="image")
        # Without words it is the same once more.
        await one.ask("謝謝")
        await one.ask("", command="again")
        assert one.echo.bodies[-1]["prompt"] == "a red fox"
        # What was refused is refused with a change, too.
        prompts = one.echo.prompts.copy()
        for command, text in (("image", "a fox --size 9x9"), ("again", "at night"), ("chat", "again, in blue")):
            wrong = {"rejection": "The size can't be 9x9."} if command == "image" else {}
            assert (await one.ask(text, command=command, **wrong)).text == "The size can't be 9x9."
        assert one.echo.prompts == prompts


async def test_numbers_stay_while_more_is_made(tmp_path: Path) -> None:
    """`/tree` shows the newest 60 under the numbers they had, and `/edit` takes them."""
    async with service(tmp_path) as one:
        picture = {"url": f"{one.echo.url.removesuffix('/v1')}/a.png"}
        one.echo.instead = [data({"images": [picture] * 4, "usage": {"images": 4, "cost": 2}})] * 16
        for number in range(16):
            await one.ask(f"fox {number}", command="image", options={"n": "4"})
        places, lines = await tree(one)
        assert [int(number) for number, _ in places] == list(range(5, 65))
        assert "`fox 1`" in lines[0]
        await one.ask("with snow", command="edit", options={"number": "5"})
        assert one.echo.bodies[-1]["prompt"] == REWRITTEN.format("fox 1", "with snow")


@pytest.mark.parametrize(
    ("text", "is_change"),
    [
        *((text, True) for text in ("make it darker", "Now the same at night!", "a bit brighter", "add a hat")),
        *((text, True) for text in ("replace the moon with a sun", "swap the lamp for a candle", "give it a red hat")),
        *((text, True) for text in ("turn it into a watercolour", "the same in a forest", "put a hat on it")),
        *(
            (text, True)
            for text in (
                "and now with a hat",
                "now without the moon",
                "edit this picture: add a moon",
                "這張圖加上一頂帽子",
            )
        ),
        *((text, True) for text in ("make him smile", "turn it blue", "change the background to a beach")),
        *((text, True) for text in ("加上帽子", "把狐狸畫成卡通", "去掉那棵樹")),
        *(
            (text, True)
            for text in ("把背景換成海邊", "再亮一點", "明亮一點", "同樣的，但在晚上", "让狐狸变成蓝色", "改成水彩風格")
        ),
        *((text, False) for text in ("is it darker?", "make it a table", "tell me more", "add 5 and 7", "thanks")),
        *((text, False) for text in ("now with Python", "change the image of the company abroad?")),
        *((text, False) for text in ("同樣的問題怎麼解", "太好了", "這張圖好漂亮", "translate it into English")),
    ],
)
def test_which_sentences_are_changes(text: str, is_change: bool) -> None:
    """Only what says how the picture should be different, and asks nothing."""
    assert reads_as_change(text, "a red fox and a lamp") == is_change


@pytest.mark.parametrize(
    "text",
    [
        *("make that a haiku", "turn this into a poem", "add a meeting on Friday to my calendar", "turn it off"),
        *("replace John with Mary in the on-call rota", "put the kettle on", "give it a rest", "same in German please"),
        *("change the topic to politics", "same in Python", "make him an offer", "show it to John", "make it my way"),
        *("把會議改到星期五", "把約翰換成瑪麗", "改成德文", "換成俳句", "讓我換個話題", "把密码换成新的"),
    ],
)
def test_what_is_not_of_a_picture(text: str) -> None:
    """A sentence that names nothing to see, or something of the speaker's, is for the chat.

    Of a picture that was changed, the words that asked for the change are no part.
    """
    assert not reads_as_change(text, "please make it darker, a red fox and a lamp, change the lamp")


def test_which_sentences_want_a_video_or_another() -> None:
    """Those that are about the file before them, as a whole."""
    videos = (
        "a video of this",
        "make a short video of it, please",
        "turn this picture into a video",
        "animate it",
        "把這張圖做成影片",
        "让它动起来",
    )
    others = ("another one", "one more please", "再來一張", "再画一张")
    neither = (
        "make a video of a boat",
        "a video of this meeting",
        "another one bites the dust",
        "做成表格",
        "再來一張椅子",
    )
    assert all(map(asks_for_video, videos))
    assert all(map(asks_for_another, others))
    assert not any(map(asks_for_video, (*others, *neither)))
    assert not any(map(asks_for_another, (*videos, *neither)))


def test_a_repeat_is_a_phrase() -> None:
    """A phrase after "again" says how to repeat; a whole sentence after it does not."""
    for text in ("again, in blue", "again at night", "again, but in my style, which is bold", "once more, with a hat"):
        assert read_repeat(text)
    for text in ("again, in my opinion this is good", "again, at this point it is late", "again, with respect, no"):
        assert not read_repeat(text)
