"""Permissions and quotas, checked before an event is recorded."""

from bot.policy.limit_notices import LimitNotices
from bot.policy.notices import RefusalNotices
from bot.policy.policy import Policy, Refusal
from bot.policy.quota import STOPPING, ExpectedCall, Quotas

__all__ = ["STOPPING", "ExpectedCall", "LimitNotices", "Policy", "Quotas", "Refusal", "RefusalNotices"]
