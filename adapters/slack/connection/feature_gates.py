"""What a workspace has refused as unknown: not tried there again for a while, so that no answer pays for it twice."""

import time
from collections.abc import Callable

#: Seconds after which it is tried once more: Slack rolls things out by and by.
LASTS = 6 * 3600.0
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
        self._clock = clock
        self._until: dict[tuple[str, str], float] = {}

    def has(self, owner: str, what: str) -> bool:
        """Whether it is worth trying."""
        return self._until.get((owner, what), 0.0) <= self._clock()

    def close(self, owner: str, what: str) -> None:
        """It is not to be had there."""
        self._until[owner, what] = self._clock() + LASTS
