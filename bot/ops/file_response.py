"""Responses with files of answers, in whole or in part, from wherever they are kept."""

import re
from collections.abc import AsyncIterator, Mapping
from urllib.parse import quote

import structlog
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse

from bot.errors import MediaError
from bot.media.storage.store import KeptFile

log = structlog.get_logger(__name__)

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_PARTIAL, _NOT_SATISFIABLE, _UNAVAILABLE = 206, 416, 503


def file_response(
    request: Request,
    file: KeptFile,
    *,
    media_type: str,
    name: str,
    is_shown: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer GET and HEAD, also of a range. `is_shown`: a browser shows the file in place of saving it."""
    disposition = "inline" if is_shown else "attachment"
    if file.path is not None:
        return FileResponse(
            file.path, media_type=media_type, filename=name, content_disposition_type=disposition, headers=headers
        )
    quoted = quote(name, safe="")
    value = f'filename="{name}"' if quoted == name else f"filename*=utf-8''{quoted}"
    sent = {
        **(headers or {}),
        "Content-Type": media_type,
        "Content-Disposition": f"{disposition}; {value}",
        "Accept-Ranges": "bytes",
        "ETag": file.etag,
    }
    status, start, end = 200, 0, file.size
    if (wanted := request.headers.get("range")) and request.headers.get("if-range", file.etag) == file.etag:
        status, start, end = _range(wanted, file.size)
        if status == _NOT_SATISFIABLE:
            return Response(status_code=status, headers={"Content-Range": f"bytes */{file.size}"})
        if status == _PARTIAL:
            sent["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    sent["Content-Length"] = str(end - start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=sent)
    return StreamingResponse(_whole(file, start, end), status_code=status, headers=sent)


def unavailable() -> Response:
    """Answer where what keeps the files can't be reached."""
    text = "The file can't be reached at the moment: try again in a minute.\n"
    return PlainTextResponse(text, status_code=_UNAVAILABLE, headers={"Retry-After": "60"})


def _range(wanted: str, size: int) -> tuple[int, int, int]:
    """Return status, first and last position (exclusive) for a Range header. Several ranges are answered in whole."""
    found = _RANGE.fullmatch(wanted.replace(" ", ""))
    if found is None or found[0] == "bytes=-":
        return 200, 0, size
    first, last = found.groups()
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last) + 1, size) if first and last else size
    return (_PARTIAL, start, end) if start < end else (_NOT_SATISFIABLE, 0, size)


async def _whole(file: KeptFile, start: int, end: int) -> AsyncIterator[bytes]:
    try:
        async for piece in file.read(start, end):
            yield piece
    except MediaError as exc:  # the server ends the connection, so that nobody takes a part for the whole
        log.warning("file not sent to its end", reason=str(exc))
