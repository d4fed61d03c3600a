"""Usage of a chat or code call, from what the API reports."""

from aimodels import TokenUsage
from bot.models import Kind, Usage


def to_usage(kind: Kind, model: str, usage: TokenUsage | None) -> Usage:
    """Convert the token usage of a chat or code response; None: the API reported none."""
    if usage is None:
        return Usage(kind=kind, model=model)
    return Usage(
        kind=kind,
        model=model,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cost=usage.cost or 0.0,
    )
