"""Migrations: numbered SQL scripts, some of them followed by a step in Python."""

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from bot.errors import SchemaTooNew
from bot.i18n import operator_text
from bot.store.migrations.steps import STEPS, Step
from bot.values import valueclass


@valueclass(frozen=True, slots=True)
class Migration:
    """One change of the schema, made in one transaction."""

    number: int  #: the version of the schema that it leads to
    script: str  #: SQL, executed first
    step: Step | None  #: executed afterwards


def migrations(engine: str, *, after: int = 0) -> Sequence[Migration]:
    """Return the engine's migrations after that version, oldest first. A script is followed by the step of its name."""
    return [
        Migration(number, item.read_text(encoding="utf-8"), STEPS[engine].get(name))
        for number, name, item in _scripts(engine)
        if number > after
    ]


def find_pending(engine: str, version: int, database: object) -> Sequence[Migration]:
    """Return the migrations that a database of this schema version still needs.

    An engine whose folder has `schema.sql` makes a new database, of version 0, with that alone.
    Raises `SchemaTooNew`, which names the database, for a version that this service does not know.
    """
    newest = _scripts(engine)[-1][0]
    if version > newest:
        raise SchemaTooNew(operator_text("database.too_new", name=database, version=version, newest=newest))
    schema = _folder(engine) / "schema.sql"
    if version == 0 and schema.is_file():
        return [Migration(newest, schema.read_text(encoding="utf-8"), None)]
    return migrations(engine, after=version)


@cache
def _scripts(engine: str) -> Sequence[tuple[int, str, Traversable]]:
    """Return number, name and file of each migration, oldest first."""
    matches = [(re.fullmatch(r"(\d+)_(\w+)\.sql", item.name), item) for item in _folder(engine).iterdir()]
    return sorted((int(match[1]), match[2], item) for match, item in matches if match)


def _folder(engine: str) -> Traversable:
    return files("bot") / "store" / "migrations" / engine
