"""Approvals: an expensive request waits, as an answered event, until somebody decides on it or its time is over."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal

import structlog

from bot.approvals.pending import PendingApproval, PendingApprovals
from bot.approvals.question_texts import decision_actions, describe_outcome, describe_request, is_open
from bot.approvals.timing import ApprovalTiming
from bot.boards.showing import PART_TRIES, show
from bot.commandline.mentions import Mention, link_mention
from bot.errors import DeliveryDelayed, DeliveryRefused, StoreError, UsageError
from bot.events.locks import EventLocks
from bot.events.notice import make_beside
from bot.i18n import join_list, translate
from bot.models import Answer, CommandSpec, Event, Job, Lane
from bot.policy import Policy, Refusal
from bot.policy.rules import id_forms
from bot.ports import AuditEntry, AuditLog, EventQueue, Journal, Sender
from bot.scoped_settings.effective import EffectiveSettings, ScopedSettings
from bot.scoped_settings.names import APPROVAL_CHANNEL, APPROVAL_HOURS, APPROVE_OWN, APPROVERS
from bot.scoped_settings.setting import split_list
from bot.settings.approvers import listed_approvers
from bot.spending.money import money
from bot.spending.quotes import CHANGE, PricedRequest, digest_of, is_within

log = structlog.get_logger(__name__)

_NAMED = 5  #: approvers that a pending request names at most
_NEWEST = 100  #: entries of the audit log among which that of a repeated press is


@dataclass(slots=True, kw_only=True, eq=False)
class Approvals:
    """Asks approvers, applies what they decide, and ends what nobody decides. Every method raises `StoreError`."""

    queue: EventQueue
    journal: Journal
    pending: PendingApprovals
    audit_log: AuditLog
    scoped: ScopedSettings
    policy: Policy
    find_spec: Callable[[str], CommandSpec | None]  #: by the name of a command
    adapters: Mapping[str, Sender]
    timing: ApprovalTiming
    _locks: EventLocks = field(init=False)

    def __post_init__(self) -> None:
        self._locks = EventLocks(self.journal)

    # -- asking

    async def ask(self, request: PricedRequest, event: Event, effective: EffectiveSettings) -> Answer:
        """Ask the approvers; return what the author reads meanwhile. Safe to repeat. Raises `DeliveryError`.

        `event`: the request as it is recorded.
        """
        assert request.price is not None
        digest, locale = digest_of(request.event, request.price), event.actor.locale
        self.policy.roles.add(listed_approvers(split_list(effective.get(APPROVERS)), "role"))
        places = await self._places(event, effective, digest)
        approve, decline, withdraw = decision_actions(event.id, digest, request.price, locale)
        if not places and event.location.is_private:
            return Answer(text=translate("approval.nobody", locale, price=money(request.price)), private=True)
        hours = effective.number(APPROVAL_HOURS) or 0.0
        until = datetime.now(UTC) + timedelta(seconds=hours * self.timing.hour)
        asks = tuple(f"{event.id}/{digest}-{number}" for number in range(1, len(places) + 1))
        before = await self.pending.find(event.adapter, event.id)
        if before is not None and before.digest != digest:
            await self._close(before, translate("approval.changed", locale))
        pending = PendingApproval(
            adapter=event.adapter,
            event=event.id,
            digest=digest,
            price=request.price,
            until=until.timestamp(),
            asks=asks,
            workspace=event.location.workspace,
        )
        await self.pending.keep(pending, event)
        text = translate(
            "approval.ask",
            locale,
            who=event.actor.name or event.actor.id,
            price=money(request.price),
            request=describe_request(request.event),
            hours=f"{hours:g}",
        )
        for ask, place in zip(asks, places, strict=True):
            await self._put_question(
                make_beside(event, ask, place, f"a{digest}"), Answer(text=text, actions=(approve, decline))
            )
        approvers = self._approvers(event, effective)
        has_roles = any(one.subject == "role" for one in approvers)
        is_here = not places or (has_roles and not (event.location.is_private or effective.get(APPROVAL_CHANNEL)))
        names = join_list(map(link_mention, approvers[:_NAMED]), locale)
        key = "approval.waiting" if not is_here else "approval.waiting_for" if names else "approval.waiting_here"
        text = translate(key, locale, price=money(request.price), hours=f"{hours:g}", names=names)
        return Answer(text=text, actions=(approve, decline, withdraw) if is_here else (withdraw,))

    async def _put_question(self, asked: Event, question: Answer) -> None:
        """Ask approvers in one place, once; where the question was decided on, it is asked once more."""
        if not await self.queue.record(asked, lane=Lane.FREE, answer=question):
            known = await self.journal.job(asked.adapter, asked.id)
            if known is not None and known.answer != question:
                await self.journal.reopen(known.event, answer=question)

    async def _places(self, event: Event, effective: EffectiveSettings, digest: str) -> Sequence[Mapping[str, str]]:
        """Return where approvers are asked: in their channel, else each person in private."""
        adapter, conversation = self.adapters[event.adapter], f"a{digest}"
        channel = effective.get(APPROVAL_CHANNEL)
        if channel:
            return [await adapter.place_beside(event.reply_to, conversation=conversation, channel=channel)]
        places = []
        for person in (one.id for one in self._approvers(event, effective) if one.subject == "person"):
            try:
                places.append(await adapter.place_beside(event.reply_to, conversation=conversation, person=person))
            except DeliveryRefused as exc:
                log.warning("approver not reached", person=person, reason=str(exc))
        return places

    # -- deciding

    async def decide(self, press: Event) -> str:
        """Apply the decision of a pressed button; return a sentence for the presser. Safe to repeat.

        Raises `UsageError` where they may not decide, or it is too late.
        """
        options, locale = press.options, press.actor.locale
        choice, digest = options.get("choice", ""), options.get("digest", "")
        job = await self.journal.job(press.adapter, options.get("event", ""))
        if job is None:
            raise UsageError(translate("usage.button_gone", locale))
        if problem := await self.problem_of(press, job, choice):
            raise UsageError(problem)
        async with self._locks.hold(press.adapter, job.event.id):
            job = await self.journal.job(press.adapter, job.event.id)
            pending = await self.pending.find(press.adapter, options["event"])
            if job is None or not is_open(job, options.get("stage", ""), digest):
                if job is None or pending is None or pending.decision != press.id:
                    raise UsageError(translate("approval.too_late", locale))
                await self._tell(pending, job.event, press)  # an earlier try got so far
            elif options.get("stage") == "quote":
                choice = await self._decide_quote(job.event, press)
            elif pending is None or pending.digest != digest:
                raise UsageError(translate("approval.too_late", locale))
            else:
                await self._decide_approval(replace(pending, decision=press.id), job.event, press)
        log.info("decided", choice=choice, event_id=press.options["event"], adapter=press.adapter)
        return translate(f"decide.done.{choice}", locale)

    async def problem_of(self, press: Event, job: Job, choice: str) -> str:
        """Return why the presser may not decide that; "" if they may."""
        locale, is_own = press.actor.locale, press.actor.id == job.event.actor.id
        if choice not in ("approve", "decline"):
            may = is_own or (self.policy.administers(press) and choice in ("cancel", "withdraw"))
            return "" if may else translate("quote.not_yours", locale)
        effective = await self.scoped.for_event(job.event)
        if not self.may_approve(press, job.event, effective):
            return translate("approval.not_yours", locale)
        if is_own and choice == "approve" and effective.get(APPROVE_OWN) != "yes":
            return translate("approval.own", locale)
        return ""

    def may_approve(self, by: Event, event: Event, effective: EffectiveSettings) -> bool:
        """Return whether the author of `by` is an approver of an event; administrators are where nobody else is."""
        listed, actor = split_list(effective.get(APPROVERS)), by.actor
        people = id_forms(event.adapter, (actor.id,)) & listed_approvers(listed, "person")
        if people or id_forms(event.adapter, actor.roles) & listed_approvers(listed, "role"):
            return True
        return not self._approvers(event, effective) and self.policy.administers(by)

    def _approvers(self, event: Event, effective: EffectiveSettings) -> Sequence[Mention]:
        """Return whom settings name to grant an event; not its author, unless they may grant their own requests."""
        words = split_list(effective.get(APPROVERS))
        kinds: tuple[Literal["person", "role"], ...] = ("person", "role")
        ids = {kind: self.policy.ids_of(event.adapter, listed_approvers(words, kind)) for kind in kinds}
        own = Mention("person", event.actor.id) if effective.get(APPROVE_OWN) != "yes" else None
        return [one for kind in kinds for name in ids[kind] if (one := Mention(kind, name)) != own]

    async def _decide_quote(self, event: Event, press: Event) -> str:
        """Make the request, or the cheaper one, or cancel it; return which sentence says so."""
        options, locale = press.options, event.actor.locale
        if options["choice"] == "cancel":
            await self._reopen(event, press, Answer(text=translate("quote.cancelled", locale)))
            return "cancel"
        changes = {name.removeprefix(CHANGE): value for name, value in options.items() if name.startswith(CHANGE)}
        changed = replace(event, options={**event.options, **changes}, agreed=int(options["price"]))
        changed = await self._admit(changed, press)
        await self._reopen(changed, press)
        return "make" if is_within(changed.agreed, changed, await self.scoped.for_event(changed)) else "ask"

    async def _decide_approval(self, pending: PendingApproval, event: Event, press: Event) -> None:
        """Note the decision, apply it, tell everybody. After a crash the press is repeated and goes on."""
        is_granted = press.options["choice"] == "approve"
        granted = replace(event, approved=pending.price) if is_granted else event
        if is_granted:
            granted = await self._admit(granted, press)
        kept = await self.pending.find(event.adapter, event.id)
        is_repeated = kept is not None and kept.decision == press.id
        await self.pending.keep(pending, event)
        entry = AuditEntry(
            adapter=event.adapter,
            actor=press.actor.id,
            action=f"approval.{press.options['choice']}",
            workspace=event.location.workspace,
            channel=event.location.channel,
            subject=event.actor.id,  # so that it is removed when they are erased
            before=f"{event.command} {money(pending.price)}",
            after=press.options.get("reason") or None,
            event=press.id,
        )
        if not (is_repeated and await self._is_logged(entry, press)):
            await self.audit_log.add_audit(entry)
        outcome = None if is_granted else Answer(text=describe_outcome(press, event.actor.locale))
        await self._reopen(granted, press, outcome)
        await self._tell(pending, event, press)

    async def _is_logged(self, entry: AuditEntry, press: Event) -> bool:
        """Return whether an earlier try of the press has added its entry."""
        newest = await self.audit_log.audit(entry.adapter, workspace=entry.workspace, limit=_NEWEST)
        return any(
            (one.actor, one.action, one.subject) == (entry.actor, entry.action, entry.subject)
            and one.at is not None
            and one.at >= press.received_at
            for one in newest
        )

    async def _admit(self, event: Event, press: Event) -> Event:
        """Count a request that is to be made; return it with who pays for it.

        Raises `UsageError` where a rule or limit forbids it now.
        """
        spec = self.find_spec(event.command)
        if spec is None:
            raise UsageError(translate("usage.gone", press.actor.locale, command=event.command))
        admitted = await self.policy.check_again(event, spec)
        if isinstance(admitted, Refusal):
            raise UsageError(admitted.text or translate("approval.too_late", press.actor.locale))
        return admitted

    async def _reopen(self, event: Event, press: Event, answer: Answer | None = None) -> None:
        if not await self.journal.reopen(event, answer=answer):
            raise UsageError(translate("decide.not_yet", press.actor.locale))

    async def _tell(self, pending: PendingApproval, event: Event, press: Event) -> None:
        """Tell the approvers and the author what was decided, and forget that it waits. Safe to repeat."""
        text = describe_outcome(press, event.actor.locale)
        await self._close(pending, text)
        if not event.location.is_private and press.options["choice"] != "withdraw":
            await self._notify(pending, event, text)
        await self.pending.delete(pending)

    async def _notify(self, pending: PendingApproval, event: Event, text: str) -> None:
        """Tell the author in private; where they can't be reached, the place of the request says it."""
        conversation = f"a{pending.digest}"
        try:
            place = await self.adapters[event.adapter].place_beside(
                event.reply_to, conversation=conversation, person=event.actor.id
            )
        except (DeliveryRefused, DeliveryDelayed) as exc:
            log.warning("author not reached", event_id=event.id, reason=str(exc))
            return
        notice = make_beside(event, f"{event.id}/{pending.digest}-told", place, conversation)
        await self.queue.record(notice, lane=Lane.FREE, answer=Answer(text=text))

    async def _close(self, pending: PendingApproval, text: str) -> None:
        """Replace the buttons of the questions to approvers by a sentence."""
        for ask in pending.asks:
            with suppress(DeliveryDelayed):  # its buttons say that it is decided
                await show(partial(self._close_question, pending.adapter, ask, text), PART_TRIES)

    async def _close_question(self, adapter: str, ask: str, text: str) -> bool:
        job = await self.journal.job(adapter, ask)
        if job is None or job.answer is None or not job.answer.actions:
            return True
        return await self.journal.reopen(job.event, answer=Answer(text=f"{job.answer.text}\n\n{text}"))

    # -- what lapses

    async def run(self) -> None:
        """End requests whose time is over, until cancelled."""
        while True:
            try:
                for pending in await self.pending.all():
                    if pending.until <= datetime.now(UTC).timestamp():
                        await self._lapse(pending)
            except StoreError as exc:
                log.warning("pending approvals not read", reason=str(exc))
            await asyncio.sleep(self.timing.look)

    async def _lapse(self, pending: PendingApproval) -> None:
        if pending.adapter not in self.adapters:  # another process has the platform
            return
        job = await self.journal.job(pending.adapter, pending.event)
        if job is None:
            await self.pending.delete(pending)
            return
        options = {"choice": "lapse", "event": pending.event, "digest": pending.digest, "stage": "approval"}
        timer = replace(job.event, id=f"{pending.event}/{pending.digest}-lapse", options=options)
        async with self._locks.hold(pending.adapter, pending.event):
            job = await self.journal.job(pending.adapter, pending.event)
            current = await self.pending.find(pending.adapter, pending.event)
            if job is None or current is None or current.digest != pending.digest:
                return
            try:
                if is_open(job, "approval", pending.digest):
                    await self._decide_approval(replace(current, decision=timer.id), job.event, timer)
                elif current.decision == timer.id:  # an earlier look got so far
                    await self._tell(current, job.event, timer)
                elif job.answer is not None:  # it was taken back
                    await self._close(current, translate("approval.changed", job.event.actor.locale))
                    await self.pending.delete(current)
            except UsageError:  # it is being shown: at the next look
                return
