"""The words of the pages of `make play`, in three languages."""

import re
from collections.abc import Iterator
from pathlib import Path

PLAY = Path(__file__).parents[3] / "simulators" / "play"
#: What is put together or comes from a platform.
STATES = {"pending", "in_progress", "complete", "error", "acknowledged", "not acknowledged", "of its own"}
STATES |= {"The application did not respond"}
LITERAL = r'"((?:[^"\\]|\\.)*)"'


def calls(text: str, name: str) -> Iterator[str]:
    """The arguments of every call of a function, without values that are filled in and names that are compared."""
    for found in re.finditer(rf"{name}\(", text):
        depth, end = 1, found.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0) if text[end] != '"' else 0
            end = text.index('"', end + 1) + 1 if text[end] == '"' else end + 1
        yield re.sub(r'=== "\w+"|, \{ .*|\w+=f?"[^"]*"', "", text[found.end() : end], flags=re.DOTALL)


def used_words() -> Iterator[str]:
    """Everything that is translated: in scripts, in the document, and of the page's server."""
    named = {".js": r"(?<![\w.])t", ".py": r"(?:PlayError|\.note)"}
    for path in (*PLAY.glob("*.py"), *(PLAY / "static").glob("*.js")):
        if path.stem not in {"words", "errors"}:
            for call in calls(path.read_text(encoding="utf-8"), named[path.suffix]):
                yield from re.findall(LITERAL, call)
    document = (PLAY / "static" / "index.html").read_text(encoding="utf-8")
    yield from re.findall(r"data-words>([^<]+)<", document)
    yield from re.findall(r'aria-label="([^"]+)" data-words="aria-label"', document)


def test_every_word_is_there_in_three_languages() -> None:
    """None is missing, left over or without its values."""
    text = (PLAY / "static" / "words.js").read_text(encoding="utf-8")
    words = re.findall(rf"^  \[{LITERAL}, {LITERAL}, {LITERAL}\],$", text, re.MULTILINE)
    names = [[sorted(re.findall(r"\{\w+\}", one)) for one in languages] for languages in words]
    assert [one for one in names if one.count(one[0]) != 3] == []
    known, used = {english for english, _, _ in words}, {*used_words(), *STATES}
    assert (used - known, known - used) == (set(), set())
