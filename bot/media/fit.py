"""Shrinking an image or a video in a process of its own, which is killed when it takes too long."""

import asyncio
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

_NEEDS = {
    "image/png": "PIL",
    "image/jpeg": "PIL",
    "image/webp": "PIL",
    "video/mp4": "av",
    "video/webm": "av",
    "video/quicktime": "av",
}


async def shrink(source: Path, target: Path, content_type: str, limit: int, *, timeout: float) -> str:  # noqa: ASYNC109
    """Write a version of `source` of at most `limit` bytes to `target`; return its content type.

    Returns "" on failure: not an image or video, the library is not installed, `limit` is too small, the file is
    damaged, or it took more than `timeout` seconds.
    """
    library = _NEEDS.get(content_type)
    if library is None or find_spec(library) is None:
        return ""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.media.shrink",
        str(source),
        str(target),
        content_type,
        str(limit),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(timeout):
            output, _ = await process.communicate()
    except TimeoutError:
        return ""
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return output.decode().strip() if process.returncode == 0 else ""
