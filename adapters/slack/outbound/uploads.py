"""Uploads: files are streamed from the disk and shared together in one message.

The library's own helper reads whole files into memory; here a piece is read when the one before it is sent.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import aiohttp

from adapters.kit.connection.environment_proxy import proxy_for
from adapters.kit.errors import NETWORK_ERRORS
from adapters.slack.connection.feature_gates import CAPTION
from adapters.slack.connection.web_api import WebApi, is_refused_message, refusal_code
from adapters.slack.types import Block, Json
from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused, UploadTooLarge
from bot.models import Media

_ALT_TEXT = 1000  # characters of a description
_TRIES = 2  # of one file's upload
_OK, _TOO_LARGE, _TOO_MANY, _SERVER = 200, 413, 429, 500
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=15, sock_read=300)
_FILE_TOO_LARGE = frozenset({"file_too_large", "file_upload_size_restricted", "snippet_too_large"})
_NO_SPACE = frozenset({"over_file_limit", "storage_limit_reached"})
#: Errors by which files of any size are refused; words are taken all the same.
_NO_FILES = frozenset(
    {"file_uploads_disabled", "file_uploads_except_images_disabled", "uploads_disabled", "no_permission"}
    | {"missing_scope"}
)
#: The error of blocks that are not accepted beside files, or of a passing trouble.
_UNCLEAR = "internal_error"


class UploadsRefused(DeliveryRefused):
    """Slack takes no files here, for another reason than their size. `reason` names the sentence for people."""

    def __init__(self, message: str, reason: Literal["disabled", "full", "refused"] = "refused") -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file to share."""

    name: str
    size: int  #: bytes
    source: Path | bytes
    description: str = ""
    snippet: str = ""  #: the language of a piece of code; "": no snippet

    @property
    def fingerprint(self) -> tuple[str, int]:
        """Name and size, by which the file is recognised."""
        return self.name, self.size


async def prepare_upload(media: Media) -> Upload:
    """Return a file of an answer. Raises `DeliveryRefused` when it has gone from the disk."""
    assert media.path is not None
    try:
        size = (await asyncio.to_thread(media.path.stat)).st_size
    except OSError as exc:
        raise DeliveryRefused(f"{media.name} is no longer on the disk") from exc
    return Upload(name=media.name, size=size, source=media.path, description=media.description)


async def share_files(api: WebApi, thread: str, files: Sequence[Upload], caption: list[Block]) -> bool:
    """Share files in one message with a caption. False: they are shared, but the caption was refused.

    Raises `UploadTooLarge` when Slack refuses a file for its size, `UploadsRefused` when it takes none, else
    `DeliveryError`.
    """
    try:
        return await _share_files(api, thread, files, caption)
    except DeliveryRefused as exc:
        code = refusal_code(exc)
        if isinstance(exc, UploadsRefused) or (code not in _NO_FILES and not is_refused_message(exc)):
            raise
        reason: Literal["disabled", "full", "refused"] = "refused"
        if code in _NO_FILES | _NO_SPACE:
            reason = "disabled" if code in _NO_FILES else "full"
        raise UploadsRefused(str(exc), reason) from exc.__cause__


async def _share_files(api: WebApi, thread: str, files: Sequence[Upload], caption: list[Block]) -> bool:
    ids = [await _upload(api, file) for file in files]
    body: dict[str, Any] = {
        "files": json.dumps([{"id": id_, "title": file.name} for id_, file in zip(ids, files, strict=True)]),
        "channel_id": api.target.channel,
        "thread_ts": thread or None,
    }
    has_caption = bool(caption) and api.is_enabled(CAPTION)
    if has_caption:
        try:
            await api.call("files.completeUploadExternal", **body, blocks=json.dumps(caption))
        except DeliveryError as exc:
            is_unclear = refusal_code(exc) == _UNCLEAR
            if not is_unclear and (not is_refused_message(exc) or refusal_code(exc) in _NO_FILES | _NO_SPACE):
                raise
            is_second = api.suspect(CAPTION)
            if is_unclear and not is_second:
                raise  # it may have been a passing trouble: everything is tried again
            if is_second:
                api.disable(CAPTION)
            has_caption = False
    if not has_caption:
        await api.call("files.completeUploadExternal", **body)
    await _wait_until_visible(api, ids[0])
    return has_caption or not caption


async def _upload(api: WebApi, file: Upload) -> str:
    """Upload one file; return its id."""
    left = _TRIES
    while True:
        address = await _request_address(api, file)
        left -= 1
        try:
            await _send_bytes(api, str(address["upload_url"]), file)
        except DeliveryDelayed:
            if not left:
                raise
        else:
            return str(address["file_id"])


async def _request_address(api: WebApi, file: Upload) -> Json:
    params: dict[str, Any] = {"filename": file.name, "length": file.size}
    params["alt_txt"] = file.description[:_ALT_TEXT] or None
    try:
        try:
            return await api.call("files.getUploadURLExternal", **params, snippet_type=file.snippet or None)
        except DeliveryRefused as exc:
            if not file.snippet or refusal_code(exc) in _FILE_TOO_LARGE | _NO_FILES | _NO_SPACE:
                raise
            return await api.call("files.getUploadURLExternal", **params)  # a language that Slack does not know
    except DeliveryRefused as exc:
        if refusal_code(exc) in _FILE_TOO_LARGE:
            raise UploadTooLarge(file.size // 2) from exc
        raise


async def _send_bytes(api: WebApi, url: str, file: Upload) -> None:
    session = (await api.client()).session
    assert session is not None
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(file.size)}
    try:
        async with (
            _open_body(file) as body,
            session.post(url, data=body, headers=headers, timeout=_TIMEOUT, proxy=proxy_for(url)) as response,
        ):
            status = response.status
    except NETWORK_ERRORS as exc:
        raise DeliveryDelayed(f"{file.name} could not be sent: {type(exc).__name__}") from exc
    if status == _TOO_LARGE:
        raise UploadTooLarge(file.size // 2)
    if status == _TOO_MANY or status >= _SERVER:
        raise DeliveryDelayed(f"Slack's storage answers {status}")
    if status != _OK:
        raise UploadsRefused(f"Slack's storage refuses {file.name} ({status})", "refused")


@asynccontextmanager
async def _open_body(file: Upload) -> AsyncIterator[Any]:
    if isinstance(file.source, bytes):
        yield file.source
        return
    try:
        opened = await asyncio.to_thread(file.source.open, "rb")
    except OSError as exc:
        raise DeliveryRefused(f"{file.name} is no longer on the disk") from exc
    try:
        yield opened
    finally:
        await asyncio.to_thread(opened.close)


async def _wait_until_visible(api: WebApi, file: str) -> None:
    """Wait a while until a shared file is visible, so that a later try finds it."""
    for pause in api.services.timing.visibility_checks:
        await asyncio.sleep(pause)
        try:
            info = (await api.call("files.info", file=file)).get("file") or {}
        except DeliveryError:
            return  # the file was shared; a failed check is no failure
        shares = info.get("shares") or {}
        if any(api.target.channel in (shares.get(kind) or {}) for kind in ("public", "private")):
            return


async def delete_files(api: WebApi, ids: Sequence[str]) -> None:
    """Delete files that still exist. Raises `DeliveryError`."""
    for file in ids:
        try:
            await api.call("files.delete", file=file)
        except DeliveryRefused as exc:
            if refusal_code(exc) not in {"file_not_found", "file_deleted", "cant_delete_file"}:
                raise
