"""Redaction: masks, and pseudonyms that are put back."""

import re
import sys
import threading
import unicodedata
from collections.abc import AsyncGenerator, Iterator, Sequence
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimodels import AsyncAIModels, ChatDelta
from bot.calls.guarded_api import EventApi
from bot.characters import INVISIBLE
from bot.moderation.detectors import Finding, find_private
from bot.moderation.guard import Guard
from bot.moderation.redaction import Redactor, merge
from bot.moderation.rules import ContentRules
from bot.moderation.seen_text import find_as_seen, read_as_seen
from tests.support.database.store import event

SECRETS = ("ann@example.com", "bob@example.com", "0912-345-678", "sk-proj-abcdefghijklmnop123", "4111 1111 1111 1111")


def redactor(conversation: str = "c") -> Redactor:
    return Redactor(find_private, b"key", conversation)


async def in_pieces(text: str, cuts: Sequence[int]) -> AsyncGenerator[ChatDelta, None]:
    ends = [*sorted(min(cut, len(text)) for cut in cuts), len(text)]
    for start, end in zip([0, *ends], ends, strict=False):
        yield ChatDelta(text[start:end])
    yield ChatDelta("", finish_reason="stop")


def test_a_mask_says_what_it_was() -> None:
    """Nothing is put back."""
    masking = Redactor(find_private, None)
    masked = masking.redact("ask ann@example.com or +1 555 123 4567")
    assert masked == "ask [EMAIL] or [PHONE]"
    assert masking.restore(masked) == masked


def test_a_pseudonym_is_the_same_in_a_conversation() -> None:
    """Also after a restart, and another one for another value or in another conversation."""
    first = redactor().redact("ann@example.com, ann@example.com and bob@example.com")
    one, again, other = first.replace(" and", ",").split(", ")
    assert one == again != other
    assert redactor().redact("now ann@example.com") == f"now {one}"
    assert one not in redactor("another").redact("ann@example.com")


@given(st.lists(st.sampled_from([*SECRETS, "and", "EMAIL_", "é中\n", "phone", "E"])), st.lists(st.integers(0, 200)))
async def test_what_was_replaced_comes_back(words: list[str], cuts: list[int]) -> None:
    """Whole or streamed in any pieces, an answer that repeats the request reads as the request did."""
    text = " ".join(words)
    one = redactor()
    sent = one.redact(text)
    assert not any(secret in sent for secret in SECRETS)
    assert one.restore(sent) == text
    assert one.restore(sent.lower()) == text.lower()
    deltas = [delta async for delta in one.restore_stream(in_pieces(sent, cuts))]
    assert "".join(delta.text for delta in deltas) == text
    assert "stop" in [delta.finish_reason for delta in deltas]


@given(
    st.lists(st.tuples(st.integers(1, 14), st.sampled_from("\u200b\u00ad\u2060\ufe0f")), max_size=8),
    st.text("é中 \u200b"),
)
def test_what_is_hidden_is_replaced_whole(hidden: list[tuple[int, str]], before: str) -> None:
    """Wherever invisible characters are in an address, they go with it and come back with it."""
    address = "ann@example.com"
    for at, character in sorted(hidden, reverse=True):
        address = address[:at] + character + address[at:]
    one = Redactor(partial(find_as_seen, find_private), b"key")
    sent = one.redact(f"{before} {address}!")
    assert re.fullmatch(rf"{re.escape(before)} EMAIL_\w{{6}}!", sent)
    assert one.restore(sent) == f"{before} {address}!"


@pytest.mark.parametrize(
    "text",
    [
        "4111\u20091111\u20091111\u20091111",
        "4111\u20031111\u20071111\u28001111",
        "4111_1111_1111_1111",
        "4111,1111,1111,1111",
        "4111|1111|1111|1111",
        "**4111** 1111 1111 1111",
        "4111 `1111` **1111** *1111*",
        "4\ufe0f\u20e31\ufe0f\u20e31\ufe0f\u20e31\ufe0f\u20e3 1111 1111 1111",
        "4\u03361\u03361\u03361\u0336 1\u0336111 1111 1111",
        "0912\u2009345\u2009678",
        "555\u2800123\u28004567",
        "**0912** 345 678",
        "0912_345_678",
        "0912,345,678",
        "+886|912|345|678",
        "DE89\u20093704\u20030044\u20070532\u20020130\u200a00",
        "DE89_3704_0044_0532_0130_00",
        "**DE89** **3704** 0044 0532|0130,00",
        "ann@example\u3002com",
        "ann@mail\uff61example\u3002com",
        "ann@\u4f8b\u5b50.\u4e2d\u56fd",
        "ann@\u0909\u0926\u093e\u0939\u0930\u0923.\u092d\u093e\u0930\u0924",
        "ann@example.xn--p1ai",
        "sk\u2010proj\u2010abcdefghijklmnop123",
        "a\u0600nn@example.com",
    ],
)
def test_what_is_disguised_is_replaced(text: str) -> None:
    """As a whole, but for marks of Markdown around it."""
    masking = Redactor(partial(find_as_seen, find_private), None)
    assert re.fullmatch(
        r"see [*`]*\[(CARD|PHONE|IBAN|EMAIL|SECRET)\][*\u0336\ufe0f\u20e3]*!", masking.redact(f"see {text}!")
    )


@pytest.mark.parametrize(
    "text",
    [
        "| 4000 | 5000 | 6000 | 7000 |\n|---|---|---|---|\n|100|200|3000|\n|4111|1111|1111|1111|",
        "100|200|3000\n01|02|2024|1030\n0123|0456|0789|0111",
        "2019,2020,2021,2022, 001,002,003 and 100,200,3000",
        "1,234,567,890.12 or +1,234,567,890",
        "2026\u201311\u201327, 2019\u20142024, 12\u202f345\u202f678",
        "IMG_20240115_123456.jpg, 13_812_345_678, order_0912_345_678, 0912345678_1",
        "2**31*1024*1024*1000, 4*1024*1024*1000, v1.2.3_4, 10~20",
        "\u6211\u7528Python\u3002Java\u6bd4\u8f03\u597d, name@1.2.3\u3002Thanks, react@18\u30023",
        "vite@latest\u3002npm run",
        "Chapter1\u2014Introduction2\u2014Something3\u2014AndMore",
    ],
)
def test_ordinary_numbers_stay(text: str) -> None:
    """Of tables, lists, dates, amounts, versions and code."""
    assert Redactor(partial(find_as_seen, find_private), None).redact(text) == text


def test_all_that_is_seen_through_is_known() -> None:
    """Every format character, space and dash of Unicode."""
    kinds: dict[str, set[str]] = {"Cf": set(), "Zs": {" "}, "Pd": {"-"}}
    for code in range(sys.maxunicode + 1):
        if (category := unicodedata.category(chr(code))) in kinds:
            kinds[category].add(chr(code))
    assert not [hex(ord(character)) for character in kinds["Cf"] if not INVISIBLE.fullmatch(character)]
    assert {read_as_seen(f"a{character}b") for character in kinds["Zs"]} == {"a b"}
    assert {read_as_seen(f"a{character}b") for character in kinds["Pd"]} == {"a b", "a-b"}


def test_an_address_ends_before_the_next_sentence() -> None:
    """An ideographic full stop ends a sentence more often than it is a dot."""
    masking = Redactor(partial(find_as_seen, find_private), None)
    assert masking.redact("寄到a@b.com。Thanks, 或c@d.com謝謝") == "寄到[EMAIL]。Thanks, 或[EMAIL]謝謝"


async def test_an_answer_is_not_held_back() -> None:
    """Only what may be the beginning of a pseudonym waits."""
    one = redactor()
    one.redact("ann@example.com")
    shown = [delta.text async for delta in one.restore_stream(in_pieces("hello my friend", [5, 8]))]
    assert shown[:2] == ["hello", " my"]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10), st.sampled_from("AB"))))
def test_overlapping_findings_become_one(spans: list[tuple[int, int, str]]) -> None:
    """Every character that is in a finding is in exactly one of the merged ones."""
    findings = [Finding(start, start + size, label) for start, size, label in spans]
    merged = list(merge(findings))
    covered = [at for one in merged for at in range(one.start, one.end)]
    assert covered == sorted({at for one in findings for at in range(one.start, one.end)})


class Searched:
    """A pattern that knows which threads searched with it."""

    def __init__(self) -> None:
        self.threads: list[int] = []

    def search(self, _text: str) -> None:
        raise AssertionError("no rule refuses")

    def finditer(self, _text: str) -> Iterator[Any]:
        self.threads.append(threading.get_ident())
        return iter(())


async def test_a_long_request_is_read_beside_the_event_loop() -> None:
    """Others' answers go on meanwhile; a short one is read where it is."""
    searched = Searched()
    guard = Guard(ContentRules(redact={"X": searched}), event("e"), b"key", "mask")
    async with AsyncAIModels(api_key="YOUR_API_KEY") as client:
        api = EventApi(client, guard)
        await api.check_words("short")
        assert searched.threads == [threading.get_ident()]
        await api.check_words("long " * 20_000)
    assert searched.threads[-1] != threading.get_ident()
