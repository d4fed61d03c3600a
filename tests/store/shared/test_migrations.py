"""The steps of migrations that rewrite what is stored."""

import json

import pytest

from bot.store.migrations.scripts import migrations
from bot.store.migrations.steps import STEPS, rename_action_fields, rename_event_fields


@pytest.mark.parametrize("engine", STEPS)
def test_every_step_follows_a_migration(engine: str) -> None:
    """A step runs after the script of its name; numbers have no gaps."""
    found = migrations(engine)
    assert [one.step for one in found if one.step is not None] == list(STEPS[engine].values())
    assert [one.number for one in found] == list(range(1, len(found) + 1))


def test_fields_are_renamed_once() -> None:
    """Only the fields of events and actions, not what is in them; doing it again changes nothing."""
    event = {"id": "e", "place": {"place": "x"}, "problem": "", "again": "a", "continues": True}
    event |= {"prompt": "\0\ud83d\ude00", "options": {"asks": "1", "again": "2"}}
    answer = {"text": "asks", "actions": [{"name": "n", "options": {"asks": "1"}, "asks": ["prompt"]}], "media": []}
    assert json.loads(rename_event_fields(json.dumps(event))) == {
        "id": "e",
        "location": {"place": "x"},
        "rejection": "",
        "replaces": "a",
        "has_prior_messages": True,
        "prompt": "\0\U0001f600",
        "options": {"asks": "1", "again": "2"},
    }
    assert json.loads(rename_action_fields(json.dumps(answer))) == {
        "text": "asks",
        "actions": [{"name": "n", "options": {"asks": "1"}, "prompts_for": ["prompt"]}],
        "media": [],
    }
    for rename, value in ((rename_event_fields, event), (rename_action_fields, answer)):
        text = rename(json.dumps(value))
        assert rename(text) == text
