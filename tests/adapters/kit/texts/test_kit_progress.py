import pytest

from adapters.kit.texts.progress import bar, elapsed, facts, percentage
from bot.models import Status


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (7.9, "0:07"), (60, "1:00"), (750, "12:30"), (3723, "1:02:03")]
)
def test_elapsed_time_has_minutes_and_seconds(seconds: float, text: str) -> None:
    assert elapsed(seconds) == text


@pytest.mark.parametrize(("progress", "text"), [(0.0, "0%"), (0.504, "50%"), (1.0, "100%"), (-1, "0%"), (7, "100%")])
def test_a_percentage_stays_between_0_and_100(progress: float, text: str) -> None:
    assert percentage(progress) == text


@pytest.mark.parametrize(("progress", "shown"), [(0, "...."), (0.5, "##.."), (1, "####"), (3, "####"), (-2, "....")])
def test_a_bar_has_always_the_same_width(progress: float, shown: str) -> None:
    """A bar has always the same width, whatever it is asked to show."""
    assert bar(progress, 4, full="#", empty=".") == shown


def test_a_status_has_its_percentage_and_its_time_where_they_say_something() -> None:
    """The percentage where it is known; the time where it is worth saying."""
    assert facts(Status("x")) == []
    assert facts(Status("x", elapsed=2.9)) == []
    assert facts(Status("x", elapsed=3.0)) == ["0:03"]
    assert facts(Status("x", progress=0.25, elapsed=65)) == ["25%", "1:05"]
