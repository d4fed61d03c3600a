"""Settings are changed on the pages as by the command: from the same registry, for the same places and people."""

import re
from pathlib import Path

import pytest

from bot.sign_in.visitor import Visitor
from tests.support.pages.client import pages

pytestmark = pytest.mark.usefixtures("quiet_logs")

PLACE = {"adapter": "channel", "workspace": "w", "channel": "general"}


async def test_a_change_holds_for_the_next_request(tmp_path: Path) -> None:
    """Set for a channel, seen with its origin, in effect at once, in the audit log, and cleared again."""
    async with pages(tmp_path, bot_disabled_commands=("video",)) as web:
        web.service.adapter.named = {"w": "Workshop", "general": "lobby"}
        await web.service.ask("hello")
        await web.service.core.inbox.background.drain()
        await web.sign_in()
        shown = await web.get("/cockpit/settings?adapter=channel&workspace=w")
        assert "Whole service Workshop channel #lobby" in shown.words
        form = await web.get("/cockpit/settings/image.size?adapter=channel&workspace=w&channel=general")
        assert "For the channel #lobby of Workshop" in form.words
        saved = await web.post("/cockpit/settings", {**PLACE, "name": "image.size", "value": "512x512", "act": "set"})
        assert "image.size is changed." in saved.words
        assert re.search(r"image\.size [^.]*?512x512 this channel", saved.words)
        await web.service.ask("a fox", command="image")
        assert web.service.echo.bodies[-1]["size"] == "512x512"
        [entry, *_] = await web.service.core.store.audit("channel", workspace="w", limit=1)
        assert (entry.action, entry.subject, entry.scope, entry.channel) == (
            "settings.set",
            "image.size",
            "channel",
            "general",
        )
        assert (entry.actor, entry.before, entry.after) == ("operator", None, "512x512")
        await web.post("/cockpit/settings", {**PLACE, "name": "image.size", "act": "clear"})
        await web.service.ask("a fox", command="image")
        assert web.service.echo.bodies[-1]["size"] != "512x512"


async def test_a_channel_is_one_of_the_workspace(tmp_path: Path) -> None:
    """It is chosen and shown by its name; no form names another workspace's, in which requests would be shown."""
    async with pages(tmp_path) as web:
        web.service.adapter.named = {"w": "Workshop", "general": "lobby"}
        await web.service.ask("hello")
        await web.service.core.inbox.background.drain()
        await web.sign_in(Visitor(is_administrator=True, adapter="channel", workspace="w", actor="bob", name="Bob"))
        form = await web.get("/cockpit/settings/approval_channel")
        assert '<option value="general">#lobby</option>' in form.text
        for foreign in ("theirs", "<#theirs>", ""):
            refused = await web.post("/cockpit/settings", {"name": "approval_channel", "value": foreign, "act": "set"})
            assert refused.status == 400
            assert "/settings approval_channel here" in refused.words
        saved = await web.post("/cockpit/settings", {"name": "approval_channel", "value": "general", "act": "set"})
        assert "#lobby general this workspace" in saved.words
        assert "Now #lobby, from" in (await web.get("/cockpit/settings/approval_channel")).words


async def test_a_wrong_value_is_explained_and_nothing_lost(tmp_path: Path) -> None:
    """The form comes back with the value and one sentence; words that are refused are no value."""
    rules = tmp_path / "rules.toml"
    rules.write_text('[refuse.words]\nrockets = ["rocket"]\n', encoding="utf-8")
    async with pages(tmp_path, bot_content_rules=rules) as web:
        await web.service.ask("hello")
        await web.sign_in()
        wrong = await web.post("/cockpit/settings", {**PLACE, "name": "temperature", "value": "9", "act": "set"})
        assert wrong.status == 400
        assert 'value="9"' in wrong.text
        assert "temperature" in wrong.words
        told = await web.post(
            "/cockpit/settings", {**PLACE, "name": "system_prompt", "value": "Praise the rocket", "act": "set"}
        )
        assert told.status == 400
        assert "Praise the rocket" in told.text
        assert "Praise the rocket" not in (await web.get("/cockpit/settings?adapter=channel&workspace=w")).text


async def test_an_administrator_changes_the_own_workspace_only(tmp_path: Path) -> None:
    """Neither the service, nor another workspace, nor a channel that was never used in the own one."""
    async with pages(tmp_path) as web:
        await web.service.ask("hello")
        await web.sign_in(Visitor(is_administrator=True, adapter="channel", workspace="other", actor="bob", name="Bob"))
        for place in (PLACE, {**PLACE, "workspace": "other"}, {**PLACE, "channel": ""}, {}):
            fields = {**place, "name": "temperature", "value": "0.37", "act": "set"}
            saved = await web.post("/cockpit/settings", fields)
            assert saved.status == (404 if place else 200)
        entries = await web.service.core.store.audit("channel", workspace="other", limit=3)
        assert [(one.action, one.subject) for one in entries] == [
            ("settings.set", "temperature"),
            *[("cockpit.foreign_place", "channel/w")] * 2,
        ]
        shown = await web.get("/cockpit/settings")
        assert re.search(r"temperature [^.]*? 0.37 this workspace", shown.words.replace("Bob", ""))
        assert (await web.get("/cockpit/settings?channel=general")).status == 404
        await web.sign_in()
        for query in ("adapter=channel&workspace=w", "adapter=channel&workspace=w&channel=general", ""):
            assert "0.37" not in (await web.get(f"/cockpit/settings?{query}")).text, query
        assert (await web.get("/cockpit/settings?adapter=x&workspace=y")).status == 404
        assert (await web.get("/cockpit/settings/nothing")).status == 404
