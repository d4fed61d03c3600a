"""Files of answers in an S3-compatible object store, for processes without a common folder. Needs the extra `s3`."""

import asyncio
import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import S3Store
from pydantic import SecretStr

from bot.errors import MediaError, MediaUnavailable
from bot.media.storage.folder import find_in_folder, remove_in_folder, sweep_folder, versions
from bot.media.storage.store import KeptFile
from bot.media.timing import MediaTiming
from bot.values import valueclass

log = structlog.get_logger(__name__)

_PIECE = 1 << 20  # bytes that are read at a time, at least
_PART = 5 << 20  # bytes of a part of an upload: the fewest that S3 takes
_PARTS_AT_A_TIME = 2
_SAID = re.compile(r"<Code>(\w+)</Code>\s*<Message>([^<]*)</Message>")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)  # what the folders of files are named; others may be in the bucket
_TRIES = 3  # to go on with a file from where its transfer broke


@valueclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """The address of an object store, and the keys for it. "" and None: the usual variables and files of AWS decide."""

    name: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: SecretStr | None = None

    def connect(self, patience: float, timing: MediaTiming) -> S3Store:
        """Return a client, which tries again for `patience` seconds. Sends nothing yet."""
        secret = None if self.secret_key is None else self.secret_key.get_secret_value()
        chosen = {
            "endpoint": self.endpoint,
            "region": self.region,
            "access_key_id": self.access_key,
            "secret_access_key": secret,
        }
        return S3Store(
            self.name,
            prefix=self.prefix or None,
            client_options={
                "allow_http": self.endpoint.startswith("http://"),
                "connect_timeout": timedelta(seconds=timing.connect),
                "read_timeout": timedelta(seconds=timing.read),
                "timeout": timedelta(days=1),  # of a whole transfer, which who receives the file may draw out
            },
            retry_config={
                "max_retries": 1000,
                "retry_timeout": timedelta(seconds=patience),
                "backoff": {
                    "init_backoff": timedelta(seconds=timing.retry_pause),
                    "max_backoff": timedelta(seconds=timing.longest_retry_pause),
                    "base": 2,
                },
            },
            **{name: value for name, value in chosen.items() if value},  # type: ignore[arg-type]
        )


class ObjectStore:
    """See `MediaStore`. `DAY/FILE.png` of a folder is the object `DAY/FILE/FILE.png`, beside its smaller versions.

    `folder`: working files of this process, each deleted when its answer is delivered, unless `keeps_copies`. Files
    still in `former`, the folder of a service that had no object store, are moved.
    """

    def __init__(
        self, bucket: Bucket, *, folder: Path, former: Path, keeps_copies: bool = False, timing: MediaTiming
    ) -> None:
        self.folder = folder
        self._former = former
        self._keeps_copies = keeps_copies
        self._timing = timing
        self._reader = bucket.connect(timing.object_store_read, timing)
        self._writer = bucket.connect(timing.object_store_write, timing)
        self._prober = bucket.connect(0.0, timing)
        self._copies: Counter[Path] = Counter()  #: how many need each copy

    def name_of(self, path: Path) -> str:
        """See `MediaStore.name_of`. Other machines have other folders, but days and files are the same."""
        return f"{path.parent.name}/{path.name}"

    async def check(self) -> None:
        """Write, read, list and delete an object. Raises `MediaUnavailable`."""
        name = f"check/{secrets.token_hex(8)}"
        try:
            with _translate_errors():
                await obstore.put_async(self._writer, f"{name}/file", name.encode())
                found = await obstore.get_async(self._reader, f"{name}/file")
                is_same = bytes(await found.bytes_async()) == name.encode()
                await self._delete_under(name)
                is_gone = not await obstore.list(self._reader, name).collect_async()
        except FileNotFoundError as exc:
            raise MediaUnavailable(f"the object store: {reason_of(exc)}") from exc
        if not is_same or not is_gone:
            raise MediaUnavailable("the object store: what is written and deleted does not show at once")

    async def reach(self) -> None:
        """See `MediaStore.reach`. Lists nothing, for which the bucket must be there and the key be allowed to."""
        try:
            with _translate_errors():
                await obstore.list(self._prober, "check/none").collect_async()
        except FileNotFoundError as exc:
            raise MediaUnavailable(f"the object store: {reason_of(exc)}") from exc

    async def keep(self, path: Path) -> None:
        """See `MediaStore.keep`."""
        try:
            with _translate_errors():
                await obstore.put_async(
                    self._writer, _key(path), path, chunk_size=_PART, max_concurrency=_PARTS_AT_A_TIME
                )
        except FileNotFoundError as exc:  # the bucket
            raise MediaUnavailable(f"the object store: {reason_of(exc)}") from exc

    async def find(self, path: Path) -> KeptFile | None:
        """See `MediaStore.find`."""
        if (kept := await asyncio.to_thread(find_in_folder, self._former, path)) is not None:
            return kept
        key = _key(path)
        try:
            with _translate_errors():
                meta = await obstore.head_async(self._reader, key)
        except FileNotFoundError:
            return None
        etag = meta["e_tag"] or ""
        return KeptFile(size=meta["size"], read=lambda start, end: self._read(key, etag, start, end), etag=etag)

    async def _read(self, key: str, etag: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Read a part of an object; a transfer that breaks goes on where it broke."""
        failures = 0
        while start < end:
            try:
                with _translate_errors():
                    found = await obstore.get_async(
                        self._reader, key, options={"range": (start, end), "if_match": etag or None}
                    )
                    async for piece in found.stream(min_chunk_size=_PIECE):
                        start, failures = start + len(piece), 0
                        yield bytes(piece)
            except FileNotFoundError as exc:
                raise MediaError("the file was deleted while it was read") from exc
            except MediaUnavailable:
                failures += 1
                if failures == _TRIES:
                    raise
                await asyncio.sleep(self._timing.retry_pause * failures)

    async def copy(self, path: Path) -> Path:
        """See `MediaStore.copy`."""
        copy = self.folder / self.name_of(path)
        self._copies[copy] += 1
        try:
            if not await asyncio.to_thread(copy.exists) and (kept := await self.find(path)) is not None:
                await self._write_copy(kept, copy)
        except BaseException:
            await self.release(copy)
            raise
        return copy

    async def _write_copy(self, kept: KeptFile, copy: Path) -> None:
        part = copy.with_name(f"{copy.name}.{secrets.token_hex(4)}.part")
        await asyncio.to_thread(part.parent.mkdir, parents=True, exist_ok=True)
        try:
            with await asyncio.to_thread(part.open, "wb") as file:
                async for piece in kept.read(0, kept.size):
                    await asyncio.to_thread(file.write, piece)
            await asyncio.to_thread(part.replace, copy)
        finally:
            await asyncio.shield(asyncio.to_thread(part.unlink, missing_ok=True))

    async def release(self, path: Path) -> None:
        """See `MediaStore.release`."""
        self._copies[path] -= 1
        if self._copies[path] <= 0:
            del self._copies[path]
            if not self._keeps_copies:
                await asyncio.to_thread(remove_in_folder, self.folder, [path])

    async def remove(self, paths: Sequence[Path]) -> None:
        """See `MediaStore.remove`."""
        for folder in (self.folder, self._former):
            await asyncio.to_thread(remove_in_folder, folder, [folder / self.name_of(path) for path in paths])
        with _translate_errors():
            for path in paths:
                await self._delete_under(_key(path).rpartition("/")[0])

    async def _delete_under(self, prefix: str, before: datetime | None = None) -> None:
        async for found in obstore.list(self._reader, prefix):
            gone = [one["path"] for one in found if before is None or one["last_modified"] < before]
            if gone:
                await obstore.delete_async(self._reader, gone)

    async def sweep(self, before: datetime | None, *, abandoned: datetime, active: Collection[Path]) -> None:
        """See `MediaStore.sweep`. Working files that nobody released go with the temporary ones."""
        limit = abandoned.timestamp()
        oldest = limit if not self._keeps_copies else 0.0 if before is None else before.timestamp()
        needed = frozenset((*active, *self._copies))
        await asyncio.to_thread(sweep_folder, self.folder, oldest, limit, needed)
        await self._move_former()
        if before is None:
            return
        with _translate_errors():
            last = before.date().isoformat()
            for day in (await obstore.list_with_delimiter_async(self._reader))["common_prefixes"]:
                if not _DAY.fullmatch(day):
                    continue
                if day < last:
                    await self._delete_under(day)
                elif day == last:
                    await self._delete_under(day, before)

    async def _move_former(self) -> None:
        """Move the files of a service that had no object store before."""
        if not await asyncio.to_thread(self._former.is_dir):
            return
        files = [path for path in await asyncio.to_thread(lambda: list(self._former.glob("*/*"))) if path.is_file()]
        for path in files:
            if path.suffix != ".part":
                try:
                    await self.keep(path)
                except MediaUnavailable:
                    if await asyncio.to_thread(path.exists):
                        raise
                    continue  # another process was faster
            await asyncio.to_thread(path.unlink, missing_ok=True)
        if files:
            log.info("files moved to the object store", files=len(files))


def _key(path: Path) -> str:
    return f"{path.parent.name}/{versions(path).removesuffix('.*')}/{path.name}"


@contextmanager
def _translate_errors() -> Iterator[None]:
    """Raise `MediaUnavailable` for what an object store says but that an object is missing."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError, ValueError) as exc:
        raise MediaUnavailable(f"the object store: {reason_of(exc)}") from exc


def reason_of(error: Exception) -> str:
    """Return what an object store says, else the first line of the error: the rest is for who debugs the library."""
    text = str(error)
    if (said := _SAID.search(text)) is not None:
        return f"{said[1]}: {said[2]}"
    return text.partition("\n")[0].strip()
