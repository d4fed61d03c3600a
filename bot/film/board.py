"""The board of a film: its plan, what is there so far, what it costs, and the buttons. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from bot.drawable import Plan, Step, StepState
from bot.film.film import Film
from bot.film.graph import FilmNode, PartKind
from bot.film.script import format_shots
from bot.i18n import translate
from bot.limits import MICROS
from bot.models import Action, Answer, Job, Media
from bot.spending.money import money, money_in_cents
from bot.values import valueclass

#: Command of the buttons.
SHOTS = "shots"

NodeStage = Literal["open", "running", "done", "failed", "stopped"]


@valueclass(frozen=True, slots=True, kw_only=True)
class NodeState:
    """The progress of a node."""

    node: FilmNode
    job: Job | None = None  #: the event that makes it; None: not begun
    progress: float | None = None  #: of one that is being made; None: not known
    cost: float = 0.0  #: in the API's currency
    place: int | None = None  #: in the queue, 1: it is the next; None: it does not wait there

    @property
    def stage(self) -> NodeStage:
        """Its progress, from the answer of its event."""
        if self.job is None:
            return "open"
        answer = self.job.answer
        if answer is None:
            return "running"
        if answer.ending == "cancelled":
            return "stopped"
        return "done" if answer.media else "failed"

    @property
    def reason(self) -> str:
        """The reason why it failed; "": it has not."""
        answer = self.job.answer if self.job is not None and self.stage == "failed" else None
        return "" if answer is None else " ".join(answer.text.split())

    @property
    def media(self) -> tuple[Media, ...]:
        """The files that were made."""
        return self.job.answer.media if self.job is not None and self.job.answer is not None else ()


def each_once(states: Iterable[NodeState]) -> Iterable[NodeState]:
    """Return the states without those of nodes that are there already: equal shots are made once."""
    return {state.node.key: state for state in states}.values()


def spent_on(film: Film, states: Iterable[NodeState]) -> int:
    """Return what was spent on a film besides its plan, in micros."""
    spent = sum(round(state.cost * MICROS) for state in each_once(states))
    return round(sum(film.dropped.values()) * MICROS) + spent


def describe_cost(film: Film, states: Iterable[NodeState], locale: str, price: int | None = None) -> str:
    """Return what a film has cost so far, its plan included, in words; "": nothing. `price`: what it will, at last."""
    plan = round(film.usage.cost * MICROS)
    micros = plan + spent_on(film, states)
    if not micros:
        return ""
    of = "" if price is None else money_in_cents(plan + price)
    return translate("film.cost_of" if of else "film.cost", locale, cost=money_in_cents(micros), price=of)


def _is_private(state: NodeState) -> bool:
    """Whether only its maker may read why a part failed: that may quote words, limits and budgets."""
    return bool(state.reason) and state.node.kind != "film"


def private_reasons(film: Film, states: Sequence[NodeState]) -> str:
    """Return why parts failed, for the film's maker; "": none has."""
    lines = []
    for state in filter(_is_private, states):
        number = f"{state.node.shot + 1}. " if state.node.shot >= 0 else ""
        lines.append(f"{number}{translate(f'film.kind.{state.node.kind}', film.locale)}: {state.reason}")
    return "\n".join(lines)


@valueclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The board of one film: its shots, how far each part is, and what it costs."""

    film: Film
    states: Sequence[NodeState]
    price: int | None  #: micros of everything but the plan; None: not known
    can_shorten: bool  #: whether its models make shorter shots

    @property
    def is_done(self) -> bool:
        """Whether everything is there."""
        return self.film.stage == "making" and all(state.stage == "done" for state in self.states)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being made: it waits for somebody, or is done."""
        return self.film.stage != "making" or not {"open", "running"}.intersection(self._alive())

    def answer(self) -> Answer:
        """Return the board as an answer."""
        answer = self._answer()
        return replace(answer, is_board=True, plan=self._plan(answer.text))

    def _answer(self) -> Answer:
        film = self.film
        if film.stage == "cancelled":
            return Answer(text=self._say("cancelled", title=film.script.title))
        if film.stage == "planned":
            lines = [*self._head(), *self._shots(), *self._other_length(), *self._price()]
            return Answer(text="\n".join(lines), actions=self._plan_buttons())
        lines = [*self._head(), *self._shots()]
        if self.is_done:
            lines += [*self._notes(), *self._cost()]
            return Answer(text="\n".join(lines), media=self._result(), actions=self._change_buttons())
        if film.stage == "held" and self.price is not None:
            lines.append(self._say("held", price=money(self.price)))
        elif film.stage == "stopped":
            lines.append(self._say("stopped"))
        elif self.is_idle:
            lines.append(self._say("stuck"))
        buttons = (
            (self._priced("continue", "continue_for"), *self._why(), *self._change_buttons())
            if self.is_idle
            else (self._button("halt", options={"do": "stop"}, danger=True),)
        )
        text = "\n".join([*lines, *self._cost()])
        files = self._clips() if self._is_unjoined() else self._media("image")
        return Answer(text=text, media=self._media("film") or files, actions=buttons)

    def _alive(self) -> Iterator[NodeStage]:
        """Yield the stages of what is not waiting for something that failed."""
        lost: set[str] = set()
        for state in self.states:  # what it is made from comes first
            if state.stage in ("failed", "stopped") or not lost.isdisjoint(state.node.parents):
                lost.add(state.node.key)
            if state.stage != "open" or state.node.key not in lost:
                yield state.stage

    def _say(self, key: str, **values: object) -> str:
        return translate(f"film.{key}", self.film.locale, **values)

    def _plan(self, text: str) -> Plan | None:
        """Return the shots, the music and the joined film as steps, with the rest of the text as the plan's note."""
        film = self.film
        if film.stage == "cancelled":
            return None
        shown_in_steps = "\n".join([*self._head(), *self._shots()])
        steps = [self._step(title, states) for title, states in self._shot_parts()]
        joined = self._say("kind.film") if film.stage == "planned" else ""  # its mark names it
        parts = ((f"♪ {film.script.music}", self._states_of("audio")), (joined, self._states_of("film")))
        steps += [self._step(title, states) for title, states in parts if states]
        note = "\n".join([*self._lacking(), text.removeprefix(shown_in_steps).strip("\n")])
        return Plan(title=f"{film.script.title} · {self._length()}", steps=tuple(steps), note=note.strip("\n"))

    def _shot_parts(self) -> Iterator[tuple[str, list[NodeState]]]:
        """Yield each shot's line with its length, and the states of its parts."""
        for number, shot in enumerate(self.film.script.shots):
            length = self._say("shot_length", seconds=shot.seconds)
            states = [state for state in self.states if state.node.shot == number]
            yield f"{number + 1}. {shot.line} ({length})", states

    def _states_of(self, kind: PartKind) -> list[NodeState]:
        return [state for state in self.states if state.node.kind == kind]

    def _step(self, title: str, states: Sequence[NodeState]) -> Step:
        stages = {state.stage for state in states}
        state: StepState = "open"
        if stages & {"failed", "stopped"}:
            state = "failed"
        elif stages == {"done"}:
            state = "done"
        elif self.film.stage == "making" and stages & {"running", "done"}:
            state = "running"
        return Step(title=(title + self._marks(states)).removeprefix(" · "), state=state)

    def _length(self) -> str:
        return self._say("length", count=len(self.film.script.shots), seconds=self.film.seconds)

    def _head(self) -> list[str]:
        return [f"**{self.film.script.title}** · {self._length()}"]

    def _shots(self) -> list[str]:
        lines = [title + self._marks(states) for title, states in self._shot_parts()]
        music = self.film.script.music
        if music:
            lines.append(f"\n♪ {music}" + self._marks(self._states_of("audio")))
        joined = self._states_of("film")
        if joined and self.film.stage != "planned" and not self.is_done:
            lines.append("\n" + self._mark(joined[0]))
        return [*lines, *self._lacking()]

    def _lacking(self) -> list[str]:
        """Return what can't be made here."""
        film, kinds = self.film, {state.node.kind for state in self.states}
        lacking = [f"\n{self._say('no_audio')}"] if film.lacks_music and not film.script.music else []
        is_unjoined = "film" not in kinds and film.look.transition != "none"
        return [*lacking, f"\n{self._say('no_join')}"] if is_unjoined else lacking

    def _marks(self, states: Sequence[NodeState]) -> str:
        """Return how far the parts of a shot are; "" before anything is made."""
        if self.film.stage == "planned":
            return ""
        return "".join(f" · {self._mark(state)}" for state in states)

    def _mark(self, state: NodeState) -> str:
        name = self._say(f"kind.{state.node.kind}")
        match state.stage:
            case "done":
                return f"{name} ✓"
            case "running" if state.place is not None:
                return f"{name} {self._say('waits', place=state.place)}"
            case "running" if state.progress is not None:
                return f"{name} {state.progress:.0%}"
            case "failed":
                return f"{name} ✗ {self._say('private') if _is_private(state) else state.reason}"
            case "stopped":
                return f"{name} {self._say('stopped_part')}"
            case other:
                return f"{name} {self._say(other)}"

    def _other_length(self) -> list[str]:
        """Return why the plan is not as long as was asked."""
        film = self.film
        if not film.asked_seconds:
            return []
        return [f"\n{self._say('other_length', asked=film.asked_seconds, seconds=film.seconds)}"]

    def _price(self) -> list[str]:
        if self.price is None:
            return ["", self._say("price_unknown")]
        return ["", self._say("price", price=money(self.price))]

    def _cost(self) -> list[str]:
        price = None if self.is_done else self.price
        cost = describe_cost(self.film, self.states, self.film.locale, price)
        return ["", cost] if cost else []

    def _notes(self) -> list[str]:
        """Return what there is to say of the joined film, such as that it was made smaller."""
        jobs = [state.job for state in self._states_of("film")]
        texts = [job.answer.text for job in jobs if job is not None and job.answer is not None]
        return [f"\n{text}" for text in texts if text]

    def _is_unjoined(self) -> bool:
        """Whether all is there but the film that it is joined to, which failed."""
        return all(state.stage == ("failed" if state.node.kind == "film" else "done") for state in self.states)

    def _result(self) -> tuple[Media, ...]:
        return self._media("film") or self._clips()

    def _clips(self) -> tuple[Media, ...]:
        return (*self._media("video"), *self._media("audio"))

    def _media(self, kind: PartKind) -> tuple[Media, ...]:
        return tuple(media for state in self._states_of(kind) for media in state.media)

    # -- buttons

    def _plan_buttons(self) -> tuple[Action, ...]:
        film = self.film
        buttons = [self._priced("make", "make_for"), self._edit()]
        if len(film.script.shots) > 1:
            buttons.append(self._button("fewer"))
        if self.can_shorten:
            buttons.append(self._button("shorter"))
        return (*buttons, self._button("cancel", danger=True))

    def _change_buttons(self) -> tuple[Action, ...]:
        rerolls = [
            self._button(f"again-{n}", label=self._say("again", number=n), options={"again": str(n)})
            for n in range(1, len(self.film.script.shots) + 1)
        ]
        music = [self._button("music", options={"music": self.film.script.music}, asks=("music",))]
        if "audio" not in self.film.look.models:
            music = []
        elif self.film.script.music:
            music = [self._button("remix"), *music, self._button("mute")]
        delete = Action(
            name="delete",
            label=translate("action.delete", self.film.locale),
            command="delete",
            options={"event": self.film.id},
            is_danger=True,
        )
        return (*rerolls, self._edit(), *music, delete)

    def _priced(self, name: str, label: str) -> Action:
        """Return a button with which the maker agrees to the price of everything."""
        if not self.price:
            return self._button(name)
        options = {"do": name, "price": str(self.price)}
        return self._button(name, label=self._say(label, price=money(self.price)), options=options)

    def _why(self) -> tuple[Action, ...]:
        return (self._button("why"),) if any(map(_is_private, self.states)) else ()

    def _edit(self) -> Action:
        return self._button("edit", options={}, asks=("prompt",), prompt=format_shots(self.film.script.shots))

    def _button(
        self,
        name: str,
        *,
        label: str = "",
        options: Mapping[str, str] | None = None,
        asks: tuple[str, ...] = (),
        prompt: str = "",
        danger: bool = False,
    ) -> Action:
        return Action(
            name=name,
            label=label or self._say(f"button.{name}"),
            command=SHOTS,
            prompt=prompt,
            options={"film": self.film.id, **({"do": name} if options is None else options)},
            prompts_for=asks,
            shows_values=bool(asks),
            is_danger=danger,
        )
