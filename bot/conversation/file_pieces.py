"""Reading an attached file in pieces, within a limit."""

from collections.abc import AsyncGenerator, AsyncIterator

from bot.conversation.document_parsers import Unreadable
from bot.errors import MediaError, MediaTooLarge


async def pieces_within(limit: int, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Pass a file of at most `limit` bytes on, piece by piece; close its source. Raises `Unreadable`."""
    size = 0
    try:
        async for piece in pieces:
            size += len(piece)
            if size > limit:
                raise Unreadable("too_large")
            yield piece
    except MediaTooLarge as exc:
        raise Unreadable("too_large") from exc
    except MediaError as exc:
        raise Unreadable("unreachable") from exc
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()
