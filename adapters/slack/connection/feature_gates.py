"""Features of Slack that an answer can do without, and which workspaces refuse them."""

import time
from collections.abc import Callable

from adapters.kit.bounded import BoundedDict

#: Features that an answer can do without.
STREAM, STATUS, SESSION, CARDS, CAPTION, CHARTS = "stream", "status", "session", "cards", "caption", "charts"
REACTIONS, FEEDBACK, DATA_TABLES, PLANS = "reactions", "feedback", "data tables", "plans"
#: Errors by which a workspace refuses a feature as a whole.
UNSUPPORTED = frozenset(
    {
        "access_denied",
        "channel_type_not_supported",
        "deprecated_endpoint",
        "feature_not_enabled",
        "method_deprecated",
        "method_not_supported_for_channel_type",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_supported",
        "team_not_found",
        "unknown_method",
    }
)
_GATES = 10_000  # refusals in memory


class FeatureGates:
    """Features that workspaces refused; each is tried again after `retry` seconds, as Slack rolls features out slowly.

    So an answer does not pay twice for what a workspace does not have. `doubt`: seconds for which a refusal that may
    be a passing trouble is remembered.
    """

    def __init__(self, *, retry: float, doubt: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._disabled: BoundedDict[tuple[str, str], None] = BoundedDict(_GATES, lifetime=retry, clock=clock)
        self._suspected: BoundedDict[tuple[str, str], None] = BoundedDict(_GATES, lifetime=doubt, clock=clock)

    def is_enabled(self, owner: str, feature: str) -> bool:
        """Whether the feature is worth a try in the workspace."""
        return (owner, feature) not in self._disabled

    def suspect(self, owner: str, feature: str) -> bool:
        """Note a refusal that may be a passing trouble. True: there was one shortly before."""
        is_second = (owner, feature) in self._suspected
        self._suspected[owner, feature] = None
        return is_second

    def disable(self, owner: str, feature: str) -> None:
        """Note that the workspace refused the feature."""
        self._disabled[owner, feature] = None
