"""Rows of events, turns and usage, to be written and parsed, and their keys."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from sys import intern
from typing import Any, NamedTuple

from bot.limits import MICROS
from bot.models import Answer, Event, Job, Lane, Media, Turn, Usage
from bot.ports import UsageField, UsageSum
from bot.store.shared import codec

#: The columns of a row of usage after the hour.
USAGE_COLUMNS = (
    *("kind", "model", "requests", "prompt_tokens", "completion_tokens"),
    *("items", "milliseconds", "micros", "price", "own_micros"),
)


class EventKeys(NamedTuple):
    """The columns of an event that statements compare."""

    adapter: str
    id: str
    conversation: str
    command: str
    actor: str
    channel: str
    replaces: str
    workspace: str


def event_keys(event: Event) -> EventKeys:
    """Return the texts of an event as keys."""
    to_key = codec.to_key
    return EventKeys(
        to_key(event.adapter),
        to_key(event.id),
        to_key(event.conversation),
        to_key(event.command),
        to_key(event.actor.id),
        to_key(event.location.channel),
        to_key(event.replaces),
        to_key(event.location.workspace),
    )


def make_lane_key(lane: Lane, *, adapter: str, conversation: str, command: str, actor: str) -> tuple[str, ...] | None:
    """Return the lane key of an event; None: it waits for no other."""
    if lane is Lane.CONVERSATION:
        return adapter, conversation
    return (adapter, conversation, command, actor) if lane is Lane.OWN else None


def make_usage_rows(job: Job, usage: Sequence[Usage], now: datetime) -> tuple[tuple[object, ...], ...]:
    """Return a row for each use: sequence number, hour, the columns of `USAGE_COLUMNS`, and `usage_place`."""
    hour = int(now.timestamp() // 3600)
    place = usage_place(job.event) if usage else ()
    return tuple(
        (
            job.seq,
            hour,
            one.kind,
            codec.to_key(one.model),
            one.requests,
            one.prompt_tokens,
            one.completion_tokens,
            one.items,
            round(one.seconds * 1000),
            to_micros(one),
            0 if job.event.has_own_api else price_of_one(one),
            to_micros(one) if job.event.has_own_api else 0,
            *place,
        )
        for one in usage
    )


def to_made_calls(usage: Sequence[Sequence[object]], now: datetime) -> list[tuple[object, ...]]:
    """Return a row for each call that was not reserved, by the rows of `make_usage_rows`."""
    at = now.timestamp()
    return [(seq, at, kind, model, items, micros) for seq, _, kind, model, _, _, _, items, _, micros, *_ in usage]


def usage_place(event: Event) -> tuple[str, str]:
    """Return the workspace in which something is used, and the roles of the person who uses it."""
    return codec.to_key(event.location.workspace), codec.to_key("\n".join(sorted(event.actor.roles)))


def price_of_one(used: Usage) -> int:
    """Return the price of one item, else of one request, in micros, rounded up; 0 of a call that made nothing."""
    made = max(used.items, used.requests)
    return -(-to_micros(used) // made) if made else 0


def to_micros(used: Usage) -> int:
    """Return the cost of a call as the database holds it."""
    return round(used.cost * MICROS)


def complete_turn(turn: Turn, event: Event, now: datetime) -> Turn:
    """Return a turn with the fields that the store fills in, as it will be read.

    Thousands are held in memory: those of one person share their name and id.
    """
    return Turn(
        role=turn.role,
        content=codec.clean(turn.content),
        speaker=intern(codec.clean(turn.speaker)),
        actor=intern(codec.clean(turn.actor or event.actor.id)),
        event=codec.clean(turn.event or event.id),
        at=turn.at or now,
        written_at=turn.written_at,
    )


def number_turn(turn: Turn, seq: int) -> Turn:
    """Return a turn with its sequence number. Field by field, as `replace` takes twice as long."""
    return Turn(
        role=turn.role,
        content=turn.content,
        speaker=turn.speaker,
        actor=turn.actor,
        event=turn.event,
        at=turn.at,
        written_at=turn.written_at,
        seq=seq,
    )


def parse_media(answer: str | None) -> tuple[Media, ...]:
    """Return the media of an answer's JSON."""
    return codec.loads(Answer, answer).media if answer else ()


def parse_turns(rows: Sequence[tuple[int, str]]) -> tuple[Turn, ...]:
    """Parse turns from (seq, JSON); faster than one by one, as a long conversation reads dozens for every answer."""
    turns = json.loads(f"[{','.join(data for _, data in rows)}]")
    for (seq, _), turn in zip(rows, turns, strict=True):
        turn["seq"], turn["at"] = seq, datetime.fromisoformat(turn["at"])
    return tuple(Turn(**turn) for turn in turns)


#: The columns that `parse_job` takes.
JOB = "seq, event, attempts, ref, answer, failing_since"
#: `ref` of an event for whose place in the queue a message may be posted, before any try: JSON of "", told apart from
#: that of a try by its space.
PLACE_REF = '"" '


def parse_job(rows: Sequence[Sequence[Any]]) -> Job | None:
    """Parse the first row, which begins with the columns of `JOB`; None: there is none."""
    if not rows:
        return None
    seq, event, attempts, ref, answer, failing_since, *_ = rows[0]
    return Job(
        seq=seq,
        event=codec.loads(Event, event),
        attempt=attempts + 1,
        ref=json.loads(ref) if ref else None,
        is_only_placed=ref == PLACE_REF,
        answer=codec.loads(Answer, answer) if answer else None,
        failing_since=datetime.fromtimestamp(failing_since, UTC) if failing_since is not None else None,
    )


def sum_usage(rows: Sequence[Sequence[Any]], by: Sequence[UsageField], zone: tzinfo) -> list[UsageSum]:
    """Return the sums of rows of usage whose first columns are those of `by`, an hour in place of a day."""
    sums: dict[tuple[str, ...], list[int]] = {}
    days: dict[int, str] = {}
    for row in rows:
        fields = []
        for field, value in zip(by, row, strict=False):
            if field != "day":
                fields.append(codec.from_key(value))
                continue
            if value not in days:
                days[value] = datetime.fromtimestamp(value * 3600, zone).date().isoformat()
            fields.append(days[value])
        amounts = [int(amount) for amount in row[len(by) :]]
        added = sums.get(tuple(fields))
        sums[tuple(fields)] = amounts if added is None else [a + b for a, b in zip(added, amounts, strict=True)]
    return [
        UsageSum(
            fields=fields,
            requests=requests,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            items=items,
            cost=micros / MICROS,
            own_cost=own_micros / MICROS,
        )
        for fields, (requests, prompt_tokens, completion_tokens, items, micros, own_micros) in sorted(sums.items())
    ]
