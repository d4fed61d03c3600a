"""The ledger of calls: the statements, for all engines."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.limits import MICROS
from bot.models import Job, Usage
from bot.store.shared import codec
from bot.store.shared.rows import to_micros
from bot.store.shared.sql import Database

BEGIN = """
INSERT INTO calls (event_seq, at, kind, model, items, micros, state)
SELECT seq, CAST(:at AS double precision), CAST(:kind AS text), CAST(:model AS text), CAST(:items AS bigint),
    CAST(:micros AS bigint), 'reserved' FROM events WHERE seq = :seq
"""
#: Ends the open call of an event; without micros it costs what was reserved.
END = """
UPDATE calls SET state = :state, micros = coalesce(CAST(:micros AS bigint), micros)
WHERE event_seq = :seq AND state = 'reserved'
"""
#: Whether an event has entries, whatever became of the calls.
HAS_ANY = "SELECT 1 FROM calls WHERE event_seq = :seq LIMIT 1"
OPEN = "SELECT kind, model, items, micros FROM calls WHERE event_seq = :seq AND state = 'reserved'"


async def ensure_any(db: Database, job: Job, usage: Usage | None, micros: int | None, now: float) -> None:
    """Begin a call where the event has none yet; nothing without `usage`."""
    if usage is not None and not await db.rows(HAS_ANY, seq=job.seq):
        await db.rows(BEGIN, **to_begin(job, usage, micros, now))


def to_begin(job: Job, usage: Usage, micros: int | None, now: float) -> Mapping[str, object]:
    """Return the parameters of `BEGIN`."""
    model = codec.to_key(usage.model)
    return {"seq": job.seq, "at": now, "kind": usage.kind, "model": model, "items": usage.items, "micros": micros}


def returned(job: Job) -> Mapping[str, object]:
    """Return the parameters of `END` for a call that was refused."""
    return {"seq": job.seq, "state": "returned", "micros": 0}


def settled(job: Job, usage: Sequence[Usage]) -> Mapping[str, object]:
    """Return the parameters of `END` for a call that has used this."""
    return {"seq": job.seq, "state": "settled", "micros": sum(map(to_micros, usage))}


def priced(usage: Sequence[Usage], prices: Mapping[str, int | None]) -> list[Usage]:
    """Return usage whose estimates cost what `prices` say: the highest for one item or request, by kind."""
    return [
        replace(used, cost=(prices.get(used.kind) or 0) * max(used.items, used.requests) / MICROS)
        if used.is_estimate
        else used
        for used in usage
    ]


def to_lost_usage(row: Sequence[Any], prices: Mapping[str, int | None]) -> Usage:
    """Return what a call has used whose end nobody knows, by a row of `OPEN`: money only, as nobody got anything.

    `prices`: see `priced`.
    """
    kind, model, items, micros = row
    if micros is None:
        micros = (prices.get(kind) or 0) * max(items, 1)
    return Usage(kind=kind, model=codec.from_key(model), requests=0, cost=micros / MICROS)
