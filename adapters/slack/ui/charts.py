"""Charts as blocks that Slack draws. Pure.

https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
"""

import math

from adapters.kit.texts.titles import shorten
from adapters.slack.types import Block
from bot.drawable import Chart

CHART = "data_visualization"  #: the type of the block
_TITLE, _LABEL = 50, 20  #: characters
_BARS = 20  #: of a series


def build_chart(chart: Chart) -> Block | None:
    """Return the block of a chart of bars; None: Slack can't show it."""
    labels = [shorten(label, _LABEL) for label, _ in chart.bars]
    is_clear = all(labels) and len(set(labels)) == len(labels) and all(math.isfinite(value) for _, value in chart.bars)
    if not labels or len(labels) > _BARS or not is_clear:
        return None
    points = [{"label": label, "value": round(value, 6)} for label, (_, value) in zip(labels, chart.bars, strict=True)]
    series = [{"name": shorten(chart.series, _LABEL), "data": points}]
    bars = {"type": "bar", "series": series, "axis_config": {"categories": labels}}
    return {"type": CHART, "title": shorten(chart.title, _TITLE), "chart": bars}
