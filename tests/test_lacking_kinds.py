"""An OpenAI-compatible server that lacks a kind of content: its command is offered nowhere, without a setting."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.models import CheckResult
from bot.ops.check import check_running
from bot.settings.api_endpoint import find_missing_kinds
from tests.support.scripted_api import scripted_api
from tests.support.service import make_settings, quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


async def chat_and_speech(request: web.Request) -> web.Response:
    """Know two endpoints, and refuse what is no request of theirs."""
    if request.path in {"/v1/chat/completions", "/v1/audio/speech"}:
        return web.json_response({"error": {"message": "messages is missing"}}, status=400)
    return web.json_response({"detail": "Not Found"}, status=404)


async def test_commands_for_what_a_server_lacks_are_not_offered(tmp_path: Path) -> None:
    """Neither listed nor registered nor made a button; a button of before gets a sentence."""
    async with service(tmp_path) as one:
        one.api.play(chat_and_speech)
        await one.stop()
        await one.start(aimodels_api_flavor="openai")
        assert {"chat", "code", "audio"} <= {spec.name for spec in one.core.registry.specs}
        assert not {"image", "video"} & {spec.name for spec in one.core.registry.specs}
        assert "/image" not in (await one.ask("", command="help")).text
        assert "not offered here" in (await one.ask("a fox", command="image")).text


async def test_a_server_that_does_not_answer_holds_no_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All commands are offered then, as those of an API of the reference are."""
    monkeypatch.setattr("bot.settings.api_endpoint._PROBE", 0.1)

    async def silent(_request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with scripted_api() as api:
        api.play(silent)
        settings = make_settings(api, tmp_path, aimodels_api_flavor="openai")
        assert await find_missing_kinds(settings) == frozenset()
        api.play(chat_and_speech)
        assert await find_missing_kinds(settings) == {"image", "video"}
        assert await find_missing_kinds(make_settings(api, tmp_path)) == frozenset()


async def test_speech_that_there_is_not_is_found_by_the_check(tmp_path: Path) -> None:
    """Before anybody presses a button for it."""

    async def of_the_reference(request: web.Request) -> web.Response:
        is_known = request.path == "/v1/chat/completions"
        error = {"code": "invalid_request" if is_known else "not_found", "message": "no"}
        return web.json_response({"success": False, "error": error}, status=400 if is_known else 404)

    async with scripted_api() as api:
        api.play(of_the_reference)

        async def check_api(**settings: Any) -> CheckResult:
            found = await check_running(make_settings(api, tmp_path, **settings), {})
            return next(one for one in found if one.subject == f"API {api.url}")

        assert (await check_api()).is_ok
        found = await check_api(aimodels_speech=True)
    assert (found.is_ok, found.text) == (False, "the API has no /audio/speech: set AIMODELS_SPEECH=false")
