"""The standard streams of the process, whatever it was started with."""

import os
import sys

_STDERR = 2  # descriptor


def open_standard_streams() -> None:
    """Open the standard streams that the program was started without.

    The event loop ends the process where one of its own files has the number of such a stream.
    """
    while (found := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        pass
    os.close(found)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - to the end
