"""What the buttons of a film change. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.errors import UsageError
from bot.film.board import NodeState
from bot.film.film import MAX_SHOTS, SHORTEST, Film
from bot.film.graph import nodes_of
from bot.film.script import UnreadableScript, parse_shots
from bot.i18n import translate
from bot.models import Event

#: What somebody may do who is not the film's maker, but may stop their requests.
STOPPING = frozenset({"stop", "cancel"})
#: Acts that make something anew, or go on.
_MAKING = frozenset({"make", "again", "reroll", "remix", "music", "mute", "edit"})
_KEPT = 20  #: presses that are remembered


def change(film: Film, press: Event, states: list[NodeState]) -> Film:
    """Return the film after a press. A press that was applied changes nothing. Raises `UsageError`."""
    if press.id in film.presses:
        return film
    act = press.options.get("act", "")
    changed = _ACTS[act](film, press) if act in _ACTS else film
    if film.stage in ("making", "stopped") and act in _MAKING:
        changed = replace(_forgive(changed, states), stage="making")
    dropped = {**film.dropped, **{state.node.key: state.cost for state in states if state.cost}}
    dropped = {key: cost for key, cost in dropped.items() if key not in {node.key for node in nodes_of(changed)}}
    return replace(changed, dropped=dropped, presses=(*film.presses, press.id)[-_KEPT:])


def _forgive(film: Film, states: list[NodeState]) -> Film:
    """Let what failed or was stopped be tried once more, as another event."""
    lost = [state.node.key for state in states if state.stage in ("failed", "stopped")]
    return replace(film, tries={**film.tries, **{key: film.tries.get(key, 0) + 1 for key in lost}})


def _make(film: Film, press: Event) -> Film:
    if film.stage != "planned":
        return film
    return replace(film, stage="making", agreed=int(press.options.get("price") or 0))


def _stop(film: Film, press: Event) -> Film:  # noqa: ARG001
    return replace(film, stage="stopped") if film.stage == "making" else film


def _cancel(film: Film, press: Event) -> Film:  # noqa: ARG001
    return replace(film, stage="cancelled") if film.stage == "planned" else film


def _fewer(film: Film, press: Event) -> Film:  # noqa: ARG001
    """Leave out a shot in the middle: beginning and end tell most."""
    shots = film.script.shots
    at = len(shots) // 2
    return film if len(shots) == 1 else film.with_shots((*shots[:at], *shots[at + 1 :]))


def _shorter(film: Film, press: Event) -> Film:  # noqa: ARG001
    shots = film.script.shots
    return film.with_shots(tuple(replace(shot, seconds=max(SHORTEST, shot.seconds // 2)) for shot in shots))


def _edit(film: Film, press: Event) -> Film:
    try:
        return film.with_shots(parse_shots(press.prompt, film.script.shots))
    except UnreadableScript as exc:
        raise UsageError(translate(f"film.unread.{exc.reason}", press.actor.locale, most=MAX_SHOTS)) from exc


def _reroll(film: Film, press: Event) -> Film:
    number = press.options.get("shot", "")
    at = int(number) - 1 if number.isdecimal() else -1
    if not 0 <= at < len(film.script.shots):
        raise UsageError(translate("usage.button_gone", press.actor.locale))
    shots = list(film.script.shots)
    shots[at] = replace(shots[at], take=shots[at].take + 1)
    return film.with_shots(tuple(shots))


def _remix(film: Film, press: Event) -> Film:  # noqa: ARG001
    return replace(film, music_take=film.music_take + 1)


def _music(film: Film, press: Event) -> Film:
    text = " ".join(press.options.get("music", "").split())
    if not text:
        raise UsageError(translate("film.no_music_given", press.actor.locale))
    return replace(film, script=replace(film.script, music=text), music_take=1)


def _mute(film: Film, press: Event) -> Film:  # noqa: ARG001
    return replace(film, script=replace(film.script, music=""))


_Act = Callable[[Film, Event], Film]
_ACTS: Mapping[str, _Act] = {
    "make": _make,
    "stop": _stop,
    "cancel": _cancel,
    "fewer": _fewer,
    "shorter": _shorter,
    "edit": _edit,
    "reroll": _reroll,
    "remix": _remix,
    "music": _music,
    "mute": _mute,
}
