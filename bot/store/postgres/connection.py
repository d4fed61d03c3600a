"""Connections to the server: how they are made, what their errors mean, and the schema behind them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from pydantic import SecretStr

from bot.errors import StoreError, StoreUnavailable
from bot.settings.core import address
from bot.store.shared.migrations import pending
from bot.store.shared.sql import numbered

Connection = Any  #: an asyncpg connection: the library has no types

#: What says that a connection is not, or no longer, to be used. The last is the library's own confusion when the server
#: ends a connection in the middle of something.
BROKEN = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)

#: Key of the advisory lock under which the schema is changed.
_MIGRATION_LOCK = 0x636D7574
#: Connections that read.
_READERS = 4
#: Seconds after which the server lets go of a machine that vanished: 10 + 2 × 5.
_KEEPALIVE = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "2"}
#: A transaction that its process left open, whatever it does meanwhile, blocks others for less than a statement's time.
_PATIENCE = {"idle_in_transaction_session_timeout": "15000"}
#: Plans are made when the tables are nearly empty and kept while these grow: every statement has an index to go by.
_PLANS = {"enable_seqscan": "off", "jit": "off"}
_SETTINGS = {**_KEEPALIVE, **_PATIENCE, **_PLANS, "application_name": "channelmuse"}

#: SQLSTATEs after which the same statement may succeed later: connection, resources, operator, system, conflicts,
#: and a server that has become a read-only copy.
_PASSING = ("08", "53", "57", "58", "40", "55", "25006")


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """See `bot.store.shared.sql.Database`."""

    connection: Connection

    async def rows(self, sql: str, /, **parameters: object) -> list[Any]:
        """See `Database.rows`."""
        text, names = numbered(sql)
        return list(await self.connection.fetch(text, *[parameters[name] for name in names]))

    async def row(self, sql: str, /, **parameters: object) -> Any:
        """The first row; None when there is none."""
        text, names = numbered(sql)
        return await self.connection.fetchrow(text, *[parameters[name] for name in names])

    async def value(self, sql: str, /, **parameters: object) -> Any:
        """The first column of the first row; None when there is none."""
        text, names = numbered(sql)
        return await self.connection.fetchval(text, *[parameters[name] for name in names])

    async def execute_many(self, sql: str, rows: Sequence[Mapping[str, object]]) -> None:
        """See `Database.execute_many`."""
        text, names = numbered(sql)
        await self.connection.executemany(text, [[row[name] for name in names] for row in rows])


class Connections:
    """Makes connections to one database, and has some that read. `timeout`: seconds for one statement."""

    def __init__(self, url: SecretStr, *, timeout: float) -> None:
        self._url = url
        self._timeout = timeout
        self.name = address(url)  #: for people
        self._pool: Any = None

    async def open(self) -> None:
        """Bring the schema up to date and be ready to read. Raises `StoreError`."""
        connection = await self.connect()
        try:
            with self.translated():
                await self._migrate(connection)
        finally:
            await close(connection)
        with self.translated():
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
        """Close the connections that read; the others are their owners'."""
        try:
            with suppress(StoreError), self.translated():
                await self._pool.close()
        finally:
            self._pool.terminate()

    async def connect(self, **settings: str) -> Connection:
        """Make a connection with these settings of the server. Raises `StoreError`."""
        with self.translated():
            return await asyncpg.connect(
                self._url.get_secret_value(),
                timeout=self._timeout,
                command_timeout=self._timeout,
                server_settings={**_SETTINGS, **settings},
            )

    async def rows(self, sql: str, /, **parameters: object) -> list[Any]:
        """The rows of a query whose parameters are written `:name`. Raises `StoreError`."""
        text, names = numbered(sql)
        with self.translated():
            return list(await self._pool.fetch(text, *[parameters[name] for name in names]))

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Translate errors of the database to a `StoreError` of one sentence."""
        try:
            yield
        except (asyncpg.PostgresError, *BROKEN) as exc:
            raise self.explained(exc) from exc

    def explained(self, error: Exception) -> StoreError:
        """The `StoreError` for an error of the driver: one sentence, with what to do."""
        if not isinstance(error, asyncpg.PostgresError):
            reason = str(error) or type(error).__name__
            return StoreUnavailable(
                f"The database {self.name} can't be reached; check that it runs and BOT_DATABASE_URL. ({reason})"
            )
        state = error.sqlstate or ""
        if state.startswith("28"):
            return StoreError(f"The database {self.name} refuses user or password: check BOT_DATABASE_URL.")
        if state == "3D000":
            return StoreError(f"The database {self.name} does not exist: create it, or mend BOT_DATABASE_URL.")
        if state == "42501":
            return StoreError(
                f"The user of BOT_DATABASE_URL may not work in the database {self.name}: let it own the database and "
                f"what is in it, or grant it CREATE and USAGE on the schema of an empty one. ({error})"
            )
        if state.startswith(_PASSING):
            return StoreUnavailable(f"The database {self.name} can't work now. ({error})")
        return StoreError(f"The database {self.name} did not do what was asked: {error}")

    async def _migrate(self, connection: Connection) -> None:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _MIGRATION_LOCK)
            await connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version integer PRIMARY KEY)")
            version = await connection.fetchval("SELECT coalesce(max(version), 0) FROM schema_version")
            for migration in pending("postgres", version, self.name):
                await connection.execute(migration.script)
                if migration.step is not None:
                    await migration.step(PostgresDatabase(connection))
                await connection.execute("INSERT INTO schema_version VALUES ($1)", migration.number)


async def _keep_as_is(_: Connection) -> None:
    """Reset nothing: no query changes a connection that reads, and resetting costs a round trip."""


async def close(connection: Connection) -> None:
    """Close a connection, at once when it does not want to."""
    try:
        await connection.close(timeout=5)
    except (asyncpg.PostgresError, *BROKEN):
        connection.terminate()
