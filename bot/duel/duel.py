"""A duel as it is stored, and the content of its board. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

from bot.i18n import translate
from bot.models import Action, Answer, Job, Kind, Media
from bot.spending.money import exact_money
from bot.spending.quotes import DECIDE
from bot.values import valueclass

#: Models of one duel, at least and at most.
FEWEST, MOST = 2, 4
#: Command of the buttons.
VOTE = "vote"
#: Choices other than the number of an answer: both are as good; show the names.
ALIKE, SHOW = "alike", "show"
_LETTERS = "ABCD"


@valueclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """A model that answers."""

    model: str
    seconds: float | None = None  #: until its answer was there; None: it is not
    cost: float = 0.0  #: in the API's currency
    has_no_answer: bool = False  #: it gave no answer of its own
    votes: int = 0  #: when the names were shown


@valueclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """A duel. Its id is that of the event that asked for it, whose answer shows it."""

    id: str
    kind: Kind
    prompt: str
    entrants: tuple[Entrant, ...]  #: in the order in which they are shown
    locale: str
    channel: str
    is_shown: bool = False  #: the names are; nobody votes any more
    alike: int = 0  #: votes for all as good as each other, when the names were shown

    @property
    def is_open(self) -> bool:
        """Whether an answer is still awaited."""
        return any(entrant.seconds is None for entrant in self.entrants)

    @property
    def can_be_judged(self) -> bool:
        """Whether there are two answers at least to choose from."""
        return not self.is_open and sum(not entrant.has_no_answer for entrant in self.entrants) >= FEWEST

    def reveal(self, choices: Sequence[str]) -> "Duel":
        """Return the duel with the names shown; `choices`: one of each person who voted."""
        counts = [choices.count(str(number)) for number in range(len(self.entrants))]
        entrants = tuple(replace(one, votes=count) for one, count in zip(self.entrants, counts, strict=True))
        return replace(self, entrants=entrants, alike=choices.count(ALIKE), is_shown=True)


def event_id(duel: Duel, number: int) -> str:
    """Return the id of the event that makes an answer."""
    return f"{duel.id}/duel-{number}"


def board(duel: Duel, jobs: Sequence[Job | None], votes: int) -> Answer:
    """Return the answer that shows a duel. `jobs`: those that make its answers; `votes`: how many have voted."""
    lines = [f"> {line}" for line in duel.prompt.splitlines()]
    media: list[Media] = []
    if not duel.is_open:
        lines += _result(duel) if duel.is_shown else []
        for number, (entrant, job) in enumerate(zip(duel.entrants, jobs, strict=True)):
            answer = job.answer if job is not None else None
            files = answer.media if answer is not None and not entrant.has_no_answer else ()
            media += [_unnamed(file, number) for file in files]
            # The caption of a file names its model.
            text = "" if files or answer is None else answer.text
            if entrant.has_no_answer:
                text = _reason(duel, answer)
            if text:
                lines += ["", f"**{_LETTERS[number]}**", "", text]
        if media:
            letters = ", ".join(_LETTERS[n] for n, entrant in enumerate(duel.entrants) if not entrant.has_no_answer)
            lines += ["", translate("duel.pictures", duel.locale, letters=letters)]
    text = "\n".join([*lines, "", _state(duel, votes)]).rstrip()
    return Answer(text=text, media=tuple(media), actions=_buttons(duel), is_board=True)


def is_question(answer: Answer) -> bool:
    """Whether an answer asks about a price instead."""
    return any(action.command == DECIDE for action in answer.actions)


def _reason(duel: Duel, answer: Answer | None) -> str:
    """Return why there is no answer; why somebody is refused something is for them alone."""
    if answer is None or answer.ending == "refused" or is_question(answer):
        return translate("duel.refused", duel.locale)
    return translate("duel.lost", duel.locale, reason=" ".join(answer.text.split()))


def _unnamed(file: Media, number: int) -> Media:
    return replace(file, name=f"{_LETTERS[number]}{PurePath(file.name).suffix}")


def _state(duel: Duel, votes: int) -> str:
    if duel.is_open:
        there = sum(entrant.seconds is not None for entrant in duel.entrants)
        return translate("duel.asking", duel.locale, there=there, count=len(duel.entrants))
    if duel.is_shown:
        return ""
    key = "duel.vote" if duel.can_be_judged else "duel.nothing"
    return translate(key, duel.locale, votes=votes)


def _result(duel: Duel) -> list[str]:
    lines = [""]
    for number, one in enumerate(duel.entrants):
        facts = [f"**{_LETTERS[number]}** · `{one.model}`"]
        if not one.has_no_answer:
            assert one.seconds is not None
            facts.append(translate("media.seconds", duel.locale, seconds=f"{one.seconds:.1f}"))
            if one.cost:
                facts.append(translate("media.cost", duel.locale, cost=exact_money(one.cost)))
            facts.append(translate("duel.votes", duel.locale, votes=one.votes))
        lines.append(" · ".join(facts))
    if duel.alike:
        lines.append(translate("duel.alike_votes", duel.locale, votes=duel.alike))
    return lines


def _buttons(duel: Duel) -> tuple[Action, ...]:
    if duel.is_open or duel.is_shown:
        return ()
    choices: list[tuple[str, str]] = []
    if duel.can_be_judged:
        choices = [(str(n), _LETTERS[n]) for n, entrant in enumerate(duel.entrants) if not entrant.has_no_answer]
        choices.append((ALIKE, translate("duel.button.alike", duel.locale)))
    choices.append((SHOW, translate("duel.button.show", duel.locale)))
    return tuple(
        Action(name=f"vote-{choice}", label=label, command=VOTE, options={"duel": duel.id, "choice": choice})
        for choice, label in choices
    )
