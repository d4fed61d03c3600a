"""Error messages for people: one sentence on the cause and the remedy.

Of an error's own text only the API's reason for a refused request is shown, cleaned.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from aimodels.errors import (
    ApiError,
    AuthenticationFailed,
    BadRequest,
    DeadlineExceeded,
    JobFailed,
    NotPermitted,
    RateLimited,
    ServerFailed,
    UnexpectedAnswer,
    Unreachable,
)
from bot.calls.api_sentences import clean_sentence
from bot.calls.fitting import SETTINGS
from bot.calls.parameter_limits import option_name
from bot.errors import (
    ClipsNotJoined,
    DownloadFailed,
    FileNotSaved,
    MediaError,
    MediaTooLarge,
    MediaUnavailable,
    NotAllowed,
    OverLimit,
    StoreError,
    UnsafeUrl,
    UsageError,
    WrongContent,
)
from bot.i18n import translate
from bot.models import Action, Answer, CommandSpec, Event, Job, Outcome, Usage
from bot.moderation.moderator import AnswerWithheld
from bot.policy.quota import refusal_text
from bot.scoped_settings.forms import correction

_KEYS: dict[type[BaseException], str] = {
    BadRequest: "refused",
    AuthenticationFailed: "key",
    NotPermitted: "not_permitted",
    ServerFailed: "server",
    Unreachable: "unreachable",
    DeadlineExceeded: "deadline",
    JobFailed: "job",
    UnexpectedAnswer: "shape",
    ApiError: "server",
    UnsafeUrl: "unsafe",
    MediaTooLarge: "too_large",
    WrongContent: "wrong_content",
    DownloadFailed: "download",
    FileNotSaved: "not_saved",
    MediaUnavailable: "files_away",
    MediaError: "download",
    StoreError: "store",
}
#: Key of the sentence, and the parts of an error's code or type that select it.
_REFUSALS = (
    ("policy", ("policy", "moderation", "safety", "sensitive", "content_filter", "nsfw")),
    ("too_long", ("context_length", "too_long", "max_tokens", "string_above_max")),
)


def error_message(error: BaseException, locale: str, *, event_id: str) -> str:
    """Return the sentence for `error` in the language of `locale`; for an unknown error it quotes the event's id."""
    if isinstance(error, UsageError):
        return str(error)  # its text is in the person's language
    if isinstance(error, RateLimited):
        return _rate_limited(error, locale)
    if isinstance(error, ClipsNotJoined):
        about = "clip" if error.clip else "music" if error.is_music else "film"
        if error.clip and error.reason in {"too_long", "too_large"}:
            about = "clip_too_large"
        return translate(f"error.{about}", locale, clip=error.clip)
    key = next((_KEYS[kind] for kind in type(error).__mro__ if kind in _KEYS), "unknown")
    if isinstance(error, BadRequest | JobFailed):
        marks = f"{error.code} {error.type}".lower()
        key = next((refusal for refusal, words in _REFUSALS if any(word in marks for word in words)), key)
    if key == "refused" and isinstance(error, BadRequest):
        key = "no_model" if error.is_about_model else "absent" if error.is_absence else key
        if key == "refused" and (reason := clean_sentence(error.message)):
            name = option_name(error.param)
            key = "refused_value" if name else "refused_because"
            return translate(f"error.{key}", locale, name=SETTINGS.get(name, name), reason=reason, id=event_id)
    return translate(f"error.{key}", locale, id=event_id)


def _rate_limited(error: RateLimited, locale: str) -> str:
    seconds = max(1, math.ceil(error.retry_after))
    if seconds <= 90:  # noqa: PLR2004 - longer waits read better in minutes
        return translate("error.rate_seconds", locale, seconds=seconds)
    return translate("error.rate_minutes", locale, minutes=math.ceil(seconds / 60))


def refusal_outcome(text: str) -> Outcome:
    """Build a private answer without a retry button."""
    return Outcome(answer=Answer(text=text, private=True, ending="refused"))


def refused_outcome(
    error: UsageError | OverLimit,
    event: Event,
    spec: CommandSpec,
    usage: Sequence[Usage],
    price: Callable[[Usage], Usage],
) -> Outcome:
    """Build the refusal of a request, which its author may correct; what it used until then is counted."""
    if isinstance(error, OverLimit):
        outcome = refusal_outcome(refusal_text(error, event.actor.locale))
    else:
        outcome = refusal_outcome(str(error))
        if not isinstance(error, NotAllowed | AnswerWithheld):
            outcome = replace(outcome, answer=replace(outcome.answer, actions=correction(event, spec)))
    if isinstance(error, AnswerWithheld):
        usage = (*usage, price(error.usage))
    return replace(outcome, usage=tuple(usage))


def failure_outcome(error: Exception, job: Job, usage: Sequence[Usage]) -> Outcome:
    """Build a private error message with a retry button; `usage` so far is counted."""
    locale = job.event.actor.locale
    retry = Action(
        name="retry", label=translate("action.retry", locale), command="retry", options={"event": job.event.id}
    )
    text = error_message(error, locale, event_id=job.event.id)
    return Outcome(answer=Answer(text=text, actions=(retry,), private=True), usage=tuple(usage))
