"""Answers as text for a terminal. Pure.

Removes control characters from all text that a model or a file name supplies, so that it can't steer the terminal.
"""

import re
from pathlib import Path

from adapters.console.table import align_tables
from bot.i18n import join_list, translate
from bot.models import Answer, Media

# C0 except tab and newline, DEL, C1, and bidirectional overrides, which reverse or hide the text around them.
_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC, DCS, SOS, PM, APC with their text
    r"|\x1b[ -/]*[0-~]?"
    r"|\x9b[0-?]*[ -/]*[@-~]"
    r"|[\x90\x98\x9d\x9e\x9f][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
#: What `bot.commandline.mentions` links.
_NAMED = re.compile(r"\[([^\[\]\n]*)\]\((?:person|role|channel|time):[^()\s]*\)")
_LINE_END = re.compile(r"\r\n?")


def clean(text: str) -> str:
    """Return the text without control characters and escape sequences; of a mention and a time the label."""
    text = _NAMED.sub(r"\1", text)
    return _CONTROL.sub("", _SEQUENCE.sub("", _LINE_END.sub("\n", text))).encode("utf-8", "replace").decode()


def format_size(count: int) -> str:
    """Return a number of bytes as people read it: `312 kB`."""
    if count < 1000:  # noqa: PLR2004
        return f"{count} B"
    value, unit = count / 1000, 0
    while value >= 999.5 and unit < 2:  # noqa: PLR2004
        value, unit = value / 1000, unit + 1
    return f"{value:.{1 if value < 9.95 else 0}f} {'kMG'[unit]}B"  # noqa: PLR2004


def describe_media(media: Media, locale: str = "") -> str:
    """Return the known properties of a file: `image/png, 1024x1024, 312 kB`."""
    known = [media.content_type]
    if media.width and media.height:
        known.append(f"{media.width}x{media.height}")
    if media.duration:
        known.append(f"{media.duration:.3g} s")
    known.append(format_size(media.size))
    return clean(join_list(known, locale))


def media_line(media: Media, locale: str, *, folder: Path | None = None) -> str:
    """Return the line that says where a file is; a path inside `folder` is relative to it."""
    if media.path is None or media.url:
        return translate(
            "console.link", locale, url=clean(media.url or media.source_url), facts=describe_media(media, locale)
        )
    path = media.path.absolute()
    if folder is not None and path.is_relative_to(folder):
        path = path.relative_to(folder)
    return translate("console.saved", locale, path=clean(str(path)), facts=describe_media(media, locale))


def retry_line(answer: Answer) -> str:
    """Return the line that says how to retry after a failure; "" otherwise. Other buttons are not shown."""
    retry = next((action for action in answer.actions if answer.private and action.command == "retry"), None)
    return clean(f"{retry.label}: /retry") if retry else ""


def quote_question(text: str) -> str:
    """Return a question with `> ` before each line."""
    return "\n".join(f"> {line}".rstrip() for line in clean(text).strip().split("\n"))


def format_answer(asked: str, answer: Answer, locale: str) -> str:
    """Return a question and its answer as plain lines."""
    lines = [quote_question(asked)] if asked else []
    if answer.text:
        lines.append(align_tables(clean(answer.text)).rstrip())
    lines += [media_line(media, locale) for media in answer.media]
    if retry := retry_line(answer):
        lines.append(retry)
    return "\n".join(lines) + "\n\n"
