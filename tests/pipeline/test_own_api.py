"""A workspace with an API key of its own: used for its requests only, and seen by nobody."""

import gc
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog

from tests.support.channel.own_api import KEY, bring, own_server
from tests.support.schedules.clock import START, SetClock
from tests.support.scripted_api import chat, failure
from tests.support.service import quiet_logs, service

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


def open_sessions() -> int:
    """Return the number of HTTP sessions that are open in this process."""
    return sum(isinstance(one, aiohttp.ClientSession) and not one.closed for one in gc.get_objects())


async def test_a_workspace_uses_its_own_key(tmp_path: Path) -> None:
    """From the next request on, after a restart, too, until it is removed; other workspaces use the service's.

    What was scheduled before is paid by whoever pays at its time, and is no message that somebody has typed.
    """
    clock = SetClock()
    async with (
        own_server() as (api, origin),
        service(tmp_path, clock=clock, bot_workspace_api_origins=(origin,)) as one,
    ):
        assert "from now on" in (await bring(one, key=KEY, url=api.url)).text
        later = await one.channel.ask("in 2 hours and then?", command="schedule", is_message=True)
        await one.channel.wait_for_answers(later)
        for _ in range(2):
            asked = len(api.requests)
            assert (await one.ask("hello")).text == "re: hello"
            assert api.requests[asked].headers["Authorization"] == f"Bearer {KEY}"
            assert (await one.ask("a fox", command="image")).files
            await one.ask("elsewhere", workspace="w2", conversation="c2")
            assert one.echo.prompts.pop() == "elsewhere"
            assert not one.echo.prompts
            await one.stop()
            await one.start()
        assert "key is deleted" in (await one.ask("", command="apikey", options={"remove": "yes"})).text
        await one.ask("hello again")
        [kept] = await one.core.store.schedules("channel")
        assert not kept.event.is_message
        await clock.set(START + timedelta(hours=2))
        await one.channel.wait_for_answers(f"again {later}")
        assert one.channel.answers(f"again {later}")[0].text.startswith("re: and then?")
        assert one.echo.prompts == ["hello again", "and then?"]


async def test_a_workspace_pays_for_its_own_key(tmp_path: Path) -> None:
    """Neither the operator's budget nor the rate limit of the operator's key is used; `/usage` says whose it was."""
    given: dict[str, Any] = {
        "bot_budget_per_day": 0.5,
        "bot_prices": ("dear=picture:0.5",),
        "bot_image_models": ("dear",),
    }
    async with own_server() as (api, origin), service(tmp_path, bot_workspace_api_origins=(origin,), **given) as one:
        await bring(one, key=KEY, url=api.url)
        for _ in range(2):
            assert (await one.ask("a fox", command="image")).files
        used_up = {"X_RateLimit_Limit": "1", "X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "99999999999"}
        api.play(chat("the last one", **used_up))
        assert (await one.ask("hello")).text == "the last one"
        assert "budget" not in (await one.ask("", command="limits")).text
        shown = (await one.ask("", command="usage", options={"whose": "workspace"})).text
        assert "1.00 of this cost is paid with workspaces' own API keys" in shown
        elsewhere: dict[str, Any] = {"command": "image", "workspace": "w2", "conversation": "c2"}
        assert (await one.ask("a dog", **elsewhere)).files
        assert "Everybody together has used up a budget of 0.5" in (await one.ask("a cat", **elsewhere)).text
        assert [body["prompt"] for body in one.echo.bodies] == ["a dog"]


async def test_what_a_key_may_not_is_its_own(tmp_path: Path) -> None:
    """A limit that the API has for a workspace's key, though at the service's own address, is learnt for it alone."""
    too_long = failure(400, "invalid_request", "duration: Input should be less than or equal to 5")
    async with service(tmp_path) as one:
        await bring(one, key=KEY)
        one.echo.instead = [too_long]
        video: dict[str, Any] = {"command": "video", "options": {"duration": "10"}}
        for _ in range(2):
            assert "may be at most 5" in (await one.ask("a fox", **video)).text
        assert "may be" not in (await one.ask("a dog", **video, workspace="w2", conversation="c2")).text
        assert [body["prompt"] for body in one.echo.bodies] == ["a fox", "a dog"]


async def test_nobody_sees_the_key(tmp_path: Path) -> None:
    """It is neither in the database, nor in logs, answers or the audit log."""
    async with own_server() as (api, origin), service(tmp_path, bot_workspace_api_origins=(origin,)) as one:
        with structlog.testing.capture_logs() as logs:
            await bring(one, key=KEY, url=api.url)
            api.play(failure(400, text=f"wrong {KEY}"))
            told = [await one.ask("hello"), await one.ask("", command="apikey"), await one.ask("", command="audit")]
        assert "own_api.set" in told[-1].text
        assert api.url in told[-1].text
        assert KEY not in f"{logs}{[message.text for message in told]}"
        await one.ask(f"/apikey {KEY}", command="apikey")
        await one.stop()
        assert not [path for path in tmp_path.iterdir() if path.is_file() and KEY.encode() in path.read_bytes()]
        await one.start()


async def test_a_key_is_checked_before_it_is_kept(tmp_path: Path) -> None:
    """A key or address that does not work changes nothing; an address beyond the operator's list is not asked."""
    async with own_server() as (api, origin), service(tmp_path, bot_workspace_api_origins=(origin,)) as one:
        api.play(failure(401, "invalid_api_key"))
        assert "does not accept this key" in (await bring(one, key=KEY, url=api.url)).text
        api.play(failure(503))
        assert "nothing was changed" in (await bring(one, key=KEY, url=api.url)).text
        assert (await one.ask("hello")).text == "re: hello"
        asked = len(api.requests)
        await one.stop()
        await one.start(bot_workspace_api_origins=())
        for url in (api.url, "http://169.254.169.254/v1", "https://example.com/v1", f"{origin}@evil.example/v1"):
            assert "may not be used here" in (await bring(one, key=KEY, url=url)).text
        assert len(api.requests) == asked


async def test_public_means_public(tmp_path: Path) -> None:
    """Where every public address is allowed, an internal one gets no connection. Nothing stays open after a check."""
    async with own_server() as (api, origin), service(tmp_path, bot_workspace_api_origins=("public",)) as one:
        sessions = []
        for url in (origin.replace("http", "https"), "https://localhost:1/v1"):
            assert "could not be used" in (await bring(one, key=KEY, url=url)).text
            sessions.append(open_sessions())
        assert sessions[0] == sessions[1]
        assert "may not be used here" in (await bring(one, key=KEY, url=api.url)).text  # plain http
        assert not api.requests


async def test_it_is_the_administrators_matter(tmp_path: Path) -> None:
    """Members can neither see nor change it."""
    async with service(tmp_path) as one:
        for options in ({}, {"key": KEY}, {"remove": "yes"}):
            told = await one.ask("", command="apikey", options=options, member=True, locale="zh-TW")
            assert told.text == "只有工作區或伺服器的管理員可以在其中設定自己的金鑰。"


async def test_an_api_that_is_no_longer_allowed_is_not_replaced_by_the_service_s(tmp_path: Path) -> None:
    """Nobody pays for what a workspace brought a key for; administrators can still remove it."""
    async with own_server() as (api, origin), service(tmp_path, bot_workspace_api_origins=(origin,)) as one:
        await bring(one, key=KEY, url=api.url)
        await one.stop()
        await one.start(bot_workspace_api_origins=())
        assert "can't be used any more" in (await one.ask("hello")).text
        assert not one.echo.prompts
        await one.ask("", command="apikey", options={"remove": "yes"})
        assert (await one.ask("hello")).text == "re: hello"
