"""Time limits of fetching and keeping files."""

from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class MediaTiming:
    """All values are seconds."""

    connect: float = 15.0  #: to connect to a file's server
    read: float = 60.0  #: between two pieces of a file
    retry_pause: float = 0.2  #: before the second try of a download; each further pause is longer by as much
    longest_retry_pause: float = 5.0  #: between two tries of a request to an object store
    object_store_read: float = 10.0  #: for which reading from an object store that is away is tried again
    object_store_write: float = 120.0  #: the same for keeping a file, which was paid for
    store_check: float = 10.0  #: after a successful check of the object store, during which no other is made
    store_pause: float = 3.0  #: the same after one that failed
    page: float = 20.0  #: to fetch a page that a question links to
    parse: float = 20.0  #: to read one attached file in a child process; as many of CPU time
    shrink: float = 180.0  #: to make one file smaller
    clock_skew: float = 600.0  #: by which the clocks of machines that share a folder may differ
