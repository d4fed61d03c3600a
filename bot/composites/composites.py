"""Films and duels alike: their parts are recorded, sent to the whole, and removed with it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext

from bot.boards.removal import Cancel, empty_answer, empty_parts
from bot.boards.showing import BUTTON_TRIES
from bot.composites.parts import PartSender
from bot.duel.duels import Duels, is_duel_answer
from bot.film.films import Films, FilmStore
from bot.models import CommandSpec, Event, Job, Media
from bot.ports import Sender, Sink
from bot.spending.prices import PriceBook
from bot.values import valueclass


@valueclass(frozen=True, slots=True)
class Composites:
    """All films and duels."""

    films: Films
    duels: Duels

    def use(self, accept: Sink) -> None:
        """Set what records the requests of their parts."""
        self.films.accept = self.duels.accept = accept

    def sender_of(self, event: Event) -> Sender:
        """Return where the answer to an event goes: its platform, or the film or duel of which it makes a part."""
        place = self.films.adapters[event.adapter]
        return PartSender(self.duels if is_duel_answer(event) else self.films, event, place) if event.part_of else place

    async def remove(self, asked: Job, cancel: Cancel) -> Sequence[Media] | None:
        """Empty the answer of an event; end and empty the parts of a film or duel. Return the files to delete.

        None: the answer is just being shown, and nothing was changed. `cancel`: ends the request of that id. Safe to
        repeat. Raises `StoreError`.
        """
        store, event = self.films.store, asked.event
        is_composite = event.command in ("film", "duel")
        async with self.changing(event):  # else a part that ends now would put the board back
            own = await empty_answer(asked, store, tries=BUTTON_TRIES if is_composite else 1)
            if own is not None and event.command == "film":
                await self.films.forget(event)  # no part is begun any more
        return (*own, *await empty_parts(asked, store, cancel)) if own is not None and is_composite else own

    def changing(self, event: Event) -> AbstractAsyncContextManager[None]:
        """Keep others from changing the film or duel that an event asked for."""
        match event.command:
            case "film":
                return self.films.changing(event.adapter, event.id)
            case "duel":
                return self.duels.changing(event.adapter, event.id)
        return nullcontext()


def open_composites(
    store: FilmStore,
    prices: PriceBook,
    find_spec: Callable[[str], CommandSpec | None],
    adapters: Mapping[str, Sender],
    days: int,
) -> Composites:
    """Return them; `use` comes next. `days`: that each is kept, 0: for ever."""
    return Composites(Films(store, prices, find_spec, adapters, days), Duels(store, adapters, days))
