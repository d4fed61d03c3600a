"""Questions to the adapter, and the parts of its answers."""

from typing import Any

from adapters.discord.outbound.draft import DiscordDraft
from bot.models import Action, Event
from simulators.discord.components import every, texts
from simulators.discord.values import DM, Json
from tests.support.discord.stage import Service

AGAIN = Action(name="again", label="Again", command="retry")


async def asked(service: Service, channel: str = DM, text: str = "hello", **more: Any) -> Event:
    """Somebody asks; the event."""
    known = len(service.core.events)
    said = await service.wire.say(channel, text, **more)
    events = await service.core.count(known + 1)
    return next(event for event in events if event.id == said["id"])


async def draft_of(service: Service, event: Event, *, ref: str | None = None) -> DiscordDraft:
    return await service.adapter.draft(event.reply_to, key=event.id, ref=ref, private=False)


def buttons(message: Json) -> list[Json]:
    return [one for one in every(message["components"]) if one["type"] == 2]


def text(message: Json) -> str:
    return "\n".join([message["content"], *texts(message["components"])]).strip("\n")
