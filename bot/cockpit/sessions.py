"""Sessions: who is signed in, kept in the database, so that they can be ended from anywhere."""

import asyncio
import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from bot.limits import utc_now
from bot.ports import Journal, KeyValues, Owner
from bot.security.token_cipher import TokenCipher
from bot.sign_in.visitor import Visitor
from bot.values import valueclass

#: How long a session lasts.
LIFETIME = timedelta(hours=8)
#: For which their cookies are encrypted.
PURPOSE = "cockpit session"


@valueclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One person in one browser."""

    key: str  #: names the session on pages; it does not open it
    visitor: Visitor
    since: datetime  #: aware, UTC

    @property
    def expires(self) -> datetime:
        """The time at which the session ends by itself."""
        return self.since + LIFETIME


class Sessions:
    """The sessions of the service. Every method raises `StoreError`.

    The cookie is a random id, encrypted; the database has only the id's hash, which opens nothing.
    """

    def __init__(
        self, values: KeyValues, journal: Journal, cipher: TokenCipher, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._sessions = values.namespace("cockpit.sessions")
        self._values = values
        self._journal = journal
        self._cipher = cipher
        self._now = now
        self._using = asyncio.Lock()

    async def use_link(self, nonce: str, expires: float) -> bool:
        """Use up a link; False: it was used before."""
        async with self._using, self._journal.revising("cockpit", nonce):
            link = self._values.namespace(f"cockpit.links.{nonce}")  # one that no process has in memory
            if await link.get("used") is not None:
                return False
            await link.set("used", "yes", expires=datetime.fromtimestamp(expires, UTC) + timedelta(minutes=1))
            return True

    async def begin(self, visitor: Visitor) -> str:
        """Begin a session; return the value of its cookie."""
        secret, since = secrets.token_urlsafe(32), self._now()
        value = json.dumps({"visitor": visitor.to_json(), "since": since.timestamp()})
        owner = Owner(adapter=visitor.adapter, actor=visitor.actor) if visitor.actor else None
        await self._sessions.set(_key(secret), value, expires=since + LIFETIME, owner=owner)
        return self._cipher.encrypt(secret)

    async def find(self, cookie: str) -> Session | None:
        """Return the session of a cookie; None: there is none, or none any more."""
        secret = self._cipher.decrypt(cookie)
        if secret is None:
            return None
        key = _key(secret)
        return _parse(key, await self._sessions.get(key))

    async def end(self, key: str) -> None:
        """End a session."""
        await self._sessions.delete(key)

    async def all(self) -> Sequence[Session]:
        """Return all sessions, the newest first."""
        found = (_parse(key, value) for key, value in (await self._sessions.items()).items())
        return sorted((one for one in found if one is not None), key=lambda session: session.since, reverse=True)


def _key(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _parse(key: str, value: str | None) -> Session | None:
    """Return a session as it is stored; None: there is none, or it is of another version."""
    if value is None:
        return None
    try:
        fields = json.loads(value)
        since = datetime.fromtimestamp(fields["since"], UTC)
        return Session(key=key, visitor=Visitor.from_json(fields["visitor"]), since=since)
    except (ValueError, KeyError, TypeError):
        return None
