"""Which events wait for each other."""

from bot.models import Lane


def lane_parts(lane: Lane, *, adapter: str, conversation: str, command: str, actor: str) -> tuple[str, ...] | None:
    """What events that run one at a time have in common; None: the event waits for nothing."""
    if lane is Lane.CONVERSATION:
        return adapter, conversation
    return (adapter, conversation, command, actor) if lane is Lane.OWN else None
