"""An answer as the messages it is shown in. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from adapters.discord.ui.format import CLOSE, OPEN, discord, spoilers
from bot.i18n import translate
from bot.markdown.split import Measure, split
from bot.models import Action, Answer, Media, Status

#: Characters of a message, as Discord's clients count them; of one that is laid out twice as many.
LIMIT, LAID_OUT = 2000, 4000
#: Messages of one answer; what would need more comes as a file.
MOST = 5
#: Pictures of one gallery, and files of one message.
FILES = 10
#: Characters of a growing answer that are looked at: more than fill `MOST` messages.
WINDOW = 4 * MOST * LIMIT // 2

_SPARE = 8  # for the marks that end and begin again a spoiler at a cut
_ROOM = 160  # for the sentence that comes with a file
_LAID_OUT_BYTES = 10_000  # Discord answers with an error of its own to a little more
#: what converting makes longer by a character or two; a line by a few more
_GROWS = re.compile(
    rf"[\\`*_~|<>@#\[\]()+.{OPEN}{CLOSE}-]|discord|dsc|(?P<line>(?:(?<!\n)\n(?!\n)|\A|\n(?= {{4}}|\t))( {{4}}|\t)?)",
    re.IGNORECASE,
)
#: what converting may make much longer
_REWRITTEN = re.compile(
    r"://|\]\(|^[ \t>]*~~~|^[ \t>]*(?:[-*_][ \t]*){3,}$|^(?=[^\n]*\|)[^\n]*\n[ \t>|:]*-", re.MULTILINE
)
_MARKED = re.compile(r"^[ \t]*(?:[>*+-]|\d+[.)])", re.MULTILINE)  # quotes and lists, whose lines are moved in
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_BAR = 10  # squares of a progress bar
_MINUTE = 60
_SEEN = 3.0  # seconds before a status says how long it has taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One message."""

    text: str = ""  #: in Discord's dialect
    media: tuple[Media, ...] = ()  #: with paths
    actions: tuple[Action, ...] = ()
    is_laid_out: bool = False  #: of Discord's newer kind of message, in which its media are one gallery of pictures
    whole: str = ""  #: Markdown that comes along as a file


def units(text: str) -> int:
    """The length of a text as it is counted where it counts most: an emoji may be two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


# ------------------------------------------------------------------ text


def texts(markdown: str, limit: int = LIMIT) -> list[str]:
    """The converted text in pieces of at most `limit`; a spoiler that goes on is closed and opened again."""
    found: list[str] = []
    is_open = False
    for piece in split(spoilers(markdown), limit - _SPARE, measure=_measure(limit - _SPARE)):
        begun = f"{OPEN}{piece}" if is_open else piece
        is_open = begun.rfind(OPEN) > begun.rfind(CLOSE)
        found += _fitting(f"{begun}{CLOSE}" if is_open else begun, limit)
    return found


def _measure(limit: int) -> Measure:
    """How long a piece is once it is converted; it is not converted where that can't matter."""

    def measure(piece: str) -> int:
        if not _REWRITTEN.search(piece):
            line_end = 4 if _MARKED.search(piece) else 1
            grown = (12 if indent else line_end if line else 1 for line, indent in _GROWS.findall(piece))
            most = units(piece) + sum(grown) + 6 * piece.count("```")
            if most <= limit:
                return most
        return units(discord(piece))

    return measure


def _fitting(piece: str, limit: int) -> list[str]:
    """One piece, converted; cut again in the unlikely case that it is longer than it was measured."""
    text = discord(piece)
    if not text.strip():
        return []
    if units(text) <= limit:
        return [text]
    return [part for half in split(piece, max(units(piece) // 2, 1)) for part in _fitting(half, limit)]


def growing(markdown: str, locale: str, *, is_single: bool = False) -> list[Page]:
    """An answer that is still being written; `is_single`: in one message, whatever it takes."""
    if is_single:
        first, *rest = texts(markdown[:WINDOW], LIMIT - _ROOM) or [""]
        return [
            Page(text=f"{first}\n-# {translate('discord.growing', locale, count=len(markdown))}" if rest else first)
        ]
    found = texts(markdown[:WINDOW])
    if len(found) > MOST:
        found[MOST - 1 :] = [f"-# {translate('discord.growing', locale, count=len(markdown))}"]
    return [Page(text=text) for text in found]


def waiting(status: Status) -> str:
    """What is being done, how far it is and how long it has taken."""
    minutes, seconds = divmod(int(status.elapsed), _MINUTE)
    facts = []
    if status.progress is not None:
        done = round(min(max(status.progress, 0.0), 1.0) * _BAR)
        facts.append(f"{'▰' * done}{'▱' * (_BAR - done)} {status.progress:.0%}")
    if status.elapsed >= _SEEN:
        facts.append(f"{minutes}:{seconds:02}")
    return "\n-# ".join(part for part in (discord(status.text), " · ".join(facts)) if part)


# ------------------------------------------------------------------ answers


def finished(answer: Answer, locale: str, *, is_single: bool = False) -> list[Page]:
    """The messages of a finished answer; none of an empty one. `is_single`: in one message, whatever it takes."""
    files = [media for media in answer.media if media.path is not None and not media.url]
    links = [f"[{media.name}]({media.url})" for media in answer.media if media.url and media.url not in answer.text]
    pages = _texts("\n\n".join(part for part in (answer.text, *links) if part), locale, is_single=is_single)
    if files and _is_gallery(files) and not (pages and pages[-1].whole):
        caption = pages.pop().text if pages else ""
        pages.append(Page(text=caption, media=tuple(files), is_laid_out=True))
    elif files:
        at = max(len(pages) - 1, 0)
        pages += [Page()] * (at + 1 - len(pages))
        rest = iter(files)
        while chunk := tuple(islice(rest, FILES - bool(at < len(pages) and pages[at].whole))):
            pages[at:] = [replace(pages[at] if at < len(pages) else Page(), media=chunk)]
            at += 1
    if answer.actions:
        last = pages.pop() if pages else Page(text="…")
        pages.append(replace(last, actions=answer.actions))
    return pages


def _texts(markdown: str, locale: str, *, is_single: bool) -> list[Page]:
    found = texts(markdown[:WINDOW])
    if len(markdown) > WINDOW and len(found) <= MOST:
        found = texts(markdown)
    if len(found) <= (1 if is_single else MOST):
        return [Page(text=text) for text in found]
    if is_single and len(laid_out := texts(markdown, LAID_OUT)) == 1 and len(laid_out[0].encode()) < _LAID_OUT_BYTES:
        return [Page(text=laid_out[0], is_laid_out=True)]
    note = translate("discord.whole", locale)
    if is_single:
        first = texts(markdown[:WINDOW], LIMIT - _ROOM)[0]
        return [Page(text=f"{first}\n-# {note}", whole=markdown)]
    return [*(Page(text=text) for text in found[: MOST - 1]), Page(text=f"-# {note}", whole=markdown)]


def _is_gallery(files: Sequence[Media]) -> bool:
    """Whether they are pictures that one gallery can show; it names its files, and only plainly."""
    names = [media.name for media in files]
    return (
        len(files) <= FILES
        and len({*names}) == len(names)
        and all(media.content_type.startswith("image/") for media in files)
        and all(_PLAIN_NAME.fullmatch(name) for name in names)
    )
