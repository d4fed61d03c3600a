"""What is in a file of SQLite's."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any


def tables(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with closing(sqlite3.connect(path)) as db:
        names = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        return {name: db.execute(f"SELECT * FROM {name}").fetchall() for (name,) in names.fetchall()}
