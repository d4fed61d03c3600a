"""The immutable values that the packages exchange; each survives a round trip through JSON, as the store needs."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from aimodels import reference
from bot.drawable import Chart, Plan
from bot.values import field, valueclass

Kind: TypeAlias = reference.Kind  #: of content; the API has one endpoint for each
KINDS: tuple[Kind, ...] = get_args(Kind)
MEDIA_KINDS: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind not in ("chat", "code"))  #: answered with files


class Lane(StrEnum):
    """The queue of a command: which earlier events must end before it starts."""

    CONVERSATION = "conversation"  #: after all earlier events of the conversation that read its history
    OWN = "own"  #: after the person's earlier events of the same command in the conversation; for slow media
    FREE = "free"  #: at once; for commands that must work while others run


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


@valueclass(frozen=True, slots=True)
class Text:
    """The next piece of the answer's Markdown."""

    delta: str


@valueclass(frozen=True, slots=True)
class Status:
    """The present activity, shown until there is text."""

    text: str
    progress: float | None = None  #: 0 to 1, None when unknown
    elapsed: float = 0.0  #: seconds since the event was started; set by the delivery
    is_waiting: bool = False  #: nothing is made for minutes; a platform shows it where it stays, with a Stop button


@valueclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The origin of a file, besides its description, which is the prompt, and its event, which names the person."""

    model: str
    options: Mapping[str, str] = field(default_factory=dict)
    cost: float = 0.0  #: of this file, in the API's currency
    parents: tuple[str, ...] = ()  #: the files that it was made from: `EVENT#NUMBER`, counted from 1


@valueclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file of the answer: a path in the spool folder, or a URL if it is too big to be uploaded."""

    name: str  #: safe as a file name on every platform
    content_type: str
    size: int  #: bytes
    path: Path | None = None  #: in the spool folder
    url: str = ""  #: where people find the file; if set, `path` is not uploaded
    source_url: str = ""  #: URL at the API
    description: str = ""  #: alternative text
    width: int | None = None  #: pixels
    height: int | None = None  #: pixels
    duration: float | None = None  #: seconds
    is_spoiler: bool = False  #: hidden until it is clicked, where the platform can do that
    chart: Chart | None = None  #: the chart that the file is a picture of
    origin: Origin | None = None  #: None: it was not generated


@valueclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button under an answer: the inbox turns a press into an event of `command`; what the press brings wins."""

    name: str  #: unique in its answer
    label: str
    command: str
    prompt: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    prompts_for: tuple[str, ...] = ()  #: options of `command` to request in a form first, if the platform has forms
    shows_values: bool = False  #: its form begins with the prompt and the options that it has
    is_danger: bool = False
    row: int = 0  #: number of the list item of the text, without a list of the text's block, that it is for; 0: all
    series: str = ""  #: whose uses are numbered: the last `{number}` in the prompt becomes the number; "": none


@valueclass(frozen=True, slots=True)
class Actions:
    """The buttons of the answer."""

    actions: tuple[Action, ...]


@valueclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Resources used by one API call."""

    kind: Kind
    model: str
    requests: int = 1
    prompt_tokens: int = 0
    completion_tokens: int = 0
    items: int = 0  #: images, audio files or videos made
    seconds: float = 0.0  #: length of all sounds or videos
    size: str = ""  #: of the pictures or videos asked for, such as "1024x1024"
    cost: float = 0.0  #: in the API's currency; 0: not reported
    is_estimate: bool = False  #: the call was given up: the store takes the highest known price of the kind as its cost


@valueclass(frozen=True, slots=True, kw_only=True)
class TurnRecord:
    """The turns to store for an exchange: one of the person, one of the assistant."""

    user: str
    assistant: str | None = None  #: None: the answer's text


Part = Text | Status | Media | Plan | Actions | Usage | TurnRecord


@valueclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to an event, as the channel shows it. Committed before it is delivered."""

    text: str = ""  #: Markdown
    media: tuple[Media, ...] = ()
    actions: tuple[Action, ...] = ()
    private: bool = False  #: visible to the author only, if the platform supports it
    ending: Literal["", "refused", "cancelled"] = ""  #: what became of the request; "": it was carried out, or failed
    plan: Plan | None = None  #: the steps that the text names
    is_board: bool = False  #: its text changes again while its files stay: it is not to be bound to them

    @property
    def is_failure(self) -> bool:
        """Whether it is the message of an error, with a button to try again."""
        return self.private and any(action.name == "retry" for action in self.actions)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be shown; delivering an empty answer removes the message."""
        return not (self.text or self.media or self.actions)


@valueclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message of a conversation, as sent to the model."""

    role: Literal["user", "assistant"]
    content: str
    speaker: str = ""  #: name of the person; "" for the assistant
    actor: str = ""  #: id of the person who asked, on both turns of an exchange
    event: str = ""  #: id of the turn's event
    at: datetime | None = None  #: aware, UTC; set by the store
    written_at: float = 0.0  #: that of the turn's event, or of the message before it that the turn is
    seq: int = 0  #: order within the store; set by the store


@valueclass(frozen=True, slots=True, kw_only=True)
class PriorMessages:
    """The messages of a conversation before its first event."""

    turns: tuple[Turn, ...] = ()  #: oldest first, with speaker and actor; `assistant`: the service's own messages
    attachments: tuple[Attachment, ...] = ()  #: of the message replied to, such as the first of a thread


@valueclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An event claimed by this process."""

    seq: int  #: order of recording
    event: Event
    attempt: int = 1  #: 1 for the first try
    ref: str | None = None  #: reference of the draft that an earlier try opened
    answer: Answer | None = None  #: set if an earlier try committed it: only the delivery is left
    failing_since: datetime | None = None  #: aware, UTC; the first failed try of an outage of the API
    is_only_placed: bool = False  #: `ref` is of its place in the queue, which may have been posted before any try

    @property
    def is_repeated(self) -> bool:
        """Whether there was an earlier try, which may have called the API."""
        return self.attempt > 1 or (self.ref is not None and not self.is_only_placed)


@valueclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The results of an event, written in one transaction."""

    answer: Answer
    turns: tuple[Turn, ...] = ()
    usage: tuple[Usage, ...] = ()
    call: Literal["", "used", "refused", "unreserved"] = ""  #: end of the open call in the ledger; "": there was none


@valueclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """A platform's limits, as data, so that the core needs no platform's name."""

    max_upload: int | None = None  #: bytes per file, None: no limit
    edit_interval: float = 1.0  #: seconds between two visible updates of one draft
    status_interval: float = 5.0  #: seconds after which a status is shown again with its elapsed time
    has_roles: bool = False  #: whether people have roles, which rules may name
    can_edit: bool = True  #: whether what is shown can change; else another answer to the same event is shown below
    repeats_private: bool = False  #: whether a private answer that is delivered twice is there once
    voice_message: str = ""  #: name of a file of Opus in Ogg that is shown as a voice message; "": there are none
    opens_files: bool = False  #: whether people open files where they are, on this machine's disk
    lacks: frozenset[str] = frozenset()  #: names of settings that mean nothing there


@valueclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a command."""

    name: str
    description: str
    kind: Literal["text", "choice", "choices", "integer", "number", "file", "person", "people", "channel"] = "text"
    choices: tuple[str, ...] = ()  #: allowed values; of kind "choices" several, with commas between
    suggestions: tuple[str, ...] = ()  #: values to suggest while typing; others are allowed too
    suggests_commands: bool = False  #: the suggestions become the commands, and kinds of them, that rules can name
    models: Kind | None = None  #: the choices become the allowed models of this kind
    sizes: Kind | None = None  #: the choices become the sizes that the models of this kind make, where these are known
    default: str = ""
    required: bool = False
    is_prompt: bool = False  #: receives the free text of the message, in a form several lines; at most one per command
    minimum: float | None = None  #: inclusive
    maximum: float | None = None  #: inclusive
    is_secret: bool = False  #: sealed before it is stored; not taken from a message, which others can read
    is_picture: bool = False  #: of kind "file": other files are of no use
    short: str = ""  #: one letter: `-n 2`
    is_completed: bool = False  #: values are suggested while it is typed: see `AdapterServices.completions`
    has_mentions: bool = False  #: mentions in it keep their ids: see `bot.commandline.mentions`


@valueclass(frozen=True, slots=True, kw_only=True)
class CommandSpec:
    """Name, description and options of a command: the one source for flags, slash commands, forms and help."""

    name: str  #: without large letters, as the aliases
    description: str  #: one sentence, at most 100 characters
    options: tuple[Option, ...] = ()
    aliases: tuple[str, ...] = ()
    lane: Lane = Lane.CONVERSATION
    kind: Kind | None = None  #: the API that it uses; None: none
    requires: tuple[Kind, ...] = ()  #: kinds whose commands it uses: where one of these is off, it is not offered
    private: bool = False  #: the answer is visible to the author only, if the platform supports it
    private_with: tuple[str, ...] = ()  #: options with which it is private as well
    has_own_buttons: bool = False  #: it can't be used without those under its answer, which settings leave as they are
    example: str = ""  #: a complete command line without the leading slash
    needs_no_form: bool = False  #: it is complete without its prompt
    is_shared: bool = False  #: its answer is for everybody, as that of a command that uses an API is
    prices_itself: Literal["", "with sounds", "always"] = ""  #: what it costs is known once it runs: it asks then
    takes_line: bool = False  #: its text may contain another command's line: words like flags belong to the text
    hidden: bool = False  #: invoked by buttons only: neither listed nor typed

    def is_private(self, options: Mapping[str, str]) -> bool:
        """Return whether the answer to a request with these options is visible to the author only."""
        return self.private or (bool(self.private_with) and any(options.get(name) for name in self.private_with))

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the options whose values are secret."""
        return frozenset(option.name for option in self.options if option.is_secret)

    @property
    def prompt(self) -> Option | None:
        """The option that receives the free text, if there is one."""
        return next((option for option in self.options if option.is_prompt), None)

    def option(self, name: str) -> Option | None:
        """Return the option of that name or one-letter name."""
        return next((o for o in self.options if name and name in (o.name, o.short)), None)


@valueclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One line of `check`: the subject and the result, with an instruction if it failed."""

    subject: str  #: a setting, a file, a platform …
    text: str
    is_ok: bool
