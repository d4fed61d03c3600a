"""Time limits of approvals."""

from bot.values import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class ApprovalTiming:
    """All values are seconds."""

    hour: float = 3600.0  #: of the hours after which a request that waits for an approver lapses
    look: float = 30.0  #: between two looks for what has lapsed
