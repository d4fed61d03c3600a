"""What was made here knows what it came from, and goes on from any of it; on the whole service."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from bot.family.change_words import reads_as_change
from bot.media.canvas import MARGIN
from tests.support.channel.adapter import Message
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
        assert "`a red fox` · `seeddream-4.0 · 512x512 · anime · cost 0.5 · Ada`" in lines[0]
        assert (await one.ask("", command="edit")).private
        # What is deleted is gone from the family, and what came from it stands alone.
        await press(one, dark, "delete")
        places, _ = await tree(one)
        assert places == [("1", 0), ("2", 2), ("4", 2), ("5", 2), ("3", 0), ("6", 0)]


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
        *(
            (text, True)
            for text in ("把背景換成海邊", "再亮一點", "同樣的，但在晚上", "让狐狸变成蓝色", "改成水彩風格")
        ),
        *((text, False) for text in ("is it darker?", "make it a table", "tell me more", "add 5 and 7", "thanks")),
        *((text, False) for text in ("同樣的問題怎麼解", "太好了", "這張圖好漂亮", "translate it into English")),
    ],
)
def test_which_sentences_are_changes(text: str, is_change: bool) -> None:
    """Only what says how the picture should be different, and asks nothing."""
    assert reads_as_change(text) == is_change
