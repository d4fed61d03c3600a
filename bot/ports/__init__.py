"""The seams: what the core requires of a platform and of a database engine."""

from bot.ports.platform.adapter import (
    Adapter,
    Checkable,
    Confirm,
    Draft,
    NoReactions,
    PlatformDraft,
    Reacting,
    Reader,
    Receiver,
    Sender,
    Sink,
    always_owned,
)
from bot.ports.platform.adapter_services import (
    OWN_FIELDS,
    REPLY_MODES,
    AdapterServices,
    AdapterStorage,
    AdapterValues,
    ChannelRules,
    ChannelSettings,
    CommandForms,
    Conversations,
    Profile,
    Profiles,
    RecordedRequests,
    ReplyMode,
    SharedWork,
    ValueSigner,
)
from bot.ports.platform.channel_history import ChannelHistory, ChannelMessage, ChannelReader, ChannelSpan, NoChannels
from bot.ports.platform.directory import ChannelProblem, Directory, NoDirectory
from bot.ports.platform.platform import Platform
from bot.ports.platform.recording import LOWEST_ERROR_STATUS, CallRecorder, PlatformCall, Receipt, WireFormat, receipt
from bot.ports.store.audit import ERASED_PERSON, AuditEntry, AuditLog
from bot.ports.store.context_store import ContextStore, ConversationContext
from bot.ports.store.event_queue import EventQueue
from bot.ports.store.journal import Journal
from bot.ports.store.key_values import KeyValues, Namespace, Owner, within
from bot.ports.store.places import PlaceChanges, PlaceKey, PlaceName, PlaceStore
from bot.ports.store.processes import Loops, Processes, ProcessInfo
from bot.ports.store.request_log import CallRow, RequestFilter, RequestLog, RequestRow, RequestState
from bot.ports.store.schedules import PauseReason, Schedule, ScheduleStore
from bot.ports.store.store import Maintenance, Store
from bot.ports.store.usage_ledger import UsageLedger
from bot.ports.store.usage_reports import UsageField, UsageReports, UsageRow, UsageSum
from bot.ports.store.waiting import EventKey, QueuePlace, WaitingEvents

__all__ = [
    "ERASED_PERSON",
    "LOWEST_ERROR_STATUS",
    "OWN_FIELDS",
    "REPLY_MODES",
    "Adapter",
    "AdapterServices",
    "AdapterStorage",
    "AdapterValues",
    "AuditEntry",
    "AuditLog",
    "CallRecorder",
    "CallRow",
    "ChannelHistory",
    "ChannelMessage",
    "ChannelProblem",
    "ChannelReader",
    "ChannelRules",
    "ChannelSettings",
    "ChannelSpan",
    "Checkable",
    "CommandForms",
    "Confirm",
    "ContextStore",
    "ConversationContext",
    "Conversations",
    "Directory",
    "Draft",
    "EventKey",
    "EventQueue",
    "Journal",
    "KeyValues",
    "Loops",
    "Maintenance",
    "Namespace",
    "NoChannels",
    "NoDirectory",
    "NoReactions",
    "Owner",
    "PauseReason",
    "PlaceChanges",
    "PlaceKey",
    "PlaceName",
    "PlaceStore",
    "Platform",
    "PlatformCall",
    "PlatformDraft",
    "ProcessInfo",
    "Processes",
    "Profile",
    "Profiles",
    "QueuePlace",
    "Reacting",
    "Reader",
    "Receipt",
    "Receiver",
    "RecordedRequests",
    "ReplyMode",
    "RequestFilter",
    "RequestLog",
    "RequestRow",
    "RequestState",
    "Schedule",
    "ScheduleStore",
    "Sender",
    "SharedWork",
    "Sink",
    "Store",
    "UsageField",
    "UsageLedger",
    "UsageReports",
    "UsageRow",
    "UsageSum",
    "ValueSigner",
    "WaitingEvents",
    "WireFormat",
    "always_owned",
    "receipt",
    "within",
]
