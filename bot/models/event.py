"""Requests: who asks, where, and for what."""

from collections.abc import Mapping
from datetime import datetime

from bot.values import field, valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The author of a request."""

    id: str  #: unique within the adapter, not only within a workspace
    name: str = ""  #: display name, used when several people talk
    locale: str = ""  #: BCP 47 tag, "" when unknown
    time_zone: str = ""  #: IANA name, "" when unknown
    roles: tuple[str, ...] = ()
    unread_roles: str = ""  #: how the ids of roles begin that the platform has yet to read; "": `roles` has all
    is_admin: bool = False
    is_operator: bool = False  #: runs the service, as the person at its terminal does
    is_bot: bool = False
    is_stranger: bool = False  #: not a member of the workspace that installed the service


@valueclass(frozen=True, slots=True, kw_only=True)
class Location:
    """The place of a request, to which settings, permissions and limits apply. Ids are unique within the adapter."""

    workspace: str = ""  #: id of the workspace or server
    channel: str = ""
    thread: str = ""
    is_private: bool = False  #: only the actor and the bot see it


@valueclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of an event; `Adapter.open` reads its bytes on demand."""

    name: str
    content_type: str = ""  #: as reported by the platform; "": unknown
    size: int | None = None  #: bytes; None: unknown
    source: Mapping[str, str] = field(default_factory=dict)  #: opaque to the core; written and read by the adapter


@valueclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A request of one person; recorded once, answered once."""

    id: str  #: unique within the adapter
    adapter: str
    conversation: str  #: key of the conversation, for ordering and context; unique within the adapter
    actor: Actor
    location: Location = field(default_factory=Location)
    command: str = "chat"  #: name or alias; a plain message is a `chat` command
    prompt: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    reply_to: Mapping[str, str] = field(default_factory=dict)  #: opaque to the core; written and read by the adapter
    inherited: tuple[str, ...] = ()  #: keys of `reply_to`, or "location", that a retry copies from this event
    received_at: datetime  #: aware, UTC
    written_at: float = 0.0  #: by the platform's clock, in seconds since 1970: orders messages; 0: unknown
    rejection: str = ""  #: error of an invalid request, shown to the person instead of an answer; "": valid
    replaces: str = ""  #: id of an earlier event of the adapter whose turns this event's turns replace
    has_prior_messages: bool = False  #: others precede the event: see `Adapter.read_prior_messages`
    is_local: bool = False  #: only the process that records it can answer it, as at a terminal
    agreed: int = 0  #: price in micros to which its author has agreed
    approved: int = 0  #: price in micros that an approver has granted
    keeps_price: bool = False  #: only its own model's price was checked: no fallback that costs more may answer
    has_own_api: bool = False  #: its workspace has brought the API: what it costs is not the operator's
    footnote: str = ""  #: ends the text of the answer
    answer_to: Mapping[str, str] = field(default_factory=dict)  #: place of the answer, where it is not `reply_to`
    part_of: str = ""  #: id of the event that shows what this one makes; "": it has an answer of its own
    is_message: bool = False  #: a message of the platform, not a slash command or a button
    is_press: bool = False  #: a button without a form: nothing was typed
    joined: Mapping[str, str] = field(default_factory=dict)  #: prompts of the messages that it was made of, by id
    joined_to: str = ""  #: id of the event that answers this message as well; "": it has an answer of its own
