"""Limits that administrators have set, as people meet them, on both engines."""

import base64
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from aimodels.reference import MODELS
from tests.support.database.engines import engine, server, url
from tests.support.database.postgres import connected
from tests.support.media_files import MP4, wav
from tests.support.scripted_api import data
from tests.support.service import Service, quiet_logs, service

__all__ = ["engine", "server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)


def zone_after_midnight() -> str:
    """Return a zone in which the day began within the last hour."""
    hour = datetime.now(UTC).hour
    return f"Etc/GMT+{hour}" if hour <= 12 else f"Etc/GMT-{24 - hour}"


async def limit(one: Service, amount: str, of: str, whom: str, per: str = "day", **more: Any) -> None:
    options = {"of": of, "for": whom, "per": per}
    assert "From the next request on" in (await one.ask(amount, command="limits", options=options, **more)).text


async def an_hour_passes(one: Service) -> None:
    """Make all that was used an hour older."""
    tables = ("usage", "spent")
    await one.stop()
    if one.given.get("bot_database_url") is None:
        with sqlite3.connect(one.core.settings.database_path) as database:
            database.execute("UPDATE usage SET hour = hour - 1")
        database.close()
    else:
        async with connected(one.given["bot_database_url"]) as connection:
            for table in tables:
                await connection.execute(f"UPDATE {table} SET hour = hour - 1")
    await one.start()


async def test_the_strictest_limit_decides(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Of a person, members of a role, a channel and a workspace, until midnight in the service's time zone."""
    async with service(tmp_path, bot_time_zone=zone_after_midnight(), **engine) as one:
        for amount, whom in (("2", "person:ann"), ("3", "role:artists"), ("5", "channel:general"), ("6", "everybody")):
            await limit(one, amount, "pictures", whom)

        async def picture(who: str, **more: Any) -> str:
            answer = await one.ask("a fox", command="image", who=who, member=True, **more)
            return "made" if answer.files else answer.text

        artist = {"roles": ["artists"]}
        assert [await picture("ann", **artist) for _ in range(2)] == ["made"] * 2
        refused = await picture("ann", **artist)
        assert re.fullmatch(r"You have used up your limit here: 2 pictures a day. Try again in 2[34] hours.", refused)
        assert [await picture("bob", **artist) for _ in range(3)] == ["made"] * 3
        assert "your limit here: 3 pictures a day" in await picture("bob", **artist)
        assert "This channel has used up its limit: 5 pictures a day" in await picture("cid")
        elsewhere = {"channel": "random", "conversation": "random"}
        assert await picture("cid", **elsewhere) == "made"
        assert "This workspace has used up its limit: 6 pictures a day" in await picture("dan", **elsewhere)

        shown = (await one.ask("", command="limits", who="bob", member=True, **artist)).text
        assert re.search(r"\| 3 pictures a day \| you, in this workspace \| 0 \| 2[34] hours \|", shown)
        await an_hour_passes(one)
        shown = (await one.ask("", command="limits", who="bob", member=True, **artist)).text
        assert "| 3 pictures a day | you, in this workspace | 3 | – |" in shown
        assert await picture("bob", **artist) == "made"
        assert len(one.echo.prompts) == 7


async def test_each_measure_is_kept(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Of requests, tokens, seconds of sound and video, and money: what is within is made, what is beyond is not."""
    sound = {"audio": {"b64_json": base64.b64encode(wav()).decode(), "format": "wav", "duration": 8}}
    film = {"video": {"b64_json": base64.b64encode(MP4).decode(), "format": "mp4", "duration": 8}}
    walks: list[tuple[str, str, str, str, str]] = [
        ("requests", "1", "minute", "chat", "has used up its 1 request a minute"),
        ("tokens", "1", "day", "chat", "used up its limit: 1 token a day"),
        ("sound", "10", "month", "audio", "10 seconds of sound a month, with 2 left"),
        ("video", "10", "day", "video", "10 seconds of video a day, with 2 left"),
        ("money", "0.6", "month", "image", "a budget of 0.6 a month, with 0.1 left"),
    ]
    async with service(tmp_path, bot_prices=(f"{MODELS['image']}=picture:0.5",), **engine) as one:
        for measure, amount, per, command, refusal in walks:
            place: dict[str, Any] = {"workspace": measure, "channel": measure, "conversation": measure}
            await limit(one, amount, measure, "everybody", per, **place)
            one.echo.instead = [data({"audio": sound, "video": film}[command])] if command in ("audio", "video") else []
            options = {"duration": "8"} if one.echo.instead else {}
            said = [await one.ask("a fox", command=command, options=options, **place) for _ in range(2)]
            assert said[0].files or said[0].text == "re: a fox", (measure, said[0].text)
            assert refusal in said[1].text, measure
            assert not one.echo.instead
        assert len(one.echo.bodies) == len(walks)
