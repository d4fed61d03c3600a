"""Messages whose words and files are components, the bot's own galleries among them, and polls."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.i18n import translate
from simulators.discord.values import BOB, CHANNEL, DM, ME, Json, snowflake
from tests.support.discord.interactions import SLASH, message_command
from tests.support.discord.messages import text_of
from tests.support.discord.whole import Whole, whole

_V2 = 1 << 15


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole(tmp_path) as one:
        yield one


async def gallery(one: Whole) -> Json:
    """Let the bot paint a picture."""
    await one.command("image", prompt="a red fox")
    found = await one.simulator.until(lambda: [m for m in one.simulator.bot_messages(CHANNEL) if m["attachments"]])
    return dict(found[0])


@pytest.mark.parametrize("is_menu", [True, False])
async def test_the_bots_own_picture_is_animated(one: Whole, is_menu: bool) -> None:
    """Its picture is found in its gallery, by the context menu as by a reply."""
    picture = await gallery(one)
    if is_menu:
        await one.simulator.interact(SLASH, message_command("Animate this picture", picture))
    else:
        await one.simulator.say(CHANNEL, f"<@{ME}> video it moves", answers=picture)
    await one.echo.until(lambda: len(one.echo.bodies) > 1)
    assert str(one.echo.bodies[-1].get("image", "")).startswith("data:image/png;base64,")


async def test_a_picture_that_cannot_be_fetched(one: Whole) -> None:
    """It is not said to be too big; the API is not asked."""
    picture = await gallery(one)
    one.simulator.cdn.uploads.clear()
    await one.simulator.say(CHANNEL, f"<@{ME}> video it moves", answers=picture)
    await one.simulator.interact(SLASH, message_command("Animate this picture", picture))
    sentence = translate("error.download", "zh-TW")
    await one.simulator.until(
        lambda: (
            sum(sentence in text_of(m) for place in one.simulator.messages for m in one.simulator.bot_messages(place))
            == 2
        )
    )
    assert len(one.echo.bodies) == 1


def announcement(one: Whole) -> Json:
    """A message of another application, of the newer kind."""
    file = {"id": snowflake(), "filename": "plan.txt", "size": 10, "content_type": "text/plain"}
    url = f"http://127.0.0.1:{one.simulator.port}/cdn/plan.txt"
    one.simulator.files["plan.txt"] = b"At nine."
    words = {"type": 10, "content": "The release is on Monday."}
    button = {"type": 2, "style": 5, "label": "more", "url": "https://example.com"}
    section = {"type": 9, "components": [{"type": 10, "content": "Be early."}], "accessory": button}
    shown = {"type": 13, "file": {"url": "attachment://plan.txt"}}
    return one.simulator.message(
        CHANNEL,
        "",
        by=BOB,
        flags=_V2,
        components=[{"type": 17, "components": [words, section, shown]}],
        attachments=[{**file, "url": url, "proxy_url": url}],
    )


async def test_words_and_files_of_another_application(one: Whole) -> None:
    """Words and files of components are read by Explain, in replies and as what was said before."""
    message = announcement(one)
    await one.simulator.interact(SLASH, message_command("Explain", message))
    await one.echo.until(lambda: bool(one.echo.prompts))
    assert "The release is on Monday." in str(one.echo.bodies[-1])
    await one.simulator.say(CHANNEL, f"<@{ME}> when exactly?", answers=message)
    await one.echo.until(lambda: len(one.echo.prompts) > 1)
    asked = str(one.echo.bodies[-1])
    assert "Be early." in asked
    assert "At nine." in asked


async def test_a_poll_is_read_with_its_answers(one: Whole) -> None:
    """A poll is read with its answers."""
    answers = [{"answer_id": n, "poll_media": {"text": text}} for n, text in enumerate(("tea", "coffee"), start=1)]
    poll = {"question": {"text": "What to drink?"}, "answers": answers, "allow_multiselect": False, "layout_type": 1}
    await one.simulator.say(DM, "", poll={**poll, "expiry": "2027-01-01T00:00:00+00:00"})
    await one.echo.until(lambda: bool(one.echo.prompts))
    assert "What to drink?" in one.echo.prompts[0]
    assert "coffee" in one.echo.prompts[0]
