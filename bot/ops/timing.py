"""Time limits of the web server."""

from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class OpsTiming:
    """All values are seconds."""

    database_check: float = 2.0  #: for the database check of `/readyz`
    files_check: float = 2.0  #: for the check of the object store, the same
    health_check: float = 2.0  #: for `check` to see who has a port
    shutdown: int = 5  #: for open requests to finish when the server stops
    request_head: float = 10.0  #: for the head of a request to arrive, from the connection or its first byte
    request_body: float = 20.0  #: for the body of a request to arrive, from the end of its head
    response_unread: float = 120.0  #: for the client to read some more of an answer
