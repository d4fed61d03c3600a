"""Every error has its sentence, and no sentence gives away the error's own text."""

import pytest

from aimodels.errors import AIModelsError, AuthenticationFailed, BadRequest, RateLimited
from bot import errors
from bot.i18n import LANGUAGES, catalogue
from bot.pipeline.error_messages import error_message

RAW = "sk-secret-key: 內部錯誤 upstream said no"


def tree(kind: type[Exception]) -> list[type[Exception]]:
    return [kind, *(sub for child in kind.__subclasses__() for sub in tree(child))]


def made(kind: type[Exception]) -> Exception:
    if issubclass(kind, RateLimited):
        return kind(RAW, retry_after=30)
    if issubclass(kind, errors.UploadTooLarge):
        return kind(10)
    return kind(RAW)


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize(
    "kind", [k for k in (*tree(errors.BotError), *tree(AIModelsError)) if k is not errors.UsageError]
)
def test_every_error_has_a_sentence_of_our_own(kind: type[Exception], locale: str) -> None:
    """Each class of the tree becomes a sentence in the language asked for, without the error's text."""
    text = error_message(made(kind), locale, event_id="evt-1")
    assert text
    assert "secret" not in text
    assert RAW not in text
    assert any("一" <= c <= "鿿" for c in text) == (locale != "en")


def test_what_a_person_did_wrong_is_said_as_written() -> None:
    """A usage error's text is meant for people."""
    assert error_message(errors.UsageError("size must be 1."), "en", event_id="e") == "size must be 1."


def test_an_unknown_error_gives_a_reference() -> None:
    """Who runs the service finds the event by what the person quotes."""
    assert "evt-42" in error_message(ZeroDivisionError("secret"), "en", event_id="evt-42")


@pytest.mark.parametrize(("seconds", "shown"), [(0.0, "1 s"), (12.2, "13 s"), (90, "90 s"), (600.5, "11 min")])
def test_a_rate_limit_says_when(seconds: float, shown: str) -> None:
    """The wait is rounded up, and in minutes where those read better."""
    assert shown in error_message(RateLimited("x", retry_after=seconds), "en", event_id="e")


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("content_policy_violation", "policy"),
        ("context_length_exceeded", "too_long"),
        ("model_not_found", "no_model"),
        ("invalid_parameter", "refused"),
    ],
)
def test_a_refusal_is_told_by_its_code(code: str, key: str) -> None:
    """What the API refused is said in our words when its code tells."""
    error = BadRequest(RAW, status=400, code=code)
    assert error_message(error, "en", event_id="e1") == catalogue("en")[f"error.{key}"].format(id="e1")


def test_a_wrong_key_names_the_setting() -> None:
    """Only the admin can help, and is told where."""
    error = AuthenticationFailed(RAW, status=401, code="invalid_api_key")
    assert "AIMODELS_API_KEY" in error_message(error, "zh-TW", event_id="e")


@pytest.mark.parametrize("status", [404, 405])
def test_an_endpoint_that_is_not_there_is_not_blamed_on_the_words(status: int) -> None:
    """Other words would not help where the service has no such endpoint; an unknown model keeps its own sentence."""
    assert "does not offer" in error_message(BadRequest("Not found", status=status), "en", event_id="e")
    for unknown_model in (
        BadRequest("x", status=status, code="model_not_found"),
        BadRequest("model 'm' not found", status=status),
    ):
        assert error_message(unknown_model, "en", event_id="e") == catalogue("en")["error.no_model"].format(id="e")


def test_a_full_disk_is_not_blamed_on_the_download() -> None:
    """Trying again would not help: whoever runs the service has to know."""
    assert "no room" in error_message(errors.FileNotSaved("x"), "en", event_id="e")
