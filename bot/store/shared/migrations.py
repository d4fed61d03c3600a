"""Migrations: numbered SQL scripts, some of them followed by a step in Python."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from bot.errors import SchemaTooNew
from bot.i18n import operator_text
from bot.store.shared.migration_steps import STEPS, Step


@dataclass(frozen=True, slots=True)
class Migration:
    """One change of the schema, made in one transaction."""

    number: int  #: the version of the schema that it leads to
    script: str  #: SQL, executed first
    step: Step | None  #: executed afterwards


def migrations(engine: str) -> Sequence[Migration]:
    """Return the engine's migrations, oldest first. A script is followed by the step of its name."""
    folder = files("bot") / "store" / "migrations" / engine
    found = [
        Migration(int(match[1]), item.read_text(encoding="utf-8"), STEPS[engine].get(match[2]))
        for item in folder.iterdir()
        if (match := re.fullmatch(r"(\d+)_(\w+)\.sql", item.name))
    ]
    return sorted(found, key=lambda migration: migration.number)


def find_pending(engine: str, version: int, database: object) -> Sequence[Migration]:
    """Return the migrations that a database of this schema version still needs.

    Raises `SchemaTooNew`, which names the database, for a version that this service does not know.
    """
    steps = migrations(engine)
    newest = steps[-1].number
    if version > newest:
        raise SchemaTooNew(operator_text("database.too_new", name=database, version=version, newest=newest))
    return [migration for migration in steps if migration.number > version]
