"""Recordings as they are read: the timeline of one request, and the file that is made of it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from bot import __version__
from bot.models import KINDS
from bot.recorder.files import RecordingFiles
from bot.settings.core import Settings
from bot.store.shared.codec import clean
from bot.values import valueclass

#: What a file says that it is; a newer version may have what an older one can't read.
FORMAT, VERSION = "channelmuse recording", 1
#: Settings that decide how a request is answered; a replay takes no others from a file.
SETTINGS = (
    *("aimodels_api_flavor", "aimodels_speech", "bot_patience", "bot_max_attempts", "bot_answer_tokens", "bot_prices"),
    *("bot_model_sizes", "bot_transcription_model"),
    *(f"bot_{kind}_{what}" for kind in KINDS for what in ("models", "fallbacks")),
)


@valueclass(frozen=True, slots=True)
class RecordedMoment:
    """Something that happened to a request."""

    at: int  #: milliseconds since the epoch
    kind: str  #: "received", "recorded", "claimed", "draft", "api call", "platform call", "commit" …
    took: int = 0  #: milliseconds
    error: str = ""  #: kind of the error that ended it
    method: str = ""  #: of a call
    path: str = ""
    status: int = 0  #: of a call; 0: no answer
    rest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_call(self) -> bool:
        """Whether it is a call of the API or the platform."""
        return bool(self.method)


@valueclass(frozen=True, slots=True)
class Recording:
    """The recording of one request, in order."""

    moments: Sequence[RecordedMoment]
    has_texts: bool  #: the recorder was set to keep them then
    before: "Recording | None" = None  #: of the request whose button was pressed

    @property
    def received(self) -> RecordedMoment | None:
        """The moment in which it came in; None: not recorded."""
        return next((moment for moment in self.moments if moment.kind == "received"), None)

    def to_json(self, settings: Settings) -> dict[str, Any]:
        """Return the file: all of it, with times since the receipt. UTF-8 can hold its texts."""
        received = self.received or self.moments[0]
        about = received.rest
        found = {
            "format": FORMAT,
            "version": VERSION,
            "service": __version__,
            "platform": about.get("adapter", ""),
            "command": about.get("command", ""),
            "locale": about.get("locale", ""),
            "texts": self.has_texts,
            "settings": {name.upper(): _plain(getattr(settings, name)) for name in SETTINGS},
            "received_at": received.at,
            "payload": about.get("payload"),
            "wording": about.get("wording", ""),
            "action": about.get("action", ""),
            "before": None if self.before is None else self.before.to_json(settings),
            "steps": [_step(moment, received.at) for moment in self.moments if moment is not received],
        }
        cleaned: dict[str, Any] = json.loads(clean(json.dumps(found, ensure_ascii=False)))
        return cleaned


def read_recording(
    files: RecordingFiles, key: str, since: float = 0.0, *, unfinished: Iterable[bytes] = ()
) -> Recording | None:
    """Return what all processes have written of a request; None: nothing. Raises `OSError`. Blocks.

    `since`: when it came in, in seconds since the epoch; of a button that was pressed, the request before is read, too.
    `unfinished`: lines of it that are not in these files.
    """
    found = _parse((*files.lines_with(key, since=since), *unfinished), key)
    received = None if found is None else found.received
    before = "" if received is None else received.rest.get("before", "")
    return replace(found, before=_parse(files.lines_with(before), before)) if found is not None and before else found


def _parse(lines: Iterable[bytes], key: str) -> Recording | None:
    """Return the recording in lines of the files; a line that was cut by a kill is left out."""
    found: list[RecordedMoment] = []
    has_texts = False
    for line in lines:
        try:
            of, entries, _, keeps_texts = json.loads(line)
        except ValueError:
            continue
        if of == key:
            moments = [RecordedMoment(*entry) for entry in entries]
            found += [moment for moment in moments if moment not in found]  # two processes may have written the same
            has_texts = has_texts or keeps_texts
    return Recording(sorted(found, key=lambda moment: moment.at), has_texts) if found else None


def _step(moment: RecordedMoment, received_at: int) -> dict[str, Any]:
    step: dict[str, Any] = {"at": moment.at - received_at, "kind": moment.kind}
    if moment.is_call:
        step |= {"method": moment.method, "path": moment.path, "status": moment.status}
    if moment.took:
        step["took"] = moment.took
    if moment.error:
        step["error"] = moment.error
    return {**step, **moment.rest}


def _plain(value: Any) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)
