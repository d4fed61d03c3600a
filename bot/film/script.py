"""The script of a film: asked of a chat model as JSON, and read with patience; typed by people as lines. Pure."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from bot.film.film import LONGEST, MAX_SHOTS, SHORTEST, FilmShot, Script

_LONGEST_ANSWER = 20_000  #: characters that are read of a model's answer
LONGEST_PROMPT = 280  #: characters; all shots of a film fit into one field of a form
_LONGEST_LINE = 60
_LONGEST_TITLE = 80
#: Names under which models give what a picture shows.
_PROMPTS = ("prompt", "picture", "image", "description", "line")
_LAST_COMMA = re.compile(r",(?=\s*[\]}])")
_SPACE = re.compile(r"[\s\x00-\x1f\x7f]+")
_SECONDS = re.compile(r"^\s*(?:\d+\s*[.)、]\s*)?(?:(\d{1,3})\s*(?:s|秒)?\s*[|｜]\s*)?(.*)$", re.IGNORECASE)

_ORDER = """You write the script of a short film without dialogue. Answer with one JSON object and nothing else:
{"title": "...", "shots": [{"line": "...", "prompt": "...", "seconds": 5}], "music": "..."}
- shots: exactly %(shots)d, in order; their seconds add up to %(seconds)d.
- line: what happens, in a few words.
- prompt: one picture, described for an image model in at most 40 words: subject, place, light, camera. Repeat in each
  how recurring characters and places look, as each picture is drawn without the others.
- music: one sentence for a model that makes music: mood, instruments, tempo.
Write title, line, prompt and music in the language of the request."""

#: Said after an answer that could not be read.
REPAIR = "That was not the JSON object that I asked for (%s). Answer with the JSON object alone."


class UnreadableScript(ValueError):
    """A model's answer is no script. The message says why, to the model."""


class UnreadableLines(ValueError):
    """Edited lines are no shots; `reason` names the sentence that says why."""

    def __init__(self, reason: Literal["empty", "many"]) -> None:
        super().__init__(reason)
        self.reason = reason


def order_of(*, shots: int, seconds: int) -> str:
    """Return the first instructions for the model that writes a script."""
    return _ORDER % {"shots": shots, "seconds": seconds}


def usual_shots(seconds: int) -> int:
    """Return how many shots a film of that length has, where nobody says it."""
    return max(1, min(MAX_SHOTS, round(seconds / 5)))


def read_script(text: str, *, seconds: int, shots: int, has_music: bool) -> Script:
    """Read a model's answer, of which nothing is trusted; lengths are made to add up. Raises `UnreadableScript`."""
    found = _find_object(text[:_LONGEST_ANSWER])
    listed = _list_of_shots(found)
    if listed is None:
        raise UnreadableScript("there is no list of shots")
    read = [shot for each in listed[: MAX_SHOTS * 2] if (shot := _read_shot(each)) is not None][:shots]
    if not read:
        raise UnreadableScript("no shot has a prompt")
    music = _words(found.get("music"), LONGEST_PROMPT) if has_music else ""
    title = _words(found.get("title"), _LONGEST_TITLE) or read[0].line[:_LONGEST_TITLE]
    return Script(title=title, shots=fit(read, seconds), music=music or (title if has_music else ""))


def fit(shots: Sequence[FilmShot], seconds: int) -> tuple[FilmShot, ...]:
    """Return the shots with lengths that add up to `seconds`, as far as their bounds allow."""
    total = sum(shot.seconds for shot in shots)
    wanted = [shot.seconds * seconds / total for shot in shots]
    lengths = [_bounded(length) for length in wanted]
    while left := seconds - sum(lengths):
        step = 1 if left > 0 else -1
        movable = [n for n, length in enumerate(lengths) if SHORTEST <= length + step <= LONGEST]
        if not movable:
            break
        lengths[max(movable, key=lambda n: step * (wanted[n] - lengths[n]))] += step
    return tuple(replace(shot, seconds=length) for shot, length in zip(shots, lengths, strict=True))


def format_shots(shots: Sequence[FilmShot]) -> str:
    """Return shots as lines that people edit: `5 | what happens | what the picture shows`."""
    return "\n".join(f"{shot.seconds} | {shot.line} | {shot.prompt}" for shot in shots)


def parse_shots(text: str, before: Sequence[FilmShot]) -> tuple[FilmShot, ...]:
    """Read edited lines. A shot that was there before keeps its take. Raises `UnreadableLines`."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise UnreadableLines("empty")
    if len(lines) > MAX_SHOTS:
        raise UnreadableLines("many")
    left, usual, shots = list(before), round(sum(one.seconds for one in before) / max(len(before), 1)), []
    for line in lines:
        match = _SECONDS.match(line)
        assert match is not None
        seconds, rest = match.groups()
        first, bar, last = rest.replace("｜", "|").partition("|")
        prompt = _words(last if bar else first, LONGEST_PROMPT)
        if not prompt:
            raise UnreadableLines("empty")
        shown = _words(first, _LONGEST_LINE) or prompt[:_LONGEST_LINE]
        known = next((one for one in left if one.prompt == prompt), None)
        if known is not None:
            left.remove(known)
        take = 1 if known is None else known.take
        shots.append(FilmShot(line=shown, prompt=prompt, seconds=_bounded(float(seconds or usual)), take=take))
    return tuple(shots)


def _list_of_shots(found: Mapping[str, Any]) -> list[Any] | None:
    return next((found[name] for name in ("shots", "scenes") if isinstance(found.get(name), list)), None)


def _find_object(text: str) -> dict[str, Any]:
    """Return the first JSON object of a text that has shots, else the first; they may stand between sentences.

    Line breaks in strings are read, as is a comma after the last of a list.
    """
    found = [*_objects(text), *_objects(_LAST_COMMA.sub("", text))]
    if not found:
        raise UnreadableScript("there is no JSON object")
    return next((each for each in found if _list_of_shots(each) is not None), found[0])


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a text, those within others included, of the first 20 places where one may begin."""
    decoder, at = json.JSONDecoder(strict=False), text.find("{")
    for _ in range(20):
        if at < 0:
            break
        try:
            found, _ = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            yield found
        at = text.find("{", at + 1)


def _read_shot(value: object) -> FilmShot | None:
    fields: dict[str, Any] = value if isinstance(value, dict) else {"prompt": value}
    named = (_words(fields.get(name), LONGEST_PROMPT) for name in _PROMPTS)
    prompt = next((text for text in named if text), "")
    line = _words(fields.get("line"), _LONGEST_LINE) or prompt[:_LONGEST_LINE]
    try:
        seconds = float(fields.get("seconds") or fields.get("duration") or 0)
    except (TypeError, ValueError, OverflowError):
        seconds = 0.0
    return FilmShot(line=line, prompt=prompt, seconds=_bounded(seconds or 5.0)) if prompt else None


def _bounded(seconds: float) -> int:
    return max(SHORTEST, min(LONGEST, round(seconds))) if math.isfinite(seconds) else SHORTEST


def _words(value: object, longest: int) -> str:
    """Return a text on one line, without the sign that separates fields."""
    text = value if isinstance(value, str) else ""
    return _SPACE.sub(" ", text.replace("|", "/").replace("｜", "/")).strip()[:longest].rstrip()
