"""Lane keys: events of one key run one at a time."""

from bot.models import Lane


def make_lane_key(lane: Lane, *, adapter: str, conversation: str, command: str, actor: str) -> tuple[str, ...] | None:
    """Return the lane key of an event; None: it waits for no other."""
    if lane is Lane.CONVERSATION:
        return adapter, conversation
    return (adapter, conversation, command, actor) if lane is Lane.OWN else None
