"""Rights while a session lasts: it ends once the platform says that the person is no administrator any more."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cockpit.identity.confirmation import EVERY, UNCONFIRMED, RightsConfirmation
from bot.cockpit.sessions import Session
from bot.models import Actor
from bot.sign_in.visitor import Visitor
from tests.support.pages.client import pages

pytestmark = pytest.mark.usefixtures("quiet_logs")

ANN = Actor(id="ann", is_admin=True)


async def test_a_session_ends_with_the_rights_on_the_platform(tmp_path: Path) -> None:
    """Asked at most once a minute; rights that nobody can confirm last for ten minutes; an operator's likewise.

    Who has left the workspace has no page of their own any more.
    """
    async with pages(tmp_path, bot_admins=("root",)) as web:
        service, members = web.service, web.service.adapter.members
        given = (await service.ask("", command="cockpit", who="ann")).text.partition("token=")[2]
        members["ann"] = replace(ANN, is_admin=False)
        lost = await web.sign_in(url=f"/cockpit/enter?token={given}")
        assert (lost.status, "You are not signed in." in lost.words) == (401, True)
        [entry, *_] = await service.core.store.audit("channel", workspace="w", limit=9)
        assert (entry.action, entry.actor) == ("cockpit.rights_lost", "ann")
        assert await service.core.store.namespace("cockpit.sessions").items() == {}

        event = await service.ask("", command="cockpit", who="root", conversation="2")
        now = 0.0
        rights = RightsConfirmation(
            service.core.settings, service.core.policy, service.core.adapters, service.core.store, now=lambda: now
        )
        ann, root = (
            Session(
                key=who,
                visitor=Visitor(
                    is_operator=who == "root",
                    is_administrator=True,
                    adapter="channel",
                    workspace="w",
                    actor=who,
                    event=event.reply_to,
                ),
                since=datetime.now(UTC),
            )
            for who in ("ann", "root")
        )
        members |= {"ann": ANN, "root": Actor(id="root")}
        assert [await rights.confirm(one) for one in (ann, root)] == [True, True]
        members["ann"] = replace(ANN, is_admin=False)
        now = EVERY - 1
        assert await rights.confirm(ann)
        now = EVERY
        assert not await rights.confirm(ann)
        members.clear()
        assert await rights.confirm(root)
        now = EVERY + UNCONFIRMED - 1
        assert await rights.confirm(root)
        now += EVERY + 1
        assert not await rights.confirm(root)
        members["root"] = Actor(id="root")
        now += EVERY
        assert await rights.confirm(root)
        plain = replace(ann, key="plain", visitor=replace(ann.visitor, is_administrator=False))
        assert await rights.confirm(plain)  # the platform does not tell of roles, and need not
        service.adapter.gone.update(("ann", "root"))
        now += EVERY
        assert [await rights.confirm(one) for one in (plain, ann, root)] == [False, False, False]
