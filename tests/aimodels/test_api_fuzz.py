"""Parsers of the API's answers, on answers that nobody would send."""

import contextlib
import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aimodels.error_mapping import from_response
from aimodels.errors import AIModelsError, ApiError, UnexpectedAnswer
from aimodels.parsing import (
    parse_chat,
    parse_chunk,
    parse_code,
    parse_images,
    parse_job,
    parse_media,
    split_envelope,
)
from aimodels.responses import Flavor
from aimodels.wire.headers import parse_headers
from aimodels.wire.sse import EventParser

QUICK = settings(max_examples=150, deadline=None)
FLAVORS: list[Flavor] = ["aimodels", "openai"]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
#: Names that the parsers look for, so that what is made up gets into them.
NAMES = st.sampled_from(
    [
        "success",
        "data",
        "choices",
        "message",
        "content",
        "text",
        "code",
        "usage",
        "images",
        "video",
        "audio",
        "url",
        "b64_json",
        "id",
        "status",
        "progress",
        "delta",
        "error",
        "type",
        "finish_reason",
        "total_tokens",
        "cost",
        "duration",
        "width",
        "object",
        "model",
        "index",
    ]
)
JSON: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=20
)
BODIES = JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60)


@pytest.mark.parametrize("flavor", FLAVORS)
@given(BODIES)
@QUICK
def test_any_answer_is_read_or_refused(flavor: Flavor, raw: bytes) -> None:
    """Whatever the body is: an answer, or one of the SDK's errors."""
    for parse in (parse_chat, parse_code):
        with contextlib.suppress(AIModelsError):
            parse(raw, flavor)
    with contextlib.suppress(AIModelsError):
        data, envelope = split_envelope(raw, flavor)
        parse_job(data)
        for parse_files in (parse_images, parse_media):
            with contextlib.suppress(AIModelsError):
                parse_files(data, envelope)


@given(BODIES)
@QUICK
def test_any_piece_of_a_stream_is_read_or_refused(raw: bytes) -> None:
    """Whatever the data of an event is."""
    with contextlib.suppress(AIModelsError):
        parse_chunk(raw.decode("utf-8", "replace"))


@given(st.integers(100, 599), BODIES | JSON.map(lambda value: json.dumps({"error": value}).encode()))
@QUICK
def test_any_error_answer_is_an_error_without_the_key(status: int, raw: bytes) -> None:
    """Whatever the status and the body are."""
    found = from_response(status, raw + b"sk-secret", key="sk-secret")
    assert isinstance(found, ApiError)
    assert "sk-secret" not in f"{found} {found!r}"


@given(st.lists(st.binary(max_size=12) | st.sampled_from([b"data: {}\n\n", b"data:", b"\r\n", b"\n\n", b": x\n"])))
@QUICK
def test_a_stream_cut_anywhere_has_the_same_events(pieces: list[bytes]) -> None:
    """The pieces one by one, and all at once."""
    parts, whole = EventParser(), EventParser()
    cut = [event for piece in pieces for event in parts.feed(piece)] + parts.end()
    assert cut == whole.feed(b"".join(pieces)) + whole.end()


@given(
    st.dictionaries(
        st.sampled_from(["retry-after", "date", "x-ratelimit-remaining", "x-ratelimit-limit", "x-ratelimit-reset"]),
        st.text(max_size=12) | st.integers().map(str) | st.floats().map(str),
    )
)
@QUICK
def test_any_header_gives_a_usable_wait(headers: dict[str, str]) -> None:
    """No wait is negative, endless or no number."""
    found = parse_headers(headers, 1_700_000_000.0)
    for name in found.__slots__:
        value = getattr(found, name)
        if isinstance(value, float):
            assert math.isfinite(value)


def test_deep_answers_are_refused() -> None:
    """Brackets beyond what the parser of JSON takes."""
    with pytest.raises(UnexpectedAnswer):
        parse_chat(b"[" * 100_000, "aimodels")
    with pytest.raises(UnexpectedAnswer):
        split_envelope(b'{"success": true, "data": ' + b"[" * 100_000, "aimodels")
