"""Tables of aims."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Aim:
    """A figure and its bound, at most or at least."""

    title: str
    measured: float
    bound: float
    pattern: str  #: how a figure is written, such as "{:.2f} ×"
    is_minimum: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the figure, as it is written, is within its bound."""
        shown, bound = (float(self.pattern.format(value).split()[0]) for value in (self.measured, self.bound))
        return shown >= bound if self.is_minimum else shown <= bound


def print_aims(aims: Sequence[Aim]) -> None:
    """Print a table."""
    print("\n| aim | measured | met |\n| --- | --- | --- |")
    for aim in aims:
        bound = f"{'≥' if aim.is_minimum else '≤'} {aim.pattern.format(aim.bound)}"
        print(f"| {aim.title} {bound} | {aim.pattern.format(aim.measured)} | {'met' if aim.is_met else 'not met'} |")


def memory_aim(megabytes: float) -> Aim:
    """Return the aim for a service's memory after many messages."""
    return Aim("RSS after 5,000 messages in 500 channels", megabytes, 100, "{:.0f} MB")
