"""What refusals say about a parameter, and how a limit is applied."""

from typing import Any

import pytest

from aimodels.errors import BadRequest
from bot.calls.parameter_limits import ParameterLimit, read_limit

SENT: dict[str, Any] = {"duration": 60, "resolution": "1280x720", "model": "videogen-2"}


@pytest.mark.parametrize(
    ("message", "param", "sent", "found"),
    [
        ("duration: Input should be less than or equal to 30", "", SENT, ("duration", ParameterLimit(high=30))),
        (
            "prompt: is required; resolution: Input should be '640x360' or '1920x1080'",
            "",
            SENT,
            ("resolution", ParameterLimit(choices=("640x360", "1920x1080"))),
        ),
        (
            "Invalid value: '60'. Supported values are: '4', '8', and '12'.",
            "seconds",
            SENT,
            ("duration", ParameterLimit(choices=("4", "8", "12"))),
        ),
        (
            "Invalid 'n': integer above maximum value. Expected a value <= 10, but got 11 instead.",
            "n",
            {"n": 11, "size": "1024x1024"},
            ("n", ParameterLimit(high=10)),
        ),
        (
            "max_tokens is too large: 50000. This model supports at most 4,096 completion tokens",
            "max_tokens",
            {"max_tokens": 50000},
            ("max_tokens", ParameterLimit(high=4096)),
        ),
        ("The model videogen-2 takes a duration of at least 90 s", "", SENT, ("duration", ParameterLimit(low=90))),
        ("參數 duration 不能超過 30 秒", "", SENT, ("duration", ParameterLimit(high=30))),
        ("影片時長必須在 1 到 30 之間", "", SENT, ("duration", ParameterLimit(1, 30))),
        (
            "尺寸必須為 512x512、1024x1024 或 2048x2048",
            "",
            {"size": "1x1"},
            ("size", ParameterLimit(choices=("512x512", "1024x1024", "2048x2048"))),
        ),
    ],
)
def test_a_clear_limit_is_read(message: str, param: str, sent: Any, found: tuple[str, ParameterLimit]) -> None:
    """In the forms of the reference's servers, of OpenAI's and of FastAPI's, in English and Chinese."""
    assert read_limit(BadRequest(message, status=400, param=param), sent) == found


@pytest.mark.parametrize(
    "message",
    [
        "duration may be at most 30 for 1920x1080",
        "duration must be at most 30 when the resolution is high",
        "with this resolution, duration must be at most 30",
        "duration must be less than 30",
        "duration must be at most 90",
        "duration must be one of 4 seconds for free accounts, 8 seconds for others",
        "the prompt may have at most 30 words",
        "something is wrong",
    ],
)
def test_an_unclear_limit_is_not_read(message: str) -> None:
    """One that depends on something else, is not of this parameter, or does not explain the refusal."""
    assert read_limit(BadRequest(message, status=400), SENT) is None


@pytest.mark.parametrize(
    ("limit", "value", "nearest"),
    [
        (ParameterLimit(high=30), 60, 30),
        (ParameterLimit(1, 30), 0.5, 1),
        (ParameterLimit(high=1.5), 2, 1.5),
        (ParameterLimit(choices=("4", "8", "12")), 9, 8),
        (ParameterLimit(choices=("4", "8")), "60", "8"),
        (ParameterLimit(choices=("512x512", "2048x2048")), "600x600", "512x512"),
        (ParameterLimit(choices=("anime", "sketch")), "photo-realistic", "anime"),
    ],
)
def test_the_nearest_value_is_allowed(limit: ParameterLimit, value: object, nearest: object) -> None:
    """What a limit refuses has a nearest value of the same type; a limit survives being stored."""
    assert not limit.allows(value)
    assert limit.nearest(value) == nearest
    assert type(limit.nearest(value)) in (type(value), type(nearest))
    assert limit.allows(nearest)
    assert ParameterLimit.decode(limit.encode()) == limit
