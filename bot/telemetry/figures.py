"""Figures for people, read from the metrics of this process since its start."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """The quantiles of the times that something took."""

    count: int
    p50: float | None  #: seconds, within the width of the metric's buckets; None: nothing was measured
    p95: float | None


def read_durations(registry: CollectorRegistry, name: str) -> Durations:
    """Read the histogram `name`, over all its labels."""
    buckets: Counter[float] = Counter()
    for metric in registry.collect():
        for sample in metric.samples:
            if sample.name == f"{name}_bucket":
                buckets[float(sample.labels["le"])] += int(sample.value)
    ordered = sorted(buckets.items())
    count = ordered[-1][1] if ordered else 0
    return Durations(count=count, p50=_quantile(ordered, 0.5), p95=_quantile(ordered, 0.95))


def read_counts(registry: CollectorRegistry, name: str, label: str) -> Mapping[str, int]:
    """Read the counter `name` by the values of one of its labels."""
    found: Counter[str] = Counter()
    for metric in registry.collect():
        for sample in metric.samples:
            if sample.name == f"{name}_total":
                found[sample.labels[label]] += int(sample.value)
    return dict(found)


def _quantile(buckets: Sequence[tuple[float, int]], share: float) -> float | None:
    """Interpolate within the bucket, as PromQL's `histogram_quantile` does."""
    count = buckets[-1][1] if buckets else 0
    if not count:
        return None
    rank, lower, below = share * count, 0.0, 0
    for upper, cumulative in buckets:
        if cumulative >= rank:
            if math.isinf(upper):
                return lower
            return lower + (upper - lower) * (rank - below) / (cumulative - below)
        lower, below = upper, cumulative
    return lower
