import pytest

from adapters.kit.errors import NETWORK_ERRORS, ErrorTable, translating
from bot.errors import DeliveryDelayed, DeliveryRefused

NAMES: ErrorTable[str] = ErrorTable(
    platform="Chat", refused={"gone": "the channel is gone"}, delayed=frozenset({"busy", ""})
)
NUMBERS: ErrorTable[int] = ErrorTable(platform="Chat", refused={10003: "the channel is gone"})


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (200, "busy", "Chat answers busy"),
        (500, "", "Chat answers 500"),
        (503, "what", "Chat answers 503"),
        (404, "", "Chat answers 404"),
        (429, "gone", "Chat answers 429"),
    ],
)
def test_what_may_pass_is_delayed(status: int, code: str, text: str) -> None:
    error = NAMES.answered(status, code)
    assert isinstance(error, DeliveryDelayed)
    assert str(error) == text


def test_what_stays_is_refused_with_its_reason() -> None:
    """A refusal says the table's reason, else the platform's own words, else the status; always with the code."""
    assert isinstance(NAMES.answered(200, "gone"), DeliveryRefused)
    assert str(NAMES.answered(200, "gone", otherwise="no")) == "the channel is gone (gone)"
    assert str(NUMBERS.answered(403, 50001, otherwise="Missing Access")) == "Missing Access (50001)"
    assert str(NUMBERS.answered(404, 0)) == "Chat answers 404 (0)"


def test_rate_limits_say_when_to_come_again() -> None:
    error = NAMES.rate_limited(7.5)
    assert (str(error), error.retry_after) == ("Chat gets too many requests", 7.5)


def test_no_answer_is_delayed_and_names_no_address() -> None:
    error = NAMES.unreachable(OSError("https://secret.example/token"))
    assert str(error) == "Chat can't be reached: OSError"


def test_translating_keeps_the_cause() -> None:
    cause = TimeoutError()
    with pytest.raises(DeliveryDelayed) as caught, translating(NAMES.unreachable, NETWORK_ERRORS):
        raise cause
    assert caught.value.__cause__ is cause
    with pytest.raises(KeyError), translating(NAMES.unreachable, NETWORK_ERRORS):
        raise KeyError
