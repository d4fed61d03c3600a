"""What people, channels and workspaces may use, have spent and have set, and everybody's own page."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.ports import AuditEntry
from bot.sign_in.visitor import Visitor
from tests.support.pages.client import pages

pytestmark = pytest.mark.usefixtures("quiet_logs")

WORKSPACE = "/cockpit/people?adapter=channel&workspace=w"
LIMIT = {"amount": "3", "of": "pictures", "per": "month", "who": "person", "id": "bob", "act": "set"}
RULE = {"rule": "deny", "what": "video", "who": "person", "id": "bob", "until": "", "act": "set"}


async def test_people_and_places_are_seen_as_the_rules_and_limits_hold(tmp_path: Path) -> None:
    """A workspace with its channels and people; a person with what holds for them alone; everybody their own page."""
    async with pages(tmp_path, bot_media_per_day=50, bot_time_zone="Asia/Taipei") as web:
        service = web.service
        await service.ask("a fox", command="image", who="bob")
        await service.ask("hello", who="ann", conversation="2")
        await service.ask("elsewhere", who="eve", workspace="other", conversation="3")
        await service.ask("temperature 0.7", command="settings", options={"for": "me"}, who="bob", conversation="4")
        await service.ask("tea, please", command="remember", who="bob", conversation="6")
        await service.ask("be brief", command="remember", options={"for": "workspace"}, who="ann", conversation="7")
        await service.ask("time_zone tokyo", command="settings", options={"for": "me"}, who="bob", conversation="4")
        await service.ask("every day 9:00 what is new?", command="schedule", who="bob", conversation="8")
        service.adapter.direct.add("dm")
        direct: dict[str, Any] = {"who": "bob", "member": True, "channel": "dm", "direct": True, "conversation": "9"}
        await service.ask("between us", **direct)
        kept = await service.ask("I am pregnant", command="remember", options={"for": "channel"}, **direct)
        assert "nobody else can read it" in kept.text
        for reach in ("channel", "thread"):
            changed = await service.ask("system_prompt I am ill", command="settings", options={"for": reach}, **direct)
            assert "`system_prompt` is set" in changed.text
        await service.ask("I am away", command="pause", **direct)
        await service.ask("", command="resume", **direct)
        await web.sign_in()
        here = {"adapter": "channel", "workspace": "w"}
        await web.post("/cockpit/limits", {**here, **LIMIT})
        await web.post("/cockpit/access", {**here, **RULE})
        await web.post("/cockpit/settings", {**here, "name": "temperature", "value": "0.2", "act": "set"})
        assert "Direct messages: Bob w · channel · dm" in (await web.get("/cockpit/usage?by=channel")).words
        assert "Bob Direct messages w · channel" in (await web.get("/cockpit/requests")).words
        shown = (await web.get("/cockpit/people")).words
        assert "other channel 1 0.00" in shown
        assert "w channel 3 0.50" in shown

        everywhere = "50 pictures, sounds and videos a day the person 49"
        bob = await web.get(f"{WORKSPACE}&person=bob")
        assert everywhere in bob.words
        assert "temperature 0.7" in bob.words
        assert "tea, please" not in bob.words  # people's notes are for nobody else
        await asyncio.gather(*(web.get(f"{WORKSPACE}&person=bob") for _ in range(3)))
        assert service.adapter.asked_of == ["bob"]  # whoever reloads, and whether the platform tells or not

        await web.sign_in(Visitor(is_administrator=True, adapter="channel", workspace="w", actor="ann", name="Ann"))
        shown = (await web.get(WORKSPACE)).words
        assert "temperature 0.2" in shown
        assert "be brief Ann – Forget" in shown
        named = re.findall(r'name="note" value="(\w+)"', (await web.get(WORKSPACE)).text)
        forgotten = await web.post("/cockpit/people", {**here, "note": named[0]})
        assert "The note is forgotten." in forgotten.words
        assert "be brief" not in forgotten.words
        shown = (await web.get(WORKSPACE)).words
        [entry, *_] = await service.core.store.audit("channel", action="memory.forget", limit=9)
        assert (entry.actor, entry.scope, entry.workspace) == ("ann", "workspace", "w")
        assert "This month 0.50 3 requests" in shown
        assert "general 2 0.50" in shown
        assert "every day 9:00 Asia/Tokyo /chat Bob" in shown
        assert "what is new?" not in shown  # requests are shown where the operator says so
        [daily] = set(re.findall(r'name="schedule" value="(\w+)"', (await web.get(WORKSPACE)).text))
        assert (
            "paused Go on" in (await web.post("/cockpit/people", {**here, "schedule": daily, "change": "pause"})).words
        )
        [entry] = await service.core.store.audit("channel", action="schedule", limit=9)
        assert (entry.action, entry.actor, entry.subject) == ("schedule.pause", "ann", "bob")
        assert (await web.post("/cockpit/mine", {"schedule": daily, "change": "delete"})).status == 404
        assert "Bob bob 2 0.50" in shown
        assert "Eve" not in shown
        # what somebody keeps in direct messages is not for administrators: they neither see it nor change it
        assert " dm " not in shown
        entries = await service.core.store.audit("channel", limit=99)
        assert not [entry for entry in entries if entry.channel == "dm" and entry.scope]
        earlier = AuditEntry(adapter="channel", actor="bob", action="settings.set", workspace="w", channel="dm")
        await service.core.store.add_audit(replace(earlier, subject="system_prompt", scope="channel", after="I am ill"))
        await service.core.store.add_audit(replace(earlier, subject="managers", scope="channel", after="<@eve>"))
        for audit in ("/cockpit/audit", "/cockpit/audit.csv"):
            shown = (await web.get(audit)).text
            assert "eve" in shown
            assert "I am ill" not in shown
        for name in ("people", "settings", "access"):
            assert (await web.get(f"/cockpit/{name}?channel=dm")).status == 404, name
        steered = {**here, "channel": "dm", "name": "system_prompt", "value": "obey Ann", "act": "set"}
        assert (await web.post("/cockpit/settings", steered)).status == 404
        shown = (await web.get(f"{WORKSPACE}&channel=general")).words
        assert "Ann ann 1 0.00" in shown
        bob = await web.get(f"{WORKSPACE}&person=bob")
        assert "Bob in w" in bob.words
        assert "3 pictures a month the person, here 2 2" in bob.words
        assert "video You may not use video here: a rule on people" in bob.words
        assert "temperature 0.7" not in bob.words  # it holds wherever Bob asks
        assert "Own settings" not in bob.words
        assert everywhere not in bob.words
        assert "The platform does not say which roles" in bob.words
        for stranger in ("eve", "nobody"):
            assert (await web.get(f"{WORKSPACE}&person={stranger}")).status == 404

        given = (await service.ask("", command="cockpit", member=True, who="bob", conversation="5")).text
        own = await web.sign_in(url=f"/cockpit/enter?token={given.partition('token=')[2]}")
        assert own.url == f"{web.base}/cockpit/mine"
        assert "3 pictures a month the person, here 2 2" in own.words
        assert "temperature 0.7" in own.words
        assert everywhere in own.words
        assert "/chat what is new? Bob paused Go on" in own.words
        own = await web.post("/cockpit/mine", {"schedule": daily, "change": "resume"})
        assert "Pause Delete" in own.words
        assert re.search(r"every day 9:00 Asia/Tokyo /chat what is new\? Bob \S+ 09:00:00 Pause", own.words)
        assert "Times: Asia/Taipei" in own.words  # of all others
        assert "Pause Delete" not in (await web.post("/cockpit/mine", {"schedule": daily, "change": "delete"})).words
        assert (await web.post("/cockpit/mine", {"schedule": daily, "change": "delete"})).status == 404
        assert "tea, please" in own.words
        named = re.findall(r'name="note" value="(\w+)"', own.text)
        assert "tea, please" not in (await web.post("/cockpit/mine", {"note": named[0]})).words
        assert (await web.post("/cockpit/mine", {"note": named[0]})).status == 404
        assert "answered" in own.words
        assert "Ann" not in own.words
        assert (await web.get("/cockpit/sessions")).words.count("Bob") == 2  # the session, and who one is
