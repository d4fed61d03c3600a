"""Content credentials (C2PA): generated files say that a model made them, and this service can tell which are its own.

A file names neither prompt nor person: its record is encrypted, and leads to the event that made it for as long as
that is kept. Each file has a signer of its own: the child process that handles the file never has the service's key.
Needs the extra `provenance`.
"""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import structlog
from pydantic import SecretStr

from bot.isolation.process import Limits, ParsingFailed, run_isolated

if TYPE_CHECKING:
    from bot.security.content_authority import ContentAuthority
    from bot.security.token_cipher import TokenCipher

log = structlog.get_logger(__name__)

State = Literal["none", "foreign", "broken", "own", "damaged", "unreadable"]

#: The types that can carry credentials.
CARRIERS = frozenset(
    {
        *("image/png", "image/jpeg", "image/webp", "image/gif", "video/mp4", "video/quicktime"),
        *("audio/mpeg", "audio/wav", "audio/mp4", "audio/flac"),
    }
)
_SECONDS = 30.0
_MEMORY, _MOST_BYTES, _MOST_RECORD = 2 << 30, 1 << 30, 10_000


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a file says of its making."""

    state: State  #: "own": this service made exactly this file; "broken": it made one that was changed afterwards
    event: str = ""  #: id of the event that made it
    at: datetime | None = None


class ContentCredentials:
    """Writes credentials into files and reads them. `key`: the service's, from which its authority follows."""

    def __init__(self, key: SecretStr) -> None:
        self._key = key

    @property
    def is_available(self) -> bool:
        """Whether the library is installed."""
        return find_spec("c2pa") is not None

    async def sign(self, path: Path, content_type: str, event: str) -> None:
        """Put credentials into a file, in place; one that can't carry them stays as it is."""
        if content_type not in CARRIERS:
            return
        target = path.with_name(f"{path.stem}.signed.part")
        record = json.dumps({"event": event, "at": datetime.now(UTC).isoformat(timespec="seconds")})
        task = json.dumps({"record": self._cipher.encrypt(record), **self._authority.make_signer()}).encode()
        limits = Limits(seconds=_SECONDS, memory=_MEMORY, file_size=_MOST_BYTES)
        options = {"source": str(path), "target": str(target), "content_type": content_type}
        try:
            await run_isolated("bot.isolation.credentials:sign", task, limits, options)
            await asyncio.to_thread(target.replace, path)
        except ParsingFailed as exc:
            log.info("no content credentials", type=content_type, reason=exc.reason)
        finally:
            with suppress(OSError):
                await asyncio.shield(asyncio.to_thread(target.unlink, missing_ok=True))

    async def read(self, data: bytes | bytearray, content_type: str) -> Credentials:
        """Return what a file says of its making; nothing in it is believed that this service has not signed."""
        if content_type not in CARRIERS:
            return Credentials("unreadable")
        limits = Limits(seconds=_SECONDS, memory=_MEMORY, output=_MOST_RECORD)
        options = {"content_type": content_type, "authority": self._authority.certificate}
        try:
            state, record = await run_isolated("bot.isolation.credentials:read", data, limits, options)
        except ParsingFailed as exc:
            log.info("content credentials not read", type=content_type, reason=exc.reason)
            return Credentials("damaged")
        if state not in {"own", "broken"}:
            return Credentials("none" if state == "none" else "foreign")
        plain = self._cipher.decrypt(record.decode("ascii", "replace"))
        if plain is None:
            return Credentials("foreign")
        told = json.loads(plain)
        return Credentials("own" if state == "own" else "broken", told["event"], datetime.fromisoformat(told["at"]))

    @cached_property
    def _cipher(self) -> "TokenCipher":
        from bot.security.token_cipher import TokenCipher  # imported when the first file is signed or read

        return TokenCipher([self._key], purpose="content credentials")

    @cached_property
    def _authority(self) -> "ContentAuthority":
        from bot.security.content_authority import ContentAuthority  # in the same way

        return ContentAuthority(self._key)
