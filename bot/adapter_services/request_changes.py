"""Edited and deleted messages: their requests are answered again, or taken back."""

import asyncio
from dataclasses import dataclass, replace
from functools import partial

import structlog

from bot.boards.showing import PAUSES
from bot.commands import Registry
from bot.conversation.gathering import can_join
from bot.events.edits import edited_id
from bot.family.changes import AGAIN, EDIT
from bot.family.origins import CHANGE, REPEATED
from bot.film.board import SHOTS
from bot.inbox.inbox import Inbox
from bot.models import Action, Answer, Event, Job, Lane
from bot.pipeline.dispatcher import Dispatcher
from bot.pipeline.worker import Worker
from bot.policy import Policy, Refusal
from bot.ports import Journal
from bot.spending.quotes import DECIDE

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class RequestChanges:
    """See `bot.ports.RecordedRequests`."""

    journal: Journal
    registry: Registry
    policy: Policy
    inbox: Inbox
    worker: Worker
    dispatcher: Dispatcher

    async def revise(self, event: Event) -> None:
        """See `RecordedRequests.revise`. An edit of a refused request, or to another command, is a new request.

        Where several processes receive the edit, one applies it: the next finds it applied, unless that one has died.
        """
        async with self.journal.revising(event.adapter, event.id):
            await self._revise(event)

    async def _revise(self, event: Event) -> None:
        job = await self.journal.job(event.adapter, event.id)
        event = await self.inbox.read_words(event)
        fresh = replace(event, id=edited_id(event.id, _request_content(event)), has_prior_messages=False)
        if job is not None and await self._revise_joined(job, event, fresh):
            return
        if job is None or _request_content(job.event) == _request_content(event) or not await self._is_newest(job):
            return
        is_another = event.command != job.event.command or REPEATED in job.event.options
        is_another |= event.command == "duel"  # whose answers belong to the question
        if is_another or event.rejection or (job.answer is not None and job.answer.private):
            await self.journal.withdraw(event.adapter, event.id)
            await self._remove_undecided(job)
            await self.inbox.accept(fresh)
            return
        if (command := self.registry.find(event.command)) is None:
            return
        admitted = await self.policy.check_again(event, command.spec)
        if isinstance(admitted, Refusal):
            await self.inbox.accept(fresh)  # refused again, in private; the answer stays
            return
        new = replace(
            job.event,
            prompt=event.prompt,
            options=event.options,
            attachments=event.attachments,
            approved=0,  # it was granted as it was
            has_own_api=admitted.has_own_api,
            keeps_price=admitted.keeps_price,
        )
        reopened = False
        async with self.worker.composites.changing(event):  # else a part that ends now would show its film anew
            for seconds in PAUSES:
                await self._cancel(job)
                latest = await self.journal.job(event.adapter, event.id)
                if latest is not None and await self._revise_joined(latest, event, fresh):  # joined meanwhile
                    return
                reopened = await self.journal.reopen(new)
                if reopened or latest is None:
                    break
                await asyncio.sleep(seconds)  # it is just being shown
        log.info("event revised", event_id=event.id, adapter=event.adapter, reopened=reopened)

    async def _revise_joined(self, job: Job, event: Event, fresh: Event) -> bool:
        """Apply an edit of a message that is answered together with others; False: it is not such a one."""
        gathering = self.dispatcher.gathering
        host = await gathering.find_host(job)
        if host is None:
            return False
        message = event if can_join(event) else None
        if message is not None and message.prompt == host.event.joined.get(event.id):
            return True
        if event.id in host.event.joined and await self._is_newest(host):
            await self._change_joined(host, event.id, message)
            if message is None:
                await self.inbox.accept(fresh)
        return True

    async def _change_joined(self, host: Job, name: str, message: Event | None) -> None:
        """Have an event that answers several messages answered with one of them changed, or left out."""
        new = await self.dispatcher.gathering.with_message(host.event, name, message)
        await self._cancel(host, retract=new is None)
        if new is None:
            await self.journal.withdraw(host.event.adapter, host.event.id)
        reopened = await self.journal.reopen(new or host.event, answer=None if new else Answer())
        log.info("event revised", event_id=host.event.id, adapter=host.event.adapter, reopened=reopened)

    async def _is_newest(self, job: Job) -> bool:
        names = [spec.name for spec in self.registry.specs if spec.lane is not Lane.FREE]
        newest = await self.journal.last_job(job.event.adapter, job.event.conversation, commands=names)
        return newest is None or newest.seq == job.seq or job.event.id in (newest.event.part_of, newest.event.joined_to)

    async def retract(self, adapter: str, event_id: str) -> None:
        """See `RecordedRequests.retract`. An answer that is there already stays."""
        async with self.journal.revising(adapter, event_id):
            job = await self.journal.job(adapter, event_id)
            if await self._retract_joined(job):
                return
            await self.journal.withdraw(adapter, event_id)
            if not await self._retract_joined(await self.journal.job(adapter, event_id)):  # joined meanwhile
                await self._retract_single(adapter, event_id, job)

    async def _retract_single(self, adapter: str, event_id: str, job: Job | None) -> None:
        if job is not None:
            await self._remove_undecided(job)
        if job is None or job.answer is not None:
            return
        is_cancelled = await self._cancel(job, retract=True)
        answered = await self.journal.job(adapter, event_id)
        is_shown = answered is not None and (answered.answer is None or (is_cancelled and not answered.answer.is_empty))
        if is_shown and (is_cancelled or job.ref is not None):  # by another process, or by an earlier try
            await self.journal.reopen(job.event, answer=Answer())
        log.info("event retracted", event_id=event_id, adapter=adapter, cancelled=is_cancelled)

    async def _retract_joined(self, job: Job | None) -> bool:
        """Take back a message that is answered together with others; False: it is not such a one."""
        host = None if job is None else await self.dispatcher.gathering.find_host(job)
        if job is None or host is None:
            return False
        if host.answer is not None:
            await self.journal.withdraw(host.event.adapter, host.event.id)
        elif job.event.id in host.event.joined:
            await self._change_joined(host, job.event.id, None)
        return True

    async def _cancel(self, job: Job, *, retract: bool = False) -> bool:
        """Cancel an event that runs; where it waits for its next try, what the API was asked is counted and ended."""
        event = job.event
        is_cancelled = await self.worker.canceller.cancel_event(event.adapter, event.id, retract=retract)
        if not is_cancelled and (left := await self.journal.job(event.adapter, event.id)) and left.answer is None:
            await self.dispatcher.accounting.settle_api_job(left)
        return is_cancelled

    async def _remove_undecided(self, job: Job) -> None:
        """Remove an answer with which people decide on what is made next: the request for it was taken back."""
        if job.answer is not None and any(map(_is_open, job.answer.actions)):
            cancel = partial(self.worker.canceller.cancel_event, job.event.adapter, by=job.event.actor)
            await self.dispatcher.spool.remove(await self.worker.composites.remove(job, cancel) or ())

    def redeliver(self, adapter: str, event_id: str) -> None:
        """See `RecordedRequests.redeliver`."""
        self.worker.redelivery.start(adapter, event_id)

    async def is_recorded(self, adapter: str, event_id: str) -> bool:
        """See `RecordedRequests.is_recorded`."""
        return await self.journal.is_recorded(adapter, event_id)


def _is_open(action: Action) -> bool:
    """Return whether a button decides on something that is still to be made, or to be made further."""
    return action.command == DECIDE or (action.command == SHOTS and action.name in ("make", "halt", "continue"))


def _request_content(event: Event) -> tuple[object, ...]:
    """Return the content of a request as it was written; an edit that leaves it unchanged is ignored."""
    if REPEATED in event.options or event.command == AGAIN:  # its files are those of the request that it repeats
        event = replace(event, command="chat", options={}, attachments=())
    elif CHANGE in event.options or event.command == EDIT:  # it was a sentence about a file, or the command for that
        event = replace(event, command="chat", options={})
    files = [(attachment.name, attachment.size) for attachment in event.attachments]
    return event.command, event.prompt, dict(event.options), files, event.rejection
