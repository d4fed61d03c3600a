"""The audit log is only added to: what changes or deletes its rows is for erased people and its retention."""

import re
from pathlib import Path

from bot.store.shared import audit

BOT = Path(audit.__file__).parents[2]
CHANGE = re.compile(r"\b(?:UPDATE|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?|REPLACE\s+INTO)\s+audit\b", re.IGNORECASE)


def test_no_other_statement_changes_the_audit_log() -> None:
    """In no module and no migration."""
    found = [
        path for path in BOT.rglob("*") if path.suffix in (".py", ".sql") and CHANGE.search(path.read_text("utf-8"))
    ]
    assert found == [Path(audit.__file__)]
    statements = [text for text in vars(audit).values() if isinstance(text, str) and CHANGE.search(text)]
    assert statements == [audit.FORGET, audit.FORGET_IN_TEXT, audit.PRUNE]
