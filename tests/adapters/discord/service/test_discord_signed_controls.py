"""Buttons and forms that somebody else's client has changed or moved, on the whole service."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.i18n import translate
from simulators.discord.values import BOB, CHANNEL, DM, Json, member
from tests.support.discord.interactions import PRESSED, SUBMITTED, button_press
from tests.support.discord.messages import buttons_of, text_of
from tests.support.discord.whole import Whole, whole

_MODAL = 9
_BOB = {"member": {**member(BOB), "permissions": "0"}}
OUTDATED = translate("request.outdated", "zh-TW")


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole(tmp_path) as one:
        yield one


def custom_id(message: Json, action: str) -> str:
    return next(str(b["custom_id"]) for b in buttons_of(message) if f":{action}:" in b["custom_id"])


async def refuses(one: Whole, kind: int, data: Json, **more: Any) -> None:
    """Use a button or form; see that it does nothing but a private sentence."""
    asked, recorded = list(one.echo.prompts), len(one.simulator.called("POST", "callback"))
    await one.simulator.interact(kind, data, **more)
    answers = await one.simulator.until(
        lambda: len(found := one.simulator.called("POST", "callback")) > recorded and found
    )
    assert answers[-1]["data"]["content"] == OUTDATED
    assert answers[-1]["data"]["flags"] & 64
    assert one.echo.prompts == asked


async def test_buttons_work_in_their_channel_alone(one: Whole) -> None:
    """A button of Ada's direct messages, pressed with another place's message, neither repeats nor continues them."""
    await one.simulator.say(DM, "my salary is 12345")
    again = custom_id(await one.see(DM, "re: my salary"), "again")
    thread = await one.mention("what is love?")
    answer = await one.see(thread, "re: what is love?")
    theirs = custom_id(answer, "again")
    unsigned = theirs.rpartition(":")[0]
    changed = theirs.replace(f":{thread}:", f":{again.split(':')[2]}:")
    assert changed != theirs
    for button in (again, changed, unsigned, f"{unsigned}:AAAAAAAAAAA", f"{theirs}A"):
        channel = CHANNEL if button == again else thread
        data, message = button_press(one.simulator, button, channel=channel)
        await refuses(one, PRESSED, data, channel=channel, message=message, **_BOB)
    await one.press(answer, "again", **_BOB)  # what is of his own place, Bob may press
    await one.simulator.until(
        lambda: sum(text_of(m) == "re: what is love?" for m in one.simulator.bot_messages(thread)) == 2
    )


async def test_forms_are_one_persons(one: Whole) -> None:
    """The form that a button opened for Ada is sent by Ada, in that channel; Bob can't send it, nor make one up."""
    await one.command("image", prompt="a fox")
    [picture] = await one.simulator.until(lambda: [m for m in one.simulator.bot_messages(CHANNEL) if m["attachments"]])
    await one.press(picture, "style")
    [form] = await one.simulator.until(
        lambda: [c for c in one.simulator.called("POST", "callback") if c["type"] == _MODAL]
    )
    modal = form["data"]["custom_id"]
    forged = custom_id(picture, "style").replace("cm:", "cf:", 1).replace("@", CHANNEL)
    thread = await one.mention("hello")
    await one.see(thread, "re: hello")
    for name, channel in ((modal, CHANNEL), (forged, CHANNEL)):
        await refuses(one, SUBMITTED, {"custom_id": name, "components": []}, channel=channel, message=picture, **_BOB)
    await refuses(one, SUBMITTED, {"custom_id": modal, "components": []}, channel=thread, message=picture)
    await one.submit(picture, style="anime")
    found = await one.simulator.until(
        lambda: [m for m in one.simulator.bot_messages(CHANNEL) if m["attachments"] and m is not picture]
    )
    assert "anime" in str(found[0]["components"])


async def test_ephemeral_buttons_are_one_persons(one: Whole) -> None:
    """The button that only Ada sees does nothing for Bob."""
    token = await one.command("forget")
    question = await one.simulator.until(
        lambda: buttons_of(m := one.simulator.originals.get(token, {"components": []})) and m
    )
    [button, *_] = buttons_of(question)
    data = {"component_type": 2, "custom_id": button["custom_id"], "id": 2}
    await refuses(one, PRESSED, data, message=question, **_BOB)
