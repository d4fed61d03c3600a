"""Parameters of statements, as the driver takes them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.models import Job, Turn, Usage
from bot.store.shared import codec
from bot.store.shared.rows import USAGE_COLUMNS, complete_turn, make_usage_rows, usage_place


def as_columns(rows: Sequence[Mapping[str, object]]) -> dict[str, list[object]]:
    """Return an array of each parameter, as statements of many events take them.

    A list in a row, such as of turns, is of rows that belong to it: the array has those of all rows in turn.
    """
    return {
        name: [item for row in rows for item in row[name]]  # type: ignore[attr-defined]
        if isinstance(example, list)
        else [row[name] for row in rows]
        for name, example in rows[0].items()
    }


def usage_columns(job: Job, usage: Sequence[Usage], now: datetime) -> dict[str, Any]:
    """Return the columns of usage as the statements take them."""
    names = ("used_by", "hours", "kinds", "models", *USAGE_COLUMNS[2:-2], "prices", "own_micros")
    rows = make_usage_rows(job, usage, now)
    columns = [*zip(*rows, strict=True)] if rows else [()] * len(names)
    workspace, roles = usage_place(job.event)
    return {**dict(zip(names, map(list, columns), strict=False)), "workspace": workspace, "roles": roles}


def turn_columns(job: Job, turns: Sequence[Turn], now: datetime) -> dict[str, Any]:
    """Return the columns of turns as the statements take them."""
    texts = [codec.dumps(complete_turn(turn, job.event, now)) for turn in turns]
    return {"said_by": [job.seq] * len(texts), "turn_numbers": [*range(1, len(texts) + 1)], "turns": texts}


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
