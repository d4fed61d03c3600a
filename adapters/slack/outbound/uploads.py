"""Files into a thread: streamed from the disk, shared together in one message.

The library's own helper reads whole files into memory; here a piece is read when the one before it is sent.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from adapters.slack.connection.errors import NETWORK
from adapters.slack.connection.feature_gates import CAPTION
from adapters.slack.connection.proxies import proxy_of
from adapters.slack.connection.web_api import Sender, refusal
from adapters.slack.ui.rich_text import Json
from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused, UploadTooLarge
from bot.models import Media

_ALT = 1000  # characters of a description
_TRIES = 2  # of sending one file's bytes
_OK, _TOO_LARGE, _TOO_MANY, _SERVER = 200, 413, 429, 500
#: Seconds between looks whether shared files are shown.
_LOOKS = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=15, sock_read=300)
_LARGE = frozenset({"file_too_large", "file_upload_size_restricted", "snippet_too_large", "storage_limit_reached"})
#: Errors that say that no file is taken here, of whatever size.
_NONE = frozenset({"file_uploads_disabled", "file_uploads_except_images_disabled", "uploads_disabled", "no_permission"})
#: What Slack says of blocks that it does not take beside files.
_NO_CAPTION = frozenset({"internal_error", "invalid_arguments", "invalid_blocks", "invalid_blocks_format"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file to be shared."""

    name: str
    size: int  #: bytes
    source: Path | bytes
    description: str = ""
    snippet: str = ""  #: the language of a piece of code; "": no snippet

    @property
    def mark(self) -> tuple[str, int]:
        """What it is recognised by."""
        return self.name, self.size


async def upload_of(media: Media) -> Upload:
    """A file of an answer. Raises `DeliveryRefused` when it is not on the disk any more."""
    assert media.path is not None
    try:
        size = (await asyncio.to_thread(media.path.stat)).st_size
    except OSError as exc:
        raise DeliveryRefused(f"{media.name} is not there any more") from exc
    return Upload(name=media.name, size=size, source=media.path, description=media.description)


async def share(sender: Sender, thread: str, files: Sequence[Upload], caption: list[Json]) -> bool:
    """Share files in one message with a caption. False: they are shared, but the caption was not taken.

    Raises `UploadTooLarge` when Slack does not take a file of its size, else `DeliveryError`.
    """
    ids = [await _send(sender, file) for file in files]
    body: dict[str, Any] = {
        "files": json.dumps([{"id": id_, "title": file.name} for id_, file in zip(ids, files, strict=True)]),
        "channel_id": sender.address.channel,
        "thread_ts": thread or None,
    }
    has_caption = bool(caption) and sender.has(CAPTION)
    if has_caption:
        try:
            await sender.call("files.completeUploadExternal", **body, blocks=json.dumps(caption))
        except DeliveryError as exc:
            if refusal(exc) not in _NO_CAPTION:
                raise
            sender.close(CAPTION)
            has_caption = False
    if not has_caption:
        await sender.call("files.completeUploadExternal", **body)
    await _shown(sender, ids[0])
    return has_caption or not caption


async def _send(sender: Sender, file: Upload) -> str:
    """Send one file's bytes; its id."""
    for left in reversed(range(_TRIES)):
        told = await _address(sender, file)
        try:
            await _post(sender, str(told["upload_url"]), file)
        except DeliveryDelayed:
            if not left:
                raise
        else:
            return str(told["file_id"])
    raise DeliveryDelayed("the file could not be sent")


async def _address(sender: Sender, file: Upload) -> Json:
    params: dict[str, Any] = {"filename": file.name, "length": file.size}
    params["alt_txt"] = file.description[:_ALT] or None
    try:
        try:
            return await sender.call("files.getUploadURLExternal", **params, snippet_type=file.snippet or None)
        except DeliveryRefused as exc:
            if not file.snippet or refusal(exc) in _LARGE | _NONE:
                raise
            return await sender.call("files.getUploadURLExternal", **params)  # a language that Slack does not know
    except DeliveryRefused as exc:
        if refusal(exc) in _LARGE:
            raise UploadTooLarge(file.size // 2) from exc
        if refusal(exc) in _NONE:
            raise UploadTooLarge(1) from exc
        raise


async def _post(sender: Sender, url: str, file: Upload) -> None:
    client = await sender.outbox.workspaces.client(sender.address.team, sender.address.enterprise)
    assert client.session is not None
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(file.size)}
    try:
        async with (
            _body(file) as body,
            client.session.post(url, data=body, headers=headers, timeout=_TIMEOUT, proxy=proxy_of(url)) as response,
        ):
            status = response.status
    except NETWORK as exc:
        raise DeliveryDelayed(f"{file.name} could not be sent: {type(exc).__name__}") from exc
    if status == _TOO_LARGE:
        raise UploadTooLarge(file.size // 2)
    if status == _TOO_MANY or status >= _SERVER:
        raise DeliveryDelayed(f"Slack's storage answers {status}")
    if status != _OK:
        raise DeliveryRefused(f"Slack's storage refuses {file.name} ({status})")


@asynccontextmanager
async def _body(file: Upload) -> AsyncIterator[Any]:
    if isinstance(file.source, bytes):
        yield file.source
        return
    try:
        opened = await asyncio.to_thread(file.source.open, "rb")
    except OSError as exc:
        raise DeliveryRefused(f"{file.name} is not there any more") from exc
    try:
        yield opened
    finally:
        await asyncio.to_thread(opened.close)


async def _shown(sender: Sender, file: str) -> None:
    """Wait a while until a shared file is shown, so that a later try finds it."""
    for pause in _LOOKS:
        await asyncio.sleep(pause)
        try:
            told = (await sender.call("files.info", file=file)).get("file") or {}
        except DeliveryError:
            return  # it was shared; that it can't be looked at is no failure
        shares = told.get("shares") or {}
        if any(sender.address.channel in (shares.get(kind) or {}) for kind in ("public", "private")):
            return


async def unshare(sender: Sender, ids: Sequence[str]) -> None:
    """Delete files; those that are gone are. Raises `DeliveryError`."""
    for file in ids:
        try:
            await sender.call("files.delete", file=file)
        except DeliveryRefused as exc:
            if refusal(exc) not in {"file_not_found", "file_deleted", "cant_delete_file"}:
                raise
