"""Permissions and quotas, checked before an event is recorded."""

from bot.policy.policy import Policy, Refusal

__all__ = ["Policy", "Refusal"]
