"""Shows the board of a film or duel anew, with further tries while another update of it is under way."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.errors import DeliveryDelayed

#: Tries of a button that changes a board, which may be sending files; of a part that has ended, which comes back.
BUTTON_TRIES, PART_TRIES = 60, 4
_BUSY = 0.5  #: seconds between two tries, at most
#: Seconds between the tries of what waits for a board, or for any answer, that is just being shown.
PAUSES = (0.05, 0.1, 0.2, 0.4, *(_BUSY,) * (BUTTON_TRIES - 4))


async def show(put: Callable[[], Awaitable[bool]], tries: int) -> None:
    """Call `put` until it says that the board is, or will be, as it should be. Raises `DeliveryDelayed`."""
    for seconds in PAUSES[:tries]:
        if await put():
            return
        await asyncio.sleep(seconds)
    raise DeliveryDelayed("the board is being shown", retry_after=_BUSY)
