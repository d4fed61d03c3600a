"""Charts and plans, which platforms may draw themselves. A plan has the steps in which something is made."""

from dataclasses import dataclass
from typing import Literal

StepState = Literal["open", "running", "done", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The numbers of a picture of bars, for platforms that draw charts themselves."""

    title: str
    series: str  #: what the numbers are
    bars: tuple[tuple[str, float], ...]  #: labels and numbers, in order


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step."""

    title: str  #: plain text
    state: StepState


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The steps of an answer, whose text says the same where they are not drawn."""

    title: str  #: plain text
    steps: tuple[Step, ...]
    note: str = ""  #: Markdown; what the answer's text says in addition to the steps
