"""The promises of every store about the audit log."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.ports import ERASED_PERSON, AuditEntry, Store
from tests.support.database.store import StoreSuite

ENTRY = AuditEntry(
    adapter="one",
    actor="ann",
    action="settings.set",
    workspace="w",
    channel="c",
    subject="temperature",
    scope="channel",
    before=None,
    after="0 \0 雪 \ud800.",
)


class AuditContract(StoreSuite):
    async def test_entries_are_kept_newest_first(self, tmp_path: Path) -> None:
        """By workspace or all of an adapter, page by page, after a restart, too."""
        before = datetime.now(UTC)
        async with self.open(tmp_path) as store:
            for workspace, after in (("w", "1"), ("v", "2"), ("w", "3")):
                await store.add_audit(replace(ENTRY, workspace=workspace, after=after))
            await store.add_audit(replace(ENTRY, adapter="two", after="4"))
        async with self.open(tmp_path) as store:
            newest, oldest = await store.audit("one", workspace="w", limit=9)
            assert (newest.after, oldest.after) == ("3", "1")
            assert [entry.after for entry in await store.audit("one", limit=2)] == ["3", "2"]
            assert [entry.after for entry in await store.audit("one", limit=2, before=newest.seq)] == ["2", "1"]
            assert newest.at is not None
            assert before - timedelta(seconds=1) < newest.at < datetime.now(UTC) + timedelta(seconds=1)

    async def test_any_text_is_kept(self, store: Store) -> None:
        """Also what databases can't hold as it is; lone surrogates become the replacement character."""
        await store.add_audit(replace(ENTRY, actor="odd\0\ud800"))
        (entry,) = await store.audit("one", limit=9)
        assert replace(entry, at=None, seq=0) == replace(ENTRY, actor="odd\0\ud800", after="0 \0 雪 \ufffd.")

    async def test_a_forgotten_person_is_no_longer_named(self, store: Store) -> None:
        """What they did stays, and what was done about them."""
        await store.add_audit(ENTRY)
        await store.add_audit(replace(ENTRY, actor="bob", subject="ann", after="ann"))
        await store.add_audit(replace(ENTRY, adapter="two", actor="bob", subject="ann"))
        others = "person:ann2 person:joann role:ann.b"
        values = replace(ENTRY, before=f"person:ann {others}", after=f"deny image person:ann, {others}")
        await store.add_audit(replace(values, actor="bob", subject="limit person:ann"))
        await store.forget("one", "ann")
        values_of_bob, by_bob, by_ann = await store.audit("one", limit=9)
        assert (by_bob.actor, by_bob.subject, by_bob.after) == ("bob", ERASED_PERSON, ERASED_PERSON)
        assert (by_ann.actor, by_ann.subject) == ("", "temperature")
        assert values_of_bob.subject == f"limit {ERASED_PERSON}"
        assert values_of_bob.before == f"{ERASED_PERSON} {others}"
        assert values_of_bob.after == f"deny image {ERASED_PERSON}, {others}"
        assert [entry.subject for entry in await store.audit("two", limit=9)] == ["ann"]

    async def test_entries_are_found_by_person_kind_and_time(self, store: Store) -> None:
        """Each alone and together; a kind is the first word of an action, or all of it."""
        for actor, action in (("ann", "settings.set"), ("bob", "settings.clear"), ("ann", "settingsx.set")):
            await store.add_audit(replace(ENTRY, actor=actor, action=action))
        found = await store.audit("one", limit=9, action="settings")
        assert [entry.actor for entry in found] == ["bob", "ann"]
        assert len(await store.audit("one", limit=9, actor="ann")) == 2
        [only] = await store.audit("one", limit=9, actor="ann", action="settings.set")
        assert only.at is not None
        assert await store.audit("one", limit=9, since=only.at + timedelta(hours=1)) == []
        assert len(await store.audit("one", limit=9, since=only.at - timedelta(hours=1), workspace="w")) == 3

    async def test_entries_have_a_retention_of_their_own(self, store: Store) -> None:
        """They stay when events of their time are erased."""
        await store.add_audit(ENTRY)
        later = datetime.now(UTC) + timedelta(hours=1)
        await store.prune(later)
        await store.prune(later, audit_before=later - timedelta(hours=2))
        assert len(await store.audit("one", limit=9)) == 1
        await store.prune(later, audit_before=later)
        assert await store.audit("one", limit=9) == []
