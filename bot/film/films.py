"""Films: kept, made step by step by requests of their own, and shown in the answer of the event that asked for them.

A film's own event is answered: its answer is the board, which is put in place anew with each step. So a film holds no
slot of the worker while it is made. Each of its parts is an ordinary event whose id names what it makes; its answer
keeps the result, and instead of being shown it takes the film a step further. All of it is repeated after a crash.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

import structlog

from bot.boards.records import Records
from bot.boards.removal import Cancel
from bot.boards.showing import PART_TRIES, show
from bot.events.locks import EventLocks
from bot.film.board import Board, NodeState, each_once, spent_on
from bot.film.film import Film
from bot.film.graph import FilmNode, event_id, nodes_of, ready
from bot.limits import MICROS
from bot.models import Answer, CommandSpec, Event, Job
from bot.ports import Journal, KeyValues, RequestLog, Sender, Sink, WaitingEvents
from bot.scoped_settings.effective import EffectiveSettings
from bot.spending.prices import PriceBook, Prices
from bot.spending.quotes import is_within

log = structlog.get_logger(__name__)

#: Commands that are not called as the kind of what they make.
_COMMANDS = {"film": "cut"}


class FilmStore(KeyValues, Journal, RequestLog, WaitingEvents, Protocol):
    """The part of the store that films need."""


@dataclass(slots=True, eq=False)
class Films:
    """All films. Every method raises `StoreError`."""

    store: FilmStore
    prices: PriceBook
    find_spec: Callable[[str], CommandSpec | None]  #: by the name of a command
    adapters: Mapping[str, Sender]
    days: int  #: that a film is kept after its last change; 0: for ever
    accept: Sink = field(init=False)  #: records the events that make the parts; set before any is made
    _progress: dict[tuple[str, str], float] = field(default_factory=dict)  #: by adapter and id of a running event
    _locks: EventLocks = field(init=False)
    _records: Records[Film] = field(init=False)

    def __post_init__(self) -> None:
        self._locks, self._records = EventLocks(self.store), Records(self.store, Film, self.days)

    # -- what is kept

    async def find(self, event: Event, film: str) -> Film | None:
        """Return a film of an event's conversation; None: there is none such."""
        return await self._records.find(_namespace_of(event), film)

    async def newest(self, event: Event) -> str | None:
        """Return the id of the person's newest film in the conversation, else of anybody's; None: there is none."""
        found = []
        for name in await self.store.namespace(_namespace_of(event)).items():
            job = await self.store.job(event.adapter, name)
            if job is not None:
                found.append((job.event.actor.id == event.actor.id, job.seq, name))
        return max(found)[2] if found else None

    async def save(self, film: Film, event: Event) -> None:
        """Keep a film; `event`: one of its maker in its conversation."""
        await self._records.save(_namespace_of(event), film.id, film, event)

    async def forget(self, event: Event) -> None:
        """Forget a film. `event`: that asked for it."""
        await self.store.namespace(_namespace_of(event)).delete(event.id)

    def fitted(self, film: Film) -> Film:
        """Return a film whose shots are as long as its model makes them."""
        model = film.look.models["video"]
        return film.with_lengths(lambda seconds: self.prices.given.fit_seconds("video", model, seconds))

    def changing(self, adapter: str, film: str) -> AbstractAsyncContextManager[None]:
        """Keep others from changing a film, in this process and in others."""
        return self._locks.hold(adapter, film)

    # -- making

    async def advance(self, event: Event, film_id: str, *, is_progress: bool = False, tries: int = PART_TRIES) -> None:
        """Begin what can be made now, and show how far the film is. Safe to repeat.

        `event`: of one of its parts, or a button's. `is_progress`: nothing but progress has changed; a board that is
        just being shown stays as it is. `tries`: as in `show`. Raises `DeliveryDelayed`.
        """
        if is_progress:
            await self._advance(event, film_id, is_progress=True)
        else:
            await show(partial(self._advance, event, film_id, is_progress=False), tries)

    async def _advance(self, event: Event, film_id: str, *, is_progress: bool) -> bool:
        """Advance; return whether the board is, or will be, as it should be."""
        async with self.changing(event.adapter, film_id):
            film = await self.find(event, film_id)
            job = await self.store.job(event.adapter, film_id)
            if film is None or job is None:
                return True
            states = await self.states(film, job.event)
            if not is_progress and film.is_of(job.event):  # else it is about to be planned anew
                film, states = await self._make(film, states, job)
            if job.answer is None:  # the film's own command shows it
                return True
            board = await self._board(film, states, job.event)
            answer = board.answer()
            if answer == job.answer or film.stage == "asked" or job.answer.is_empty:
                return True
            if not board.is_idle and not self.adapters[event.adapter].capabilities.can_edit:
                return True
            return await self.store.reopen(job.event, answer=answer)

    async def end(self, states: Sequence[NodeState], cancel: Cancel) -> None:
        """End the requests of parts; all at once, else one that waits would begin where another has ended."""
        running = (state.job.event.id for state in states if state.stage == "running" and state.job is not None)
        await asyncio.gather(*map(cancel, running))

    async def show(self, film: Film, event: Event) -> Answer:
        """Return the board of a film; `event`: that asked for it."""
        return (await self._board(film, await self.states(film, event), event)).answer()

    async def states(self, film: Film, event: Event) -> list[NodeState]:
        """Return how far each part of a film is."""
        if film.stage == "planned":
            return [NodeState(node=node) for node in nodes_of(film)]
        return [await self._state(film, event, node) for node in nodes_of(film)]

    async def _state(self, film: Film, event: Event, node: FilmNode) -> NodeState:
        name = event_id(film, node.key)
        job = await self.store.job(event.adapter, name)
        calls = () if job is None else await self.store.calls_of(event.adapter, name)
        cost = sum(call.cost or 0.0 for call in calls if call.state == "settled")
        return NodeState(node=node, job=job, progress=self._progress.get((event.adapter, name)), cost=cost)

    async def _make(self, film: Film, states: list[NodeState], job: Job) -> tuple[Film, list[NodeState]]:
        """Begin what can be made now; a film of which somebody has stopped a part, or whose board is gone, stops."""
        is_removed = job.answer is not None and job.answer.is_empty
        if film.stage == "making" and (is_removed or any(state.stage == "stopped" for state in states)):
            film = replace(film, stage="stopped")
            await self.save(film, job.event)
        if film.stage != "making":
            return film, states
        by_stage = {
            name: frozenset(state.node.key for state in states if state.stage == name)
            for name in ("done", "running", "failed")
        }
        begun = ready([state.node for state in states], **by_stage)
        for node in begun:
            await self.accept(await self._granted(film, node, job.event))
        keys = {node.key for node in begun}
        return film, [
            await self._state(film, job.event, state.node) if state.node.key in keys else state for state in states
        ]

    def _request(self, film: Film, node: FilmNode, event: Event) -> Event:
        """Return the request that makes a node, as if the film's maker had typed it."""
        options = {name: value for name, value in node.options.items() if value}
        if node.kind == "video":
            options["image"] = event_id(film, node.parents[0])
        return replace(
            event,
            id=event_id(film, node.key),
            command=_COMMANDS.get(node.kind, node.kind),
            prompt=node.prompt,
            options=options,
            attachments=(),
            received_at=datetime.now(UTC),
            rejection="",
            replaces="",
            has_prior_messages=False,
            part_of=film.id,
            agreed=0,
            approved=0,
        )

    async def _granted(self, film: Film, node: FilmNode, event: Event) -> Event:
        """Return the request that makes a node, with no more of what the film was granted than it costs itself."""
        request = self._request(film, node, event)
        price = self._price_of(request, node, await self.prices.current()) or 0
        return replace(request, agreed=min(film.agreed, price), approved=min(event.approved, price))

    # -- what it costs

    async def price(self, film: Film, states: Sequence[NodeState], event: Event) -> int | None:
        """Return what the whole film costs, in micros: what was spent, and what is yet to be made; None: not known."""
        prices, total = await self.prices.current(), round(sum(film.dropped.values()) * MICROS)
        for state in each_once(states):
            spent = round(state.cost * MICROS)
            cost = 0
            if state.stage != "done" and state.node.kind != "film":
                known = self._price_of(self._request(film, state.node, event), state.node, prices)
                if known is None:
                    return None
                cost = known
            total += max(spent, cost) if state.stage == "running" else spent + cost
        return total

    def _price_of(self, request: Event, node: FilmNode, prices: Prices) -> int | None:
        spec = self.find_spec(request.command)
        return None if spec is None else prices.estimate(request, spec, node.options.get("model", ""))

    async def hold(self, film: Film, event: Event) -> Film:
        """Return a film that may not go on at its price: what is there is kept until its maker agrees."""
        states = await self.states(replace(film, stage="held"), event)
        return replace(film, stage="held" if any(state.job for state in states) else "planned")

    # -- showing

    async def _board(self, film: Film, states: list[NodeState], event: Event) -> Board:
        running = {
            (event.adapter, state.job.event.id): state
            for state in states
            if state.job is not None and state.stage == "running"
        }
        places = await self.store.places(running)
        waiting = {running[key].node.key: place.number for key, place in places.items()}
        placed = [replace(state, place=waiting.get(state.node.key)) for state in states]
        can_shorten = self.fitted(film.shorter()).seconds < film.seconds
        price = await self.price(film, states, event)
        return Board(film=film, states=placed, price=price, can_shorten=can_shorten)

    def note_progress(self, event: Event, progress: float | None) -> None:
        """Note how far a running part is; None: it has ended, or that is not known."""
        if progress is None:
            self._progress.pop((event.adapter, event.id), None)
        else:
            self._progress[event.adapter, event.id] = progress


def is_agreed(
    film: Film, states: Sequence[NodeState], price: int | None, event: Event, effective: EffectiveSettings
) -> bool:
    """Return whether a film may go on at its price without a question more; nobody is asked for what is spent."""
    is_paid = price is not None and price <= spent_on(film, states)
    return is_paid or is_within(price, replace(event, agreed=film.agreed), effective)


def _namespace_of(event: Event) -> str:
    """Return the name under which the films of an event's conversation are kept."""
    return f"films:{event.adapter}:{event.conversation}"
