"""Figures of bots that take turns, and the service's ratios to the bare ones."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bench.aims.table import Aim
from bench.bots.common import NAMES

FEWEST, SAME, SERVICE = NAMES


@dataclass(slots=True)
class Measure:
    """Measurements of one run of one bot; lists are of seconds, one for each message."""

    seconds: float = 0.0
    cpu: float = 0.0
    signs: list[float] = field(default_factory=list)  #: to the first visible sign
    answers: list[float] = field(default_factory=list)  #: to the whole answer
    acks: list[float] = field(default_factory=list)  #: to the acknowledgement of the last event about the message
    calls: int = 0  #: of the platform's HTTP API

    @property
    def cpu_per_message(self) -> float:
        """Milliseconds of CPU time for each message."""
        return self.cpu / len(self.answers) * 1e3

    @property
    def calls_per_message(self) -> float:
        """Calls of the platform's HTTP API for each message."""
        return self.calls / len(self.answers)

    @property
    def rate(self) -> float:
        """Messages per second."""
        return len(self.answers) / self.seconds


def p50(times: Sequence[float]) -> float:
    """Return the median of times in milliseconds."""
    return statistics.median(times) * 1e3


def in_turn(number: int) -> Sequence[int]:
    """Return the order of the bots in a round: there and back, so that none always follows the same other one."""
    order = range(len(NAMES))
    return order if number % 2 else order[::-1]


class Comparison:
    """Rounds of all bots. Ratios and differences are medians over the rounds, each within one round."""

    def __init__(self) -> None:
        self._rounds: dict[tuple[str, bool], list[Measure]] = {}

    def add(self, name: str, measure: Measure, *, at_once: bool) -> None:
        """Add a run: of messages one after the other, or of many channels at once."""
        self._rounds.setdefault((name, at_once), []).append(measure)

    def median(self, name: str, figure: Callable[[Measure], float], *, at_once: bool) -> float:
        """Return a bot's median."""
        return statistics.median(figure(measure) for measure in self._rounds[name, at_once])

    def ratio(self, name: str, figure: Callable[[Measure], float], *, at_once: bool = True) -> float:
        """Return the service's ratio to a bare bot."""
        pairs = zip(self._rounds[SERVICE, at_once], self._rounds[name, at_once], strict=True)
        return statistics.median(figure(service) / figure(bare) for service, bare in pairs)

    def added(self, name: str, times: Callable[[Measure], Sequence[float]]) -> float:
        """Return the milliseconds that the service takes more than a bare bot, at p50, one message at a time."""
        pairs = zip(self._rounds[SERVICE, False], self._rounds[name, False], strict=True)
        return statistics.median(p50(times(service)) - p50(times(bare)) for service, bare in pairs)

    def print_figures(self, channels: int) -> None:
        """Print a table of all bots."""
        print(f"| figure | {' | '.join(self._title(name) for name in NAMES)} | to same calls | to fewest calls |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        for title, times in self._latencies():
            figures = [self.median(name, lambda m, t=times: p50(t(m)), at_once=False) for name in NAMES]  # type: ignore[misc]
            added = [f"{self.added(name, times):+.2f} ms" for name in (SAME, FEWEST)]
            print(f"| {' | '.join([title, *(f'{figure:.2f} ms' for figure in figures), *added])} |")
        rows: tuple[tuple[str, str, Callable[[Measure], float]], ...] = (
            ("CPU per message", "{:.2f} ms", lambda m: m.cpu_per_message),
            ("messages per second", "{:.0f}", lambda m: m.rate),
            ("calls of the platform per message", "{:.2f}", lambda m: m.calls_per_message),
        )
        for title, pattern, figure in rows:
            figures = [pattern.format(self.median(name, figure, at_once=True)) for name in NAMES]  # type: ignore[misc]
            ratios = [f"× {self.ratio(name, figure):.2f}" for name in (SAME, FEWEST)]
            print(f"| {channels} channels: {title} | {' | '.join([*figures, *ratios])} |")  # type: ignore[list-item]

    @staticmethod
    def _title(name: str) -> str:
        return name if name == SERVICE else f"bare, {name}"

    def _latencies(self) -> Iterator[tuple[str, Callable[[Measure], Sequence[float]]]]:
        yield "one at a time, p50: first visible sign", lambda m: m.signs
        yield "one at a time, p50: whole answer", lambda m: m.answers
        if self._rounds[SERVICE, False][0].acks:
            yield "one at a time, p50: acknowledgement", lambda m: m.acks

    def aims(self, *, cpu: float) -> list[Aim]:
        """Return the aims. `cpu`: at most how many times the CPU time of the bare bot with the same calls."""
        aims = [
            Aim(
                "CPU of the bare bot with the same calls",
                self.ratio(SAME, lambda m: m.cpu_per_message),
                cpu,
                "{:.2f} ×",
            ),
            Aim("its messages per second", self.ratio(SAME, lambda m: m.rate), 0.6, "{:.2f} ×", is_minimum=True),
            Aim("first sign later than its", self.added(SAME, lambda m: m.signs), 2.5, "{:.1f} ms"),
        ]
        if self._rounds[SERVICE, False][0].acks:
            aims.append(Aim("acknowledged later than its", self.added(SAME, lambda m: m.acks), 1.0, "{:.1f} ms"))
        return aims
