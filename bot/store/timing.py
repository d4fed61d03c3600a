"""Time limits and pauses of the database engines."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreTiming:
    """All values are seconds."""

    # SQLite
    busy: float = 5.0  #: for another program that has locked the file
    linger: float = 0.05  #: that a write which nobody waits for may wait for others
    draft_linger: float = 0.01  #: that a draft's reference waits: a quick answer's commit takes it along
    longest_wait: float = 30.0  #: without a look at the clock, which may have been set

    # PostgreSQL
    statement: float = 30.0  #: for one statement, and for a connection to be made
    take_over: float = 1.0  #: between two looks for events of processes that died; the longest sleep without news
    cancel_look: float = 0.1  #: between two looks whether cancelled events have stopped
    beat: float = 2.0  #: between two signs of life of the connection that holds the lock
    beat_timeout: float = 5.0  #: for such a sign
    recent: float = 5.0  #: without a sign of life; then the database is asked before anything is shown
    trust: float = 15.0  #: without a sign of life; then nothing counts as owned: the server may let go of the lock soon
