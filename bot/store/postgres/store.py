"""Looking back, settings, housekeeping; opening and closing."""

# ruff: noqa: D102, S608 - the promises are those of `bot.ports.Store`; only constants are joined

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from pydantic import SecretStr

from bot.models import ConversationContext, Job, Media, Turn, UsageRow
from bot.ports import Namespace
from bot.store.postgres import maintenance
from bot.store.postgres.connection import Connection, Link, PostgresDatabase
from bot.store.postgres.events import CANCEL, VALUES
from bot.store.postgres.lease import Owner
from bot.store.postgres.quota import Limits
from bot.store.postgres.writer import Writer
from bot.store.shared import codec, key_values
from bot.store.shared.key_values import NamespaceCache
from bot.store.shared.quota import person_number
from bot.store.sqlite.queries import job_of, media_of, turns_of

_JOB = "SELECT seq, event, attempts, ref, answer FROM events"
_PAGE = 200
_RECENT = 2000  #: events among which a person's newest files are looked for


class PostgresStore(Limits):
    """See `bot.ports.Store`. `url`: postgresql://user:password@host/database."""

    def __init__(self, url: SecretStr) -> None:
        super().__init__()
        self._link = Link(url)
        self._owner = Owner(self._link, on_news=self._news, adopt=self._adopt)
        self._writer = Writer(self._link)
        self._stack = AsyncExitStack()
        self._values = NamespaceCache(self._read_values)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._link.open()
            stack.push_async_callback(self._link.close)
            stack.push_async_callback(self._owner.close)
            await self._owner.open()
            writing = asyncio.create_task(self._writer.run(), name="store writer")
            stack.push_async_callback(self._stop, writing)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _stop(self, writing: asyncio.Task[None]) -> None:
        self._writer.close()
        await writing

    def _news(self, what: str, sender: int) -> None:
        if sender == self._writer.sender:  # told here already
            return
        kind, *details = what.split(" ")
        if kind == CANCEL:
            self._cancel_requests.update(map(int, details))
        elif kind in ("", VALUES):
            self._values.clear()
        self._changed.set()

    # -- looking back

    async def job(self, adapter: str, event_id: str) -> Job | None:
        sql = f"{_JOB} WHERE adapter = $1 AND id = $2 AND event IS NOT NULL"
        return _job(await self._link.rows(sql, codec.key(adapter), codec.key(event_id)))

    async def last_job(self, adapter: str, conversation: str, *, commands: Collection[str]) -> Job | None:
        sql = (
            f"{_JOB} WHERE adapter = $1 AND conversation = $2 AND command = ANY($3::text[]) AND event IS NOT NULL"
            " ORDER BY seq DESC LIMIT 1"
        )
        names = [codec.key(name) for name in commands]
        return _job(await self._link.rows(sql, codec.key(adapter), codec.key(conversation), names))

    async def participants(self, adapter: str, conversation: str) -> Collection[str]:
        rows = await self._link.rows(
            "SELECT DISTINCT actor FROM events WHERE adapter = $1 AND conversation = $2 AND actor <> '' AND seq >"
            " coalesce((SELECT max(seq) FROM events WHERE adapter = $1 AND conversation = $2 AND command = 'stop'), 0)",
            codec.key(adapter),
            codec.key(conversation),
        )
        return frozenset(codec.plain(actor) for (actor,) in rows)

    async def recent_media(self, adapter: str, actor: str, *, limit: int) -> Sequence[tuple[str, Media]]:
        rows = await self._link.rows(
            "SELECT id, answer FROM (SELECT seq, id, answer FROM events WHERE adapter = $1 AND actor = $2"
            f" AND actor <> '' ORDER BY seq DESC LIMIT {_RECENT}) AS newest"
            " WHERE json_array_length(answer::json->'media') > 0 ORDER BY seq DESC LIMIT $3",
            codec.key(adapter),
            codec.key(actor),
            limit,
        )
        return [(codec.plain(event), media) for event, answer in rows for media in media_of(answer)][:limit]

    async def context(
        self, adapter: str, conversation: str, *, limit: int, exclude_event: str = ""
    ) -> ConversationContext:
        of = "live AND adapter = $1 AND conversation = $2"
        left_out = (
            "(SELECT seq FROM events WHERE adapter = $1 AND (id = $4 OR (replaces = $4 AND replaces <> '')))"
            if exclude_event
            else "(SELECT 0::bigint WHERE $4::text IS NULL)"  # keeps the parameters the same
        )
        rows = await self._link.rows(
            "SELECT 0::bigint AS seq, summary AS data,"
            f" total - (SELECT count(*) FROM turns WHERE event_seq IN {left_out} AND {of}) AS total"
            " FROM contexts WHERE adapter = $1 AND conversation = $2 UNION ALL"
            f" (SELECT seq, data, 0 FROM turns WHERE {of} AND event_seq NOT IN {left_out} ORDER BY seq DESC LIMIT $3)"
            " ORDER BY seq",
            codec.key(adapter),
            codec.key(conversation),
            limit,
            codec.key(exclude_event),
        )
        if not rows:
            return ConversationContext()
        (_, summary, total), *turns = rows
        return ConversationContext(
            summary=summary, turns=turns_of([(seq, data) for seq, data, _ in turns]), total=total
        )

    async def save_summary(self, adapter: str, conversation: str, summary: str, *, through_seq: int) -> None:
        keys = codec.key(adapter), codec.key(conversation)

        async def work(db: Connection) -> None:
            saved = await db.fetchval(
                "INSERT INTO contexts (adapter, conversation, summary, through_seq) VALUES ($1, $2, $3, $4)"
                " ON CONFLICT (adapter, conversation) DO UPDATE SET summary = excluded.summary,"
                " through_seq = excluded.through_seq"
                " WHERE excluded.through_seq >= contexts.through_seq AND excluded.through_seq > contexts.reset_turn"
                " RETURNING through_seq",
                *keys,
                codec.clean(summary).replace("\0", ""),
                through_seq,
            )
            if saved is not None:
                await db.execute(
                    "UPDATE turns SET live = false WHERE live AND adapter = $1 AND conversation = $2 AND seq <= $3",
                    *keys,
                    through_seq,
                )

        await self._writer.submit(work)

    async def reset(self, job: Job) -> int:
        keys = codec.key(job.event.adapter), codec.key(job.event.conversation)

        async def work(db: Connection) -> int:
            # First the row of contexts: who adds turns meanwhile waits for it, and sees that they are left behind.
            await db.execute(
                "INSERT INTO contexts (adapter, conversation, reset) VALUES ($1, $2, $3)"
                " ON CONFLICT (adapter, conversation) DO UPDATE SET"
                " summary = CASE WHEN $3 > contexts.reset THEN '' ELSE contexts.summary END,"
                " left_behind = CASE WHEN $3 > contexts.reset THEN 0 ELSE contexts.left_behind END,"
                " reset = greatest($3, contexts.reset), "
                " reset_turn = greatest(contexts.reset_turn, contexts.through_seq)",
                *keys,
                job.seq,
            )
            left = await db.fetch(
                "UPDATE turns SET live = false WHERE live AND adapter = $1 AND conversation = $2 AND event_seq <= $3"
                " RETURNING seq",
                *keys,
                job.seq,
            )
            number: int = await db.fetchval(
                "UPDATE contexts SET reset_turn = greatest($3, reset_turn), left_behind = left_behind + $4"
                " WHERE adapter = $1 AND conversation = $2 RETURNING left_behind",
                *keys,
                max((row["seq"] for row in left), default=0),
                len(left),
            )
            return number

        return await self._writer.submit(work)

    async def transcript(self, adapter: str, conversation: str) -> AsyncIterator[tuple[Turn, tuple[Media, ...]]]:
        after = 0
        while True:
            rows = await self._link.rows(
                "SELECT turns.seq, turns.data, events.answer FROM turns JOIN events ON events.seq = turns.event_seq"
                " WHERE turns.adapter = $1 AND turns.conversation = $2 AND turns.seq > $3 ORDER BY turns.seq LIMIT $4",
                codec.key(adapter),
                codec.key(conversation),
                after,
                _PAGE,
            )
            turns = turns_of([(seq, data) for seq, data, _ in rows])
            for turn, (_, _, answer) in zip(turns, rows, strict=True):
                yield turn, media_of(answer) if turn.role == "assistant" else ()
                after = turn.seq
            if len(rows) < _PAGE:
                return

    # -- values, usage, feedback

    def namespace(self, name: str) -> Namespace:
        return key_values.namespace(name, self._values, self._write_value)

    async def _write_value(self, sql: str, parameters: Mapping[str, object]) -> None:
        namespace = str(parameters["namespace"])
        await self._writer.submit(
            lambda db: PostgresDatabase(db).rows(sql, **parameters),
            then=lambda _: self._values.changed(namespace),
            news=VALUES,
        )

    async def _read_values(self, namespace: str) -> Sequence[Any]:
        return await self._link.named_rows(key_values.READ, namespace=namespace)

    async def usage(
        self,
        *,
        since: datetime,
        actor: str | None = None,
        adapter: str | None = None,
        channel: str | None = None,
        within: str | None = None,
    ) -> Sequence[UsageRow]:
        wanted = {"actor": actor, "adapter": adapter, "channel": channel, "within": within}
        asked = {name: codec.key(value) for name, value in wanted.items() if value is not None}
        where = "".join(
            f" AND starts_with(channel, ${n})" if name == "within" else f" AND {name} = ${n}"
            for n, name in enumerate(asked, 2)
        )
        rows = await self._link.rows(
            "SELECT to_char(to_timestamp(hour * 3600) AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, kind, model,"
            " sum(requests)::bigint AS requests, sum(prompt_tokens)::bigint AS prompt_tokens,"
            " sum(completion_tokens)::bigint AS completion_tokens, sum(items)::bigint AS items, sum(cost) AS cost"
            f" FROM usage WHERE hour >= $1{where} GROUP BY day, kind, model ORDER BY day DESC, kind, model",
            int(since.timestamp() // 3600),
            *asked.values(),
        )
        return [UsageRow(**{**row, "model": codec.plain(row["model"])}) for row in map(dict, rows)]

    async def feedback_totals(self, *, since: datetime, adapter: str, channel: str) -> tuple[int, int]:
        (row,) = await self._link.rows(
            "SELECT count(*) FILTER (WHERE is_good), count(*) FILTER (WHERE NOT is_good) FROM feedback"
            " JOIN events ON events.seq = feedback.event_seq WHERE at >= $1 AND adapter = $2 AND channel = $3",
            since.timestamp(),
            codec.key(adapter),
            codec.key(channel),
        )
        return int(row[0]), int(row[1])

    async def add_feedback(self, adapter: str, event_id: str, actor: str, *, is_good: bool) -> None:
        row = codec.key(adapter), codec.key(event_id), codec.key(actor), is_good
        sql = (
            "INSERT INTO feedback SELECT seq, $3, $4, extract(epoch FROM now()) FROM events"
            " WHERE adapter = $1 AND id = $2 AND event IS NOT NULL ON CONFLICT (event_seq, actor)"
            " DO UPDATE SET is_good = excluded.is_good, at = excluded.at"
        )
        await self._writer.submit(lambda db: db.execute(sql, *row))

    # -- housekeeping

    async def forget(self, adapter: str, actor: str) -> Sequence[Media]:
        who = codec.key(adapter), codec.key(actor)

        def then(_: object) -> None:
            self._values.clear()
            self._changed.set()

        person = person_number(adapter, actor)
        answers = await self._writer.submit(
            lambda db: maintenance.forget(db, who, person), then=then, news=VALUES, locks=[person]
        )
        return [media for answer in answers for media in media_of(answer)]

    async def prune(self, before: datetime) -> Sequence[Media]:
        media: list[Media] = []
        gone = maintenance.CHUNK
        while gone == maintenance.CHUNK:
            answers = await self._writer.submit(lambda db: maintenance.prune(db, before.timestamp()))
            gone = len(answers)
            media += [item for answer in answers for item in media_of(answer)]
        await self._writer.submit(maintenance.prune_rest, then=lambda _: self._values.clear(), news=VALUES)
        return media

    async def check(self) -> None:
        await self._link.rows("SELECT 1 FROM events LIMIT 1")
        await self._writer.submit(lambda db: db.execute("SELECT nextval('served')"))


def _job(rows: Sequence[Any]) -> Job | None:
    return job_of([tuple(row) for row in rows])
