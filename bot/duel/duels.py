"""Duels: kept, answered by requests of their own, judged, and shown in the answer of the event that asked for them."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from bot.boards.records import Records
from bot.boards.showing import BUTTON_TRIES, PART_TRIES, show
from bot.duel.duel import SHOW, Duel, Entrant, board, event_id, is_question
from bot.events.locks import EventLocks
from bot.models import Answer, Event, Job
from bot.ports import Journal, KeyValues, Namespace, Owner, RequestLog, Sender, Sink


class DuelStore(KeyValues, Journal, RequestLog, Protocol):
    """The part of the store that duels need."""


@dataclass(slots=True, eq=False)
class Duels:
    """All duels. Every method raises `StoreError`."""

    store: DuelStore
    adapters: Mapping[str, Sender]
    days: int  #: that a duel is kept; 0: for ever
    accept: Sink = field(init=False)  #: records the events that make the answers; set before any is made
    _locks: EventLocks = field(init=False)
    _records: Records[Duel] = field(init=False)

    def __post_init__(self) -> None:
        self._locks, self._records = EventLocks(self.store), Records(self.store, Duel, self.days)

    async def find(self, adapter: str, duel: str) -> Duel | None:
        """Return a duel; None: there is none such."""
        return await self._records.find(_namespace_of(adapter), duel)

    async def in_channel(self, event: Event) -> Sequence[Duel]:
        """Return the duels of the channel of an event."""
        duels = await self._records.all(_namespace_of(event.adapter))
        return [duel for duel in duels if duel.channel == ranking_place(event)]

    async def is_blind(self, event: Event) -> bool:
        """Return whether people still vote on what an event made: its model is not named before they have."""
        duel = await self.find(event.adapter, event.part_of) if is_duel_answer(event) else None
        return duel is not None and not duel.is_shown

    def changing(self, adapter: str, duel: str) -> AbstractAsyncContextManager[None]:
        """Keep others from changing a duel, in this process and in others."""
        return self._locks.hold(adapter, duel)

    async def begin(self, duel: Duel, event: Event) -> Answer:
        """Have each model answer, and return the board. Safe to repeat. `event`: that asked for it."""
        if await self.find(event.adapter, duel.id) is None:
            await self._save(duel, event)
        for number, entrant in enumerate(duel.entrants):
            await self.accept(question_to(duel, number, entrant, event))
        return board(duel, (), 0)

    async def advance(self, event: Event, duel_id: str, *, is_progress: bool = False, tries: int = PART_TRIES) -> None:
        """Show what is there by now. `event`: of one of its answers, or of a vote. Raises `DeliveryDelayed`."""
        if not is_progress:
            await show(partial(self._advance, event.adapter, duel_id), tries)

    async def _advance(self, adapter: str, duel_id: str) -> bool:
        """Put the board as it is now; return whether it is, or will be, as it should be."""
        async with self.changing(adapter, duel_id):
            duel, job = await self.find(adapter, duel_id), await self.store.job(adapter, duel_id)
            if duel is None or job is None:
                return True
            if job.answer is None:  # its own command is about to show it
                return False
            jobs = await self._jobs(adapter, duel)
            duel = await self._with_answers(duel, jobs, job.event)
            answer = board(duel, jobs, len(await self._votes(adapter, duel).items()))
            is_partial = duel.is_open and not self.adapters[adapter].capabilities.can_edit
            if answer == job.answer or job.answer.is_empty or is_partial:
                return True
            return await self.store.reopen(job.event, answer=answer)

    async def vote(self, duel: Duel, choice: str, press: Job, asked: Event) -> Duel:
        """Count a vote, or show the names; return the duel as it is then. `asked`: that asked for the duel.

        A person's last press counts, in whatever order presses are worked on, as after a crash.
        """
        adapter, person = press.event.adapter, press.event.actor.id
        async with self.changing(adapter, duel.id):
            duel = await self.find(adapter, duel.id) or duel
            votes = self._votes(adapter, duel)
            if duel.is_shown:
                pass  # it is too late, or a crash repeats what showed them
            elif choice == SHOW:
                duel = duel.reveal([_read_vote(vote)[1] for vote in (await votes.items()).values()])
                await self._save(duel, asked)
            elif _read_vote(await votes.get(person) or "")[0] < press.seq:
                owner = Owner.of(press.event, conversation=asked.conversation)
                await votes.set(person, f"{press.seq} {choice}", expires=self._records.expiry(), owner=owner)
        await self.advance(asked, duel.id, tries=BUTTON_TRIES)
        return duel

    async def voted_on(self, adapter: str, person: str) -> Sequence[str]:
        """Return the ids of the duels whose vote has not ended and in which a person has voted."""
        is_open = (duel for duel in await self._records.all(_namespace_of(adapter)) if not duel.is_shown)
        return [duel.id for duel in is_open if await self._votes(adapter, duel).get(person) is not None]

    def note_progress(self, event: Event, progress: float | None) -> None:
        """Show nothing: answers are compared when all are there."""

    async def _with_answers(self, duel: Duel, jobs: Sequence[Job | None], event: Event) -> Duel:
        """Return the duel with what is known of the answers that are new, and keep it."""
        entrants = []
        for entrant, job in zip(duel.entrants, jobs, strict=True):
            if entrant.seconds is None and job is not None and job.answer is not None:
                calls = await self.store.calls_of(event.adapter, job.event.id)
                answer = job.answer
                begun = calls[-1].at if calls else job.event.received_at  # not while it waited
                seconds = (datetime.now(UTC) - begun).total_seconds()
                has_none = bool(answer.ending) or answer.private or is_question(answer)
                cost = sum(call.cost or 0.0 for call in calls if call.state == "settled")
                entrants.append(replace(entrant, seconds=seconds, cost=cost, has_no_answer=has_none))
            else:
                entrants.append(entrant)
        changed = replace(duel, entrants=tuple(entrants))
        if changed != duel:
            await self._save(changed, event)
        return changed

    async def _jobs(self, adapter: str, duel: Duel) -> list[Job | None]:
        return [await self.store.job(adapter, event_id(duel, number)) for number in range(len(duel.entrants))]

    async def _save(self, duel: Duel, event: Event) -> None:
        await self._records.save(_namespace_of(event.adapter), duel.id, duel, event)

    def _votes(self, adapter: str, duel: Duel) -> Namespace:
        return self.store.namespace(f"duel-votes:{adapter}:{duel.id}")


def _namespace_of(adapter: str) -> str:
    return f"duels:{adapter}"


def _read_vote(value: str) -> tuple[int, str]:
    """Return the sequence number of the press that gave a vote, and the choice."""
    seq, _, choice = value.rpartition(" ")
    return int(seq or 0), choice


def is_duel_answer(event: Event) -> bool:
    """Whether an event makes an answer of a duel."""
    return bool(event.part_of) and event.id.startswith(f"{event.part_of}/duel-")


def ranking_place(event: Event) -> str:
    """Return the name of the place whose ranking a duel counts in."""
    place = event.location
    return f"{place.workspace}/{place.channel or event.conversation}"


def question_to(duel: Duel, number: int, entrant: Entrant, event: Event) -> Event:
    """Return the question to one model, as if the duel's author had typed it."""
    return replace(
        event,
        id=event_id(duel, number),
        command=duel.kind,
        prompt=duel.prompt,
        options={"model": entrant.model},
        received_at=datetime.now(UTC),
        rejection="",
        replaces="",
        part_of=duel.id,
    )
