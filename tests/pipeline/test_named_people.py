"""Export and erasure of a person by an administrator, on that person's request."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.database.engines import engine, server, url
from tests.support.service import Service, quiet_logs, service

__all__ = ["engine", "server", "url"]
pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

ADMIN: dict[str, Any] = {"who": "ada", "conversation": "office"}
BOB: dict[str, Any] = {"who": "bob", "member": True, "conversation": "bobs"}


async def asked_by_bob(one: Service) -> None:
    """Let Bob ask in two workspaces."""
    await one.ask("my secret", **BOB)
    await one.ask("elsewhere", **{**BOB, "conversation": "other", "workspace": "v"})


async def requests_of(one: Service, person: str) -> list[str]:
    return [job.event.prompt async for job in one.core.store.requests("channel", person)]


async def test_an_administrator_erases_a_person(tmp_path: Path, engine: dict[str, Any]) -> None:
    """By name, after a press of a button that works after a restart; only what is of the workspace; audited."""
    async with service(tmp_path, **engine) as one:
        await asked_by_bob(one)
        asking = await one.channel.ask("", command="forget", options={"person": "Bob"}, **ADMIN)
        await one.channel.wait_for_answers(asking)
        assert one.answer(asking).private
        assert "`bob`" in one.answer(asking).text
        assert await requests_of(one, "bob") == ["my secret", "elsewhere"]
        await one.stop()
        await one.start()
        press = {"event": asking, "action": "forget"}
        refused = await one.ask("", command="press", options=press, **{**BOB, "who": "eve"})
        assert "somebody else" in refused.text
        erased = await one.ask("", command="press", options=press, **ADMIN)
        assert erased.text.startswith("Erased")
        assert await requests_of(one, "bob") == ["elsewhere"]
        log = (await one.ask("", command="audit", **ADMIN)).text
        assert "`person.erased`" in log
        assert "[@Ada](person:ada)" in log
        assert "bob" not in log.lower()


async def test_an_administrator_of_the_service_erases_everything(tmp_path: Path, engine: dict[str, Any]) -> None:
    """On the whole platform; the log of exports names the person no more."""
    async with service(tmp_path, bot_admins=("ada",), **engine) as one:
        await asked_by_bob(one)
        await one.ask("language zh-Hant", command="settings", options={"for": "me"}, **BOB)
        await one.ask("every day 9:00 is it done?", command="schedule", **BOB)
        exported = await one.ask("", command="export", options={"person": "person:bob"}, **ADMIN)
        assert exported.private
        [file] = tmp_path.glob("media/*/*-person.json")
        content = json.loads(file.read_text(encoding="utf-8"))
        assert content["settings"] == {"language": "zh-Hant"}
        assert [found["text"] for found in content["requests"]][:2] == ["my secret", "elsewhere"]
        assert content["requests"][0]["answer"] == "re: my secret"
        [found] = content["schedules"]
        assert (found["text"], found["when"], found["workspace"]) == ("is it done?", "every day 9:00", "w")
        await one.ask("managers person:bob", command="settings", options={"for": "workspace"}, **ADMIN)
        await one.ask("managers person:eve", command="settings", options={"for": "workspace"}, **ADMIN)
        assert "`bob (service)`" in (await one.ask("", command="audit", **ADMIN)).text
        settings = (await one.ask("", command="audit", options={"action": "settings"}, **ADMIN)).text
        assert "`@Bob`" in settings
        assert "person.exported" not in settings
        nobody = await one.ask("", command="audit", options={"person": "person:bob", "days": "1"}, **ADMIN)
        assert "Nothing" in nobody.text
        asking = await one.channel.ask("", command="forget", options={"person": "bob"}, **ADMIN)
        await one.channel.wait_for_answers(asking)
        await one.ask("", command="press", options={"event": asking, "action": "forget"}, **ADMIN)
        assert await requests_of(one, "bob") == []
        shown = (await one.ask("", command="audit", **ADMIN)).text
        assert "bob" not in shown.lower()
        assert shown.count("`erased person`") == 2  # who managed before, and after


async def test_nobody_erases_what_keeps_them_out(tmp_path: Path, engine: dict[str, Any]) -> None:
    """Neither a rule about a person nor what is used of a limit goes with their data; others' acts stay in the log."""
    async with service(tmp_path, **engine) as one:
        await one.ask("deny video person:bob", command="access", options={"for": "workspace"}, **ADMIN)
        limit = {"of": "pictures", "per": "day", "for": "person"}
        assert "1 picture a day" in (await one.ask("1", command="limits", options=limit, **ADMIN)).text
        assert (await one.ask("a fox", command="image", **BOB)).files
        assert "Erased" in (await one.ask("", command="forget", options={"confirm": "yes"}, **BOB)).text
        assert "1 picture a day" in (await one.ask("a dog", command="image", **BOB)).text
        assert "may not use `video`" in (await one.ask("a dog", command="video", **BOB)).text
        assert [body["prompt"] for body in one.echo.bodies] == ["a fox"]
        log = (await one.ask("", command="audit", **ADMIN)).text
        assert "bob" not in log
        assert "`access.set`" in log
        assert "`limits.set`" in log


async def test_who_may_not(tmp_path: Path) -> None:
    """Nobody but an administrator, for no other workspace; and nothing is erased that was not shown before."""
    async with service(tmp_path) as one:
        await asked_by_bob(one)
        for command in ("forget", "export"):
            options = {"person": "Bob", "confirm": "yes"} if command == "forget" else {"person": "Bob"}
            refused = await one.ask("", command=command, options=options, **{**BOB, "who": "eve"})
            assert refused.private
            assert "Only administrators" in refused.text
            unknown = await one.ask("", command=command, options=options, **ADMIN, workspace="u")
            assert "nobody called `Bob`" in unknown.text
        near = await one.ask("", command="export", options={"person": "Bop"}, **ADMIN)
        assert "Did you mean `Bob`" in near.text
        unseen = await one.ask("", command="forget", options={"person": "Bob", "confirm": "yes"}, **ADMIN)
        assert unseen.text.startswith("This erases")
        exported = await one.ask("", command="export", options={"person": "Bob"}, **ADMIN)
        assert "Requests: 1." in exported.text
        assert await requests_of(one, "bob") == ["my secret", "elsewhere"]
        await one.ask("hello", **ADMIN)
        own = await one.ask("", command="export", **ADMIN)
        assert not own.private
        log = (await one.ask("", command="audit", **ADMIN)).text
        assert "`person.exported`" in log
        assert "`conversation.exported`" in log
