"""The standard streams of the process, whatever it was started with."""

import os
import select
import sys
from collections.abc import Callable
from contextlib import suppress

_STDERR = 2  # descriptor
_PIECE = 1000  #: characters, which a pipe takes at once where it takes any
_PATIENCE = 200  # milliseconds


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


class ErrorLines:
    """Writes lines to the current standard error, and drops those that it does not take.

    Where nobody reads a pipe, or a terminal is halted, only the first line waits, and only for a moment: the event
    loop is not to stop with it. `report`: is called with the number of lost lines before the next one is written.
    """

    def __init__(self, report: Callable[[int], None]) -> None:
        self._report = report
        self._lost = 0

    def write(self, line: str) -> None:
        """Write a line, or drop it."""
        with suppress(OSError, ValueError):  # the reader is gone, or the stream is closed
            if not _is_writable(0 if self._lost else _PATIENCE):
                self._lost += 1
                return
            lost, self._lost = self._lost, 0
            if lost:
                sys.stderr.write("\n")  # of which only a beginning may be there
                self._report(lost)
            text = f"{line}\n"
            for at in range(0, len(text), _PIECE):
                if at and not _is_writable(_PATIENCE):
                    self._lost += 1
                    return
                sys.stderr.write(text[at : at + _PIECE])
                sys.stderr.flush()


def _is_writable(patience: int) -> bool:
    """Whether standard error takes a piece within so many milliseconds. Windows can't tell."""
    if not hasattr(select, "poll"):
        return True
    try:
        number = sys.stderr.fileno()
    except (OSError, ValueError):  # no file of the system
        return True
    poller = select.poll()
    poller.register(number, select.POLLOUT)
    return bool(poller.poll(patience))
