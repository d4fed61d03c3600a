"""What a workspace has refused as unknown: not tried there again for a while, so that no answer pays for it twice."""

import time
from collections.abc import Callable

from adapters.kit.bounded import BoundedDict

#: Seconds after which it is tried once more: Slack rolls things out by and by.
LASTS = 6 * 3600.0
_KEPT = 5000  # refusals that are remembered
#: What can be done without.
STREAM, STATUS, SESSION, CARDS, CAPTION = "stream", "status", "session", "cards", "caption"
#: Errors that say that something is not to be had here.
UNKNOWN = frozenset(
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


class Latches:
    """By workspace."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._closed: BoundedDict[tuple[str, str], None] = BoundedDict(_KEPT, lifetime=LASTS, clock=clock)

    def has(self, owner: str, what: str) -> bool:
        """Whether it is worth trying."""
        return (owner, what) not in self._closed

    def close(self, owner: str, what: str) -> None:
        """It is not to be had there."""
        self._closed[owner, what] = None
