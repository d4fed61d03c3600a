"""Limits are set on the pages as by the command: the same checks, the same entries in the audit log, in one's place."""

from pathlib import Path

import pytest

from bot.sign_in.visitor import Visitor
from tests.support.pages.client import pages

pytestmark = pytest.mark.usefixtures("quiet_logs")

OURS = {"adapter": "channel", "workspace": "w"}
LIMIT = {"amount": "1", "of": "pictures", "per": "day", "who": "channel", "id": "general", "act": "set"}


async def test_limits_are_set_seen_and_cleared(tmp_path: Path) -> None:
    """In effect at once, with what is used of them; an administrator reaches the own workspace and no other."""
    async with pages(tmp_path, bot_budget_per_day=5) as web:
        fox = await web.service.ask("a fox", command="image")
        assert fox.files
        await web.sign_in(Visitor(is_administrator=True, adapter="channel", workspace="other", actor="bob", name="Bob"))
        assert (await web.post("/cockpit/limits", {**OURS, **LIMIT})).status == 404
        for place in ({}, {"adapter": "channel", "workspace": "other", "channel": "general"}):
            shown = await web.post("/cockpit/limits", {**place, **LIMIT})
            assert "The limit is set." in shown.words
        assert "1 picture a day the channel general – Clear" in shown.words  # not what others use there
        assert "budget" not in (await web.get("/cockpit/limits?adapter=channel&workspace=w")).words
        assert (await web.service.ask("a cat", command="image")).files

        await web.sign_in()
        assert "a budget of 5 a day everybody together 1 set by" in (await web.get("/cockpit/limits")).words
        assert "Nothing is limited here." in (await web.get("/cockpit/limits?adapter=channel&workspace=w")).words
        shown = await web.post("/cockpit/limits", {**OURS, **LIMIT})
        assert "1 picture a day the channel general 2 Clear" in shown.words
        assert "0.5 per picture" in shown.words
        assert "1 picture a day" in (await web.service.ask("an owl", command="image")).text
        for wrong, words in (
            ({"amount": "1.5"}, "is no amount"),
            ({"of": "tea"}, "Choose what is limited"),
            ({"who": "role", "id": ""}, "A role is named by its id"),
            ({"act": "clear", "per": "month"}, "There is no such limit"),
        ):
            refused = await web.post("/cockpit/limits", {**OURS, **LIMIT, **wrong})
            assert refused.status == 400
            assert words in refused.words
        assert "The limit is gone." in (await web.post("/cockpit/limits", {**OURS, **LIMIT, "act": "clear"})).words
        assert (await web.service.ask("an owl", command="image", conversation="2")).files
        assert (await web.get("/cockpit/limits?adapter=x&workspace=y")).status == 404

        store = web.service.core.store
        [cleared, made] = await store.audit("channel", workspace="w", limit=5)
        assert (made.action, made.subject, made.scope) == ("limits.set", "pictures / day, channel:general", "workspace")
        assert (made.actor, made.before, made.after) == ("operator", None, "1")
        assert (cleared.action, cleared.before, cleared.after) == ("limits.clear", "1", None)
        assert {entry.subject for entry in await store.audit("channel", workspace="other", limit=5)} >= {made.subject}
