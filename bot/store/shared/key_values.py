"""Values by namespace and name, cached: most events read three namespaces, which are mostly empty."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from bot.ports import Owner
from bot.store.shared import codec
from bot.values import valueclass

#: Condition of what is written for a request: its author was not erased meanwhile. An unknown one is nobody's.
NOT_ERASED = "NOT EXISTS (SELECT 1 FROM events WHERE adapter = :adapter AND id = :event AND forgotten)"
WRITE = f"""
INSERT INTO key_values (namespace, name, value, expires, adapter, actor, conversation)
SELECT CAST(:namespace AS text), CAST(:name AS text), CAST(:value AS text), CAST(:expires AS double precision),
    CAST(:adapter AS text), CAST(:actor AS text), CAST(:conversation AS text)
WHERE {NOT_ERASED}
ON CONFLICT (namespace, name) DO UPDATE SET value = excluded.value, expires = excluded.expires,
    adapter = excluded.adapter, actor = excluded.actor, conversation = excluded.conversation
"""
ADD = f"""
{WRITE} WHERE key_values.expires <= :now RETURNING name
"""
REPLACE = f"""
UPDATE key_values SET value = CAST(:value AS text), expires = CAST(:expires AS double precision),
    adapter = CAST(:adapter AS text), actor = CAST(:actor AS text), conversation = CAST(:conversation AS text)
WHERE namespace = :namespace AND name = :name AND value = :was AND (expires IS NULL OR expires > :now)
    AND {NOT_ERASED}
RETURNING name
"""  # noqa: S608 - constants
NAMESPACES = "SELECT DISTINCT namespace FROM key_values LIMIT :limit"
DELETE = "DELETE FROM key_values WHERE namespace = :namespace AND name = :name"
#: Values of a person who is forgotten.
FORGET = "DELETE FROM key_values WHERE adapter = :adapter AND actor = :actor AND actor <> ''"
#: Those of one workspace, by their namespace, and of the conversations in which the person has written there.
FORGET_HERE = f"""
{FORGET} AND (
    substr(namespace, 1, length(CAST(:workspace AS text)) + 4) = 'in:' || CAST(:workspace AS text) || ':'
    OR conversation IN (
        SELECT conversation FROM events WHERE adapter = :adapter AND actor = :actor AND workspace = :workspace))
"""  # noqa: S608 - constants
#: Expired values, and those of conversations without events.
PRUNE = """
DELETE FROM key_values WHERE expires <= :now OR (conversation <> '' AND NOT EXISTS (
    SELECT 1 FROM events
    WHERE events.adapter = key_values.adapter AND events.conversation = key_values.conversation))
"""

#: Executes one of the statements above with its parameters; returns its rows once it is durable and evicted from
#: the cache.
Write = Callable[[str, Mapping[str, object]], Awaitable[Sequence[Any]]]

_NOTHING: Mapping[str, str] = MappingProxyType({})


class NamespaceCache:
    """The namespaces read last, and the names of those that have values, which spare reading others.

    `read` returns namespace, name, value and expiry of all values of some; `read_names` at most so many names.
    `size`: number of namespaces; `known`: number of names, beyond which they are not kept; `is_shared`: other processes
    write, too, and this one is notified a moment later.
    """

    def __init__(
        self,
        read: Callable[[Sequence[str]], Awaitable[Sequence[Any]]],
        read_names: Callable[[int], Awaitable[Sequence[str]]],
        *,
        size: int = 10_000,
        known: int = 20_000,
        is_shared: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._read = read
        self._read_names = read_names
        self._size = size
        self._known_limit = known
        self._is_shared = is_shared
        self.now = now
        self._cached: dict[str, Mapping[str, str]] = {}
        self._expiries: dict[str, float] = {}  #: when the first value of a cached namespace expires, if any does
        self._version = 0
        self._known: set[str] | None = None  #: namespaces that may have values; None: any
        self._has_many = False  #: more have values than are kept

    async def items(self, namespaces: Sequence[str], *, may_lag: bool = False) -> Sequence[Mapping[str, str]]:
        """Return the values of each namespace by name; those not in memory are read together. Raises `StoreError`.

        `may_lag`: one that has no value yet is not read for what another process has written this instant.
        """
        cached, expiries = self._cached, self._expiries
        uses_names = may_lag or not self._is_shared
        while True:
            known = self._known if uses_names else None
            missing = [
                name
                for name in namespaces
                if (name not in cached and (known is None or name in known))
                or (name in expiries and expiries[name] <= self.now())
            ]
            if not missing:
                return [cached.get(name, _NOTHING) for name in namespaces]
            version, now = self._version, self.now()
            if uses_names and known is None and not self._has_many:
                names = await self._read_names(self._known_limit + 1)
                if version == self._version:  # else changed meanwhile
                    self._has_many = len(names) > self._known_limit
                    self._known = None if self._has_many else set(names)
                continue
            rows = await self._read(missing)
            if version == self._version:  # else changed meanwhile
                self._keep(missing, [row for row in rows if row[3] is None or row[3] > now])

    def _keep(self, namespaces: Sequence[str], rows: Sequence[Any]) -> None:
        if len(self._cached) >= self._size:
            self._cached.clear()
            self._expiries.clear()
        for namespace in namespaces:
            own = [row for row in rows if row[0] == namespace]
            values = {codec.from_key(name): codec.from_key(value) for _, name, value, _ in own}
            self._cached[namespace] = MappingProxyType(values)
            self._expiries.pop(namespace, None)
            if expiring := [expires for *_, expires in own if expires is not None]:
                self._expiries[namespace] = min(expiring)

    def changed(self, namespace: str) -> None:
        """Evict a namespace that was written to."""
        self._version += 1
        self._cached.pop(namespace, None)
        self._expiries.pop(namespace, None)
        if self._known is not None:
            self._known.add(namespace)
            if len(self._known) > self._known_limit:
                self._known, self._has_many = None, True

    def clear(self) -> None:
        """Evict all namespaces: values were removed, or other processes may have written some."""
        self._version += 1
        self._known, self._has_many = None, False
        self._cached.clear()
        self._expiries.clear()


@valueclass(frozen=True, slots=True)
class StoredNamespace:
    """See `bot.ports.Namespace`."""

    key: str
    cache: NamespaceCache
    write: Write

    async def get(self, name: str) -> str | None:
        """See `Namespace.get`."""
        return (await self.items()).get(codec.clean(name))

    async def items(self) -> Mapping[str, str]:
        """See `Namespace.items`."""
        return (await self.cache.items((self.key,)))[0]

    async def set(self, name: str, value: str, *, expires: datetime | None = None, owner: Owner | None = None) -> None:
        """See `Namespace.set`."""
        await self.write(WRITE, self._row(name, value, expires, owner))

    async def replace(
        self, name: str, value: str, *, was: str | None, expires: datetime | None = None, owner: Owner | None = None
    ) -> bool:
        """See `Namespace.replace`."""
        row = {**self._row(name, value, expires, owner), "now": self.cache.now()}
        if was is None:
            return bool(await self.write(ADD, row))
        return bool(await self.write(REPLACE, {**row, "was": codec.to_key(codec.clean(was))}))

    def _row(self, name: str, value: str, expires: datetime | None, owner: Owner | None) -> Mapping[str, object]:
        return {
            "namespace": self.key,
            "name": codec.to_key(codec.clean(name)),
            "value": codec.to_key(codec.clean(value)),
            "expires": None if expires is None else expires.timestamp(),
            "adapter": "" if owner is None else codec.to_key(owner.adapter),
            "actor": "" if owner is None else codec.to_key(owner.actor),
            "conversation": "" if owner is None else codec.to_key(owner.conversation),
            "event": "" if owner is None else codec.to_key(owner.event),
        }

    async def delete(self, name: str) -> None:
        """See `Namespace.delete`."""
        await self.write(DELETE, {"namespace": self.key, "name": codec.to_key(codec.clean(name))})


def namespace(name: str, cache: NamespaceCache, write: Write) -> StoredNamespace:
    """Return the values under that name."""
    return StoredNamespace(to_namespace(name), cache, write)


def to_namespace(name: str) -> str:
    """Convert a namespace's name to the one in the database."""
    key = codec.to_key(name)
    return key if key is name else codec.to_key(codec.clean(name))
