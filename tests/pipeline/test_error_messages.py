"""Every error has a message for people; of the error's own text it has only the API's reason, cleaned."""

import pytest

from aimodels.errors import AIModelsError, AuthenticationFailed, BadRequest, RateLimited
from bot import errors
from bot.i18n import LANGUAGES, catalogue
from bot.limits import Limit, Measure, Period, Subject
from bot.pipeline.error_messages import error_message

RAW = "sk-secret-key: 內部錯誤 upstream said no"


def tree(kind: type[Exception]) -> list[type[Exception]]:
    return [kind, *(sub for child in kind.__subclasses__() for sub in tree(child))]


def made(kind: type[Exception]) -> Exception:
    if issubclass(kind, RateLimited):
        return kind(RAW, retry_after=30)
    if issubclass(kind, errors.UploadTooLarge):
        return kind(10)
    if issubclass(kind, errors.OverLimit):
        return kind(Limit(Subject.PERSON, Measure.MEDIA, Period.DAY, 3))
    return kind(RAW)


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_error_has_a_message(locale: str) -> None:
    """Each class has a message in every language, without the error's text."""
    for kind in (*tree(errors.BotError), *tree(AIModelsError)):
        if issubclass(kind, errors.UsageError):
            continue
        text = error_message(made(kind), locale, event_id="evt-1")
        assert text, kind
        assert "secret" not in text, kind
        assert RAW not in text, kind
        is_reason = kind is BadRequest  # the API's reason is in the API's language
        assert any("一" <= c <= "鿿" for c in text) == (locale != "en" or is_reason), kind


def test_a_usage_error_keeps_its_text() -> None:
    """A usage error's text is already written for people."""
    assert error_message(errors.UsageError("size must be 1."), "en", event_id="e") == "size must be 1."


def test_an_unknown_error_gives_a_reference() -> None:
    """The message quotes the event's id."""
    assert "evt-42" in error_message(ZeroDivisionError("secret"), "en", event_id="evt-42")


@pytest.mark.parametrize(("seconds", "shown"), [(0.0, "1 s"), (12.2, "13 s"), (90, "90 s"), (600.5, "11 min")])
def test_a_rate_limit_says_when(seconds: float, shown: str) -> None:
    """The wait is rounded up, long waits in minutes."""
    assert shown in error_message(RateLimited("x", retry_after=seconds), "en", event_id="e")


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("content_policy_violation", "policy"),
        ("context_length_exceeded", "too_long"),
        ("model_not_found", "no_model"),
    ],
)
def test_a_refusal_s_code_selects_the_message(code: str, key: str) -> None:
    """A known code or type selects a specific message."""
    error = BadRequest(RAW, status=400, code=code)
    assert error_message(error, "en", event_id="e1") == catalogue("en")[f"error.{key}"].format(id="e1")


def test_a_wrong_key_names_the_setting() -> None:
    """The message names the setting for the operator."""
    error = AuthenticationFailed(RAW, status=401, code="invalid_api_key")
    assert "AIMODELS_API_KEY" in error_message(error, "zh-TW", event_id="e")


@pytest.mark.parametrize("status", [404, 405])
def test_a_missing_endpoint_has_its_own_message(status: int) -> None:
    """A missing endpoint is not blamed on the request; an unknown model has its own message."""
    assert "does not offer" in error_message(BadRequest("Not found", status=status), "en", event_id="e")
    for unknown_model in (
        BadRequest("x", status=status, code="model_not_found"),
        BadRequest("model 'm' not found", status=status),
    ):
        assert error_message(unknown_model, "en", event_id="e") == catalogue("en")["error.no_model"].format(id="e")


def test_a_full_disk_is_not_blamed_on_the_download() -> None:
    """The message asks to inform the operator, as a new try would not help."""
    assert "no room" in error_message(errors.FileNotSaved("x"), "en", event_id="e")


def test_the_api_s_reason_is_shown_cleaned() -> None:
    """A refused request shows what the API says about it; without words of its own the usual sentence is shown."""
    error = BadRequest("The prompt is **empty**, see https://api.example/help?key=1", status=400)
    text = error_message(error, "en", event_id="e1")
    assert "It says: The prompt is \\*\\*empty\\*\\*, see (…) (Reference: e1)" in text
    nothing = error_message(BadRequest("{}", status=400), "en", event_id="e1")
    assert nothing == catalogue("en")["error.refused"].format(id="e1")
