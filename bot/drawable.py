"""Charts and plans, which platforms may draw themselves. A plan has the steps in which something is made."""

from typing import Literal

from bot.values import valueclass

StepState = Literal["open", "running", "done", "failed"]


@valueclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The numbers of a picture of bars, for platforms that draw charts themselves."""

    title: str
    series: str  #: what the numbers are
    bars: tuple[tuple[str, float], ...]  #: labels and numbers, in order


@valueclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step."""

    title: str  #: plain text
    state: StepState


@valueclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The steps of an answer, whose text says the same where they are not drawn."""

    title: str  #: plain text
    steps: tuple[Step, ...]
    note: str = ""  #: Markdown; what the answer's text says in addition to the steps
