r"""Migrations: numbered SQL scripts, some of them followed by a step in Python.

The steps are shared by the engines: stored JSON is rewritten here, as SQL's own JSON functions differ and PostgreSQL's
fail on `\u0000`. Each step runs once, in the transaction of its migration.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from bot.errors import SchemaTooNew
from bot.store.shared import codec

#: Takes the JSON of an event and of its answer, each None where there is none, and returns them as they are to be.
RewriteEvent = Callable[[str | None, str | None], tuple[str | None, str | None]]

#: Events rewritten at a time.
PAGE = 200

_EVENT_FIELDS = {
    "place": "location",
    "problem": "rejection",
    "again": "replaces",
    "continues": "has_prior_messages",
}
_ACTION_FIELDS = {"asks": "prompts_for"}


def rename_fields(event: str | None, answer: str | None) -> tuple[str | None, str | None]:
    """Rename the fields of events and of their answers' actions. Fields that are renamed already stay."""
    if event is not None:
        event = _dumps(_renamed(json.loads(event), _EVENT_FIELDS))
    if answer is not None:
        values = json.loads(answer)
        values["actions"] = [_renamed(action, _ACTION_FIELDS) for action in values.get("actions", ())]
        answer = _dumps(values)
    return event, answer


#: By the name of the migration that they follow, which every engine has.
STEPS: Mapping[str, RewriteEvent] = {"rename_fields": rename_fields}


@dataclass(frozen=True, slots=True)
class Migration:
    """One change of the schema."""

    number: int  #: the version of the schema that it leads to
    script: str  #: SQL, executed first
    rewrite: RewriteEvent | None  #: applied to every event afterwards


def migrations(engine: str) -> Sequence[Migration]:
    """The engine's migrations, oldest first."""
    folder = files("bot") / "store" / "migrations" / engine
    found = [
        Migration(int(match[1]), item.read_text(encoding="utf-8"), STEPS.get(match[2]))
        for item in folder.iterdir()
        if (match := re.fullmatch(r"(\d+)_(\w+)\.sql", item.name))
    ]
    return sorted(found, key=lambda migration: migration.number)


def pending(engine: str, version: int, database: object) -> Sequence[Migration]:
    """The migrations that a database of this schema version still needs.

    Raises `SchemaTooNew`, which names the database, for a version that this service does not know.
    """
    steps = migrations(engine)
    newest = steps[-1].number
    if version > newest:
        raise SchemaTooNew(
            f"The database {database} was written by a newer version of this service (schema {version}, this one knows "
            f"{newest}); update the service or restore a backup made before."
        )
    return [migration for migration in steps if migration.number > version]


def _renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in values.items()}


def _dumps(values: object) -> str:
    return codec.clean(json.dumps(values, ensure_ascii=False, separators=(",", ":")))
