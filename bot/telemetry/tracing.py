"""Traces of requests: sent to a collector that the environment names, kept by the flight recorder, or both.

Without either nothing is imported for them and no span is made.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from contextvars import ContextVar
from typing import Protocol

import httpx

from bot.models import Event, Job


class Trace(Protocol):
    """The trace of one request, over all its tries and processes."""

    def span(self, name: str) -> AbstractContextManager[object]:
        """Time a step."""

    def end(self, outcome: str, figures: Mapping[str, str | int | float]) -> None:
        """End the request's own span, which began when it was received."""


class Tracing(Protocol):
    """Makes traces."""

    def recorded(self, event: Event) -> None:
        """Note that an event is stored."""

    def begin(self, job: Job) -> None:
        """Note that an event is claimed; its trace is among `current` in this task from now on."""

    def transport(self, inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        """Return a transport to the AI API that times each try of a call, and tells the API of the trace."""


#: Of the request that this task answers; empty: it is not traced.
current: ContextVar[tuple[Trace, ...]] = ContextVar("traces", default=())
_UNTRACED = nullcontext()


def span(name: str) -> AbstractContextManager[object]:
    """Time a step of the current request, if it is traced."""
    traces = current.get()
    if len(traces) == 1:
        return traces[0].span(name)
    if not traces:
        return _UNTRACED
    spans = ExitStack()
    for trace in traces:
        spans.enter_context(trace.span(name))
    return spans
