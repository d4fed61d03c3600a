"""The name of this process, as other processes on the same database see it."""

import os
import socket

#: Characters of the host's name, so that all of it fits where a database shows it.
_HOST = 24


def name() -> str:
    """Return host and process id; of a long name without its domain the end, by which pods of one kind differ."""
    host = "".join(c if c.isascii() and c.isprintable() and c != " " else "-" for c in socket.gethostname())
    if len(host) > _HOST:
        host = host.partition(".")[0][-_HOST:]
    return f"{host}:{os.getpid()}"
