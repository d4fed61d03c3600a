"""What every engine writes of an event and its outcome."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.models import Event, Job, Turn, Usage
from bot.store.shared import codec


def event_keys(event: Event) -> tuple[str, str, str, str, str, str, str]:
    """Adapter, id, conversation, command, actor, channel and `replaces` of an event, as they are stored."""
    key = codec.key
    return (
        key(event.adapter),
        key(event.id),
        key(event.conversation),
        key(event.command),
        key(event.actor.id),
        key(event.location.channel),
        key(event.replaces),
    )


def usage_rows(job: Job, usage: Sequence[Usage], now: datetime) -> tuple[tuple[object, ...], ...]:
    """Sequence number, hour, kind, model, requests, tokens, items and cost of each use."""
    hour = int(now.timestamp() // 3600)
    return tuple(
        (
            job.seq,
            hour,
            one.kind,
            codec.key(one.model),
            one.requests,
            one.prompt_tokens,
            one.completion_tokens,
            one.items,
            one.cost,
        )
        for one in usage
    )


def filled(turn: Turn, event: Event, now: datetime) -> Turn:
    """A turn with what only the store knows, as it will be read back."""
    return replace(
        turn,
        content=codec.clean(turn.content),
        speaker=codec.clean(turn.speaker),
        actor=codec.clean(turn.actor or event.actor.id),
        event=codec.clean(turn.event or event.id),
        at=turn.at or now,
        seq=0,
    )
