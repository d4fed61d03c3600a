"""Kinds of blocks that an answer can do without, where Slack, or a workspace, does not take them."""

from adapters.slack.connection.web_api import CHARTS, DATA_TABLES, FEEDBACK, refusal_code
from adapters.slack.types import Block
from adapters.slack.ui.blocks import DATA_TABLE
from adapters.slack.ui.buttons import CONTEXT_ACTIONS
from adapters.slack.ui.charts import CHART
from bot.errors import DeliveryRefused

#: The feature that each kind is.
_FEATURES = {CHART: CHARTS, CONTEXT_ACTIONS: FEEDBACK, DATA_TABLE: DATA_TABLES}


class BlocksRefused(DeliveryRefused):
    """Slack refuses a message with such blocks."""

    features: frozenset[str] = frozenset()  #: that these are


def raise_for_optional_blocks(blocks: list[Block], exc: DeliveryRefused) -> None:
    """Raise `BlocksRefused` where a message that was refused can do without some of its blocks."""
    kinds = {block["type"] for block in blocks} & (
        _FEATURES.keys() if refusal_code(exc) == "invalid_blocks" else {CHART}
    )
    if kinds:
        refused = BlocksRefused(str(exc))
        refused.features = frozenset(_FEATURES[kind] for kind in kinds)
        raise refused from exc.__cause__
