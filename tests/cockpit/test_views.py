"""The pages on what was made, used and done, and who may see which."""

import asyncio
import csv
import io
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest

from aimodels.reference import MODELS
from bot.ports import AuditEntry, RequestFilter
from bot.sign_in.visitor import Visitor
from tests.support.media_files import PNG
from tests.support.pages.client import pages

pytestmark = pytest.mark.usefixtures("quiet_logs")

OURS = Visitor(is_administrator=True, adapter="channel", workspace="w", actor="ann", name="Ann")


async def test_the_overview_shows_what_runs_and_what_is_left(tmp_path: Path) -> None:
    """An administrator reads the running requests and the budgets of the own workspace, and of no other.

    The operator also reads what is wrong with the database.
    """
    async with pages(tmp_path, bot_budget_per_day=5) as web:
        service = web.service
        await service.ask("a fox", command="image", workspace="w", conversation="1")
        gate = service.echo.hold("SLOW")
        asked = await service.start_asking("SLOW", command="image", workspace="w", conversation="2")
        theirs = await service.start_asking("SLOW too", workspace="theirs", conversation="3")
        await web.sign_in()
        limit = {"amount": "3", "of": "money", "per": "month", "who": "everybody", "id": "", "act": "set"}
        await web.post("/cockpit/limits", {"adapter": "channel", "workspace": "w", **limit})
        database = web.service.core.settings.database_path
        moved = database.rename(database.with_name("moved"))
        shown = (await web.get("/cockpit")).words
        status = (await web.get("/cockpit/api/status")).text
        moved.rename(database)
        assert "Needs attention: The database" in shown
        assert "a budget of 5 a day 4" in shown
        assert re.search(r"Being answered image [\d.]+ s chat [\d.]+ s", shown), shown
        assert '"budgets":[{"limit":"a budget of 5 a day"' in status
        assert re.search(r'"database_problem":"The database [^"]+ was moved', status), status
        await web.sign_in(OURS)
        shown = (await web.get("/cockpit")).words
        assert "a budget of 3 a month 2" in shown
        assert "a budget of 5" not in shown
        assert re.search(r"Being answered image [\d.]+ s Language", shown), shown
        gate.set()
        await service.channel.wait_for_answers(asked, theirs)


async def test_media_usage_and_audit_log_end_at_the_workspace(tmp_path: Path) -> None:
    """The operator sees everything; an administrator what belongs to the workspace, whatever the address asks for."""
    async with pages(tmp_path) as web:
        store = web.service.core.store
        web.service.adapter.named = {"w": "Workshop", "general": "lobby"}
        fox = await web.service.ask("a fox", command="image", workspace="w", who="ann", conversation="1")
        cat = await web.service.ask("a cat", command="image", workspace="theirs", who="bob", conversation="2")
        for workspace, subject in (("w", "ours"), ("theirs", "their own")):
            entry = AuditEntry(
                adapter="channel", actor="ann", action="settings.set", workspace=workspace, subject=subject
            )
            await store.add_audit(entry)

        await web.service.core.inbox.background.drain()
        await web.sign_in()
        gallery = await web.get("/cockpit/media")
        files = re.findall(r'<img src="(/cockpit/media/\d+/0)"', gallery.text)
        assert len(files) == 2
        assert "a fox" not in gallery.text  # a text of a person
        assert f"image , {MODELS['image']}, 0.50 for the answer Ann, #lobby Workshop · channel" in gallery.words
        usage = (await web.get("/cockpit/usage?by=person")).words
        assert "Ann ann 1 0 1 0.50" in usage
        assert "Total 2 0 2 1.00" in usage
        today = datetime.now(UTC).date().isoformat()
        for by, line in (
            ("day", f"{today} 2 0 2 1.00"),
            ("kind", "image 2 0 2 1.00"),
            ("model", f"{MODELS['image']} 2 0 2 1.00"),
            ("channel", "#lobby Workshop · channel · general 1 0 1 0.50"),
            ("workspace", "theirs channel 1 0 1 0.50"),
            ("workspace", "Workshop channel · w 1 0 1 0.50"),
        ):
            assert line in (await web.get(f"/cockpit/usage?by={by}")).words
        rows = list(csv.reader(io.StringIO((await web.get("/cockpit/usage.csv")).text.lstrip("\ufeff"))))
        assert {(row[2], *row[-3:]) for row in rows[1:]} == {
            ("w", "Workshop", "lobby", "Ann"),
            ("theirs", "", "lobby", "Bob"),
        }
        audit = (await web.get("/cockpit/audit")).words
        assert "their own" in audit
        assert "usage.export" in audit

        await web.sign_in(OURS)
        gallery = await web.get("/cockpit/media")
        [own] = re.findall(r'<img src="(/cockpit/media/\d+/0)"', gallery.text)
        theirs = next(address for address in files if address != own)
        async with web.http.get(web.base + own) as response:
            assert response.headers["content-type"] == "image/png"
            assert await response.read() == PNG
        assert (await web.get(theirs)).status == 404
        assert (await web.get(f"{own[:-1]}7")).status == 404
        usage = (await web.get("/cockpit/usage?by=person&workspace=theirs")).words
        assert "Ann ann 1 0 1 0.50" in usage
        assert "Ann, administrator of Workshop" in usage
        assert "Bob" not in usage
        text = (await web.get("/cockpit/usage.csv")).text + (await web.get("/cockpit/audit.csv")).text
        assert "theirs" not in text
        audit = (await web.get("/cockpit/audit?before=999")).words
        assert "ours" in audit
        assert "their own" not in audit

        for address in (theirs, own):
            await web.post("/cockpit/media/delete", {"request": address.split("/")[3]})
        await web.service.channel.until(lambda: not fox.files)
        assert cat.files
        assert (await web.get(own)).status == 404
        await web.sign_in()
        assert (await web.get(theirs)).status == 200
        web.service.adapter.named["leads"], web.service.adapter.private = "leads", {"leads"}
        await web.service.ask("a plan", command="image", workspace="w", channel="leads", conversation="3")
        await web.service.core.inbox.background.drain()
        gallery = await web.get("/cockpit/media")
        assert "Made in private, so it is hidden. image" in gallery.words
        [row, *_] = await store.list_requests(RequestFilter(channels=["leads"]), limit=9)
        assert (await web.get(f"/cockpit/media/{row.seq}/0")).status == 404
        assert (await web.get("/cockpit/usage?by=nothing&days=x")).status == 200


def add_use(database: Path, number: int) -> None:
    """Add as many people and channels, each with a request of this hour."""
    hour = int(datetime.now(UTC).timestamp() // 3600)
    with closing(sqlite3.connect(database)) as db, db:
        db.executemany(
            "INSERT INTO usage VALUES (?, 'channel', ?, ?, 'chat', 'm', 1, 0, 0, 0, 0, 0, 0, 'w', '', 0)",
            [(hour, f"p{one}", f"c{one}") for one in range(number)],
        )


async def test_pages_of_a_big_workspace_are_small(tmp_path: Path) -> None:
    """Of hundreds of people and channels a page has a part, and forms offer those who used the service most."""
    async with pages(tmp_path) as web:
        await web.service.ask("hello", who="ann")
        await asyncio.to_thread(
            add_use, tmp_path / "bot.db", 250
        )  # what the service writes meanwhile needs the event loop
        await web.sign_in()
        for by, left in (("person", 51), ("channel", 51)):
            first = await web.get(f"/cockpit/usage?by={by}")
            assert (first.text.count("<meter"), "Total 251" in first.words) == (200, True)
            [older] = re.findall(r'href="(/cockpit/usage\?[^"]+)"', first.text)
            rest = await web.get(unescape(older))
            assert (rest.text.count("<meter"), "Total 251" in rest.words) == (left, True)
        here = "adapter=channel&workspace=w"
        assert (await web.get(f"/cockpit/access?{here}")).text.count('<option value="p') == 100
        listed = await web.get(f"/cockpit/people?{here}")
        assert "231 more" in listed.words  # channels beside the list
        [more] = re.findall(r'href="(/cockpit/people\?[^"]+page=2)"', listed.text)
        assert len(re.findall('<th scope="row"><a ', (await web.get(unescape(more))).text)) == 100
