"""What a prompt's words ask for."""

import pytest

from sandbox.media.prompt_words import parse_scene, parse_sounds, seed


@pytest.mark.parametrize(
    ("prompt", "time", "elements", "subjects"),
    [
        ("a sunset over the sea", "sunset", {"sea"}, ()),
        ("海上的日落", "sunset", {"sea"}, ()),
        ("mountains at night with aurora", "night", {"mountain", "aurora"}, ()),
        ("夜晚的山和极光", "night", {"mountain", "aurora"}, ()),
        ("a city in the rain", None, {"city", "rain"}, ()),
        ("森林裡的湖", None, {"forest", "lake"}, ()),
        ("森林里的湖", None, {"forest", "lake"}, ()),
        ("a fox and two cats", None, set(), ("fox", "cat")),
        ("雪中的狐狸", None, {"snow"}, ("fox",)),
        ("a robot watering flowers", None, {"flower"}, ("robot",)),
    ],
)
def test_words_become_what_is_seen(
    prompt: str, time: str | None, elements: set[str], subjects: tuple[str, ...]
) -> None:
    """English, Traditional and Simplified Chinese words name the same things."""
    wanted = parse_scene(prompt)
    assert (wanted.time, set(wanted.elements), wanted.subjects) == (time, elements, subjects)


def test_the_camera_is_near_or_far() -> None:
    """In both languages; otherwise it is where it usually is."""
    near_and_far = ["a fox, close-up", "狐狸的特寫", "a wide-angle view of a fox", "狐狸，遠景", "a fox"]
    assert [parse_scene(prompt).distance for prompt in near_and_far] == ["near", "near", "far", "far", ""]


def test_the_longest_chinese_word_wins() -> None:
    """A robot (機器人) is no person (人), a lighthouse (燈塔) no lamp, a rocket (火箭) no fire."""
    assert parse_scene("機器人").subjects == ("robot",)
    assert parse_scene("机器人和人").subjects == ("robot", "person")
    assert parse_sounds("雷雨").sounds.keys() == {"thunder"}


def test_a_colour_belongs_to_the_word_after_it() -> None:
    """A colour tints the subject that follows it, in both languages; with nothing to tint it tints the picture."""
    assert parse_scene("a black cat beside a red boat").colours == {"cat": "black", "boat": "red"}
    assert parse_scene("紅色的狐狸").colours == {"fox": "red"}
    assert parse_scene("something blue").colours == {"": "blue"}


def test_a_prompt_without_known_words_is_said_to_be_unknown() -> None:
    """Nothing is invented while reading; words inside other words do not count."""
    wanted = parse_scene("seashell foxtrot catalogue")
    assert not wanted.known
    assert wanted.subjects == ()


@pytest.mark.parametrize(
    ("prompt", "sounds"),
    [
        ("gentle rain and thunder in the background", {"rain", "thunder"}),
        ("海浪和鳥鳴", {"ocean", "birds"}),
        ("campfire with crickets", {"fire", "crickets"}),
        ("溪流", {"stream"}),
        ("440 Hz", {"tone"}),
        ("qwerty", {"music"}),
    ],
)
def test_words_become_what_is_heard(prompt: str, sounds: set[str]) -> None:
    """Every sound that is named is heard; a prompt that names none is music."""
    assert parse_sounds(prompt).sounds.keys() == sounds


def test_adjectives_change_loudness_mood_and_pitch() -> None:
    """Gentle is softer than heavy, the background is further away, moods and frequencies are understood."""
    assert (
        parse_sounds("gentle rain").sounds["rain"]
        < parse_sounds("rain").sounds["rain"]
        < parse_sounds("heavy rain").sounds["rain"]
    )
    assert parse_sounds("thunder in the background").sounds["thunder"] < 1
    assert parse_sounds("悲傷的音樂").mood == "sad"
    assert parse_sounds("a 1.5 kHz tone").frequency == 1500


def test_seed_is_the_same_in_every_process() -> None:
    """The seed is a fixed function of its parts, and tells apart where one ends and the next begins."""
    assert seed("scene", "狐狸", 0) == 18397761744282278033
    assert seed("ab", "c") != seed("a", "bc")
