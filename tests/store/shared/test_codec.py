"""Values go to JSON and come back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models import Action, Actor, Answer, Attachment, Event, Kind, Location, Media, Turn
from bot.store.shared import codec

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ODD = st.text(st.characters(), max_size=12)  # lone surrogates included
TEXTS: st.SearchStrategy[Mapping[str, str]] = st.dictionaries(TEXT, TEXT, max_size=3)
PATHS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=9).map(
    lambda t: Path("/spool") / t
)
NUMBER = st.none() | st.floats(allow_nan=False, allow_infinity=False)

EVENTS = st.builds(
    Event,
    id=TEXT,
    adapter=TEXT,
    conversation=TEXT,
    actor=st.builds(Actor, id=TEXT, name=TEXT, locale=TEXT, roles=st.lists(TEXT, max_size=3).map(tuple)),
    location=st.builds(Location, workspace=TEXT, channel=TEXT, thread=TEXT),
    command=TEXT,
    prompt=TEXT,
    options=TEXTS,
    attachments=st.lists(
        st.builds(Attachment, name=TEXT, content_type=TEXT, size=st.none() | st.integers(0, 2**60), source=TEXTS),
        max_size=2,
    ).map(tuple),
    reply_to=TEXTS,
    received_at=st.datetimes(timezones=st.just(UTC)),
    rejection=TEXT,
    replaces=TEXT,
)
ANSWERS = st.builds(
    Answer,
    text=TEXT,
    media=st.lists(
        st.builds(
            Media,
            name=TEXT,
            content_type=TEXT,
            size=st.integers(0, 2**60),
            path=st.none() | PATHS,
            url=TEXT,
            source_url=TEXT,
            description=TEXT,
            width=st.none() | st.integers(0, 9999),
            height=st.none() | st.integers(0, 9999),
            duration=NUMBER,
        ),
        max_size=2,
    ).map(tuple),
    actions=st.lists(
        st.builds(Action, name=TEXT, label=TEXT, command=TEXT, prompt=TEXT, options=TEXTS), max_size=2
    ).map(tuple),
    private=st.booleans(),
)


@settings(deadline=None)
@given(EVENTS)
def test_events_come_back(event: Event) -> None:
    """What is written is read back unchanged."""
    assert codec.loads(Event, codec.dumps(event)) == event


@settings(deadline=None)
@given(ANSWERS)
def test_answers_come_back(answer: Answer) -> None:
    """What is written is read back unchanged."""
    assert codec.loads(Answer, codec.dumps(answer)) == answer


def test_a_value_of_another_type_is_not_written() -> None:
    """A value of another type than its field's is refused, with both; beside a lone surrogate as well."""
    for text in ("plain", "\ud800"):
        again = Action(name="again", label=text, command="roll", options={"sides": 6})  # type: ignore[dict-item]
        with pytest.raises(TypeError, match=r"(?s)a field of Answer .*Expected `str`.*input_value=6"):
            codec.dumps(Answer(actions=(again,)))
    with pytest.raises(TypeError, match="actions"):
        codec.dumps(Answer(actions=Action(name="again", label="Again", command="roll")))  # type: ignore[arg-type]


@settings(deadline=None)
@given(ODD, st.datetimes(timezones=st.just(UTC)))
def test_no_text_is_refused(text: str, at: datetime) -> None:
    """Lone surrogates become U+FFFD, pairs of them the character they stand for; all else stays, times too."""
    turn = Turn(role="user", content=text, at=at)
    json = codec.dumps(turn)
    json.encode()
    assert codec.loads(Turn, json) == Turn(role="user", content=codec.clean(text), at=at)


@settings(deadline=None)
@given(ODD)
def test_clean_text_is_text(text: str) -> None:
    """It can be encoded, is as long as before or shorter, and cleaning it again changes nothing."""
    cleaned = codec.clean(text)
    cleaned.encode()
    assert len(cleaned) <= len(text)
    assert codec.clean(cleaned) == cleaned


def test_a_pair_of_surrogates_is_joined() -> None:
    """As JSON decoders of other makes hand them over."""
    assert codec.clean("a\ud83d\ude00b\ud83dc\ude00") == "a\U0001f600b\ufffdc\ufffd"


@settings(deadline=None)
@given(ODD, ODD)
def test_different_texts_have_different_keys(one: str, other: str) -> None:
    """A key holds neither NUL nor surrogates, and tells texts apart; plain ones are their own."""
    assert (codec.to_key(one) == codec.to_key(other)) == (one == other)
    codec.to_key(one).encode()
    assert "\0" not in codec.to_key(one)
    assert codec.to_key("C1/1700.0001") == "C1/1700.0001"
    assert codec.to_key('"') == codec.to_key('"') != codec.to_key('""')


def test_every_kind_is_text() -> None:
    """Kinds of usage are stored by name."""
    assert all(codec.to_key(kind) == kind for kind in get_args(Kind))
