"""The queries of `bot.ports.RequestLog`, of single events and of the files of a conversation, for all engines."""

# ruff: noqa: D102 - the promises are those of `bot.ports`

import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.limits import MICROS
from bot.models import Answer, Event, Job
from bot.ports.store.request_log import CallRow, RequestFilter, RequestRow, RequestState
from bot.store.shared import codec
from bot.store.shared.rows import JOB, parse_job
from bot.store.shared.sql import Dialect

_ROWS = """
SELECT seq, event, answer, received_at, ready_at, attempts, failing_since, done, {owner}
FROM {events} WHERE event IS NOT NULL{conditions} ORDER BY seq DESC LIMIT :limit
"""
_CONDITIONS = {
    "adapter": "adapter = :adapter",
    "command": "command = :command",
    "lane": "lane = :lane",
}
_ALTERNATIVES = {
    "workspaces": "workspace IN ({keys})",
    "channels": "channel IN ({keys})",
    "actors": "actor IN ({keys}) AND actor <> ''",  # as the condition of the index says it
}
_MOST_WAITING = 100
_CALLS = """
SELECT at, kind, model, items, micros, state FROM calls
WHERE event_seq = (SELECT seq FROM events WHERE adapter = :adapter AND id = :id) ORDER BY seq
"""
_WITH_FILES = f"""
SELECT {JOB} FROM events WHERE adapter = :adapter AND conversation = :conversation AND event IS NOT NULL
    AND answer IS NOT NULL AND {{has_media}} ORDER BY seq DESC LIMIT :limit
"""  # noqa: S608 - constants
_IS_RECORDED = "SELECT 1 FROM events WHERE adapter = :adapter AND id = :id"
_WAITING = f"""
SELECT {JOB} FROM events WHERE adapter = :adapter AND conversation = :conversation AND NOT done AND answer IS NULL
    AND event IS NOT NULL AND lane = 'conversation' ORDER BY seq LIMIT {_MOST_WAITING}
"""  # noqa: S608 - constants


class RequestQueries:
    """An engine provides `rows`, and what says which requests are being answered."""

    dialect: Dialect

    #: SQL of a column that is not NULL in the row of an event that a process has.
    owner_column = "NULL"

    async def rows(self, sql: str, /, **parameters: object) -> list[Any]:
        """See `StoreQueries.rows`."""
        raise NotImplementedError

    def claimed(self) -> Collection[int]:
        """Return the events that this process has, where the database does not say so."""
        return ()

    async def is_recorded(self, adapter: str, event_id: str) -> bool:
        return bool(await self.rows(_IS_RECORDED, adapter=codec.to_key(adapter), id=codec.to_key(event_id)))

    async def waiting_messages(self, adapter: str, conversation: str) -> Sequence[Event]:
        place = {"adapter": codec.to_key(adapter), "conversation": codec.to_key(conversation)}
        rows = await self.rows(_WAITING, **place)
        return [job.event for row in rows if (job := parse_job([row])) is not None]

    async def list_requests(self, which: RequestFilter, *, limit: int) -> Sequence[RequestRow]:
        given = {name: getattr(which, name) for name in _CONDITIONS}
        parameters: dict[str, object] = {name: codec.to_key(value) for name, value in given.items() if value}
        conditions = [_CONDITIONS[name] for name in parameters]
        for name, condition in _ALTERNATIVES.items():
            keys = {f"{name}{number}": codec.to_key(one) for number, one in enumerate(getattr(which, name))}
            if keys:
                conditions.append(condition.format(keys=", ".join(f":{key}" for key in keys)))
                parameters |= keys
        if which.is_open is not None:
            conditions.append(self.dialect.unfinished if which.is_open else "done")
        if which.has_files:
            conditions.append(f"answer IS NOT NULL AND {self.dialect.has_media}")
        if which.before is not None:
            conditions.append("seq < :before")
            parameters["before"] = which.before
        joined = "".join(f" AND {condition}" for condition in conditions)
        events = "events" if which.actors else self.dialect.newest_events
        if which.is_open:
            events = self.dialect.unfinished_events
        sql = _ROWS.format(owner=self.owner_column, events=events, conditions=joined)
        claimed = self.claimed()
        return [_parse(row, claimed) for row in await self.rows(sql, limit=limit, **parameters)]

    async def jobs_with_files(self, adapter: str, conversation: str, *, limit: int) -> Sequence[Job]:
        sql = _WITH_FILES.format(has_media=self.dialect.has_media)
        place = {"adapter": codec.to_key(adapter), "conversation": codec.to_key(conversation)}
        found = (parse_job([row]) for row in await self.rows(sql, limit=limit, **place))
        return [job for job in found if job is not None][::-1]

    async def calls_of(self, adapter: str, event_id: str) -> Sequence[CallRow]:
        rows = await self.rows(_CALLS, adapter=codec.to_key(adapter), id=codec.to_key(event_id))
        return [
            CallRow(
                at=datetime.fromtimestamp(at, UTC),
                kind=kind,
                model=codec.from_key(model),
                items=items,
                cost=None if micros is None else micros / MICROS,
                state=state,
            )
            for at, kind, model, items, micros, state in rows
        ]


def _parse(row: Sequence[Any], claimed: Collection[int]) -> RequestRow:
    seq, event_json, answer_json, received_at, ready_at, attempts, failing_since, is_done, owner = row
    event = codec.loads(Event, event_json)
    answer = codec.loads(Answer, answer_json) if answer_json else None
    state: RequestState = "running" if owner is not None or seq in claimed else "waiting"
    if is_done:
        state = _ending(event, answer)
    is_waiting = state == "waiting"
    return RequestRow(
        seq=seq,
        adapter=event.adapter,
        id=event.id,
        workspace=event.location.workspace,
        channel=event.location.channel,
        conversation=event.conversation,
        actor=event.actor.id,
        name=event.actor.name,
        command=event.command,
        state=state,
        received_at=datetime.fromtimestamp(received_at, UTC),
        next_try=datetime.fromtimestamp(ready_at, UTC) if is_waiting and ready_at > time.time() else None,
        failing_since=None if failing_since is None else datetime.fromtimestamp(failing_since, UTC),
        attempts=attempts,
        files=len(answer.media) if answer is not None else 0,
        asks=next(filter(None, (action.options.get("stage", "") for action in answer.actions)), "") if answer else "",
    )


def _ending(event: Event, answer: Answer | None) -> RequestState:
    """Return what became of an event that is done."""
    if answer is None:
        return "answered" if event.joined_to else "dropped"
    if answer.ending == "cancelled":
        return "cancelled"
    return "failed" if answer.is_failure else "answered"
