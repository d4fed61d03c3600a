"""The sentence on a place in the queue, and the wait that people are to expect."""

import pytest

from bot.ports import QueuePlace
from bot.waiting.recent_durations import RecentDurations
from bot.waiting.sentences import describe

WORDS = "2nd 3rd 4th 10th 11th 12th 13th 14th 21st 22nd 23rd 101st 111th 112th 113th 121st"
ORDINALS = {1: "Next", **{int(word[:-2]): word for word in WORDS.split()}}


def at(number: int, *, running: int = 1) -> QueuePlace:
    return QueuePlace(number=number, running=running, follows=False)


def test_places_are_ordinal_numbers() -> None:
    """11 to 13 end like no other number; Chinese has one form."""
    assert {number: describe(at(number), None, "en") for number in ORDINALS} == {
        number: f"{ordinal} in line" for number, ordinal in ORDINALS.items()
    }
    for locale, first in (("zh-TW", "下一個就輪到你"), ("zh-CN", "下一个就轮到你")):
        assert describe(at(1), None, locale) == first
        assert {describe(at(number), None, locale) for number in ORDINALS} - {first} == {
            f"排在第 {number} 位" for number in ORDINALS if number > 1
        }


@pytest.mark.parametrize(
    ("seconds", "english", "traditional", "simplified"),
    [
        (0.2, "5 s", "5 秒", "5 秒"),
        (12.4, "10 s", "10 秒", "10 秒"),
        (57.4, "55 s", "55 秒", "55 秒"),
        (59.0, "1 min", "1 分鐘", "1 分钟"),
        (60.0, "1 min", "1 分鐘", "1 分钟"),
        (150.1, "3 min", "3 分鐘", "3 分钟"),
    ],
)
def test_the_wait_is_rounded(seconds: float, english: str, traditional: str, simplified: str) -> None:
    """To five seconds, of which there is one step at least, and to minutes."""
    assert describe(at(2), seconds, "en") == f"2nd in line, about {english}"
    assert describe(at(2), seconds, "zh-TW") == f"排在第 2 位，大約還要 {traditional}"
    assert describe(at(2), seconds, "zh-CN") == f"排在第 2 位，大约还要 {simplified}"


def test_the_wait_is_that_of_the_newest_answers_to_the_command() -> None:
    """By their median, the place and how many are made at the same time; nothing is known of other commands."""
    durations = RecentDurations()
    assert durations.expected_wait("chat", at(1)) is None
    for seconds in (1.0, 4.0, 100.0):
        durations.add("chat", seconds)
    assert durations.expected_wait("chat", at(1)) == 4.0
    assert durations.expected_wait("chat", at(6, running=4)) == 6.0
    assert durations.expected_wait("image", at(1)) is None
    for _ in range(21):
        durations.add("chat", 9.0)
    durations.add("chat", 1.0)
    assert durations.expected_wait("chat", at(2)) == 18.0
