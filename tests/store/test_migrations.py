"""The steps of migrations that rewrite what is stored."""

import json

import pytest

from bot.store.shared.migrations import STEPS, migrations, rename_fields


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_every_engine_has_every_step(engine: str) -> None:
    """A step runs after the migration of its name; numbers have no gaps."""
    found = migrations(engine)
    assert {id(one.rewrite) for one in found if one.rewrite is not None} == set(map(id, STEPS.values()))
    assert [one.number for one in found] == list(range(1, len(found) + 1))


def test_fields_are_renamed_once() -> None:
    """Only the fields of events and actions, not what is in them; doing it again changes nothing."""
    event = {"id": "e", "place": {"place": "x"}, "problem": "", "again": "a", "continues": True}
    event |= {"prompt": "\0\ud83d\ude00", "options": {"asks": "1", "again": "2"}}
    answer = {"text": "asks", "actions": [{"name": "n", "options": {"asks": "1"}, "asks": ["prompt"]}], "media": []}
    renamed = rename_fields(json.dumps(event), json.dumps(answer))
    assert renamed[0] is not None
    assert renamed[1] is not None
    assert json.loads(renamed[0]) == {
        "id": "e",
        "location": {"place": "x"},
        "rejection": "",
        "replaces": "a",
        "has_prior_messages": True,
        "prompt": "\0\U0001f600",
        "options": {"asks": "1", "again": "2"},
    }
    assert json.loads(renamed[1]) == {
        "text": "asks",
        "actions": [{"name": "n", "options": {"asks": "1"}, "prompts_for": ["prompt"]}],
        "media": [],
    }
    assert rename_fields(*renamed) == renamed
    assert rename_fields(None, None) == (None, None)
