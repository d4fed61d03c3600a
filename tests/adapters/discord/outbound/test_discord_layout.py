import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.discord.outbound import layout
from adapters.discord.outbound.layout import (
    MAX_MESSAGES,
    MAX_TEXT,
    MessagePage,
    _measure,
    layout_answer,
    layout_growing,
    split_text,
    status_text,
    utf16_length,
)
from adapters.discord.ui.format import mark_spoilers, to_discord
from bot.models import Action, Answer, Media, Status
from tests.contract.adapter_contract import long_markdown, words
from tests.support.discord.markdown import MARKDOWN

AGAIN = Action(name="again", label="Again", command="retry")


def media(name: str, kind: str = "image/png", *, url: str = "") -> Media:
    return Media(name=name, content_type=kind, size=10, path=Path("/nowhere") / name, url=url)


@pytest.mark.parametrize("size", [100, 2_500, 9_000])
def test_every_word_is_in_one_message(size: int) -> None:
    """A text arrives whole and in order, each message within Discord's limit and readable on its own."""
    text = long_markdown(size)
    found = split_text(text)
    assert words("\n".join(found)) == words(text)
    for page in found:
        assert utf16_length(page) <= MAX_TEXT
        assert page.count("```") % 2 == 0


def test_tables_go_on_with_their_header() -> None:
    """A table that takes several messages has its header in each."""
    rows = "".join(f"| {n} | {'狐' * 20} |\n" for n in range(200))
    found = split_text(f"| number | fox |\n|---|---|\n{rows}")
    assert len(found) > 2
    assert all(page.startswith("```\nnumber | fox") and page.endswith("```") for page in found)


def test_spoilers_go_on_hidden() -> None:
    """A spoiler that takes several messages is hidden in each."""
    found = split_text(f"before ||{'secret ' * 700}|| after")
    assert len(found) > 2
    assert [page.count("||") for page in found] == [2] * len(found)
    assert all(page.startswith("||secret") for page in found[1:])
    assert found[-1].endswith("|| after")


@settings(max_examples=40, deadline=None)
@given(MARKDOWN.map(lambda text: text * 20))
def test_no_message_is_too_long(markdown: str) -> None:
    """No message is longer than Discord allows, and every block of code is closed, for any Markdown."""
    for page in split_text(markdown):
        assert 0 < utf16_length(page) <= MAX_TEXT
        assert page.count("```") % 2 == 0


@settings(max_examples=150, deadline=None)
@given(MARKDOWN)
def test_measuring_is_no_less_than_the_length(markdown: str) -> None:
    """A piece is never longer, converted, than it was measured: what fits by measure fits."""
    marked = mark_spoilers(markdown)
    assert _measure(MAX_TEXT)(marked) >= utf16_length(to_discord(marked))


@pytest.mark.parametrize(
    "markdown",
    [
        "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 4000,
        "```\n" + "x\n" * 20_000,
        "a\n\n" * 13_000,
        "|" * 40_000 + "||a\n",
        "[" * 20_000,
        "word " * 8_000,
    ],
    ids=["table", "code", "paragraphs", "bars", "brackets", "words"],
)
def test_shapes_that_could_be_slow(markdown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Splitting converts few pieces of a text, even of one made to be slow."""
    count = 0

    def counted(text: str) -> str:
        nonlocal count
        count += 1
        return to_discord(text)

    monkeypatch.setattr(layout, "to_discord", counted)
    layout_growing(markdown, "")
    assert count < 500


#: What is slow to convert, to measure or to split when it is repeated.
ADVERSARIAL = (
    *(
        "|\n|-|\n9",
        "~",
        "1",
        "[a](https://b.c/d) ",
        "https://b.c/d ",
        "- a\n  - b\n",
        "> > > - ",
        "**",
        "`a` ``",
        "||a",
    ),
    *("[", "```\na\n", "| a | b |\n|---|---|\n| 1 | 2 |\n", "狐**狸**", "    a\n\nb\n", "*_`[]#", "---\n\n", "&amp;"),
)


@pytest.mark.parametrize("unit", ADVERSARIAL)
def test_work_grows_no_faster_than_the_text(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """n times the text is at most n times the characters that are converted, finished or growing."""
    converted = 0

    def counted(text: str) -> str:
        nonlocal converted
        converted += len(text)
        return to_discord(text)

    def work(size: int, lay_out: Callable[[str], object]) -> int:
        nonlocal converted
        converted = 0
        lay_out((unit * size)[:size])
        return converted

    monkeypatch.setattr(layout, "to_discord", counted)
    to_discord.cache_clear()  # the longest text is converted; in the others, its pieces come again
    for lay_out in (lambda text: layout_growing(text, ""), lambda text: layout_answer(Answer(text=text), "")):
        began = time.process_time()
        works = {size: work(size, lay_out) for size in (48_000, 8_000, 1_000)}
        assert time.process_time() - began < 1.5
        for more, less in pairwise(works):
            assert works[more] <= works[less] * more // less + (more // less - 1) * 30 * MAX_TEXT


@settings(max_examples=8, deadline=None)
@given(st.lists(st.sampled_from(ADVERSARIAL), min_size=1, max_size=4).map("".join))
def test_mixtures_are_converted_in_linear_time(unit: str) -> None:
    """A text of any such mixture has few characters converted, and each page fits."""
    with patch.object(layout, "to_discord", side_effect=to_discord) as converted:
        for page in layout_growing((unit * 8000)[:8000], ""):
            assert utf16_length(page.text) <= MAX_TEXT
    assert sum(len(call.args[0]) for call in converted.call_args_list) < 100 * MAX_TEXT


def test_emoji_count_twice() -> None:
    """Letters that are two of Discord's count as two."""
    assert [utf16_length(page) <= MAX_TEXT for page in split_text("🦊" * 1500)] == [True, True]


@pytest.mark.parametrize("size", [0, 1, 900, 2_100, 9_500, 60_000])
def test_growing_text_becomes_the_answer(size: int) -> None:
    """The pages of a growing text are the first pages of the finished answer, at most `MAX_MESSAGES`."""
    text = long_markdown(60_000)[:size]
    shown = layout_growing(text, "")
    done = layout_answer(Answer(text=text), "")
    assert len(shown) <= MAX_MESSAGES
    if len(split_text(text)) <= MAX_MESSAGES:
        assert shown == done
    else:
        assert shown[: MAX_MESSAGES - 1] == done[: MAX_MESSAGES - 1]
        assert done[-1].attached_text == text
        assert len(done) == MAX_MESSAGES


def test_one_message_whatever_it_takes() -> None:
    """Where only one message can be shown, a longer text takes a bigger one; a very long one comes as a file."""
    assert layout_answer(Answer(text="short"), "", is_single=True) == [MessagePage(text="short")]
    (middle,) = layout_answer(Answer(text="word " * 600), "", is_single=True)
    assert middle.is_components_v2
    assert middle.text.count("word") == 600
    (long,) = layout_answer(Answer(text="word " * 2000), "", is_single=True)
    assert (long.attached_text.count("word"), utf16_length(long.text) <= MAX_TEXT) == (2000, True)
    (growing_one,) = layout_growing("word " * 2000, "", is_single=True)
    assert utf16_length(growing_one.text) <= MAX_TEXT


def test_pictures_are_a_gallery_under_their_caption() -> None:
    """Up to ten pictures are one gallery with the caption and the buttons; a long text stands in messages before."""
    pictures = (media("a.png"), media("雪.png"))
    answer = Answer(text="seeddream · 512x512", media=pictures, actions=(AGAIN,))
    gallery = MessagePage(text="seeddream · 512x512", media=pictures, actions=(AGAIN,), is_components_v2=True)
    assert layout_answer(answer, "") == [gallery]
    first, last = layout_answer(replace(answer, text="word " * 700), "")
    assert (first.media, first.actions, last.media, last.actions) == ((), (), pictures, (AGAIN,))


@pytest.mark.parametrize(
    "files",
    [
        (media("a.mp3", "audio/mpeg"),),
        (media("a.mp4", "video/mp4"),),
        (media("a.png"), media("a.mp4", "video/mp4")),
        (media("a.png"), media("a.png")),
    ],
)
def test_other_files_are_attached(files: tuple[Media, ...]) -> None:
    """Sound and video play where they are attached; pictures that a gallery could not name are attached too."""
    assert layout_answer(Answer(text="caption", media=files), "") == [MessagePage(text="caption", media=files)]


def test_many_files_take_several_messages() -> None:
    """No message has more than ten files."""
    files = tuple(media(f"{n}.mp3", "audio/mpeg") for n in range(13))
    assert [len(page.media) for page in layout_answer(Answer(text="all", media=files), "")] == [10, 3]


def test_what_is_somewhere_else_is_linked() -> None:
    """A file that is too big to be shown is a link, once."""
    linked = media("a.mp4", "video/mp4", url="https://files.example.com/a.mp4")
    assert layout_answer(Answer(text="here", media=(linked,)), "") == [
        MessagePage(text="here\n\n[a.mp4](<https://files.example.com/a.mp4>)")
    ]
    said = Answer(text="It is at https://files.example.com/a.mp4", media=(linked,))
    assert layout_answer(said, "")[0].text.count("a.mp4") == 1


def test_a_status_says_how_far_it_is_and_how_long_it_has_taken() -> None:
    """A status says how far it is and how long it has taken; at first it need not."""
    assert status_text(Status("Painting…")) == "Painting…"
    assert status_text(Status("Painting…", elapsed=65.4)) == "Painting…\n-# 1:05"
    assert status_text(Status("Filming…", 0.42, elapsed=9)) == "Filming…\n-# ▰▰▰▰▱▱▱▱▱▱ 42% · 0:09"


def test_buttons_alone() -> None:
    """An answer of nothing but buttons is a message all the same; an empty one is none."""
    (page,) = layout_answer(Answer(actions=(AGAIN,)), "")
    assert page.text.strip()
    assert layout_answer(Answer(), "") == []


def test_a_card_that_has_no_room_is_a_plain_message() -> None:
    """At most 40 components and 4,000 characters; else the buttons stand under the text, as everywhere."""

    def answer(number: int, more: str = "") -> Answer:
        lines = [f"{at}. note {at}\n   until {at}" for at in range(1, number + 1)]
        acts = [
            replace(AGAIN, name=f"{name}{at}", row=at) for at in range(1, number + 1) for name in ("edit", "forget")
        ]
        return Answer(text="\n".join(["Notes", *lines, "How to", more]), actions=(*acts, AGAIN))

    [card] = layout_answer(answer(5), "")
    assert [len(block.actions) for block in card.blocks] == [0, 2, 2, 2, 2, 2, 0]
    assert [block.text.split()[0] for block in card.blocks] == ["Notes", "1.", "2.", "3.", "4.", "5.", "How"]
    assert card.component_count <= 40
    for crowded in (answer(10), answer(2, "word " * 800)):
        pages = layout_answer(crowded, "")
        assert not any(page.blocks for page in pages)
        assert pages[-1].actions == crowded.actions
