"""Joins clips into one MP4 (H.264, AAC) of one size, frame rate and loudness, in a child process with limits.

`join_clips` needs the extra `film` (PyAV, numpy, Pillow); `can_join` says whether it is there. Without it, or where the
film does not fit, the caller delivers the clips, or a link to the film.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bot.errors import ClipsNotJoined
from bot.isolation.process import Limits, ParsingFailed, run_isolated
from bot.media.content import HEAD, sniff
from bot.values import valueclass

_LIBRARIES = ("av", "numpy", "PIL")
_CONTAINERS = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/webm": "matroska",
    "image/gif": "gif",
    "audio/mp4": "mov",
    "audio/webm": "matroska",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
}
_MEMORY = 3 << 30  # bytes of address space, most of it never used
_MOST_BYTES = 2 << 30  # of the film
_MOST_REPORT = 1 << 20  # bytes
_LONGEST_CLIP = 600.0  # seconds
_CHECK_SECONDS = 60.0
# Of joining: at least, for each second of the film, and at most. A film is encoded up to four times to fit a limit.
_LEAST_SECONDS, _SECONDS_EACH, _MOST_SECONDS = 60.0, 10.0, 600.0


@valueclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A clip of a film, in any container that the spool takes and with any codec; with or without sound."""

    path: Path
    subtitle: str = ""  #: shown while the clip is, if asked for


@valueclass(frozen=True, slots=True, kw_only=True)
class FilmStyle:
    """The style of a film made of clips, which has the size of the first one; other shapes get black bars."""

    fade: float = 0.5  #: seconds that two clips share, at most half of the shorter one; 0: cuts
    title: str = ""  #: on a card before the first clip; "": no card
    burn_subtitles: bool = False  #: draw them into the pictures
    locale: str = ""  #: of the person: whose shapes of Chinese letters are drawn


@valueclass(frozen=True, slots=True)
class Cue:
    """The time in which a clip is seen, and its subtitle."""

    start: float  #: seconds of the film; where two clips are seen, the middle of that time
    end: float
    text: str


@valueclass(frozen=True, slots=True, kw_only=True)
class JoinedFilm:
    """A film that was written."""

    #: "title", "subtitles": left out, as no font on this machine has their letters
    missing_letters: frozenset[str]
    cues: tuple[Cue, ...]  #: one for each clip

    def subtitles(self) -> str:
        """Return the subtitles as a file in the format SubRip (.srt); "": there are none."""
        cues = [cue for cue in self.cues if cue.text]
        return "\n".join(
            f"{number}\n{_timestamp(cue.start)} --> {_timestamp(cue.end)}\n{' '.join(cue.text.split())}\n"
            for number, cue in enumerate(cues, 1)
        )


def can_join() -> bool:
    """Return whether the libraries that join clips are installed."""
    return all(find_spec(library) is not None for library in _LIBRARIES)


def join_seconds(length: float) -> float:
    """Return how long joining a film of so many seconds may take, in seconds."""
    return min(_LEAST_SECONDS + _SECONDS_EACH * length, _MOST_SECONDS)


async def join_clips(
    clips: Sequence[Clip],
    target: Path,
    *,
    style: FilmStyle | None = None,
    music: Path | None = None,
    limit: int | None = None,
    seconds: float = _MOST_SECONDS,
) -> JoinedFilm:
    """Join clips, in their order, into the file `target`, which is overwritten, and removed when this fails.

    `music`: a file with sound, repeated to the film's length, softer than the clips' own. `limit`: bytes that the film
    should have at most: its bitrate follows from it, then its size; a film that can't be made so small is written as
    if there were none. `seconds`: of work, and of CPU time. Cancelling ends the child process.

    Raises `ClipsNotJoined`, which names the clip.
    """
    style = style or FilmStyle()
    task: dict[str, Any] = {
        "clips": [_source(clip.path, number) | {"subtitle": clip.subtitle} for number, clip in enumerate(clips, 1)],
        "music": _source(music, None) if music is not None else None,
        "fade": style.fade,
        "title": style.title.strip(),
        "burn_subtitles": style.burn_subtitles,
        "locale": style.locale,
        "limit": limit,
        "most_seconds": _LONGEST_CLIP,
    }
    limits = Limits(seconds=seconds, memory=_MEMORY, output=_MOST_REPORT, file_size=_MOST_BYTES)
    try:
        _, report = await run_isolated(
            "bot.isolation.film:join", json.dumps(task).encode(), limits, {"target": str(target)}
        )
    except BaseException as exc:
        await asyncio.shield(asyncio.to_thread(target.unlink, missing_ok=True))
        if isinstance(exc, ParsingFailed):
            raise await _explain(exc, task) from exc
        raise
    return _read_report(json.loads(report), clips)


async def _explain(failure: ParsingFailed, task: Mapping[str, Any]) -> ClipsNotJoined:
    """Return an error that names the clip; of a child that could not say which, the first one that fails alone."""
    reason, _, name = failure.reason.partition(":")
    if name:
        return ClipsNotJoined(reason, clip=int(name) if name.isdecimal() else None, is_music=name == "music")
    for number, clip in enumerate(task["clips"], 1) if reason in {"crashed", "memory", "damaged"} else ():
        options = {"path": clip["path"], "container": clip["container"], "seconds": _LONGEST_CLIP}
        try:
            await run_isolated("bot.isolation.film:check", b"", Limits(seconds=_CHECK_SECONDS, memory=_MEMORY), options)
        except ParsingFailed as exc:
            return ClipsNotJoined(exc.reason, clip=number)
    return ClipsNotJoined(reason)


def _source(path: Path, clip: int | None) -> dict[str, str]:
    try:
        with path.open("rb") as file:
            container = _CONTAINERS.get(sniff(file.read(HEAD)), "")
    except OSError as exc:
        raise ClipsNotJoined("missing", clip=clip, is_music=clip is None) from exc
    if not container:
        raise ClipsNotJoined("damaged", clip=clip, is_music=clip is None)
    return {"path": str(path), "container": container}


def _read_report(report: Mapping[str, Any], clips: Sequence[Clip]) -> JoinedFilm:
    return JoinedFilm(
        missing_letters=frozenset(report["missing_letters"]),
        cues=tuple(Cue(start, end, clips[number - 1].subtitle) for number, start, end in report["times"]),
    )


def _timestamp(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    return (
        f"{milliseconds // 3_600_000:02}:{milliseconds // 60_000 % 60:02}"
        f":{milliseconds // 1000 % 60:02},{milliseconds % 1000:03}"
    )
