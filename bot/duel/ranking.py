"""A ranking of the models that are liked best in a channel, with intervals that say how sure it is. Pure."""

from collections import defaultdict
from collections.abc import Iterable

from bot.duel.duel import Duel
from bot.values import valueclass

_Z = 1.96  #: standard deviations on either side that hold 95 % of a normal distribution


@valueclass(frozen=True, slots=True, kw_only=True)
class DuelScore:
    """The results of a model in duels that people judged."""

    model: str
    wins: float  #: duels in which it had the most votes; one that several share is divided among them
    duels: int
    low: float  #: of the interval that holds its true share of wins with 95 %, 0 to 1
    high: float

    @property
    def share(self) -> float:
        """The share of its duels that it won, 0 to 1."""
        return self.wins / self.duels


def ranking(duels: Iterable[Duel]) -> list[DuelScore]:
    """Return how each model did, the one that is most surely good first."""
    wins: dict[str, float] = defaultdict(float)
    counts: dict[str, int] = defaultdict(int)
    for duel in duels:
        entrants = [entrant for entrant in duel.entrants if not entrant.has_no_answer]
        if not duel.is_shown or not (duel.alike or any(entrant.votes for entrant in entrants)):
            continue
        most = max(entrant.votes for entrant in entrants)
        best = [entrant for entrant in entrants if entrant.votes == most] if most >= duel.alike else entrants
        for entrant in entrants:
            counts[entrant.model] += 1
        for entrant in best:
            wins[entrant.model] += 1 / len(best)
    scores = [_score(model, wins[model], count) for model, count in counts.items()]
    return sorted(scores, key=lambda one: (-one.low, -one.share, one.model))


def _score(model: str, wins: float, duels: int) -> DuelScore:
    """Return the score with Wilson's score interval (Wilson 1927, JASA 22)."""
    share, z2 = wins / duels, _Z**2
    middle = (share + z2 / (2 * duels)) / (1 + z2 / duels)
    half = _Z / (1 + z2 / duels) * (share * (1 - share) / duels + z2 / (4 * duels**2)) ** 0.5
    return DuelScore(model=model, wins=wins, duels=duels, low=max(middle - half, 0.0), high=min(middle + half, 1.0))
