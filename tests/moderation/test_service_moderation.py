"""Moderation by an OpenAI-compatible API in the whole service: before and after, and when its endpoint fails."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aimodels import reference
from bot.errors import SettingsError
from tests.support.scripted_api import failure
from tests.support.service import Service, quiet_logs, service
from tests.support.third_party.openai_servers import OpenAiApi

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


@asynccontextmanager
async def moderated(folder: Path, **settings: Any) -> AsyncIterator[tuple[Service, OpenAiApi]]:
    """Run the service on an OpenAI-compatible API."""
    async with service(folder, aimodels_api_flavor="openai", **settings) as one:
        openai = OpenAiApi(one.api.url, flagged={"bomb": "violence"})
        one.api.play(openai)
        yield one, openai


async def used(one: Service) -> dict[str, tuple[int, int]]:
    """Return requests and tokens of answers by kind."""
    rows = await one.core.store.usage(since=datetime.now(UTC) - timedelta(days=1))
    return {row.kind: (row.requests, row.completion_tokens) for row in rows}


async def test_a_flagged_request_is_not_sent(tmp_path: Path) -> None:
    """Whatever the command, the asker alone learns the category; a file's text counts; nothing is paid."""
    async with moderated(tmp_path, bot_moderation="requests", bot_chat_models=("one", "two")) as (one, openai):
        in_file = await one.ask("what is it?", files={"a.txt": "a bomb"})
        for refused in (await one.ask("a bomb"), await one.ask("a bomb", command="image"), in_file):
            assert refused.private
            assert "`violence`" in refused.text
        assert openai.bodies == []
        assert await used(one) == {}
        duel = await one.ask("a bomb", command="duel", options={"models": "one, two"})
        assert duel.private
        assert "`violence`" in duel.text
        assert (await one.ask("a flower")).text == "re: a flower"
        assert openai.moderated[-1] == ["a flower"]
        thread: dict[str, Any] = {"conversation": "thread", "earlier": [["bob", "a bomb"]]}
        assert "`violence`" in (await one.ask("what is meant?", **thread)).text
        assert (await one.ask("a tree", **thread)).text == "re: a tree"
        assert "bomb" not in str(openai.bodies)


async def test_a_flagged_answer_is_not_shown(tmp_path: Path) -> None:
    """Neither while it is streamed nor later; it is paid, and no part of the conversation."""
    async with moderated(tmp_path, bot_moderation="both", aimodels_streaming=True) as (one, openai):
        openai.reply = "take a bomb and"
        withheld = await one.ask("what shall I do?")
        assert withheld.private
        assert "`violence`" in withheld.text
        assert not [change for _, change in one.channel.seen if "take" in str(change)]
        assert await used(one) == {"chat": (1, 50)}
        openai.reply = "smile"
        assert (await one.ask("and now?")).text.strip() == "smile"
        assert [message["content"] for message in openai.bodies[-1]["messages"][1:]] == ["and now?"]
        openai.flagged["sunset"] = "sexual"
        openai.flagged.pop("bomb")
        await one.ask("flower", command="image")
        assert any("flower.png" in str(given) for given in openai.moderated)
        openai.flagged = {".png": "sexual"}
        picture = await one.ask("beach", command="image")
        assert picture.private
        assert not picture.files
        assert (await used(one))["image"] == (2, 0)


@pytest.mark.parametrize("policy", ["refuse", "allow"])
async def test_when_the_endpoint_fails(tmp_path: Path, policy: str) -> None:
    """The operator decides whether what can't be checked is refused, before and after."""
    async with moderated(tmp_path, bot_moderation="both", bot_moderation_failure=policy) as (one, openai):
        openai.moderation_fails = failure(404, "not_found")
        answer = await one.ask("a flower")
        assert answer.private == (policy == "refuse")
        assert answer.text == "re: a flower" if policy == "allow" else "can't check this" in answer.text
        assert len(openai.bodies) == (1 if policy == "allow" else 0)


async def test_an_answer_that_can_not_be_checked(tmp_path: Path) -> None:
    """It is held back and counted, not made again."""
    async with moderated(tmp_path, bot_moderation="both") as (one, openai):
        openai.reply = "{prompt}"
        passing = openai.__call__

        async def fail_after_the_answer(request: Any) -> Any:
            openai.moderation_fails = failure(404) if openai.bodies else None
            return await passing(request)

        one.api.play(fail_after_the_answer)
        withheld = await one.ask("a flower")
        assert withheld.private
        assert "could not be checked" in withheld.text
        assert await used(one) == {"chat": (1, 50)}
        assert len(openai.bodies) == 1


async def test_what_is_redacted_is_moderated_redacted(tmp_path: Path) -> None:
    """The endpoint gets no more than the model; a workspace may ask for moderation, and nobody for less."""
    async with moderated(tmp_path, bot_redaction="mask") as (one, openai):
        await one.ask("moderation requests", command="settings", options={"for": "workspace"})
        await one.ask("moderation off", command="settings", options={"for": "thread"})
        await one.ask("to ann@example.com")
        assert openai.moderated == [["to [EMAIL]"]]


async def test_moderation_needs_an_endpoint(tmp_path: Path) -> None:
    """The reference's API has none: the start says which setting is missing."""
    with pytest.raises(SettingsError, match="AIMODELS_API_FLAVOR=openai"):
        async with service(tmp_path, bot_moderation="both"):
            pass


async def test_it_can_be_tried_offline(tmp_path: Path) -> None:
    """With the sandbox's endpoint, before and after; what is flagged afterwards was never visible."""
    given: dict[str, Any] = {"aimodels_base_url": reference.BASE_URL, "aimodels_api_key": None}
    async with service(tmp_path, **given) as one:
        assert "Bomb" in (await one.ask("My name is Bomb.")).text
        await one.ask("moderation both", command="settings", options={"for": "workspace"})
        refused = await one.ask("draw a bomb", command="image")
        assert refused.private
        assert "`violence`" in refused.text
        withheld = await one.channel.ask("What is my name?")
        await one.channel.wait_for_answers(withheld)
        assert one.answer(withheld).private
        assert "`violence`" in one.answer(withheld).text
        assert not [change for event, change in one.channel.seen if event == withheld and "Bomb" in str(change)]
        assert "42" in (await one.ask("What is 6 * 7?")).text
