"""Permissions and quotas, checked before an event is recorded."""

from bot.policy.limit_notices import LimitNotices
from bot.policy.notices import RefusalNotices
from bot.policy.policy import Policy, Refusal
from bot.policy.quota import STOPPING, Quotas

__all__ = ["STOPPING", "LimitNotices", "Policy", "Quotas", "Refusal", "RefusalNotices"]
