"""Time limits and pauses of the database engines."""

from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class StoreTiming:
    """All values are seconds."""

    longest_retry: float = 300.0  #: before a new try; a stored time further away is of a clock that was set back
    write_check: float = 10.0  #: after a successful check by writing, during which no other is made
    start_grace: float = 0.5  #: within which what can begin has begun, as long as there is a free slot
    draft_linger: float = 0.01  #: for which a draft's reference may wait for the commit of a quick answer

    # SQLite
    busy: float = 5.0  #: to wait for another program that has locked the file
    linger: float = 0.05  #: for which a write without a waiting caller may wait for others

    # PostgreSQL
    statement: float = 30.0  #: for one statement, and for a connection to be made
    take_over: float = 1.0  #: between two checks for events of processes that ended; the longest sleep
    return_of_others: float = 5.0  #: after a connection broke, in which other processes' events are left to them
    stays_new: float = 1.0  #: after a claim, for which a conversation that had no history then is taken to have none
    cancel_check: float = 0.1  #: between two checks whether cancelled events have stopped
    cancel_again: float = 1.0  #: until the processes that answer them are asked again
    beat: float = 2.0  #: between two checks of the connection that holds the lock
    beat_timeout: float = 5.0  #: for such a check
    recent: float = 5.0  #: without a sign of life; then the database is asked before anything is shown
    tick: float = 0.2  #: between two notes that this process is running
    paused: float = 0.25  #: since the last such note; then the database is asked, too: it may have been paused
    share_look: float = 0.5  #: between two looks at what is shared out, where others have something of it
    share_alone: float = 1.0  #: where nobody else has
    share_timeout: float = 3.0  #: for such a look
    share_trust: float = 8.0  #: since the last one; then all that is held is let go of
    share_free: float = 0.5  #: for which nobody has had a number that is taken: its holder may only connect anew
    share_return: float = 2.0  #: after a connection broke, in which what others held is left to them
    share_lost: float = 12.0  #: without a sign of life of another process; then what it holds is taken over
    share_move: float = 6.0  #: between two numbers that are given to another process, so that all are spread evenly
    trust: float = 15.0  #: since the last sign of life; then no event counts as owned: the lock may be released soon
