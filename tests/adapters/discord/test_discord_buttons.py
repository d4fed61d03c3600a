"""The buttons under answers, and second thoughts about questions, on the whole service: also after a restart."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from adapters.discord.ui.buttons import BUTTON_ID
from aimodels import request
from bot.i18n import translate
from simulators.discord.checks import EPHEMERAL
from simulators.discord.values import BOB, CHANNEL, DM, ME, Json, member
from tests.support.api import failure
from tests.support.discord.answers import buttons
from tests.support.discord.whole import Whole, text_of, whole
from tests.support.media_files import pdf

PRESSED, SENT = 3, 5
NOBODY = {**member(BOB), "permissions": "0"}


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole(tmp_path) as one:
        yield one


def names(message: Json) -> list[str]:
    return [found["action"] for button in buttons(message) if (found := BUTTON_ID.fullmatch(button["custom_id"]))]


async def press(one: Whole, message: Json, name: str, **told: Json) -> str:
    """Press a button; the token that answers it."""
    [custom_id] = [button["custom_id"] for button in buttons(message) if f":{name}:" in button["custom_id"]]
    data = {"component_type": 2, "custom_id": custom_id, "id": 2}
    made = await one.wire.interact(PRESSED, data, channel=message["channel_id"], message=message, **told)
    return str(made["token"])


async def told_alone(one: Whole, place: str, text: str) -> Json:
    """Wait until the presser alone is told that."""
    found: list[Json] = await one.wire.until(
        lambda: [m for m in one.wire.messages[place] if m["flags"] & EPHEMERAL and text in m["content"]]
    )
    return found[0]


async def test_chat_buttons(one: Whole) -> None:
    """Under an answer one can ask again, go on and say what one thinks; what one thinks is kept."""
    thread = await one.mention("hello")
    answer = await one.shown(thread, "re: hello")
    assert names(answer) == ["again", "continue", "good", "bad"]
    await one.stop()
    await one.start()
    await press(one, answer, "continue")
    await one.shown(thread, f"re: {translate('chat.continue', 'en-US')}")
    await press(one, answer, "again")
    await one.wire.until(lambda: sum(text_of(m) == "re: hello" for m in one.wire.said(thread)) == 2)
    await press(one, answer, "good")
    await told_alone(one, thread, translate("feedback.done", "zh-TW"))
    await one.quiet()
    since = datetime.now(UTC) - timedelta(days=1)
    assert await one.core.store.feedback_totals(since=since, adapter="discord", channel=CHANNEL) == (1, 0)


async def test_retry_after_an_error(tmp_path: Path) -> None:
    """Where the API failed, the sentence that says so has a button that makes the answer after all."""
    async with whole(tmp_path, bot_max_attempts=1) as one:
        one.echo.instead = [failure(503)] * request.MAX_TRIES
        thread = await one.mention("hello")
        sentence = await one.shown(thread, translate("apology.server", "en-US"))
        assert names(sentence) == ["retry"]
        await press(one, sentence, "retry")
        await one.shown(thread, "re: hello")


async def test_a_pdf_is_read(one: Whole) -> None:
    """The text of a PDF that comes with the question reaches the model."""
    one.wire.files["report.pdf"] = pdf("Bees dance.")
    url = f"http://127.0.0.1:{one.wire.port}/cdn/report.pdf"
    size = len(one.wire.files["report.pdf"])
    file = {"id": "1", "filename": "report.pdf", "content_type": "application/pdf", "size": size, "url": url}
    thread = await one.mention("what do they do?", attachments=[{**file, "proxy_url": url}])
    await one.shown(thread, "what do they do?")
    assert "Bees dance." in str(one.echo.bodies[-1]["messages"][-1])


async def test_ready_only_while_connected(tmp_path: Path) -> None:
    """`/readyz` is 503 and says so while no connection to the gateway stands, and 200 again with the next one."""
    async with whole(tmp_path, bot_port=0) as one, httpx.AsyncClient() as http:
        assert one.web is not None
        url = f"http://127.0.0.1:{one.web.port}/readyz"

        async def platform(status: int) -> str:
            while (answer := await http.get(url)).status_code != status:  # noqa: ASYNC110 - a poll, as probes do
                await asyncio.sleep(0.01)
            return str(answer.json()["platforms"]["discord"])

        assert await platform(200) == "ok"
        one.wire.gateway.is_away = True
        await one.wire.gateway.drop()
        assert await platform(503) == translate("discord.connecting")
        one.wire.gateway.is_away = False
        assert await platform(200) == "ok"


async def test_stop_is_for_who_asked(one: Whole) -> None:
    """Somebody else can't stop an answer, and is told so alone; who asked can."""
    one.echo.hold("hello")
    thread = await one.mention("hello")
    answer = await one.shown(thread, translate("chat.making", "en-US"))
    assert names(answer) == ["stop"]
    await press(one, answer, "stop", member=NOBODY)
    await told_alone(one, thread, translate("cancel.not_yours", "zh-TW"))
    assert names(answer) == ["stop"]
    await press(one, answer, "stop")
    await one.shown(thread, translate("status.stopped", "en-US").strip("*"))
    await one.quiet()
    assert one.echo.left == {"hello": 1}


async def test_pictures_lead_on(one: Whole) -> None:
    """Each of several pictures has a variation; a style is asked for in a form; only who asked takes it back."""
    await one.command("image", prompt="a fox", n=4)
    answer = (await one.wire.until(lambda: [m for m in one.wire.said(CHANNEL) if m["attachments"]]))[0]
    variations = [f"variation-{number}" for number in range(1, 5)]
    assert names(answer) == ["again", *variations, "style", "video", "delete"]
    await one.stop()
    await one.start()
    await press(one, answer, "variation-3")
    await one.wire.until(lambda: len(one.wire.said(CHANNEL)) == 2 and one.wire.said(CHANNEL)[1]["attachments"])
    assert one.echo.bodies[-1]["n"] == 1
    assert one.echo.asked[-1].startswith("a fox")
    assert one.echo.asked[-1] != "a fox"
    await press(one, answer, "style")
    form = (await one.wire.until(lambda: [b for b in one.wire.called("POST", "callback") if b["type"] == 9]))[0]
    filled = {"custom_id": form["data"]["custom_id"], "components": [given("style", "anime")]}
    await one.wire.interact(SENT, filled, message=answer)
    await one.wire.until(lambda: len(one.wire.said(CHANNEL)) == 3 and one.wire.said(CHANNEL)[2]["attachments"])
    assert one.echo.bodies[-1]["style"] == "anime"
    await press(one, answer, "delete", member=NOBODY)
    await told_alone(one, CHANNEL, translate("delete.not_yours", "zh-TW"))
    assert len(one.wire.said(CHANNEL)) == 3
    await press(one, answer, "delete")
    await one.wire.until(lambda: len(one.wire.said(CHANNEL)) == 2)
    await one.quiet()


def given(name: str, value: str) -> Json:
    return {"type": 18, "id": 1, "component": {"type": 3, "id": 2, "custom_id": name, "values": [value]}}


async def test_edited_question(one: Whole) -> None:
    """An edited question is answered anew in the message it has, when that is the newest; an older one stays."""
    first = await one.wire.say(DM, "hello")
    await one.shown(DM, "re: hello")
    await one.wire.edit(first, "good day")
    await one.shown(DM, "re: good day")
    await one.wire.say(DM, "and then?")
    await one.shown(DM, "re: and then?")
    await one.wire.edit(first, "good night")
    await one.quiet()
    assert [text_of(m) for m in one.wire.said(DM)[:2]] == ["re: good day", "re: and then?"]
    assert "good night" not in one.echo.asked


async def test_deleted_question(one: Whole) -> None:
    """A deleted question and its answer leave the context."""
    first = await one.wire.say(DM, f"<@{ME}> my secret")
    await one.shown(DM, "re: my secret")
    await one.wire.delete(first)
    await one.wire.say(DM, "hello")
    await one.shown(DM, "re: hello")
    assert "secret" not in str(one.echo.bodies[-1])
    await one.quiet()
