"""Shrinking an image or a video in a child process with limits."""

from importlib.util import find_spec
from pathlib import Path

import structlog

from bot.isolation.process import Limits, ParsingFailed, run_isolated

log = structlog.get_logger(__name__)

_NEEDS = {
    "image/png": "PIL",
    "image/jpeg": "PIL",
    "image/webp": "PIL",
    "video/mp4": "av",
    "video/webm": "av",
    "video/quicktime": "av",
}


_MEMORY = {"PIL": 1 << 30, "av": 2 << 30}  # bytes of the process
_MAX_FILE_SIZE = 1 << 30  # bytes of a version that turns out to be too big


async def shrink(source: Path, target: Path, content_type: str, limit: int, *, timeout: float) -> str:  # noqa: ASYNC109
    """Write a version of `source` of at most `limit` bytes to `target`; return its content type.

    Returns "" on failure: not an image or video, the library is not installed, `limit` is too small, the file is
    damaged, or it took more than `timeout` seconds or too much memory.
    """
    library = _NEEDS.get(content_type)
    if library is None or find_spec(library) is None or timeout <= 0:
        return ""
    limits = Limits(seconds=timeout, memory=_MEMORY[library], file_size=_MAX_FILE_SIZE)
    options: dict[str, str | float] = {
        "source": str(source),
        "target": str(target),
        "content_type": content_type,
        "limit": limit,
    }
    try:
        made, _ = await run_isolated("bot.isolation.reencode:shrink", b"", limits, options)
    except ParsingFailed as exc:
        log.info("not made smaller", type=content_type, reason=exc.reason)
        return ""
    return made
