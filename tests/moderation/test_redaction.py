"""Redaction: masks, and pseudonyms that are put back."""

import re
from collections.abc import AsyncGenerator, Sequence
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from aimodels import ChatDelta
from bot.moderation.detectors import Finding, find_private
from bot.moderation.redaction import Redactor, merge
from bot.moderation.seen_text import find_as_seen

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
