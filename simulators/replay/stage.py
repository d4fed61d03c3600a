"""A simulated platform on which a recorded request is played again."""

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
