"""Connections to the server, and translation of its errors."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from pydantic import SecretStr

from bot.errors import StoreError, StoreUnavailable
from bot.i18n import operator_text
from bot.settings.database_url import address
from bot.store.shared.sql import to_numbered
from bot.values import valueclass

Connection = Any  #: an asyncpg connection: the library has no types

#: Errors after which a connection is not to be used any more. The library raises the last when the server ends a
#: connection in the middle of an operation.
BROKEN = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)

#: Connections that read.
_READERS = 4
#: The server drops the connections of a machine that vanished after 10 + 2 × 5 seconds.
_KEEPALIVE = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "2"}
#: A transaction that its process leaves open is ended before the statements that wait for it time out.
_PATIENCE = {"idle_in_transaction_session_timeout": "15000"}
#: Plans are made when the tables are nearly empty and kept while these grow: every statement has an index to go by.
_PLANS = {"enable_seqscan": "off", "jit": "off"}
#: Statements of single events, whose rows are found by an index, whatever the server knows of the size of tables. Their
#: plans are kept: it would make anew, for each event, those of arrays, whose length it knows only then.
BY_INDEX = {"enable_hashjoin": "off", "enable_mergejoin": "off", "plan_cache_mode": "force_generic_plan"}
_SETTINGS = {**_KEEPALIVE, **_PATIENCE, **_PLANS, "application_name": "channelmuse"}

#: SQLSTATEs after which the same statement may succeed later: connection, resources, operator, system, conflicts,
#: and a server that has become a read-only copy.
_PASSING = ("08", "53", "57", "58", "40", "55", "25006")
#: Beginning of the SQLSTATE with which a server refuses to let a process in → key of the sentence.
_REFUSALS = {"28": "database.refused", "3D000": "database.missing"}


@valueclass(frozen=True, slots=True)
class PostgresDatabase:
    """See `bot.store.shared.sql.Database`."""

    connection: Connection

    async def rows(self, sql: str, /, **parameters: object) -> list[Any]:
        """See `Database.rows`."""
        text, names = to_numbered(sql)
        return list(await self.connection.fetch(text, *[parameters[name] for name in names]))

    async def row(self, sql: str, /, **parameters: object) -> Any:
        """Return the first row; None: there is none."""
        text, names = to_numbered(sql)
        return await self.connection.fetchrow(text, *[parameters[name] for name in names])

    async def value(self, sql: str, /, **parameters: object) -> Any:
        """Return the first column of the first row; None: there is none."""
        text, names = to_numbered(sql)
        return await self.connection.fetchval(text, *[parameters[name] for name in names])

    async def execute_many(self, sql: str, rows: Sequence[Mapping[str, object]]) -> None:
        """See `Database.execute_many`."""
        text, names = to_numbered(sql)
        await self.connection.executemany(text, [[row[name] for name in names] for row in rows])


class Connections:
    """Makes connections to one database, and has a pool of those that read. `timeout`: seconds for one statement."""

    def __init__(self, url: SecretStr, *, timeout: float) -> None:
        self._url = url
        self._timeout = timeout
        self.name = address(url)  #: for people
        self._pool: Any = None
        self._was_admitted = False  #: the server has let this process in: what it refuses now, it may allow again

    async def open(self) -> None:
        """Open the pool. Raises `StoreError`."""
        with self.translate_errors():
            self._pool = await asyncpg.create_pool(
                self._url.get_secret_value(),
                min_size=0,
                max_size=_READERS,
                timeout=self._timeout,
                command_timeout=self._timeout,
                server_settings=_SETTINGS,
                reset=_keep_as_is,
            )

    async def close(self) -> None:
        """Close the pool; other connections belong to those who made them."""
        try:
            with suppress(StoreError), self.translate_errors():
                await self._pool.close()
        finally:
            self._pool.terminate()

    async def connect(self, **settings: str) -> Connection:
        """Make a connection with these server settings. Raises `StoreError`."""
        with self.translate_errors():
            made = await asyncpg.connect(
                self._url.get_secret_value(),
                timeout=self._timeout,
                command_timeout=self._timeout,
                server_settings={**_SETTINGS, **settings},
            )
        self._was_admitted = True
        return made

    async def rows(self, sql: str, /, **parameters: object) -> list[Any]:
        """Return the rows of a query whose parameters are written `:name`. Raises `StoreError`."""
        text, names = to_numbered(sql)
        with self.translate_errors():
            return list(await self._pool.fetch(text, *[parameters[name] for name in names]))

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Translate errors of the driver to `StoreError`."""
        try:
            yield
        except (asyncpg.PostgresError, *BROKEN) as exc:
            raise self.explain(exc) from exc

    def explain(self, error: Exception) -> StoreError:
        """Return the `StoreError` for an error of the driver: one sentence, with what to do."""
        if not isinstance(error, asyncpg.PostgresError):
            reason = str(error) or type(error).__name__
            return StoreUnavailable(operator_text("database.unreachable", name=self.name, reason=reason))
        state = error.sqlstate or ""
        for refused, key in _REFUSALS.items():
            if state.startswith(refused):
                kind = StoreUnavailable if self._was_admitted else StoreError
                return kind(operator_text(key, name=self.name))
        if state == "08P01" and "startup parameter" in str(error):
            return StoreError(operator_text("database.pooler", name=self.name, reason=error))
        if state == "42501":
            return StoreError(operator_text("database.no_grant", name=self.name, reason=error))
        if state.startswith(_PASSING):
            return StoreUnavailable(operator_text("database.busy", name=self.name, reason=error))
        return StoreError(operator_text("database.failed", name=self.name, reason=error))


async def _keep_as_is(_: Connection) -> None:
    """Reset nothing: no query changes a connection that reads, and resetting costs a round trip."""


async def close(connection: Connection) -> None:
    """Close a connection; one that does not respond is terminated."""
    try:
        await connection.close(timeout=5)
    except (asyncpg.PostgresError, *BROKEN):
        connection.terminate()
