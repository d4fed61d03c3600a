"""The seams: what the core requires of a platform and of a database engine."""

from bot.ports.adapter import (
    REPLY_MODES,
    Adapter,
    AdapterServices,
    AdapterStorage,
    ChannelSettings,
    Checkable,
    Confirm,
    Draft,
    Profile,
    Reader,
    Receiver,
    ReplyMode,
    Sender,
    Sink,
    ValueSigner,
    always_owned,
)
from bot.ports.audit import ERASED_PERSON, AuditEntry, AuditLog
from bot.ports.channel_history import ChannelHistory, ChannelMessage, ChannelReader, ChannelSpan, NoChannels
from bot.ports.directory import ChannelProblem, Directory, NoDirectory
from bot.ports.key_values import KeyValues, Namespace, Owner
from bot.ports.platform import Platform
from bot.ports.processes import Processes, ProcessInfo
from bot.ports.recording import LOWEST_ERROR_STATUS, CallRecorder, PlatformCall, Receipt, receipt
from bot.ports.request_log import CallRow, RequestFilter, RequestLog, RequestRow, RequestState
from bot.ports.schedules import PauseReason, Schedule, ScheduleStore
from bot.ports.store import (
    ContextStore,
    ConversationContext,
    EventQueue,
    Journal,
    Maintenance,
    Store,
    UsageLedger,
)
from bot.ports.usage_reports import UsageField, UsageReports, UsageRow, UsageSum

__all__ = [
    "ERASED_PERSON",
    "LOWEST_ERROR_STATUS",
    "REPLY_MODES",
    "Adapter",
    "AdapterServices",
    "AdapterStorage",
    "AuditEntry",
    "AuditLog",
    "CallRecorder",
    "CallRow",
    "ChannelHistory",
    "ChannelMessage",
    "ChannelProblem",
    "ChannelReader",
    "ChannelSettings",
    "ChannelSpan",
    "Checkable",
    "Confirm",
    "ContextStore",
    "ConversationContext",
    "Directory",
    "Draft",
    "EventQueue",
    "Journal",
    "KeyValues",
    "Maintenance",
    "Namespace",
    "NoChannels",
    "NoDirectory",
    "Owner",
    "PauseReason",
    "Platform",
    "PlatformCall",
    "ProcessInfo",
    "Processes",
    "Profile",
    "Reader",
    "Receipt",
    "Receiver",
    "ReplyMode",
    "RequestFilter",
    "RequestLog",
    "RequestRow",
    "RequestState",
    "Schedule",
    "ScheduleStore",
    "Sender",
    "Sink",
    "Store",
    "UsageField",
    "UsageLedger",
    "UsageReports",
    "UsageRow",
    "UsageSum",
    "ValueSigner",
    "always_owned",
    "receipt",
]
