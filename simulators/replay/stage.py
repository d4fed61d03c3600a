"""A simulated platform on which a recorded request is played again."""

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Literal, Protocol, Self

from simulators.replay.recording import CannotReplayError, Json, Recording, has_failed, is_lost, numbered

When = Literal["before", "after"]
Beginning = Literal["message", "edit", "command", "menu", "form", "button"]


class Platform(Protocol):
    """A simulator."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    @property
    def environment(self) -> Mapping[str, str]:
        """Settings that connect a service to it."""


class Stage(ABC):
    """A platform with what the recording needs of it; an async context manager that runs its servers."""

    shown: ClassVar[type["ShownMessages"]]
    platform: Platform  #: set by the subclass

    def __init__(self, recording: Recording) -> None:
        """Raises `CannotReplayError`."""
        self.recording = recording
        self.payload = recording.payload
        self.begins_with = self.find_beginning(recording.payload)
        if self.begins_with == "button" and recording.before is None:
            raise CannotReplayError("button")

    async def __aenter__(self) -> Self:
        await self.platform.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.platform.stop()

    @property
    def environment(self) -> Mapping[str, str]:
        """Settings that connect a service to it."""
        return self.platform.environment

    @property
    def requests(self) -> int:
        """Number of requests that are played: before a button is pressed, the answer under which it is."""
        return 1 if self.recording.before is None else 2

    async def play(self) -> None:
        """Wait until the service is connected; then send what the platform sent. Raises `CannotReplayError`."""
        await self.connected()
        if self.recording.before is not None:
            await self.perform(self.recording.before, self.find_beginning(self.recording.before.payload))
            await self.answered()
        self.install(PlannedFaults(self.recording.calls("platform call"), self.key_of, self.was_done))
        await self.perform(self.recording, self.begins_with)

    @staticmethod
    @abstractmethod
    def find_beginning(payload: Json) -> Beginning:
        """Return how a request began. Raises `CannotReplayError` for one that can't be played."""

    @staticmethod
    @abstractmethod
    def key_of(call: Json) -> str:
        """Return what calls have in common of which the n-th failed."""

    def was_done(self, fault: Json) -> bool:
        """Return whether a call was carried out that has failed."""
        return is_lost(fault)

    @abstractmethod
    async def connected(self) -> None:
        """Wait until the service is connected."""

    @abstractmethod
    async def answered(self) -> None:
        """Wait until the answer with the button that is to be pressed is there."""

    @abstractmethod
    def install(self, faults: "PlannedFaults") -> None:
        """Have the faults happen."""

    @abstractmethod
    async def perform(self, recording: Recording, beginning: Beginning) -> None:
        """Send what the platform sent of a request."""

    @classmethod
    def visible(cls, recording: Recording) -> Sequence[Json]:
        """Return the messages that people saw in the end, in the order of their appearance."""
        return cls.shown.of(recording)

    @staticmethod
    @abstractmethod
    def lasting_calls(recording: Recording) -> Sequence[str]:
        """Return the calls that made them, with their outcome: no progress, nothing that only reads."""


class PlannedFaults:
    """The faults of recorded calls: each happens to the call of the same key and number."""

    def __init__(self, calls: Sequence[Json], key_of: Callable[[Json], str], was_done: Callable[[Json], bool]) -> None:
        """`was_done`: whether a failed call was carried out nevertheless."""
        self._planned: dict[tuple[str, int], tuple[When, Json]] = {
            (key, number): ("after" if was_done(call) else "before", call)
            for key, number, call in numbered(calls, key_of)
            if has_failed(call)
        }
        self._counts: dict[str, int] = {}
        self._numbers: dict[int, int] = {}  #: of the calls of their key, by number of all calls

    def take(self, key: str, call: int, when: When) -> Json | None:
        """Return the fault that happens now. `call`: the number of the call, of all calls."""
        if when == "before":
            self._numbers[call] = self._counts.get(key, 0)
            self._counts[key] = self._numbers[call] + 1
        place = (key, self._numbers.get(call, -1))
        planned, fault = self._planned.get(place, ("", None))
        return fault if planned == when else None


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
