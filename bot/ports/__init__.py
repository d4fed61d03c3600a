"""The seams: what the core requires of a platform and of a database engine."""

from bot.ports.adapter import Adapter, AdapterServices, AdapterStorage, Draft, Sink
from bot.ports.store import SharedStore, Store

__all__ = ["Adapter", "AdapterServices", "AdapterStorage", "Draft", "SharedStore", "Sink", "Store"]
