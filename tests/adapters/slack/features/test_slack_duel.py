"""A duel on Slack: pictures side by side in one message, votes of several people, then the names."""

from pathlib import Path
from typing import Any

import pytest

from simulators.slack import Message, SlackSimulator
from tests.support.scripted_api import failure
from tests.support.service import quiet_logs
from tests.support.slack.drafts import labels
from tests.support.slack.service import FAST, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def test_a_duel_of_pictures(slack: SlackSimulator, tmp_path: Path) -> None:
    """A slash command's is for everybody. Nothing names a model before the end, nor does `/verify`; both may vote."""
    given: dict[str, Any] = {"bot_image_models": ("alpha", "beta"), "bot_content_credentials": True}
    async with service(slack, tmp_path, timing=FAST, **given) as running:
        slack.ada.slash("/duel", "a fox --kind image")
        [question] = await slack.until(slack.from_bot)
        assert question.content == "U0ADA asked: /duel a fox --kind image"

        def thread() -> list[Message]:
            return slack.from_bot(thread=question.root)

        def with_buttons() -> list[Message]:
            return [message for message in thread() if "Show the names" in labels(message)]

        [board] = await slack.until(with_buttons)
        await running.idle()
        [files] = [message.files for message in thread() if message.files]
        assert [file.name for file in files] == ["A.png", "B.png"]
        assert labels(board) == ["A", "B", "Equally good", "Show the names"]
        assert not any(model in message.content for message in thread() for model in ("alpha", "beta"))
        assert files[0].content is not None
        slack.bob.mention("/verify", thread=question, files=[slack.bob.file("A.png", files[0].content)])
        verified = await running.see(slack.bob, "made here on 20")
        assert "by a model that is named after the vote for" in verified.content
        assert not [message for message in thread() if "made here" in message.content]  # it is private
        slack.bob.press(board, "B")
        await running.see(slack.bob, "Your vote is counted")
        await running.idle()
        slack.bob.press(board, "Show the names")
        await running.see(slack.bob, "Only the person who asked for this duel")
        slack.ada.press(board, "B")
        await running.idle()
        slack.ada.press(board, "Show the names")
        await slack.until(lambda: any("2 votes" in message.content for message in thread()))
        await running.idle()
        assert sum("alpha" in message.content for message in thread()) == 1
        assert len([message for message in thread() if message.files]) == 1


async def test_a_refused_command_is_edited_again(slack: SlackSimulator, tmp_path: Path) -> None:
    """Its form has what was typed, and what is emptied there is left out."""
    async with service(slack, tmp_path, timing=FAST, bot_chat_models=("alpha", "beta")) as running:
        slack.ada.slash("/duel", "why? --models alpha,gamma")
        slack.ada.press(await running.see(slack.ada, "gamma"), "Edit and resend")
        form = await slack.ada.modal()
        typed = {block["block_id"]: block["element"].get("initial_value") for block in form.content["blocks"]}
        assert typed == {"prompt": "why?", "models": "alpha,gamma", "kind": None}
        await slack.ada.submit(form, {"models": ""})
        await slack.until(lambda: [m for m in slack.from_bot() if "Show the names" in labels(m)])
        await running.idle()
        assert len(running.echo.prompts) == 2


async def test_what_is_too_long_for_a_form(slack: SlackSimulator, tmp_path: Path) -> None:
    """A text that no field takes stays as it was typed, and the form says so; no number is out of its bounds."""
    async with service(slack, tmp_path, timing=FAST, bot_chat_models=("alpha", "beta")) as running:
        prompt = ("why? " * 700).strip()
        slack.ada.slash("/duel", f"{prompt} --models alpha,gamma")
        slack.ada.press(await running.see(slack.ada, "gamma"), "Edit and resend")
        form = await slack.ada.modal()
        *inputs, note = form.content["blocks"]
        assert [block["block_id"] for block in inputs] == ["models", "kind"]
        assert note["elements"][0]["text"].startswith("Your text for prompt is too long")
        await slack.ada.submit(form, {"models": ""})
        await slack.until(lambda: [m for m in slack.from_bot() if "Show the names" in labels(m)])
        await running.idle()
        assert running.echo.prompts == [prompt] * 2
        running.echo.instead = [failure(400, "invalid_request", "duration: Input should be less than or equal to 12")]
        slack.ada.slash("/video", "a fox --duration 20")
        slack.ada.press(await running.see(slack.ada, "may be at most 12"), "Edit and resend")
        number = next(b for b in (await slack.ada.modal()).content["blocks"] if b["block_id"] == "duration")["element"]
        assert [number["max_value"], "initial_value" in number] == ["12", False]
