"""Joins the messages of one person that wait behind a question: they are answered together."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from bot.models import Attachment, Event, Job
from bot.ports import EventQueue, Journal
from bot.scoped_settings.effective import EffectiveSettings
from bot.scoped_settings.names import GATHER_SECONDS
from bot.values import valueclass

log = structlog.get_logger(__name__)

_MOST_WINDOWS = 3  #: that a question is waited for: somebody may go on writing for ever
_MOST_TRIES = 3  #: to join messages, which may change meanwhile


@valueclass(frozen=True, slots=True)
class Gathering:
    """Joins messages, and takes what changes of them to the event that answers them. Raises `StoreError`."""

    queue: EventQueue
    journal: Journal

    async def seconds_to_wait(self, event: Event, effective: EffectiveSettings) -> float:
        """Return how long a message is to be left in the queue, as its author may go on writing; 0: no longer."""
        seconds = effective.number(GATHER_SECONDS)
        if not seconds or not can_join(event):
            return 0.0
        first = event.received_at.timestamp()
        others = await self._find(event)
        newest = others[-1].received_at.timestamp() if others else first
        until = min(newest + seconds, first + _MOST_WINDOWS * seconds)
        return max(min(until - datetime.now(UTC).timestamp(), seconds), 0.0)

    async def gather(self, job: Job, effective: EffectiveSettings) -> Job:
        """Return a message's job with the next messages of its author that wait behind it.

        These are completed with it. Other events stay as they are.
        """
        if not effective.number(GATHER_SECONDS) or not can_join(job.event):
            return job
        for _ in range(_MOST_TRIES):
            others = await self._find(job.event)
            joined = _made_of(job.event, [job.event, *others])
            if others and await self.queue.join(job, joined, others):
                log.info("messages joined", messages=len(joined.joined))
                return replace(job, event=joined)
        return job

    async def _find(self, event: Event) -> Sequence[Event]:
        """Return the messages that wait right behind an event and are its author's."""
        waiting = await self.journal.waiting_messages(event.adapter, event.conversation)
        names = [one.id for one in waiting]
        found: list[Event] = []
        for one in waiting[names.index(event.id) + 1 :] if event.id in names else ():
            if one.actor.id != event.actor.id or one.joined or not can_join(one):
                break
            found.append(one)
        return found

    async def find_host(self, job: Job) -> Job | None:
        """Return the event that answers a message together with others; None: it has an answer of its own."""
        if job.event.joined:
            return job
        return await self.journal.job(job.event.adapter, job.event.joined_to) if job.event.joined_to else None

    async def with_message(self, host: Event, name: str, message: Event | None) -> Event | None:
        """Return an event that answers several messages, with one of them changed; `message` None: left out.

        None: nothing is left of it.
        """
        messages = {}
        others: list[Attachment] = []
        for one in host.joined:
            job = await self.journal.job(host.adapter, one) if one != host.id else None
            files = job.event.attachments if job is not None else ()
            others += files
            messages[one] = replace(host, id=one, prompt=host.joined[one], attachments=files, joined={})
        if host.id in messages:
            own = tuple(file for file in host.attachments if file not in others)
            messages[host.id] = replace(messages[host.id], attachments=own)
        if message is None:
            messages.pop(name, None)
        elif name in messages:
            messages[name] = replace(messages[name], prompt=message.prompt)
        return _made_of(host, list(messages.values())) if messages else None


def can_join(event: Event) -> bool:
    """Return whether an event is a message to the chat and nothing else."""
    return event.is_message and event.command == "chat" and not (event.options or event.rejection or event.replaces)


def _made_of(host: Event, messages: Sequence[Event]) -> Event:
    """Return an event that asks what these messages ask."""
    prompts: dict[str, str] = {}
    for one in messages:
        prompts |= one.joined or {one.id: one.prompt}
    prompt = "\n".join(filter(None, prompts.values()))
    return replace(
        host, prompt=prompt, joined=prompts, attachments=tuple(f for one in messages for f in one.attachments)
    )
