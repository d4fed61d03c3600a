"""The seams: what the core requires of a platform and of a database engine."""

from bot.ports.adapter import (
    Adapter,
    AdapterServices,
    AdapterStorage,
    Checkable,
    Confirm,
    Draft,
    Reader,
    Receiver,
    Sender,
    Sink,
    ValueSigner,
    always_owned,
)
from bot.ports.platform import Platform
from bot.ports.store import (
    ContextStore,
    EventQueue,
    Journal,
    KeyValues,
    Maintenance,
    Namespace,
    Owner,
    Store,
    UsageLedger,
)

__all__ = [
    "Adapter",
    "AdapterServices",
    "AdapterStorage",
    "Checkable",
    "Confirm",
    "ContextStore",
    "Draft",
    "EventQueue",
    "Journal",
    "KeyValues",
    "Maintenance",
    "Namespace",
    "Owner",
    "Platform",
    "Reader",
    "Receiver",
    "Sender",
    "Sink",
    "Store",
    "UsageLedger",
    "ValueSigner",
    "always_owned",
]
