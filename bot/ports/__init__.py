"""The seams: what the core requires of a platform and of a database engine."""

from bot.ports.adapter import Adapter, Desk, Draft, Sink
from bot.ports.store import SharedStore, Store

__all__ = ["Adapter", "Desk", "Draft", "SharedStore", "Sink", "Store"]
