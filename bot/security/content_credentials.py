"""Content credentials: generated files say that a model made them, and this service can tell which are its own.

A file names neither prompt nor person: its record is encrypted, and leads to the event that made it for as long as
that is kept. Where the format takes them these are C2PA credentials; each file has a signer of its own: the child
process that handles the file never has the service's key. Else the record stands in a tag of the file, with the digest
of all the rest. Needs the extra `provenance`.
"""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import structlog
from pydantic import SecretStr

from bot.isolation.process import Limits, ParsingFailed, run_isolated
from bot.values import valueclass

if TYPE_CHECKING:
    from bot.security.content_authority import ContentAuthority
    from bot.security.token_cipher import TokenCipher

log = structlog.get_logger(__name__)

State = Literal["none", "foreign", "broken", "own", "damaged", "unreadable"]

#: The types that can carry C2PA credentials.
_CARRIERS = frozenset(
    {
        *("image/png", "image/jpeg", "image/webp", "image/gif", "video/mp4", "video/quicktime"),
        *("audio/mpeg", "audio/wav", "audio/mp4", "audio/flac"),
    }
)
#: The types that carry the record in a tag → their container.
_TAGGED = {"video/webm": "matroska", "audio/webm": "matroska", "audio/ogg": "ogg"}
#: Bytes by which credentials make a file bigger, at most.
MOST_ADDED = 32_768
_SECONDS, _MEMORY = 30.0, 2 << 30
_WRITING = Limits(seconds=_SECONDS, memory=_MEMORY, file_size=1 << 30)
_READING = Limits(seconds=_SECONDS, memory=_MEMORY, output=10_000)


@valueclass(frozen=True, slots=True)
class Credentials:
    """Statements of a file on its making."""

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

    async def sign(self, path: Path, content_type: str, event: str, *, at: datetime | None = None) -> None:
        """Put credentials into a file, in place; one that can't carry them stays as it is. `at`: when it was made."""
        if not _carries(content_type):
            return
        target = path.with_name(f"{path.stem}.signed.part")
        record = {"event": event, "at": (at or datetime.now(UTC)).isoformat(timespec="seconds")}
        try:
            if content_type in _TAGGED:
                await self._tag(path, target, _TAGGED[content_type], record)
            else:
                await self._sign(path, target, content_type, record)
            await asyncio.to_thread(target.replace, path)
        except ParsingFailed as exc:
            log.info("no content credentials", type=content_type, reason=exc.reason)
        finally:
            with suppress(OSError):
                await asyncio.shield(asyncio.to_thread(target.unlink, missing_ok=True))

    async def _sign(self, path: Path, target: Path, content_type: str, record: Mapping[str, str]) -> None:
        task = {"record": self._cipher.encrypt(json.dumps(record)), **self._authority.make_signer()}
        options = {"source": str(path), "target": str(target), "content_type": content_type}
        await run_isolated("bot.isolation.credentials:sign", json.dumps(task).encode(), _WRITING, options)

    async def _tag(self, path: Path, target: Path, container: str, record: Mapping[str, str]) -> None:
        options = {"source": str(path), "container": container}
        digest, _ = await run_isolated("bot.isolation.media_tags:digest", b"", _WRITING, options)
        token = self._cipher.encrypt(json.dumps({**record, "digest": digest})).encode()
        options |= {"target": str(target)}
        written, _ = await run_isolated("bot.isolation.media_tags:write", token, _WRITING, options)
        if written != digest:
            raise ParsingFailed("changed")

    async def read(self, file: bytes | bytearray | Path, content_type: str) -> Credentials:
        """Return what a file says of its making; nothing in it is believed that this service has not signed."""
        if not _carries(content_type):
            return Credentials("unreadable")
        target = "bot.isolation.credentials:read"
        options = {"content_type": content_type, "authority": self._authority.certificate}
        if content_type in _TAGGED:
            target, options = "bot.isolation.media_tags:read", {"container": _TAGGED[content_type]}
        data = b"" if isinstance(file, Path) else file
        if isinstance(file, Path):
            options["source"] = str(file)
        try:
            state, record = await run_isolated(target, data, _READING, options)
        except ParsingFailed as exc:
            log.info("content credentials not read", type=content_type, reason=exc.reason)
            return Credentials("damaged")
        if state in {"none", "foreign"}:
            return Credentials("none" if state == "none" else "foreign")
        plain = self._cipher.decrypt(record.decode("ascii", "replace"))
        if plain is None:
            return Credentials("foreign")
        fields = json.loads(plain)
        if (content_type in _TAGGED) != ("digest" in fields):  # it was taken from a file of another kind
            return Credentials("foreign")
        is_own = state in {"own", fields.get("digest")}
        return Credentials("own" if is_own else "broken", fields["event"], datetime.fromisoformat(fields["at"]))

    @cached_property
    def _cipher(self) -> "TokenCipher":
        from bot.security.token_cipher import TokenCipher  # imported when the first file is signed or read

        return TokenCipher([self._key], purpose="content credentials")

    @cached_property
    def _authority(self) -> "ContentAuthority":
        from bot.security.content_authority import ContentAuthority  # in the same way

        return ContentAuthority(self._key)


def _carries(content_type: str) -> bool:
    return content_type in _CARRIERS or content_type in _TAGGED
