"""Acts on a request: stop it, try it now, answer it anew, drop it."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace

from bot.cockpit.page import Visit
from bot.models import Actor, Job
from bot.policy import Refusal
from bot.ports import RequestFilter, RequestRow, RequestState
from bot.values import valueclass


async def read_request(visit: Visit, seq: int) -> RequestRow | None:
    """Read a request, whoever may see it; None: there is none of that number. Raises `StoreError`."""
    found = await visit.sources.request_log.list_requests(RequestFilter(before=seq + 1), limit=1)
    return found[0] if found and found[0].seq == seq else None


async def _cancel(visit: Visit, row: RequestRow) -> bool:
    """Stop it; what is there of the answer stays, with a note."""
    return await visit.sources.cancel(row.adapter, row.id, by=_person(visit, row))


async def _retry(visit: Visit, row: RequestRow) -> bool:
    """Try at once what waits for its next try. All such requests are tried, as their reason is the API."""
    await visit.sources.queue.wake()
    return row.state == "waiting"


async def _requeue(visit: Visit, row: RequestRow) -> bool:
    """Answer it anew, in the message that it has, where its author may still ask that and is within the limits."""
    job = await visit.sources.journal.job(row.adapter, row.id)
    spec = visit.sources.registry.find_spec(row.command)
    if job is None or spec is None:
        return False
    admitted = await visit.sources.policy.check_again(replace(job.event, agreed=0, approved=0), spec)
    return not isinstance(admitted, Refusal) and await visit.sources.journal.reopen(admitted)


async def _drop(visit: Visit, row: RequestRow) -> bool:
    """Take it out of the queue without an answer; what is shown of it is removed."""
    await visit.sources.retract(row.adapter, row.id)
    job = await visit.sources.journal.job(row.adapter, row.id)
    answer = None if job is None else job.answer
    if answer is not None:  # it was there already, or it is the removal of what is shown
        return answer.is_empty
    now = await read_request(visit, row.seq)
    return now is not None and now.state == "dropped"


@valueclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that can be done with requests in some states."""

    run: Callable[[Visit, RequestRow], Awaitable[bool]]
    states: Collection[RequestState]
    is_operators: bool = False  #: reaches beyond one workspace


_WAITING: Collection[RequestState] = frozenset[RequestState]({"waiting"})
ACTS: Mapping[str, Act] = {
    "cancel": Act(run=_cancel, states=("waiting", "running")),
    "retry": Act(run=_retry, states=_WAITING, is_operators=True),
    "requeue": Act(run=_requeue, states=("answered", "failed", "cancelled")),
    "drop": Act(run=_drop, states=("waiting", "running")),
}


#: The states of a request whose answer asks for an approver's decision, and for its author's on the price.
APPROVAL, QUOTE = "approval", "quote"


async def states_of(visit: Visit, rows: Sequence[RequestRow]) -> Mapping[int, str]:
    """Return the states of requests, by their numbers: `RequestState`, `APPROVAL` or `QUOTE`."""
    pending = await visit.sources.approvals.pending.all() if any(row.asks == APPROVAL for row in rows) else ()
    undecided = {(one.adapter, one.event) for one in pending if not one.decision}

    def state_of(row: RequestRow) -> str:
        asks = row.asks if row.state == "answered" else ""
        is_asked = asks == QUOTE or (asks == APPROVAL and (row.adapter, row.id) in undecided)
        return asks if is_asked else row.state

    return {row.seq: state_of(row) for row in rows}


def acts_for(visit: Visit, row: RequestRow, job: Job | None, state: str) -> Sequence[str]:
    """Return the names of what the visitor can do with a request in its state. `job`: its event, as far as it is kept.

    `state`: see `states_of`.

    The parts of films and duels are made anew by the buttons of these alone: what is there was paid for and judged.
    """
    is_operator = visit.visitor.is_operator
    spec = visit.sources.registry.find_spec(row.command)
    # Other commands act with their author's rights: nobody else may repeat them.
    can_repeat = spec is not None and spec.kind is not None and job is not None and not job.event.part_of
    return [
        name
        for name, one in ACTS.items()
        if state in one.states and (is_operator or not one.is_operators) and (can_repeat or name != "requeue")
    ]


async def run_act(visit: Visit, name: str, row: RequestRow) -> bool:
    """Do one of `ACTS` with a request; False: it is not possible, or not any more. It is in the audit log."""
    job = await visit.sources.journal.job(row.adapter, row.id)
    state = (await states_of(visit, [row]))[row.seq]
    if name not in acts_for(visit, row, job, state) or not await ACTS[name].run(visit, row):
        return False
    await visit.audit(f"request.{name}", adapter=row.adapter, workspace=row.workspace, subject=row.id)
    return True


def _person(visit: Visit, row: RequestRow) -> Actor:
    who = visit.visitor
    return Actor(id=who.actor or "operator", name=who.name, locale=who.locale, is_admin=who.adapter == row.adapter)
