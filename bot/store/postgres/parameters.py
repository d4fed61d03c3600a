"""Parameters of statements, as the driver takes them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.models import Job, Usage
from bot.store.shared import codec
from bot.store.shared.rows import USAGE_COLUMNS, make_usage_rows, usage_place


def as_columns(rows: Sequence[Mapping[str, object]]) -> dict[str, list[object]]:
    """Return an array of each parameter, as statements of many events take them."""
    return {name: [row[name] for row in rows] for name in rows[0]}


def usage_columns(job: Job, usage: Sequence[Usage], now: datetime) -> dict[str, Any]:
    """Return the columns of usage as the statements take them."""
    names = ("hours", "kinds", "models", *USAGE_COLUMNS[2:-2], "prices", "own_micros")
    rows = make_usage_rows(job, usage, now)
    columns: Sequence[Sequence[object]] = list(zip(*rows, strict=True)) if rows else [[]] * (len(names) + 1)
    workspace, roles = usage_place(job.event)
    return {**dict(zip(names, columns[1:], strict=False)), "workspace": workspace, "roles": roles}


def which_events(
    adapter: str, event_id: str | None, conversation: str | None, before: int | None, actor: str | None
) -> dict[str, object]:
    """Return the conditions on events to be cancelled as the statements take them."""
    keys = {"id": event_id, "conversation": conversation, "actor": actor}
    return {
        "adapter": codec.to_key(adapter),
        "before": before,
        **{name: None if value is None else codec.to_key(value) for name, value in keys.items()},
    }
