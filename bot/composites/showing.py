"""When the board of a film or duel can be put anew: not while it is just being shown."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.errors import DeliveryDelayed

#: Tries of a button that changes a board, which may be sending files; of a part that has ended, which comes back.
BUTTON_TRIES, PART_TRIES = 60, 4
_SHORT, _BUSY = 0.05, 0.5  #: seconds between two tries, at first and at most


async def show(put: Callable[[], Awaitable[bool]], tries: int) -> None:
    """Call `put` until it says that the board is, or will be, as it should be. Raises `DeliveryDelayed`."""
    for number in range(tries):
        if await put():
            return
        await asyncio.sleep(min(_SHORT * 2**number, _BUSY))
    raise DeliveryDelayed("the board is being shown", retry_after=_BUSY)
