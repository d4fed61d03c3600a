"""Charts that Slack draws."""

import pytest

from adapters.slack.ui.charts import build_chart
from bot.drawable import Chart
from simulators.slack.blocks.blocks import validate


def chart(*labels: str) -> Chart:
    return Chart(title="t" * 60, series="s" * 30, bars=tuple((label, 0.1234567) for label in labels))


def test_a_chart_fits_slacks_limits() -> None:
    """Long labels and titles are cut; Slack takes it."""
    block = build_chart(chart(*(f"model-{number:02}-{'x' * 30}" for number in range(20))))
    assert block is not None
    validate([block], surface="message")
    assert block["chart"]["series"][0]["data"][0] == {"label": "model-00-xxxxxxxxxx…", "value": 0.123457}


@pytest.mark.parametrize("labels", [(), [f"{day}" for day in range(21)], ("x" * 20 + "a", "x" * 20 + "b"), ("",)])
def test_what_slack_can_not_draw_stays_a_picture(labels: tuple[str, ...]) -> None:
    """Too many bars, labels that would look the same, and none."""
    assert build_chart(chart(*labels)) is None
