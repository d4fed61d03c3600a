"""The question that approvers read: the request as it could be typed, its buttons, and the outcome. Pure."""

from bot.i18n import translate
from bot.models import Action, Event, Job
from bot.spending.quotes import DECIDE

_LONGEST_PROMPT = 300  #: characters that an approver reads


def decision_actions(event: str, digest: str, price: float, locale: str) -> tuple[Action, Action, Action]:
    """Return the buttons that approve, decline and withdraw a request at a price. `event`: its id."""
    base = {"event": event, "stage": "approval", "digest": digest, "price": str(price)}
    approve, decline = (
        Action(
            name=choice,
            label=translate(f"approval.{choice}", locale),
            command=DECIDE if choice == "approve" else "approvals",
            options={**base, "choice": choice},
            prompts_for=() if choice == "approve" else ("reason",),
            row=1,
            is_danger=choice == "decline",
        )
        for choice in ("approve", "decline")
    )
    label, options = translate("approval.withdraw", locale), {**base, "choice": "withdraw"}
    return approve, decline, Action(name="withdraw", label=label, command=DECIDE, options=options)


def describe_request(event: Event) -> str:
    """Return a request as it could be typed, its beginning if it is long."""
    options = (f"--{name} {value}" for name, value in sorted(event.options.items()))
    return " ".join((f"/{event.command}", " ".join(event.prompt.split())[:_LONGEST_PROMPT], *options))


def is_open(job: Job, stage: str, digest: str) -> bool:
    """Return whether an event's answer still asks for that decision."""
    actions = job.answer.actions if job.answer is not None else ()
    return any(action.options.get("stage") == stage and action.options.get("digest") == digest for action in actions)


def describe_outcome(press: Event, locale: str) -> str:
    """Return what was decided, by whom and why."""
    who, reason = press.actor.name or press.actor.id, press.options.get("reason", "").strip()
    key = f"approval.outcome.{press.options['choice']}"
    return translate(f"{key}_reason" if reason else key, locale, who=who, reason=reason)
