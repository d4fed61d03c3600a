"""Counters and histograms that cost a message little: Prometheus' own take a lock and four calls for each step.

Its library is imported when somebody reads them: it brings an HTTP server of its own.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric


class CounterSeries:
    """Counts by label values. For the thread of the event loop alone."""

    def __init__(self, name: str, help_: str, labels: Sequence[str]) -> None:
        self._name, self._help, self._labels = name, help_, labels
        self._counts: dict[tuple[str, ...], float] = {}

    def add(self, *labels: str, amount: float = 1.0) -> None:
        """Count."""
        self._counts[labels] = self._counts.get(labels, 0.0) + amount

    def collect(self) -> "Iterator[Metric]":
        """Yield what was counted."""
        from prometheus_client.metrics_core import CounterMetricFamily

        family = CounterMetricFamily(self._name, self._help, labels=self._labels)
        for labels, count in self._counts.items():
            family.add_metric(labels, count)
        yield family


class HistogramSeries:
    """Seconds by label values, counted up to each of `bounds`. For the thread of the event loop alone."""

    def __init__(self, name: str, help_: str, labels: Sequence[str], bounds: Sequence[float]) -> None:
        self._name, self._help, self._labels = name, help_, labels
        self._bounds = bounds
        self._counts: dict[tuple[str, ...], list[int]] = {}  #: between the bounds, and above
        self._sums: dict[tuple[str, ...], float] = {}

    def observe(self, seconds: float, *labels: str) -> None:
        """Count a duration."""
        counts = self._counts.get(labels)
        if counts is None:
            counts = self._counts[labels] = [0] * (len(self._bounds) + 1)
        counts[bisect_left(self._bounds, seconds)] += 1
        self._sums[labels] = self._sums.get(labels, 0.0) + seconds

    def collect(self) -> "Iterator[Metric]":
        """Yield what was counted."""
        from prometheus_client.metrics_core import HistogramMetricFamily
        from prometheus_client.utils import floatToGoString

        family = HistogramMetricFamily(self._name, self._help, labels=self._labels)
        names = [*map(floatToGoString, self._bounds), "+Inf"]
        for labels, counts in self._counts.items():
            below = [sum(counts[: number + 1]) for number in range(len(counts))]
            family.add_metric(labels, list(zip(names, below, strict=True)), self._sums[labels])
        yield family
