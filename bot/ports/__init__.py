"""The seams: what the core requires of a platform and of a database engine."""

from bot.ports.adapter import Adapter, AdapterServices, Draft, Sink
from bot.ports.store import SharedStore, Store

__all__ = ["Adapter", "AdapterServices", "Draft", "SharedStore", "Sink", "Store"]
