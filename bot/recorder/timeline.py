"""The timeline of one request: what the flight recorder and the database know of it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.ports import LOWEST_ERROR_STATUS, CallRow, RequestRow
from bot.recorder.recordings import RecordedMoment, Recording
from bot.values import valueclass

_NAMES = {"api call": "api_call", "platform call": "platform_call", "draft.finish": "finish"}
_SHOWN = frozenset(
    {"received", "recorded", "claimed", "draft", "api_call", "platform_call", "commit", "finish", "done"}
)


@valueclass(frozen=True, slots=True, kw_only=True)
class TimelineStep:
    """A line of a timeline."""

    at: datetime
    what: str  #: key of a sentence
    since: float | None = None  #: seconds since the receipt; None: not of the recorder
    took: float = 0.0  #: seconds
    attempt: int = 0
    path: str = ""  #: of a call
    outcome: str = ""  #: of a call its status, else an error or the end
    is_wrong: bool = False
    call: CallRow | None = None  #: entry of the ledger


def build_timeline(row: RequestRow, calls: Sequence[CallRow], recording: Recording | None) -> Sequence[TimelineStep]:
    """Return what happened to a request, in order."""
    moments = () if recording is None else recording.moments
    steps = [_recorded(moment, moments[0].at) for moment in moments]
    steps = [step for step in steps if step.what in _SHOWN]
    if not any(step.what == "received" for step in steps):
        steps.append(TimelineStep(at=row.received_at, what="received"))
    steps += [TimelineStep(at=call.at, what="call", call=call) for call in calls]
    if row.failing_since is not None:
        steps.append(TimelineStep(at=row.failing_since, what="failing", is_wrong=True))
    if row.next_try is not None:
        steps.append(TimelineStep(at=row.next_try, what="next_try"))
    return sorted(steps, key=lambda step: step.at)


def _recorded(moment: RecordedMoment, began: int) -> TimelineStep:
    outcome = moment.error or (str(moment.status) if moment.status else str(moment.rest.get("outcome", "")))
    return TimelineStep(
        at=datetime.fromtimestamp(moment.at / 1000, UTC),
        what=_NAMES.get(moment.kind, moment.kind),
        since=(moment.at - began) / 1000,
        took=moment.took / 1000,
        attempt=int(moment.rest.get("attempt", 0)) if moment.kind == "claimed" else 0,
        path=f"{moment.method} {moment.path}" if moment.is_call else "",
        outcome=outcome,
        is_wrong=bool(moment.error) or moment.status >= LOWEST_ERROR_STATUS or outcome in {"failed", "undelivered"},
    )
