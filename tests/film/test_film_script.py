"""Scripts of films: what models answer and people type is bounded, and lengths add up."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.film.film import LONGEST, MAX_SHOTS, SHORTEST, FilmShot
from bot.film.script import (
    LONGEST_PROMPT,
    UnreadableLines,
    UnreadableScript,
    fit,
    format_shots,
    parse_shots,
    read_script,
)

_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
_SHOTS = st.lists(st.fixed_dictionaries({"prompt": _JSON, "line": _JSON, "seconds": _JSON}) | _JSON, max_size=20)


@settings(max_examples=60)
@given(_SHOTS, st.integers(2, 120), st.integers(1, MAX_SHOTS))
def test_nothing_of_an_answer_is_trusted(shots: list[object], seconds: int, most: int) -> None:
    """Whatever a model answers is a script within bounds, or none."""
    text = f"Here it is: {json.dumps({'title': 'T', 'shots': shots})} Enjoy!"
    try:
        script = read_script(text, seconds=seconds, shots=most, has_music=True)
    except UnreadableScript:
        return
    assert 1 <= len(script.shots) <= most
    assert script.music
    for shot in script.shots:
        assert 1 <= len(shot.prompt) <= LONGEST_PROMPT
        assert "\n" not in shot.prompt + shot.line
        assert SHORTEST <= shot.seconds <= LONGEST
    reachable = min(max(seconds, len(script.shots) * SHORTEST), len(script.shots) * LONGEST)
    assert sum(shot.seconds for shot in script.shots) == reachable


@pytest.mark.parametrize("text", ["", "no", "[1]", '{"shots": 3}', '{"shots": [{"prompt": ""}]}', "{" * 30_000])
def test_what_is_no_script(text: str) -> None:
    with pytest.raises(UnreadableScript):
        read_script(text, seconds=20, shots=4, has_music=True)


@pytest.mark.parametrize(
    "text",
    [
        '{"thought": {}} {"title": "T", "shots": [{"prompt": "a fox"}]}',
        '{"answer": {"title": "T", "shots": [{"prompt": "a fox"}]}}',
        '{"title": "T", "shots": [{"prompt": "a\nfox", "seconds": 3,}, ], }',
    ],
)
def test_a_script_is_read_with_patience(text: str) -> None:
    """Beside or within another object, with a line break in a string and a comma too many."""
    script = read_script(text, seconds=4, shots=1, has_music=False)
    assert (script.title, [shot.prompt for shot in script.shots]) == ("T", ["a fox"])


def test_edited_lines() -> None:
    """A line that stays keeps its take wherever it stands; the lines of all shots fit into one field of a form."""
    shots = [FilmShot(line=f"line {n}", prompt=f"picture {n}", seconds=4, take=n) for n in (1, 2, 3)]
    assert parse_shots(format_shots(shots), shots) == tuple(shots)
    edited = parse_shots("2. picture 3\n9s | new | a wolf\n 4 | line 1 | picture 1 ", shots)
    assert [(shot.prompt, shot.seconds, shot.take) for shot in edited] == [
        ("picture 3", 4, 3),
        ("a wolf", 9, 1),
        ("picture 1", 4, 1),
    ]
    for text in (" \n", "5 | x |", "\n".join("a" * 9)):
        with pytest.raises(UnreadableLines):
            parse_shots(text, shots)
    longest = [FilmShot(line="l" * 60, prompt="p" * LONGEST_PROMPT, seconds=20)] * MAX_SHOTS
    assert len(format_shots(longest)) <= 3000
    assert sum(shot.seconds for shot in fit(shots, 20)) == 20
