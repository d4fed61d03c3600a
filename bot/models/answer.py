"""Answers, and the parts that commands yield for them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from bot.drawable import Chart, Plan
from bot.models.kinds import Kind
from bot.values import field, valueclass


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
