"""The order of a conversation's turns: that in which people wrote, not that in which the answers were stored.

A message may be received late, after an answer to a newer one: platforms send again what was not acknowledged. It
belongs where it was written, and its own request holds nothing newer. It may have been read along meanwhile, as one of
the messages before a newer one; then it is told once, with its answer.
"""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

from bot.models import Turn


def turns_before(turns: Sequence[Turn], written_at: float) -> tuple[Turn, ...]:
    """Return the turns in the order written, without those of messages that were written after that time.

    Turns of an unknown time stay where they are, and nothing moves across them.
    """
    exchanges: list[tuple[float, list[Turn]]] = []
    for _, group in groupby(turns, key=attrgetter("event")):
        exchange = list(group)
        time = exchange[-1].written_at
        exchanges.insert(_place(exchanges, time), (time, exchange))
    before = exchanges[: _place(exchanges, written_at)]
    answered = {time for time, _ in before if time}
    return tuple(
        [
            turn
            for time, exchange in before
            for turn in exchange
            if turn.written_at == time or turn.written_at not in answered
        ]
    )


def _place(exchanges: Sequence[tuple[float, list[Turn]]], time: float) -> int:
    place = len(exchanges)
    while place and 0 < time < exchanges[place - 1][0]:
        place -= 1
    return place
