"""A simulated platform on which a recorded request is played again."""

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Protocol, Self

from simulators.replay.recording import Json, Recording


class Stage(Protocol):
    """A platform with what the recording needs of it; an async context manager that runs its servers."""

    def __init__(self, recording: Recording) -> None: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...

    @property
    def environment(self) -> Mapping[str, str]:
        """Settings that connect a service to it."""

    async def play(self) -> None:
        """Wait until the service is connected; then send what the platform sent. Raises `CannotReplayError`."""

    @staticmethod
    def visible(recording: Recording) -> Sequence[Json]:
        """Return the messages that people saw in the end, in the order of their appearance."""

    @staticmethod
    def lasting_calls(recording: Recording) -> Sequence[str]:
        """Return the calls that made them, with their outcome: no progress, nothing that only reads."""


class ShownMessages(ABC):
    """The messages that people see, as calls make them."""

    def __init__(self) -> None:
        self.messages: OrderedDict[str, Json] = OrderedDict()
        self._lost: list[str] = []  #: keys of messages that may be there, as no answer came

    @classmethod
    def of(cls, recording: Recording) -> Sequence[Json]:
        """Return those that the calls of a recording leave."""
        shown = cls()
        for call in recording.calls("platform call"):
            shown.add(call)
        return list(shown.messages.values())

    @abstractmethod
    def add(self, call: Json) -> None:
        """Take a call into account."""
