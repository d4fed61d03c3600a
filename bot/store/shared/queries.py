"""The queries of `bot.ports`, for all engines."""

# ruff: noqa: D102, S608 - the promises are those of `bot.ports`; only constants are joined

import asyncio
import json
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from bot.limits import MICROS
from bot.models import Event, Job, Media, Turn
from bot.ports import AuditEntry, ConversationContext, UsageField, UsageRow, UsageSum
from bot.store.shared import audit, codec, key_values
from bot.store.shared.rows import JOB, parse_job, parse_media, parse_turns, sum_usage
from bot.store.shared.sql import Dialect

_PAGE = 200  #: turns read at a time
_RECENT = 2000  #: events among which a person's newest files are looked for
_AFTER_ALL = 2**63 - 1  #: after the number of any event
_EPOCH = date(1970, 1, 1)

_OF_CONVERSATION = "adapter = :adapter AND conversation = :conversation"
_JOB_BY_ID = f"SELECT {JOB} FROM events WHERE adapter = :adapter AND id = :id AND event IS NOT NULL"
_LAST_JOB = f"""
SELECT {JOB} FROM events WHERE {_OF_CONVERSATION} AND command IN ({{commands}}) AND event IS NOT NULL
AND seq < :before ORDER BY seq DESC LIMIT 1
"""
_UNANSWERED = f"""
SELECT 1 FROM events WHERE {_OF_CONVERSATION} AND NOT done AND answer IS NULL AND event IS NOT NULL AND lane <> 'free'
AND actor = coalesce(:actor, actor) LIMIT 1
"""
#: Commands that say nothing in their conversation.
_SILENT = "'leave', 'stop', 'cancel', 'feedback', 'delete', 'decide', 'approvals'"
#: People by the newest of their events that say something: the command `leave`, or a request. Buttons say nothing.
_PEOPLE = f"""
SELECT actor FROM (
    SELECT actor, max(CASE WHEN command = 'leave' THEN seq ELSE 0 END) AS left_at,
        max(CASE WHEN command IN ({{silent}}) THEN 0 ELSE seq END) AS asked_at
    FROM events WHERE {_OF_CONVERSATION} AND actor <> '' GROUP BY actor) AS people
WHERE {{condition}}
"""
_PARTICIPANTS = _PEOPLE.format(silent=_SILENT, condition="left_at = 0 OR asked_at > left_at")
_DEPARTED = _PEOPLE.format(silent=_SILENT, condition="left_at > asked_at")
_RECENT_MEDIA = f"""
SELECT id, answer FROM (
    SELECT seq, id, answer FROM events WHERE adapter = :adapter AND actor = :actor AND actor <> ''
    ORDER BY seq DESC LIMIT {_RECENT}) AS newest
WHERE {{has_media}} ORDER BY seq DESC LIMIT :limit
"""
_FIND_BY_PREFIX = """
SELECT namespace, name, value FROM key_values
WHERE substr(name, 1, :length) = :prefix AND (expires IS NULL OR expires > :now)
"""
_FIND_VALUES = "SELECT namespace, value FROM key_values WHERE name = :name AND (expires IS NULL OR expires > :now)"
#: A workspace is in the JSON of the event alone. In a string quotes are escaped, so that a match is the field.
_FINISHED = """
SELECT seq FROM events WHERE done AND received_at < :before AND adapter = :adapter AND (
    channel = :channel OR (:channel = '' AND ({find}(event, :short) > 0 OR {find}(event, :long) > 0)))
ORDER BY seq
"""
#: Sequence numbers of an event and of those that repeated it.
_EXCLUDED = """(
    SELECT seq FROM events WHERE adapter = :adapter AND id = :exclude_event
    UNION ALL SELECT seq FROM events WHERE adapter = :adapter AND replaces = :exclude_event AND replaces <> '')"""
#: The first row is the summary. `|| ''` prevents a search by conversation for the few turns that are left out.
_CONTEXT = f"""
SELECT CAST(0 AS bigint) AS seq, summary AS data, total{{left_out}} AS total FROM contexts WHERE {_OF_CONVERSATION}
UNION ALL SELECT * FROM (
    SELECT seq, data, 0 FROM {{live_turns}} WHERE {{live}} AND {_OF_CONVERSATION}{{not_excluded}}
    ORDER BY seq DESC LIMIT :limit) AS newest
"""
_LEFT_OUT = f""" - (
    SELECT count(*) FROM turns WHERE event_seq IN {_EXCLUDED}
    AND {{live}} AND adapter || '' = :adapter AND conversation || '' = :conversation)"""
_TRANSCRIPT = f"""
SELECT turns.seq, turns.data, events.answer FROM turns JOIN events ON events.seq = turns.event_seq
WHERE turns.adapter = :adapter AND turns.conversation = :conversation AND turns.seq > :after
ORDER BY turns.seq LIMIT {_PAGE}
"""
_LOST_CALLS = f"""
SELECT {JOB} FROM events WHERE done AND event IS NOT NULL
AND seq IN (SELECT event_seq FROM calls WHERE state = 'reserved' AND at < :before)
"""
_USAGE = """
SELECT hour / 24 AS day, kind, model, sum(requests), sum(prompt_tokens), sum(completion_tokens), sum(items), sum(micros)
FROM usage WHERE hour >= :hour{conditions} GROUP BY day, kind, model ORDER BY day DESC, kind, model
"""
_USAGE_CONDITIONS = {
    "actor": "actor = :actor",
    "adapter": "adapter = :adapter",
    "channel": "channel = :channel",
    "within": "substr(channel, 1, length(:within)) = :within",
    "workspace": "workspace = :workspace",
}
_USAGE_SUMS = """
SELECT {columns}, sum(requests), sum(prompt_tokens), sum(completion_tokens), sum(items), sum(micros), sum(own_micros)
FROM usage WHERE hour >= :hour{conditions} GROUP BY {numbers} ORDER BY {numbers}
"""
_USAGE_COLUMNS: dict[UsageField, str] = {"day": "hour", "person": "actor"}  #: where they are not named alike
_REQUESTS = f"""
SELECT {JOB} FROM events WHERE adapter = :adapter AND actor = :actor AND actor <> ''{{here}} AND event IS NOT NULL
AND seq > :after ORDER BY seq LIMIT {_PAGE}
"""
_EVERYBODY = "SELECT DISTINCT actor FROM events WHERE adapter = :adapter AND actor <> ''{here}"
_OF_WORKSPACE = " AND workspace = :workspace"
_NAMES = """
SELECT event FROM events WHERE seq IN (
    SELECT max(seq) FROM events
    WHERE adapter = :adapter AND actor IN ({actors}) AND actor <> '' AND event IS NOT NULL GROUP BY actor)
"""
_NAMES_AT_ONCE = 500
_FEEDBACK_TOTALS = """
SELECT count(*) FILTER (WHERE is_good), count(*) FILTER (WHERE NOT is_good) FROM feedback
JOIN events ON events.seq = feedback.event_seq WHERE at >= :since AND adapter = :adapter AND channel = :channel
"""
_FEEDBACK_COUNTS = """
SELECT adapter, count(*) FILTER (WHERE is_good), count(*) FILTER (WHERE NOT is_good) FROM feedback
JOIN events ON events.seq = feedback.event_seq GROUP BY adapter
"""


class StoreQueries:
    """The methods of a store that read. An engine provides `dialect` and `rows`."""

    dialect: Dialect

    async def rows(self, sql: str, /, **parameters: object) -> list[Any]:
        """Return the rows of a query whose parameters are written `:name`. Raises `StoreError`."""
        raise NotImplementedError

    async def job(self, adapter: str, event_id: str) -> Job | None:
        return parse_job(await self.rows(_JOB_BY_ID, adapter=codec.to_key(adapter), id=codec.to_key(event_id)))

    async def last_job(
        self, adapter: str, conversation: str, *, commands: Collection[str], before: int | None = None
    ) -> Job | None:
        if not commands:
            return None
        names = {f"command_{number}": codec.to_key(name) for number, name in enumerate(commands)}
        sql = _LAST_JOB.format(commands=", ".join(f":{name}" for name in names))
        return parse_job(
            await self.rows(
                sql, **_conversation(adapter, conversation), before=_AFTER_ALL if before is None else before, **names
            )
        )

    async def has_unanswered(self, adapter: str, conversation: str, *, actor: str | None = None) -> bool:
        key = None if actor is None else codec.to_key(actor)
        return bool(await self.rows(_UNANSWERED, **_conversation(adapter, conversation), actor=key))

    async def participants(self, adapter: str, conversation: str) -> Collection[str]:
        rows = await self.rows(_PARTICIPANTS, **_conversation(adapter, conversation))
        return frozenset(codec.from_key(actor) for (actor,) in rows)

    async def departed(self, adapter: str, conversation: str) -> Collection[str]:
        rows = await self.rows(_DEPARTED, **_conversation(adapter, conversation))
        return frozenset(codec.from_key(actor) for (actor,) in rows)

    async def recent_media(self, adapter: str, actor: str, *, limit: int) -> Sequence[tuple[str, Media]]:
        sql = _RECENT_MEDIA.format(has_media=self.dialect.has_media)
        rows = await self.rows(sql, adapter=codec.to_key(adapter), actor=codec.to_key(actor), limit=limit)
        return [(codec.from_key(event), media) for event, answer in rows for media in parse_media(answer)][:limit]

    async def read_namespace_names(self, limit: int) -> Sequence[str]:
        """Return names of namespaces that have values, as in the database, at most so many."""
        return [namespace for (namespace,) in await self.rows(key_values.NAMESPACES, limit=limit)]

    async def find_values(self, name: str) -> Mapping[str, str]:
        rows = await self.rows(_FIND_VALUES, name=codec.to_key(name), now=time.time())
        return {codec.from_key(namespace): codec.from_key(value) for namespace, value in rows}

    async def find_by_prefix(self, prefix: str) -> Mapping[tuple[str, str], str]:
        key = codec.to_key(prefix)
        rows = await self.rows(_FIND_BY_PREFIX, prefix=key, length=len(key), now=time.time())
        return {(codec.from_key(place), codec.from_key(name)): codec.from_key(value) for place, name, value in rows}

    async def finished_before(self, before: datetime, *, adapter: str, channel: str, workspace: str) -> list[int]:
        """Return the sequence numbers of the answered events of a place that are older than `before`."""
        named = json.dumps(workspace, ensure_ascii=False)  # as the JSON of an event has it
        place = {"channel": codec.to_key(channel), "short": f'"workspace":{named}', "long": f'"workspace": {named}'}
        sql = _FINISHED.format(find=self.dialect.find)
        rows = await self.rows(sql, before=before.timestamp(), adapter=codec.to_key(adapter), **place)
        return [seq for (seq,) in rows]

    async def context(
        self, adapter: str, conversation: str, *, limit: int, exclude_event: str = ""
    ) -> ConversationContext:
        live, live_turns = self.dialect.live, self.dialect.live_turns
        sql = _CONTEXT.format(
            live=live,
            live_turns=live_turns,
            left_out=_LEFT_OUT.format(live=live) if exclude_event else "",
            not_excluded=f" AND event_seq NOT IN {_EXCLUDED}" if exclude_event else "",
        )
        excluded = {"exclude_event": codec.to_key(exclude_event)} if exclude_event else {}
        rows = await self.rows(sql, **_conversation(adapter, conversation), limit=limit, **excluded)
        if not rows:
            return ConversationContext()
        (_, summary, total), *turns = sorted(rows, key=lambda row: row[0])
        return ConversationContext(
            summary=summary, turns=parse_turns([(seq, data) for seq, data, _ in turns]), total=int(total)
        )

    async def transcript(self, adapter: str, conversation: str) -> AsyncIterator[tuple[Turn, tuple[Media, ...]]]:
        after = 0
        while True:
            rows = await self.rows(_TRANSCRIPT, **_conversation(adapter, conversation), after=after)
            turns = parse_turns([(seq, data) for seq, data, _ in rows])
            for turn, (_, _, answer) in zip(turns, rows, strict=True):
                yield turn, parse_media(answer) if turn.role == "assistant" else ()
                after = turn.seq
            if len(rows) < _PAGE:
                return

    async def requests(self, adapter: str, actor: str, *, workspace: str | None = None) -> AsyncIterator[Job]:
        sql, place = _within(_REQUESTS, workspace)
        keys = {"adapter": codec.to_key(adapter), "actor": codec.to_key(actor), **place}
        after = 0
        while rows := await self.rows(sql, after=after, **keys):
            for row in rows:
                if (job := parse_job([row])) is not None:
                    yield job
                    after = job.seq

    async def people(self, adapter: str, *, workspace: str | None = None) -> Collection[str]:
        sql, place = _within(_EVERYBODY, workspace)
        rows = await self.rows(sql, adapter=codec.to_key(adapter), **place)
        return frozenset(codec.from_key(actor) for (actor,) in rows)

    async def lost_calls(self, before: datetime) -> Sequence[Job]:
        rows = await self.rows(_LOST_CALLS, before=before.timestamp())
        return [job for row in rows if (job := parse_job([row])) is not None]

    async def usage(
        self,
        *,
        since: datetime,
        actor: str | None = None,
        adapter: str | None = None,
        channel: str | None = None,
        within: str | None = None,
    ) -> Sequence[UsageRow]:
        filters = {"actor": actor, "adapter": adapter, "channel": channel, "within": within}
        keys = {name: codec.to_key(value) for name, value in filters.items() if value is not None}
        sql = _USAGE.format(conditions="".join(f" AND {_USAGE_CONDITIONS[name]}" for name in keys))
        rows = await self.rows(sql, hour=int(since.timestamp() // 3600), **keys)
        return [
            UsageRow(
                day=_day(day),
                kind=kind,
                model=codec.from_key(model),
                requests=int(requests),
                prompt_tokens=int(prompt_tokens),
                completion_tokens=int(completion_tokens),
                items=int(items),
                cost=int(micros) / MICROS,
            )
            for day, kind, model, requests, prompt_tokens, completion_tokens, items, micros in rows
        ]

    async def usage_sums(
        self,
        by: Sequence[UsageField],
        *,
        since: datetime,
        adapter: str,
        actor: str | None = None,
        channel: str | None = None,
        workspace: str | None = None,
        zone: tzinfo = UTC,
    ) -> Sequence[UsageSum]:
        filters = {"adapter": adapter, "actor": actor, "channel": channel, "workspace": workspace}
        keys = {name: codec.to_key(value) for name, value in filters.items() if value is not None}
        # `|| ''` prevents a search by the platform alone: what is left of the hours is read in their order.
        is_of_place = actor is not None or channel is not None
        conditions = _USAGE_CONDITIONS if is_of_place else {**_USAGE_CONDITIONS, "adapter": "adapter || '' = :adapter"}
        sql = _USAGE_SUMS.format(
            columns=", ".join(_USAGE_COLUMNS.get(field, field) for field in by),
            numbers=", ".join(str(number) for number in range(1, len(by) + 1)),
            conditions="".join(f" AND {conditions[name]}" for name in keys),
        )
        rows = await self.rows(sql, hour=int(since.timestamp() // 3600), **keys)
        return await asyncio.to_thread(sum_usage, rows, by, zone)  # there may be 100,000

    async def names(self, adapter: str, actors: Collection[str]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        wanted = sorted(actors)
        for at in range(0, len(wanted), _NAMES_AT_ONCE):
            page = wanted[at : at + _NAMES_AT_ONCE]
            keys = {f"actor_{number}": codec.to_key(actor) for number, actor in enumerate(page)}
            sql = _NAMES.format(actors=", ".join(f":{name}" for name in keys))
            people = (
                codec.loads(Event, text).actor
                for (text,) in await self.rows(sql, adapter=codec.to_key(adapter), **keys)
            )
            found |= {person.id: person.name for person in people if person.name}
        return found

    async def audit(
        self,
        adapter: str,
        *,
        workspace: str | None = None,
        actor: str | None = None,
        action: str = "",
        since: datetime | None = None,
        limit: int,
        before: int | None = None,
    ) -> Sequence[AuditEntry]:
        conditions, given = audit.conditions(
            self.dialect.find, workspace=workspace, actor=actor, action=action, since=since
        )
        sql = audit.READ.format(conditions=conditions)
        last = audit.NO_END if before is None else before
        rows = await self.rows(sql, adapter=codec.to_key(adapter), before=last, limit=limit, **given)
        return audit.parse_rows(rows)

    async def feedback_totals(self, *, since: datetime, adapter: str, channel: str) -> tuple[int, int]:
        keys = {"adapter": codec.to_key(adapter), "channel": codec.to_key(channel)}
        (row,) = await self.rows(_FEEDBACK_TOTALS, since=since.timestamp(), **keys)
        return int(row[0]), int(row[1])

    async def feedback_counts(self) -> Mapping[str, tuple[int, int]]:
        rows = await self.rows(_FEEDBACK_COUNTS)
        return {codec.from_key(adapter): (int(good), int(bad)) for adapter, good, bad in rows}


def _day(number: int) -> str:
    return (_EPOCH + timedelta(days=number)).isoformat()


def _conversation(adapter: str, conversation: str) -> dict[str, str]:
    return {"adapter": codec.to_key(adapter), "conversation": codec.to_key(conversation)}


def _within(sql: str, workspace: str | None) -> tuple[str, dict[str, str]]:
    """Return a statement for one workspace or all, and its parameter."""
    if workspace is None:
        return sql.format(here=""), {}
    return sql.format(here=_OF_WORKSPACE), {"workspace": codec.to_key(workspace)}
