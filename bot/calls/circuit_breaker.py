"""A circuit breaker for each model: a model that fails again and again is skipped for a while, then tried once."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

CircuitState = Literal["closed", "open", "half_open"]


@dataclass(slots=True)
class _Circuit:
    failures: int = 0  #: in a row
    open_until: float = 0.0  #: monotonic time; 0: closed
    is_probed: bool = False  #: one call tries whether the model is back


def circuit_name(account: str, model: str) -> str:
    """Return the name of the circuit of an account's model."""
    return f"{account} {model}"


class CircuitBreaker:
    """The state of the models that are asked, in this process.

    After `failures` failed calls in a row a model's circuit opens, and nobody is let through for `seconds`. Then it is
    half open: one call is let through; its success closes the circuit, its failure opens it again. A model is named
    with the account that it is asked with (`circuit_name`): where one account's fails, another's may answer.
    """

    def __init__(self, failures: int, seconds: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self._most = failures
        self._seconds = seconds
        self._now = now
        self._circuits: dict[str, _Circuit] = {}

    def is_available(self, model: str) -> bool:
        """Return whether `acquire` would let a call through."""
        circuit = self._circuits.get(model)
        return (
            circuit is None or not circuit.open_until or (self._now() >= circuit.open_until and not circuit.is_probed)
        )

    def acquire(self, model: str) -> bool:
        """Let a call through, or not. Each call that is let through ends in `succeeded`, `failed` or `release`."""
        if not self.is_available(model):
            return False
        circuit = self._circuits.get(model)
        if circuit is not None and circuit.open_until:
            circuit.is_probed = True
        return True

    def succeeded(self, model: str) -> None:
        """Note an answer: the circuit closes."""
        self._circuits.pop(model, None)

    def failed(self, model: str, *, seconds: float | None = None) -> None:
        """Note a failed call. `seconds`: the model is known to be away for that long, so that its circuit opens now."""
        circuit = self._circuits.setdefault(model, _Circuit())
        circuit.failures += 1
        circuit.is_probed = False
        if seconds is not None or circuit.failures >= self._most:
            wait = self._seconds if seconds is None else min(seconds, self._seconds)
            circuit.open_until = max(circuit.open_until, self._now() + wait)

    def release(self, model: str) -> None:
        """Note a call that says nothing about the model, such as a cancelled one."""
        if (circuit := self._circuits.get(model)) is not None:
            circuit.is_probed = False

    def states(self, account: str) -> Mapping[str, CircuitState]:
        """Return the state of each model of an account whose last call failed, by the model alone."""
        states: dict[str, CircuitState] = {}
        for name, circuit in self._circuits.items():
            owner, _, model = name.rpartition(" ")
            if owner == account:
                states[model] = self._state(circuit)
        return states

    def _state(self, circuit: _Circuit) -> CircuitState:
        if not circuit.open_until:
            return "closed"
        return "half_open" if self._now() >= circuit.open_until else "open"
