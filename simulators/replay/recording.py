"""A recording as its file has it; docs/cockpit.md describes the format."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulators.replay.stand_ins import FileFacts

Json = dict[str, Any]
FORMAT, VERSION = "channelmuse recording", 1
_BAD = 400  #: HTTP status from which a call has failed
#: Fields of a call, of what it may have, and of a stream, and their types.
_CALL = {"method": str, "path": str, "status": int}
_OPTIONAL: Mapping[str, type] = {"answered": int, "took": int, "headers": dict, "stream": dict}
#: What people say who greet, or want something remembered, for others as well or for themselves.
_WORDS = {"small talk": "hello", "note": "remember that tea is green", "personal note": "remember that I prefer tea"}
_STREAM = {"text": str, "pieces": int, "finish_reason": str, "model": str, "is_whole": bool}


class CannotReplayError(Exception):
    """A recording that can't be played again.

    `reason`: what is missing or wrong: "unreadable", "format", "version", "damaged", "payload", "button",
    "action", "command"; `details`: what a sentence about it names.
    """

    def __init__(self, reason: str, **details: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.details = details


@dataclass(frozen=True, slots=True)
class Recording:
    """One request."""

    platform: str
    payload: Json
    steps: Sequence[Json]
    settings: Mapping[str, str]
    locale: str
    has_texts: bool
    received_at: int  #: milliseconds since the epoch
    command: str = ""
    action: str = ""  #: of the button that was pressed
    before: "Recording | None" = None  #: the request under whose answer that was
    wording: str = ""  #: what its words decided, where they are not recorded: a key of `_WORDS`

    def calls(self, kind: str) -> list[Json]:
        """Return the calls: "api call" or "platform call"."""
        return [step for step in self.steps if step["kind"] == kind]

    @property
    def made(self) -> Sequence[FileFacts]:
        """The files that the AI API made."""
        return [file for step in self.steps for file in FileFacts.read(str(step.get("made", "")))]

    def spoken(self, text: str) -> str:
        """Return the text of a message; where its words are not recorded, others that decide the same."""
        words = "" if self.has_texts else _WORDS.get(self.wording, "")
        return " ".join([*_MENTION.findall(text), words]) if words else text

    @property
    def is_streamed(self) -> bool:
        """Whether the API's answers came as streams."""
        return any("stream" in step for step in self.calls("api call"))


def read_recording(path: Path) -> Recording:
    """Read a file. Raises `CannotReplayError`."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as exc:
        raise CannotReplayError("unreadable", file=str(path), problem=str(exc)) from exc
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise CannotReplayError("format", file=str(path))
    if found.get("version") != VERSION:
        raise CannotReplayError("version", file=str(path), version=str(found.get("version")))
    return from_json(found)


def from_json(found: Json) -> Recording:
    """Return the recording in a file. Raises `CannotReplayError`."""
    steps, settings = found.get("steps", []), found.get("settings", {})
    is_sound = isinstance(steps, list) and all(map(_is_step, steps)) and isinstance(settings, dict)
    if not is_sound or not isinstance(found.get("received_at", 0), int):
        raise CannotReplayError("damaged")
    if not isinstance(found.get("payload"), dict):
        raise CannotReplayError("payload")
    return Recording(
        platform=str(found.get("platform")),
        payload=found["payload"],
        steps=steps,
        settings=settings,
        locale=str(found.get("locale") or "en-US"),
        has_texts=bool(found.get("texts")),
        received_at=found.get("received_at", 0),
        command=str(found.get("command") or ""),
        action=str(found.get("action") or ""),
        wording=str(found.get("wording") or ""),
        before=from_json(found["before"]) if isinstance(found.get("before"), dict) else None,
    )


def _is_step(step: Any) -> bool:
    if not isinstance(step, dict) or not isinstance(step.get("kind"), str) or not isinstance(step.get("at"), int):
        return False
    if not step["kind"].endswith(" call"):
        return True
    optional = {name: kind for name, kind in _OPTIONAL.items() if name in step}
    return (
        _has(step, {**_CALL, **optional})
        and all(isinstance(value, str) for value in step.get("headers", {}).values())
        and ("stream" not in step or _has(step["stream"], _STREAM))
    )


def _has(found: Json, kinds: Mapping[str, type]) -> bool:
    return all(isinstance(found.get(name), kind) for name, kind in kinds.items())


def has_failed(call: Json) -> bool:
    """Whether a call was refused or got no answer."""
    answer = call.get("answer")
    is_refused = isinstance(answer, dict) and answer.get("ok") is False
    return bool(call.get("error")) or not 0 < call.get("status", 0) < _BAD or is_refused


def is_lost(call: Json) -> bool:
    """Whether a call was sent and got no answer: nobody knew whether it was carried out."""
    return bool(call.get("error")) and bool(call.get("is_sent")) and not call.get("status")


def texts(value: Any, *, without: frozenset[str]) -> Any:
    """Return what a reader sees of a message: without the fields in `without`, and without the ids in its texts."""
    if isinstance(value, dict):
        return {key: texts(item, without=without) for key, item in value.items() if key not in without}
    if isinstance(value, list):
        return [texts(item, without=without) for item in value]
    return _MENTION.sub("<@>", value) if isinstance(value, str) else value


_MENTION = re.compile(r"<[@#][!&]?\w+>")


def substitute(payload: Json, names: Mapping[str, str]) -> Json:
    """Return a payload with ids replaced, wherever they are."""
    given = {old: new for old, new in names.items() if old}
    if not given:
        return payload
    pattern = re.compile("|".join(re.escape(old) for old in sorted(given, key=len, reverse=True)))
    found: Json = json.loads(pattern.sub(lambda match: given[match[0]], json.dumps(payload, ensure_ascii=False)))
    return found


def numbered(calls: Sequence[Json], key: Any) -> Iterator[tuple[str, int, Json]]:
    """Yield each call with its key and its number among the calls of that key, from 0."""
    counts: dict[str, int] = {}
    for call in calls:
        name = key(call)
        yield name, counts.setdefault(name, 0), call
        counts[name] += 1
