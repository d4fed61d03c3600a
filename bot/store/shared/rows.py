"""What every engine writes of an event and its outcome, and reads of them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from bot.models import Answer, Event, Job, Media, Turn, Usage
from bot.store.shared import codec


class EventKeys(NamedTuple):
    """Columns of an event that statements compare."""

    adapter: str
    id: str
    conversation: str
    command: str
    actor: str
    channel: str
    replaces: str


def event_keys(event: Event) -> EventKeys:
    """The event's texts as keys."""
    key = codec.key
    return EventKeys(
        key(event.adapter),
        key(event.id),
        key(event.conversation),
        key(event.command),
        key(event.actor.id),
        key(event.location.channel),
        key(event.replaces),
    )


def usage_rows(job: Job, usage: Sequence[Usage], now: datetime) -> tuple[tuple[object, ...], ...]:
    """Sequence number, hour, kind, model, requests, tokens, items, cost and price of one item or request, by use."""
    hour = int(now.timestamp() // 3600)
    return tuple(
        (
            job.seq,
            hour,
            one.kind,
            codec.key(one.model),
            one.requests,
            one.prompt_tokens,
            one.completion_tokens,
            one.items,
            one.cost,
            one.cost / max(one.items, one.requests, 1),
        )
        for one in usage
    )


def filled(turn: Turn, event: Event, now: datetime) -> Turn:
    """A turn with what only the store knows, as it will be read back."""
    return replace(
        turn,
        content=codec.clean(turn.content),
        speaker=codec.clean(turn.speaker),
        actor=codec.clean(turn.actor or event.actor.id),
        event=codec.clean(turn.event or event.id),
        at=turn.at or now,
        seq=0,
    )


def media_of(answer: str | None) -> tuple[Media, ...]:
    """The media of an answer's JSON."""
    return codec.loads(Answer, answer).media if answer else ()


def turns_of(rows: Sequence[tuple[int, str]]) -> tuple[Turn, ...]:
    """Turns from (seq, JSON), many at once and by hand: a long conversation reads dozens for every answer."""
    turns = json.loads(f"[{','.join(data for _, data in rows)}]")
    for (seq, _), turn in zip(rows, turns, strict=True):
        turn["seq"], turn["at"] = seq, datetime.fromisoformat(turn["at"])
    return tuple(Turn(**turn) for turn in turns)


#: Columns of an event as `job_of` takes them.
JOB = "seq, event, attempts, ref, answer"


def job_of(rows: Sequence[Sequence[Any]]) -> Job | None:
    """The job of the first row, which begins with the columns of `JOB`; None without rows."""
    if not rows:
        return None
    seq, event, attempts, ref, answer, *_ = rows[0]
    return Job(
        seq=seq,
        event=codec.loads(Event, event),
        attempt=attempts + 1,
        ref=json.loads(ref) if ref else None,
        answer=codec.loads(Answer, answer) if answer else None,
    )
