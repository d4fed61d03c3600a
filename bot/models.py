"""The frozen values that the rooms say to each other. Imports nothing of ours.

Every value can be written as JSON and read back unchanged; the store relies on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

Kind = Literal["chat", "code", "image", "audio", "video"]
KINDS: tuple[Kind, ...] = ("chat", "code", "image", "audio", "video")

Role = Literal["user", "assistant"]


class Lane(StrEnum):
    """What a command waits for before it may start."""

    CONVERSATION = "conversation"  #: after everything asked earlier in this conversation that reads its history
    OWN = "own"  #: after this person's earlier uses of the same command here; for slow media
    FREE = "free"  #: nothing; for what must work while something else is running


# ------------------------------------------------------------------ what comes in


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks."""

    id: str  #: unique within the adapter, not only within a workspace
    name: str = ""  #: what to call the person when several talk
    locale: str = ""  #: BCP 47 tag, "" when unknown
    roles: tuple[str, ...] = ()
    is_admin: bool = False
    is_bot: bool = False
    is_stranger: bool = False  #: not a member of the workspace that installed the service


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where it was asked: what settings, permissions and limits attach to. Ids are unique within the adapter."""

    workspace: str = ""  #: a workspace, guild or server
    channel: str = ""
    thread: str = ""
    is_private: bool = False  #: only the actor and the bot see it


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that came with an event; its bytes are read through `Adapter.open` when needed."""

    name: str
    content_type: str = ""  #: as the platform claims; "" when unknown
    size: int | None = None  #: bytes, when the platform says
    source: Mapping[str, str] = field(default_factory=dict)  #: opaque; only the adapter that wrote it reads it


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One request from one person: recorded once, answered once."""

    id: str  #: the platform's id; (adapter, id) is unique
    adapter: str
    conversation: str  #: opaque ordering and context key, unique within the adapter
    actor: Actor
    location: Location = field(default_factory=Location)
    command: str = "chat"  #: a mention is the chat command whose prompt is the message
    prompt: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    reply_to: Mapping[str, str] = field(default_factory=dict)  #: opaque; only the adapter that wrote it reads it
    received_at: datetime  #: aware, UTC
    rejection: str = ""  #: why the request can't be understood, said to the person instead of an answer
    replaces: str = ""  #: id of the earlier event of this adapter whose turns this one's replace
    has_prior_messages: bool = (
        False  #: people talked here before the service was called: `Adapter.earlier` has what they said
    )


# ------------------------------------------------------------------ what a command yields


@dataclass(frozen=True, slots=True)
class Text:
    """The next piece of the answer's Markdown."""

    delta: str


@dataclass(frozen=True, slots=True)
class Status:
    """What is being done, shown until there is something better to show."""

    text: str
    progress: float | None = None  #: 0 to 1, None when unknown
    elapsed: float = 0.0  #: seconds since the event was started; filled in by the delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file of the answer. It has a path, or a URL where it is too big to be uploaded."""

    name: str  #: safe as a file name on every platform
    content_type: str
    size: int  #: bytes
    path: Path | None = None  #: in the spool folder
    url: str = ""  #: where the person gets it; set instead of `path` being uploaded
    source_url: str = ""  #: where the API offered it
    description: str = ""  #: alternative text for those who can't see or hear it
    width: int | None = None  #: pixels
    height: int | None = None  #: pixels
    duration: float | None = None  #: seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button under an answer.

    Pressing it is an event of the command `press` whose options `event` and `action` name the answer and the button;
    it becomes one of `command`, with what the store keeps of the answer. Further options of the press, such as what a
    form asked for, replace those of `options`; a `prompt` among them replaces the prompt.
    """

    name: str  #: unique in its answer
    label: str
    command: str
    prompt: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    prompts_for: tuple[str, ...] = ()  #: options of `command` to ask for first, where the platform has forms
    is_danger: bool = False


@dataclass(frozen=True, slots=True)
class Actions:
    """The buttons of the answer."""

    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one API call used."""

    kind: Kind
    model: str
    requests: int = 1
    prompt_tokens: int = 0
    completion_tokens: int = 0
    items: int = 0  #: pictures, sounds or videos made
    cost: float = 0.0  #: in the API's currency, 0 when it does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaRequest:
    """What a request would use, and the limits that it has to keep; a limit of 0 is none."""

    kind: Kind | None  #: None: it spends nothing
    items: int = 0  #: pictures, sounds or videos asked for
    requests_per_minute: int = 0  #: of this person
    media_per_day: int = 0  #: of this person
    budget_per_day: float = 0.0  #: of everybody, in the API's currency


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRecord:
    """What the conversation keeps of this exchange: one turn of the person, one of the assistant."""

    user: str
    assistant: str | None = None  #: None: the answer's text


Part = Text | Status | Media | Actions | Usage | TurnRecord


# ------------------------------------------------------------------ what is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the channel shows for an event. Committed before it is delivered."""

    text: str = ""  #: Markdown
    media: tuple[Media, ...] = ()
    actions: tuple[Action, ...] = ()
    private: bool = False  #: for the asker only, where the platform can

    @property
    def is_empty(self) -> bool:
        """Nothing is to be shown: what was shown is to go."""
        return not (self.text or self.media or self.actions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One thing said in a conversation, as the model is told it."""

    role: Role
    content: str
    speaker: str = ""  #: the person's name; "" for the assistant
    actor: str = ""  #: the id of the person who asked, on both turns of an exchange
    event: str = ""  #: id of the event it belongs to
    at: datetime | None = None  #: aware, UTC; the store fills it in
    seq: int = 0  #: order within the store; the store fills it in


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorMessages:
    """What was said where an event was asked, before the service was called."""

    turns: tuple[Turn, ...] = ()  #: oldest first, with speaker and actor; the service's own are the assistant's
    attachments: tuple[Attachment, ...] = ()  #: files of what the event answers to, such as a thread's first message


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An event that this process has taken on."""

    seq: int  #: order of recording
    event: Event
    attempt: int = 1  #: 1 for the first try
    ref: str | None = None  #: of the draft opened by an earlier try
    answer: Answer | None = None  #: set when an earlier try committed: only delivery is left


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All that an event leaves behind, written in one transaction."""

    answer: Answer
    turns: tuple[Turn, ...] = ()
    usage: tuple[Usage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationContext:
    """What a conversation remembers, for the next request to the API."""

    summary: str = ""  #: what was said before the oldest of `turns`, folded
    turns: tuple[Turn, ...] = ()  #: oldest first
    total: int = 0  #: turns since the last reset that are not folded into the summary


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """Usage summed over a day, a kind and a model."""

    day: str  #: ISO date, UTC
    kind: Kind
    model: str
    requests: int
    prompt_tokens: int
    completion_tokens: int
    items: int
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What one person is shown of themselves: a platform's home page."""

    usage: tuple[UsageRow, ...] = ()  #: theirs of the last 30 days, newest day first
    everybody: tuple[UsageRow, ...] = ()  #: all of the adapter's, for administrators only
    limits: tuple[str, ...] = ()  #: sentences that say what they may use, and what is left of it today
    language: str = ""  #: the locale chosen for the service's own sentences; "": the platform's
    languages: tuple[tuple[str, str], ...] = ()  #: locales to choose from, with their names
    models: Mapping[Kind, str] = field(default_factory=dict)  #: chosen by the person; without: the place's
    choices: Mapping[Kind, tuple[str, ...]] = field(default_factory=dict)  #: models to choose from
    recent: tuple[tuple[str, Media], ...] = ()  #: newest files made for them, each with its event's id


# ------------------------------------------------------------------ what an adapter can do, and what it is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """A platform's limits, as data, so that the core needs no platform's name."""

    max_text: int | None = None  #: characters per message, None: no limit
    max_upload: int | None = None  #: bytes per file, None: no limit
    edit_interval: float = 1.0  #: seconds between two visible updates of one draft
    status_interval: float = 5.0  #: seconds after which a status is shown again with its elapsed time
    shows_partial_text: bool = True  #: False: `Draft.write` is never called


OptionKind = Literal["text", "choice", "integer", "number", "file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a command."""

    name: str
    description: str
    kind: OptionKind = "text"
    choices: tuple[str, ...] = ()  #: allowed values; for kind "choice"
    suggestions: tuple[str, ...] = ()  #: values worth offering while one is typed; others are allowed too
    models: Kind | None = None  #: the choices are the allowed models of this kind
    default: str = ""
    required: bool = False
    is_prompt: bool = False  #: takes the free text of the message; at most one of a command
    minimum: float | None = None  #: inclusive
    maximum: float | None = None  #: inclusive
    short: str = ""  #: one letter: `-n 2`


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSpec:
    """What a command is called, does and takes: one source for flags, slash options, modal fields and help."""

    name: str
    description: str  #: one sentence, at most 100 characters
    options: tuple[Option, ...] = ()
    aliases: tuple[str, ...] = ()
    lane: Lane = Lane.CONVERSATION
    kind: Kind | None = None  #: the API it spends; None: none
    private: bool = False  #: answered to the asker only, where the platform can
    example: str = ""  #: a full line in the text form, without the leading slash
    hidden: bool = False  #: only buttons ask it: neither listed nor typed

    @property
    def prompt(self) -> Option | None:
        """The option that takes the free text, if there is one."""
        return next((option for option in self.options if option.is_prompt), None)

    def option(self, name: str) -> Option | None:
        """The option of that name or one-letter name."""
        return next((o for o in self.options if name and name in (o.name, o.short)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One line of `check`: what was looked at and, when it is not right, what to do."""

    subject: str  #: a setting, a file, a platform
    text: str
    is_ok: bool
