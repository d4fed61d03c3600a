"""Records of a campaign on one platform: questions asked, messages visible at the end, API calls received."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

TOKEN = re.compile(r"q[0-9a-f]{8}")
_MARK = re.compile(r"(q[0-9a-f]{8})/(\d+)")
_END = re.compile(r"(q[0-9a-f]{8})/end(\d+)")
_FILLER = "some words of an ordinary length that fill the answer"


@dataclass(slots=True)
class Question:
    """One question.

    `is_refused`: the platform itself reported to the person that the service is not reachable. `is_unheard`: no process
    got it down before it was killed, and the platform sends it to none again.
    """

    token: str
    conversation: str
    answered_before: tuple[str, ...] = ()  #: questions of the conversation with a visible answer when it was asked
    is_refused: bool = False
    is_unheard: bool = False
    edited_from: str = ""  #: token of the question that an edit replaced by this one
    sent_at: float = 0.0  #: when the platform first sent it to the service; 0: it does not say
    received_at: float = 0.0  #: when the platform knew that the service has it; 0: it does not say
    asked_at: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of the service, as visible at the end; those of a conversation are in reading order."""

    conversation: str  #: "" where it can't be attributed to any
    text: str
    is_unfinished: bool = False  #: a live Stop button, a stream in progress, or "thinking…"
    is_promise: bool = False  #: says that the answer will follow; neither an answer nor an error


@dataclass(frozen=True, slots=True)
class Turn:
    """A message of an API request, by the questions that it contains or answers."""

    role: str
    tokens: tuple[str, ...]
    marks: tuple[int, ...] = ()  #: numbers of the marks of an answer


@dataclass(slots=True)
class Call:
    """An API request.

    `is_failed`: the API itself failed or cut the answer, so that it costs nothing. `is_interrupted`: the caller hung up
    or died before it had the answer, which costs all the same.
    """

    token: str
    turns: Sequence[Turn]
    is_failed: bool = False
    is_interrupted: bool = False
    began_at: float = field(default_factory=time.time)
    ended_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Injected:
    """A fault that was injected, by its name and the times of its begin and end."""

    name: str
    began_at: float
    ended_at: float


@dataclass(slots=True)
class History:
    """Everything the checker is given."""

    questions: list[Question] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    left_over: list[str] = field(default_factory=list)  #: statuses, sessions and typing signs that remain
    kills: Sequence[Injected] = ()
    outages: Sequence[Injected] = ()  #: times in which nothing could be stored
    processes: int = 1


def answer_to(token: str) -> str:
    """Return the answer to a question: numbered marks, so that missing, repeated and moved pieces show.

    Every eighth answer needs several messages on each platform.
    """
    number = int(token[1:], 16)
    last = 120 if number % 8 == 0 else 3 + number % 5
    marks = [f"{token}/{n} {_FILLER}." for n in range(1, last + 1)]
    paragraphs = [" ".join(marks[at : at + 8]) for at in range(0, last, 8)]
    return "\n\n".join([*paragraphs, f"{token}/end{last}"])


def marks_in(text: str) -> list[tuple[str, int]]:
    """Return the numbered marks in a text, in reading order: token and number."""
    return [(match[1], int(match[2])) for match in _MARK.finditer(text)]


def ends_in(text: str) -> dict[str, int]:
    """Return the closing marks in a text: how many marks the answer to each token has."""
    return {match[1]: int(match[2]) for match in _END.finditer(text)}


def turn_of(role: str, content: str) -> Turn:
    """Read a message of an API request."""
    if role == "assistant":
        found = marks_in(content)
        return Turn(role, tuple(dict.fromkeys(token for token, _ in found)), tuple(number for _, number in found))
    return Turn(role, tuple(dict.fromkeys(TOKEN.findall(content))))


def write_record(path: Path, history: History, faults: Sequence[Injected]) -> None:
    """Write what happened in the order of time, then what is visible, for a person to read."""
    lines = [(one.began_at, f"fault {one.name}, {one.ended_at - one.began_at:.2f} s") for one in faults]
    for question in history.questions:
        edited = f", edited from {question.edited_from}" if question.edited_from else ""
        lines.append((question.asked_at, f"asked {question.token} in {question.conversation}{edited}"))
    for call in history.calls:
        turns = " ".join(f"{turn.role}:{'+'.join(turn.tokens)}" for turn in call.turns)
        signs = f"{' failed' if call.is_failed else ''}{' interrupted' if call.is_interrupted else ''}"
        lines.append((call.began_at, f"call {call.token}{signs}, {call.ended_at - call.began_at:.2f} s: {turns}"))
    record = [f"{datetime.fromtimestamp(at, UTC).isoformat()} {line}" for at, line in sorted(lines)]
    record += [f"shown in {one.conversation or 'no conversation'}: {one.text[:100]!r}" for one in history.shown]
    path.write_text("\n".join(record) + "\n", encoding="utf-8")
