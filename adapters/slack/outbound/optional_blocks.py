"""Kinds of blocks that an answer can do without, where Slack, or a workspace, does not take them."""

import re
from itertools import combinations

from slack_sdk.errors import SlackApiError

from adapters.slack.connection.feature_gates import CHARTS, DATA_TABLES, FEEDBACK, PLANS
from adapters.slack.connection.web_api import refusal_code
from adapters.slack.types import Block
from adapters.slack.ui.blocks import DATA_TABLE
from adapters.slack.ui.buttons import CONTEXT_ACTIONS
from adapters.slack.ui.charts import CHART
from adapters.slack.ui.plans import PLAN
from bot.errors import DeliveryRefused

#: The feature that each kind is.
_FEATURES = {CHART: CHARTS, CONTEXT_ACTIONS: FEEDBACK, DATA_TABLE: DATA_TABLES, PLAN: PLANS}
#: Where an error names a block, as in "unsupported type: plan [json-pointer:/blocks/0/type]".
_POINTER = re.compile(r"json-pointer:/blocks/(\d+)")


class BlocksRefused(DeliveryRefused):
    """Slack refuses a message with such blocks."""

    features: frozenset[str] = frozenset()  #: that these are
    is_named: bool = False  #: Slack says that it is these


class OmittedBlocks:
    """The features that an answer goes without: what Slack names, else as few as it takes to be accepted."""

    def __init__(self) -> None:
        self.features: frozenset[str] = frozenset()
        self._named: frozenset[str] = frozenset()
        self._suspected: frozenset[str] = frozenset()
        self._tried = {self.features}

    def omit_more(self, refusal: BlocksRefused) -> bool:
        """Choose what the next try goes without. False: everything has been tried."""
        if refusal.is_named:
            self._named |= refusal.features
        self._suspected |= refusal.features
        others = sorted(self._suspected - self._named)
        for count in range(len(others) + 1):
            for some in combinations(others, count):
                features = self._named.union(some)
                if features not in self._tried:
                    self._tried.add(features)
                    self.features = features
                    return True
        return False


def raise_for_optional_blocks(blocks: list[Block], exc: DeliveryRefused) -> None:
    """Raise `BlocksRefused` where a message that was refused can do without some of its blocks."""
    are_blocks = refusal_code(exc) == "invalid_blocks"
    kinds = {block["type"] for block in blocks} & (_FEATURES.keys() if are_blocks else {CHART})
    if kinds:
        named = kinds & {blocks[number]["type"] for number in _named(exc) if number < len(blocks)}
        refused = BlocksRefused(str(exc))
        refused.features = frozenset(_FEATURES[kind] for kind in named or kinds)
        refused.is_named = bool(named)
        raise refused from exc.__cause__


def _named(exc: DeliveryRefused) -> set[int]:
    """Return the numbers of the blocks that an error of Slack's names."""
    cause = exc.__cause__
    details = cause.response.get("response_metadata") if isinstance(cause, SlackApiError) else None
    messages = details.get("messages") if isinstance(details, dict) else None
    return {int(number) for text in messages or () for number in _POINTER.findall(str(text))}
