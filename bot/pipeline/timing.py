"""Time limits and pauses of generating and delivering answers."""

import random

from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class PipelineTiming:
    """All values are seconds, unless they say otherwise."""

    first_update: float = 0.25  #: before the first progress update: a faster answer needs none
    last_update: float = 10.0  #: for the update in flight to end before the answer is delivered without it
    draft_step: float = 60.0  #: for a platform to open a draft or to show an update
    finish: float = 180.0  #: for a platform to show an answer, in addition to the time for its length
    bytes_per_second: float = 50_000  #: rate of the slowest connection that uploads are granted
    characters_per_second: float = 100  #: rate at which a platform shows text at least
    in_flight: float = 0.5  #: of a step of a draft, after which what ownership was confirmed by may be too old
    #: Before each try to put an answer back that may be hidden.
    redelivery: tuple[float, ...] = (0.0, 0.2, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
    late_redelivery: float = 4.0  #: before it is put back once more: requests on their way have ended by then
    last_redelivery: float = 5.0  #: for all such answers to be put back when the process ends
    cancel: float = 10.0  #: for a cancelled answer to be delivered as far as it got
    delayed: float = 5.0  #: before a new try, if the platform delays a delivery without saying for how long
    store_pause: float = 5.0  #: before a new try of an event that the database failed, at most
    shortest_pause: float = 1.0  #: between two tries
    longest_pause: float = 300.0  #: between two tries
    outage_pause: float = 20.0  #: between two tries in an outage of the API, at most
    pause_check: float = 60.0  #: between two looks whether a place is still paused, should its end be missed
    outage_status: float = 10.0  #: that a try in an outage must last until the status shows what it does

    def backoff(self, attempt: int) -> float:
        """Return a random pause before the next try, at most 2, 4, 8, … seconds, within the bounds."""
        return max(self.shortest_pause, random.uniform(0, min(2.0**attempt, self.longest_pause)))  # noqa: S311 - no secret

    def outage_backoff(self, elapsed: float) -> float:
        """Return a random pause before the next try in an outage, which grows with the seconds since its beginning."""
        return random.uniform(0.5, 1) * min(max(2.0, elapsed), self.outage_pause)  # noqa: S311 - no secret
