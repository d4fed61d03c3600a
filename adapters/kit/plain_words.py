"""Decides whether plain words that ask to catch up are taken for the command."""

from collections.abc import Callable

from bot.catchup.plain_words import CATCHUP, Counted
from bot.models import Event
from bot.ports import AdapterServices


async def build_event(services: AdapterServices, build: Callable[..., Event], *, begun_by: str) -> Event:
    """Return the event of a message, built with the plain words that ask to catch up in its place.

    `begun_by`: id of the event of the thread's first message, which there is where that was for the bot; "": it is in
    no thread. Raises `StoreError`.
    """
    event = build()
    if event.command != CATCHUP:
        return event
    return build(plain_words=await _count_plain_words(services, event, begun_by))


async def _count_plain_words(services: AdapterServices, event: Event, begun_by: str) -> Counted:
    """Return none where the author may not use the command, and few where a conversation with the bot may be meant."""
    if CATCHUP not in (await services.offered(event, (CATCHUP,)))[0]:
        return "none"
    if begun_by in ("", event.id):
        return "all"
    is_with_bot = await services.is_recorded(event.adapter, begun_by)
    is_with_bot = is_with_bot or bool(await services.last_turns(event.adapter, event.conversation, limit=1))
    return "named" if is_with_bot else "all"
