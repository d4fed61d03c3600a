"""Rules on who may use what are changed and explained on the pages as by the commands, in the places that are one's."""

from pathlib import Path

import pytest

from bot.sign_in.visitor import Visitor
from tests.support.pages.client import pages

pytestmark = pytest.mark.usefixtures("quiet_logs")

OURS = {"adapter": "channel", "workspace": "w"}
GENERAL = {**OURS, "channel": "general"}
RULE = {"rule": "deny", "what": "image", "who": "person", "id": "bob", "until": "", "act": "set"}


async def test_rules_and_pauses_hold_at_once_in_the_own_places(tmp_path: Path) -> None:
    """Set, explained, cleared, paused and resumed, with entries in the audit log; not in another workspace."""
    async with pages(tmp_path) as web:
        service, store = web.service, web.service.core.store
        assert (await service.ask("a fox", command="image", who="bob")).files

        await web.sign_in(Visitor(is_administrator=True, adapter="channel", workspace="other", actor="eve", name="Eve"))
        assert (await web.post("/cockpit/access", {**GENERAL, **RULE})).status == 404  # a channel of w
        assert (await web.post("/cockpit/access/pause", {**GENERAL, "act": "pause"})).status == 404
        assert (await web.post("/cockpit/access", {**OURS, **RULE, "id": "ann"})).status == 404
        assert (await web.post("/cockpit/access/pause", {**OURS, "act": "pause", "reason": "mine"})).status == 404
        assert "The rule is set." in (await web.post("/cockpit/access", {**RULE, "id": "ann"})).words
        await web.post("/cockpit/access/pause", {"act": "pause", "reason": "mine"})
        assert {entry.workspace for entry in await store.audit("channel", limit=9)} == {"other"}
        assert (await service.ask("a cat", command="image", who="ann")).files

        await web.sign_in()
        shown = (await web.get("/cockpit/access?adapter=channel&workspace=w")).words
        assert "Administrators have set no rules here." in shown
        assert "mine" not in shown
        for wrong, words in (
            ({"what": "imgae"}, "Did you mean image"),
            ({"what": "help"}, "open to everybody"),
            ({"id": "b ob"}, "Name whom the rule is about"),
            ({"until": "soon"}, "not a time in the future"),
        ):
            refused = await web.post("/cockpit/access", {**OURS, **RULE, **wrong})
            assert refused.status == 400
            assert words in refused.words
        assert "until 2" in (await web.post("/cockpit/access", {**OURS, **RULE, "until": "3d"})).words
        assert "does not let you" in (await service.ask("an owl", command="image", who="bob")).text
        why = "/cockpit/access?adapter=channel&workspace=w&channel=general&why=image&whom="
        assert "What decides: image deny until" in (await web.get(f"{why}bob")).words
        assert "ann: nothing stands in the way of image here" in (await web.get(f"{why}ann")).words
        await web.post("/cockpit/access", {**OURS, **RULE, "act": "clear"})
        assert (await service.ask("an owl", command="image", who="bob", conversation="2")).files

        assert (
            "Paused." in (await web.post("/cockpit/access/pause", {**GENERAL, "act": "pause", "reason": "tea"})).words
        )
        waiting = await service.channel.ask("later", who="dan", conversation="3")
        await service.channel.until(lambda: waiting in service.channel.acknowledged)
        await web.sign_in(Visitor(is_administrator=True, adapter="channel", workspace="w", actor="ann", name="Ann"))
        assert "Paused. tea" in (await web.get("/cockpit/access?channel=general")).words
        assert "Resumed." in (await web.post("/cockpit/access/pause", {**GENERAL, "act": "resume"})).words
        await service.channel.wait_for_answers(waiting)
        assert service.answer(waiting).text == "re: later"

        entries = [
            (e.action, e.subject, e.scope, e.actor) for e in await store.audit("channel", workspace="w", limit=9)
        ]
        assert entries[::-1] == [
            ("access.set", "image person:bob", "workspace", "operator"),
            ("access.clear", "image person:bob", "workspace", "operator"),
            ("pause.begin", "", "channel", "operator"),
            ("cockpit.sign_in", "", "", "ann"),
            ("pause.end", "", "channel", "ann"),
        ]
