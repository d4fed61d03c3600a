"""Changes of a film by its buttons and by `/shots`. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.errors import UsageError
from bot.film.board import NodeState
from bot.film.film import MAX_SHOTS, Film
from bot.film.graph import nodes_of
from bot.film.script import LONGEST_PROMPT, UnreadableLines, parse_shots
from bot.i18n import translate
from bot.models import Event

#: What somebody may do who is not the film's maker, but may stop their requests.
STOPPING = frozenset({"stop", "cancel"})
_GOING_ON = frozenset({"make", "continue"})
#: Acts that make something anew.
_MAKING = frozenset({"again", "drop", "order", "remix", "music", "mute", "edit"})
_KEPT = 20  #: presses that are remembered


def act_of(press: Event) -> str:
    """Return what a request of `shots` does; "": nothing. Raises `UsageError` where it is to do several things."""
    options = press.options
    acts = [name for name in ("again", "drop", "order", "music") if options.get(name)]
    acts += [act for act in (options.get("do"), "edit" if press.prompt.strip() else "") if act]
    if len(acts) > 1:
        raise UsageError(translate("film.one_change", press.actor.locale))
    return acts[0] if acts else ""


def change(film: Film, press: Event, states: list[NodeState], fitted: Callable[[Film], Film]) -> Film:
    """Return the film after a press; itself where that changes nothing, or was applied before. Raises `UsageError`.

    `fitted`: gives a film the lengths that its models make.
    """
    if press.id in film.presses:
        return film
    if film.stage in ("asked", "cancelled"):
        raise UsageError(translate("film.not_now", press.actor.locale))
    act = act_of(press)
    changed = _stop(film, act, states) if act in STOPPING else _ACTS[act](film, press) if act in _ACTS else film
    if changed != film:
        changed = fitted(changed)
    if film.stage in ("making", "stopped", "held") and (act in _GOING_ON or (act in _MAKING and changed != film)):
        changed = replace(_forgive(changed, states), stage="making")
    if changed == film or (act in _GOING_ON and _is_made(film, states)):
        return film
    dropped = {**film.dropped, **{state.node.key: state.cost for state in states if state.cost}}
    dropped = {key: cost for key, cost in dropped.items() if key not in {node.key for node in nodes_of(changed)}}
    if changed.tries != film.tries:  # what a lost try has cost stays
        lost = (state for state in states if state.cost and state.stage in ("failed", "stopped"))
        dropped |= {f"{state.node.key}-{film.tries.get(state.node.key, 0)}": state.cost for state in lost}
    return replace(changed, dropped=dropped, presses=(*film.presses, press.id)[-_KEPT:])


def outcome_of(before: Film, after: Film, press: Event, states: list[NodeState]) -> str:
    """Return what a press has done: its act, or how the film stands by now. `states`: as it was before.

    `nothing`: it has changed nothing.
    """
    act = act_of(press)
    if after == before and press.id not in before.presses:
        is_under_way = before.stage == "making" and not _is_made(before, states)
        return "make" if act in _GOING_ON and is_under_way else "nothing"
    if act in STOPPING:
        return after.stage if after.stage in ("stopped", "cancelled") else "nothing"
    return after.stage if after.stage in ("asked", "held") else act


def _is_made(film: Film, states: list[NodeState]) -> bool:
    return film.stage == "making" and all(state.stage == "done" for state in states)


def _forgive(film: Film, states: list[NodeState]) -> Film:
    """Let what failed or was stopped be tried once more, as another event."""
    lost = [state.node.key for state in states if state.stage in ("failed", "stopped")]
    return replace(film, tries={**film.tries, **{key: film.tries.get(key, 0) + 1 for key in lost}})


def _make(film: Film, press: Event) -> Film:
    return replace(film, stage="making", agreed=max(film.agreed, int(press.options.get("price") or 0)))


def _continue(film: Film, press: Event) -> Film:
    return film if film.stage == "planned" else _make(film, press)


def _stop(film: Film, act: str, states: list[NodeState]) -> Film:
    """Stop what is still to be made; a plan of which nothing is made is cancelled."""
    if film.stage == "planned":
        return replace(film, stage="cancelled") if act == "cancel" else film
    is_under_way = film.stage == "making" and any(state.stage in ("open", "running") for state in states)
    return replace(film, stage="stopped") if film.stage == "held" or is_under_way else film


def _fewer(film: Film, press: Event) -> Film:  # noqa: ARG001
    """Leave out a shot in the middle: beginning and end tell most."""
    shots = film.script.shots
    at = len(shots) // 2
    return film if len(shots) == 1 else film.with_shots((*shots[:at], *shots[at + 1 :]))


def _shorter(film: Film, press: Event) -> Film:  # noqa: ARG001
    return film.shorter()


def _edit(film: Film, press: Event) -> Film:
    try:
        return film.with_shots(parse_shots(press.prompt, film.script.shots))
    except UnreadableLines as exc:
        raise UsageError(translate(f"film.unread.{exc.reason}", press.actor.locale, most=MAX_SHOTS)) from exc


def _again(film: Film, press: Event) -> Film:
    shots, at = list(film.script.shots), _index(film, press, press.options["again"])
    shots[at] = replace(shots[at], take=shots[at].take + 1)
    return film.with_shots(tuple(shots))


def _drop(film: Film, press: Event) -> Film:
    shots, at = film.script.shots, _index(film, press, press.options["drop"])
    if len(shots) == 1:
        raise UsageError(translate("film.last_shot", press.actor.locale))
    return film.with_shots((*shots[:at], *shots[at + 1 :]))


def _order(film: Film, press: Event) -> Film:
    """Put the shots in another order; those that are not named are left out."""
    numbers = press.options["order"].replace(",", " ").split()
    if not numbers:
        raise UsageError(translate("film.no_order", press.actor.locale))
    return film.with_shots(tuple(film.script.shots[_index(film, press, number)] for number in dict.fromkeys(numbers)))


def _index(film: Film, press: Event, number: str) -> int:
    """Return the index of a shot that was named by its number. Raises `UsageError`."""
    if number.isdecimal() and 1 <= int(number) <= len(film.script.shots):
        return int(number) - 1
    raise UsageError(translate("film.no_shot", press.actor.locale, number=number, most=len(film.script.shots)))


def _remix(film: Film, press: Event) -> Film:  # noqa: ARG001
    return replace(film, music_take=film.music_take + 1) if film.script.music else film


def _music(film: Film, press: Event) -> Film:
    if "audio" not in film.look.models:
        raise UsageError(translate("film.no_audio", press.actor.locale))
    text = " ".join(press.options["music"].split())[:LONGEST_PROMPT]
    return replace(film, script=replace(film.script, music=text), music_take=1)


def _mute(film: Film, press: Event) -> Film:  # noqa: ARG001
    return replace(film, script=replace(film.script, music=""))


_Act = Callable[[Film, Event], Film]
_ACTS: Mapping[str, _Act] = {
    "make": _make,
    "continue": _continue,
    "fewer": _fewer,
    "shorter": _shorter,
    "edit": _edit,
    "again": _again,
    "drop": _drop,
    "order": _order,
    "remix": _remix,
    "music": _music,
    "mute": _mute,
}
