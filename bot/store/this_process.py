"""The name of this process, as others on the same database see it."""

import os
import socket

#: Characters of the host's name, so that all of it fits where a database shows it.
_HOST = 24


def name() -> str:
    """Return host and process id."""
    host = "".join(c if c.isascii() and c.isprintable() and c != " " else "-" for c in socket.gethostname())
    return f"{host[:_HOST]}:{os.getpid()}"
