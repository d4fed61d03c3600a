"""Who may do what, where and how much: asked before anything is queued or spent."""

from bot.policy.policy import Policy, Refusal

__all__ = ["Policy", "Refusal"]
