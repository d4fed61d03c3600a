"""An edited question is paid by whom a new one would be paid by."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.channel.adapter import Message
from tests.support.channel.own_api import KEY, bring, own_server
from tests.support.service import Service, quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def edit(one: Service, asked: str, text: str) -> Message:
    """Edit a question; return its answer once nothing is to be done any more."""
    job = await one.core.store.job("channel", asked)
    assert job is not None
    await one.core.services.revise(replace(job.event, prompt=text))
    await one.core.worker.drain()
    return one.answer(asked)


async def picture(one: Service, text: str) -> str:
    """Ask for a picture; return the event's id once it is answered."""
    asked = await one.channel.ask(text, command="image")
    await one.channel.wait_for_answers(asked)
    return asked


async def test_whose_key_it_is_by_now(tmp_path: Path) -> None:
    """After a workspace has brought a key its edits are paid with it; after that is removed by the operator again."""
    async with own_server() as (api, origin), service(tmp_path, bot_workspace_api_origins=(origin,)) as one:
        asked = await picture(one, "a fox")
        await bring(one, key=KEY, url=api.url)
        before = len(api.requests)
        assert (await edit(one, asked, "two foxes")).files
        assert api.requests[before].headers["Authorization"] == f"Bearer {KEY}"
        shown = (await one.ask("", command="usage", options={"whose": "workspace"})).text
        assert "0.50 of this cost is paid with workspaces' own API keys" in shown
        await one.ask("", command="apikey", options={"remove": "yes"})
        assert (await edit(one, asked, "three foxes")).files
        assert one.echo.prompts == ["a fox", "three foxes"]


async def test_the_dearer_model_that_may_answer(tmp_path: Path) -> None:
    """Where the budget is only for the chosen model an edit is made by that one; where it is for all, by any."""
    given: dict[str, Any] = {
        "bot_prices": ("cheap=picture:0.5", "dear=picture:2"),
        "bot_image_models": ("cheap", "dear"),
        "bot_image_fallbacks": ("dear",),
        "bot_max_attempts": 1,
    }
    money: dict[str, Any] = {"command": "limits", "options": {"of": "money", "per": "month"}}
    async with service(tmp_path, **given) as one:
        asked = await picture(one, "a fox")
        await one.ask("1.2", **money)
        assert (await edit(one, asked, "two foxes")).files
        await one.ask("20", **money)
        one.echo.broken = {"wolves"}
        await edit(one, asked, "three wolves")
        assert {body["model"] for body in one.echo.bodies if body["prompt"] == "three wolves"} == {"cheap", "dear"}
