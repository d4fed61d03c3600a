"""A platform as the campaign needs it: people who ask, faults to inject, and what is visible at the end."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bench.torture.history import Question, Shown, ends_in

Fault = Callable[[], Awaitable[object]]
#: Kinds of conversations: a mention with its thread, direct messages, one slash command.
KINDS = ("mention", "mention", "direct", "slash")


@dataclass(slots=True)
class Conversation:
    """A conversation of one person with the service. `place` and `first` are the platform's own."""

    name: str
    kind: str
    person: Any
    place: str = ""
    first: Any = None
    questions: list[Question] = field(default_factory=list)
    newest: Any = None  #: message of the newest question

    @property
    def open_questions(self) -> int:
        """Number of further questions that fit: a slash command has one."""
        return 1 - len(self.questions) if self.kind == "slash" else 12 - len(self.questions)


class Platform(Protocol):
    """One simulated platform."""

    name: str

    @property
    def environment(self) -> Mapping[str, str]:
        """Settings that connect the service."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that must be in no log."""

    async def connected(self) -> None:
        """Wait until a process that was just started is connected."""

    def expect_connection(self) -> None:
        """Note that a process is about to be started."""

    def note_death(self, is_last: bool) -> None:
        """Note that a process that received was killed; `is_last`: no other one listens."""

    def open(self, number: int, kind: str) -> Conversation:
        """Begin a conversation of a person of its own."""

    async def ask(self, conversation: Conversation, question: Question) -> None:
        """Ask. Raises `LookupError` where the conversation's place does not exist."""

    async def edit(self, conversation: Conversation, question: Question) -> None:
        """Replace the newest question by another."""

    def note_receipts(self, questions: Sequence[Question]) -> None:
        """Note when the service acknowledged the questions, where the platform knows it."""

    def texts(self, conversation: Conversation) -> list[str]:
        """Texts of the service that are visible in the conversation now."""

    def shown(self) -> list[Shown]:
        """All messages of the service that are visible now."""

    def left_over(self) -> list[str]:
        """Signs of work that are visible now: statuses, sessions, typing."""

    def faults(self) -> dict[str, Fault]:
        """Faults to inject, by name."""

    def heal(self) -> None:
        """End all faults."""


def has_answer(texts: list[str], token: str) -> bool:
    """Whether the end of an answer is visible."""
    return any(token in ends_in(text) for text in texts)


def question_text(token: str) -> str:
    """The text of a person's question."""
    return f"{token} what do you say?"


def is_promise(text: str) -> bool:
    """Whether a sentence of the service only says that it goes on by itself."""
    return "try again by myself" in text
