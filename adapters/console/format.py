"""Answers as text for a terminal. Pure.

Nothing that a model or a file name says may steer the terminal: control characters are taken out of all of it.
"""

import re
from pathlib import Path

from adapters.console.table import aligned
from bot.i18n import join_list, translate
from bot.models import Answer, Media

# C0 but tab and newline, DEL, C1, and what reverses or hides text around it (bidirectional overrides).
_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC, DCS, SOS, PM, APC with their text
    r"|\x1b[ -/]*[0-~]?"
    r"|\x9b[0-?]*[ -/]*[@-~]"
    r"|[\x90\x98\x9d\x9e\x9f][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LINE_END = re.compile(r"\r\n?")


def clean(text: str) -> str:
    """The text without anything that a terminal would obey."""
    return _CONTROL.sub("", _SEQUENCE.sub("", _LINE_END.sub("\n", text))).encode("utf-8", "replace").decode()


def size(count: int) -> str:
    """A number of bytes for people: `312 kB`."""
    if count < 1000:  # noqa: PLR2004
        return f"{count} B"
    value, unit = count / 1000, 0
    while value >= 999.5 and unit < 2:  # noqa: PLR2004
        value, unit = value / 1000, unit + 1
    return f"{value:.{1 if value < 9.95 else 0}f} {'kMG'[unit]}B"  # noqa: PLR2004


def elapsed(seconds: float) -> str:
    """A time span for people: `0:07`, `12:30`, `1:02:03`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def facts(media: Media, locale: str = "") -> str:
    """What is known of a file: `image/png, 1024x1024, 312 kB`."""
    known = [media.content_type]
    if media.width and media.height:
        known.append(f"{media.width}x{media.height}")
    if media.duration:
        known.append(f"{media.duration:.3g} s")
    known.append(size(media.size))
    return clean(join_list(known, locale))


def media_line(media: Media, locale: str, *, folder: Path | None = None) -> str:
    """Where a file is; within `folder`, by its shorter name there."""
    if media.path is None or media.url:
        return translate("console.link", locale, url=clean(media.url or media.source_url), facts=facts(media, locale))
    path = media.path.absolute()
    if folder is not None and path.is_relative_to(folder):
        path = path.relative_to(folder)
    return translate("console.saved", locale, path=clean(str(path)), facts=facts(media, locale))


def retry_line(answer: Answer) -> str:
    """After a failure, what to type to try again; "" otherwise. Other buttons are only conveniences."""
    retry = next((action for action in answer.actions if answer.private and action.command == "retry"), None)
    return clean(f"{retry.label}: /retry") if retry else ""


def question(text: str) -> str:
    """A question, marked as one."""
    return "\n".join(f"> {line}".rstrip() for line in clean(text).strip().split("\n"))


def plain(asked: str, answer: Answer, locale: str) -> str:
    """A question with its answer as plain lines."""
    lines = [question(asked)] if asked else []
    if answer.text:
        lines.append(aligned(clean(answer.text)).rstrip())
    lines += [media_line(media, locale) for media in answer.media]
    if retry := retry_line(answer):
        lines.append(retry)
    return "\n".join(lines) + "\n\n"
