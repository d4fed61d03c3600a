"""The pages of an answer, one a message. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from adapters.discord.outbound.voice import is_voice
from adapters.discord.ui.format import SPOILER_CLOSE, SPOILER_OPEN, mark_spoilers, to_discord
from adapters.kit.texts import progress
from bot.i18n import translate
from bot.markdown.split import Measure, iter_split, split
from bot.models import Action, Answer, Media, Status, is_picture
from bot.values import valueclass

#: Characters of a message as Discord's clients count them, and of one made of components v2.
MAX_TEXT, MAX_TEXT_V2 = 2000, 4000
#: Messages of one answer; a longer one is attached as a file.
MAX_MESSAGES = 5
#: Pictures of one gallery, and files of one message.
MAX_FILES = 10
#: Characters of a growing answer that are laid out: more than fill `MAX_MESSAGES` messages.
WINDOW = 4 * MAX_MESSAGES * MAX_TEXT // 2

_SURELY_LONGER = 4  # times the limit: such a piece is cut without being converted
_SPOILER_RESERVE = 8  # characters that close and open a spoiler where the text is split
_CARD_PARTS = 3  # components of each card: container, gallery, separator
_MAX_COMPONENTS, _ROW = 40, 5  # components of a message, buttons of a row
_NOTE_RESERVE = 160  # characters of the sentence that comes with a file
_MAX_BYTES_V2 = 10_000  # Discord fails with an internal error above
#: characters that the conversion makes one or two longer; a line a few more
_ESCAPED = re.compile(
    rf"[\\`*_~|<>@#\[\]()+.{SPOILER_OPEN}{SPOILER_CLOSE}-]|discord|dsc|"
    r"(?P<line>(?:(?<!\n)\n(?!\n)|\A|\n(?= {4}|\t))( {4}|\t)?)",
    re.IGNORECASE,
)
#: constructs that the conversion may make much longer
_REWRITTEN = re.compile(
    r"://|\]\(|^[ \t>]*~~~|^[ \t>]*(?:[-*_][ \t]*){3,}$|^(?=[^\n]*\|)[^\n]*\n[ \t>|:]*-", re.MULTILINE
)
_INDENTED = re.compile(r"^[ \t]*(?:[>*+-]|\d+[.)])", re.MULTILINE)  # quotes and lists
_ITEM = re.compile(r"(?:[-*+]|\d{1,3}[.)])[ \t]")  # of a list
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_.-]+")
_BAR_LENGTH = 10  # squares of a progress bar


@valueclass(frozen=True, slots=True, kw_only=True)
class CardBlock:
    """A text of a card with the buttons that belong to it."""

    text: str  #: in Discord's dialect of Markdown
    actions: tuple[Action, ...] = ()


@valueclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    """The content of one message."""

    text: str = ""  #: in Discord's dialect of Markdown
    media: tuple[Media, ...] = ()  #: with paths
    actions: tuple[Action, ...] = ()
    is_components_v2: bool = False  #: the message is made of components v2, with its pictures in one gallery
    attached_text: str = ""  #: the whole answer as Markdown, to be attached as a file
    #: of a card, made of components v2: its texts, with their buttons; `text` and `actions` have all of them
    blocks: tuple[CardBlock, ...] = ()

    @property
    def component_count(self) -> int:
        """The number of components of a card."""
        rest = len(self.actions) - sum(len(block.actions) for block in self.blocks)
        of_blocks = sum(1 + bool(block.actions) + len(block.actions) for block in self.blocks)
        return _CARD_PARTS + of_blocks + len(self.media) + rest + -(-rest // _ROW)

    @property
    def is_voice(self) -> bool:
        """Whether it is a voice message, which can't be edited."""
        return bool(self.media) and not (self.text or self.actions or self.is_components_v2) and is_voice(self.media)


def utf16_length(text: str) -> int:
    """Return the length in UTF-16 code units, the strictest count of Discord's clients: an emoji may be two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


# ------------------------------------------------------------------ text


def split_text(markdown: str, limit: int = MAX_TEXT, *, most: int | None = None) -> list[str]:
    """Convert Markdown to texts of at most `limit`; a spoiler that spans two is closed and opened again.

    `most`: number of texts after which the rest of the Markdown is not looked at.
    """
    return [*islice(_texts(markdown, limit), most)]


def _texts(markdown: str, limit: int) -> Iterator[str]:
    marked = mark_spoilers(markdown)
    if len(marked) <= limit and utf16_length(whole := to_discord(marked)) <= limit:  # as most answers do
        if whole.strip():
            yield whole
        return
    is_open = False
    room = limit - _SPOILER_RESERVE
    for piece in iter_split(marked, room, measure=_measure(room)):
        opened = f"{SPOILER_OPEN}{piece}" if is_open else piece
        is_open = opened.rfind(SPOILER_OPEN) > opened.rfind(SPOILER_CLOSE)
        yield from _convert(f"{opened}{SPOILER_CLOSE}" if is_open else opened, limit)


def _measure(limit: int) -> Measure:
    """Return a function that measures a converted piece. It converts a piece only where an estimate is too long."""

    def measure(piece: str) -> int:
        if len(piece) > _SURELY_LONGER * limit:
            return len(piece)
        if not _REWRITTEN.search(piece):
            line_end = 4 if _INDENTED.search(piece) else 1
            grown = (12 if indent else line_end if line else 1 for line, indent in _ESCAPED.findall(piece))
            most = utf16_length(piece) + sum(grown) + 6 * piece.count("```")
            if most <= limit:
                return most
        return utf16_length(to_discord(piece))

    return measure


def _convert(piece: str, limit: int) -> list[str]:
    """Convert one piece; split it again in the unlikely case that it is longer than measured."""
    text = to_discord(piece)
    if not text.strip():
        return []
    if utf16_length(text) <= limit:
        return [text]
    return [part for half in split(piece, max(utf16_length(piece) // 2, 1)) for part in _convert(half, limit)]


def layout_growing(markdown: str, locale: str, *, is_single: bool = False) -> list[MessagePage]:
    """Lay out an answer that is still being written. `is_single`: in one message, whatever its length."""
    if is_single:
        first, *rest = split_text(markdown[:WINDOW], MAX_TEXT - _NOTE_RESERVE, most=2) or [""]
        return [MessagePage(text=f"{first}\n{_length_note(markdown, locale)}" if rest else first)]
    texts = split_text(markdown[:WINDOW], most=MAX_MESSAGES + 1)
    if len(texts) > MAX_MESSAGES:
        texts[MAX_MESSAGES - 1 :] = [_length_note(markdown, locale)]
    return [MessagePage(text=text) for text in texts]


def _length_note(markdown: str, locale: str) -> str:
    return f"-# {translate('discord.growing', locale, count=len(markdown))}"


def status_text(status: Status) -> str:
    """Return a status with its progress and the time it has taken."""
    facts = progress.facts(status)
    if status.progress is not None:
        facts[0] = f"{progress.bar(status.progress, _BAR_LENGTH, full='▰', empty='▱')} {facts[0]}"
    return "\n-# ".join(part for part in (to_discord(status.text), " · ".join(facts)) if part)


# ------------------------------------------------------------------ answers


def layout_answer(answer: Answer, locale: str, *, is_single: bool = False) -> list[MessagePage]:
    """Lay out a finished answer; an empty one has no pages. `is_single`: in one message, whatever its length."""
    files = [media for media in answer.media if media.path is not None and not media.url]
    if (answer.is_board or any(action.row for action in answer.actions)) and (card := _layout_card(answer, files)):
        return [card]
    if files and not is_single and is_voice(files):  # in a message of its own, which has nothing else
        return [*layout_answer(replace(answer, media=()), locale), MessagePage(media=tuple(files))]
    links = [f"[{media.name}]({media.url})" for media in answer.media if media.url and media.url not in answer.text]
    pages = _layout_text("\n\n".join(part for part in (answer.text, *links) if part), locale, is_single=is_single)
    if files:
        _add_files(pages, files)
    if answer.actions:
        last = pages.pop() if pages else MessagePage(text="…")
        pages.append(replace(last, actions=answer.actions))
    return pages


def _add_files(pages: list[MessagePage], files: Sequence[Media]) -> None:
    """Add pictures as a gallery under the last page; else as many files to each page, from the last on, as it holds."""
    if _is_gallery(files) and not (pages and pages[-1].attached_text):
        caption = pages.pop().text if pages else ""
        pages.append(MessagePage(text=caption, media=tuple(files), is_components_v2=True))
        return
    at = max(len(pages) - 1, 0)
    pages += [MessagePage()] * (at + 1 - len(pages))
    rest = iter(files)
    while chunk := tuple(islice(rest, MAX_FILES - bool(at < len(pages) and pages[at].attached_text))):
        pages[at:] = [replace(pages[at] if at < len(pages) else MessagePage(), media=chunk)]
        at += 1


def _layout_card(answer: Answer, files: Sequence[Media]) -> MessagePage | None:
    """Lay out an answer whose buttons belong to its lines, or that is a board; None for one that a card can't show."""
    blocks = tuple(_card_blocks(answer))
    placed = [action for block in blocks for action in block.actions]
    page = MessagePage(
        text="\n".join(block.text for block in blocks),
        media=tuple(files),
        actions=(*placed, *(action for action in answer.actions if action not in placed)),
        is_components_v2=True,
        blocks=blocks,
    )
    has_names = len({plain_name(media) for media in files}) == len(files) <= MAX_FILES
    is_short = utf16_length(page.text) <= MAX_TEXT_V2 and len(page.text.encode()) + 12 * len(blocks) < _MAX_BYTES_V2
    has_links = any(media.url for media in answer.media)
    fits = page.text.strip() and has_names and is_short and page.component_count <= _MAX_COMPONENTS
    return page if fits and not has_links else None


def _card_blocks(answer: Answer) -> Iterator[CardBlock]:
    """Yield the items of the answer's list with their buttons, and what is between them."""
    rows = {action.row for action in answer.actions if action.row}
    if not rows or not any(map(_ITEM.match, answer.text.split("\n"))):
        yield CardBlock(text=to_discord(mark_spoilers(answer.text)))
        return
    pieces: list[tuple[int, list[str]]] = [(0, [])]
    number = 0
    for line in answer.text.split("\n"):
        if _ITEM.match(line):
            number += 1
            if {number, pieces[-1][0]} & rows:
                pieces.append((number, []))
        elif pieces[-1][0] in rows and not line.startswith((" ", "\t")):
            pieces.append((0, []))
        pieces[-1][1].append(line)
    for row, lines in pieces:
        text = to_discord(mark_spoilers("\n".join(lines)))
        own = tuple(action for action in answer.actions if row and action.row == row)
        if text.strip() or own:
            yield CardBlock(text=text, actions=own)


def _layout_text(markdown: str, locale: str, *, is_single: bool) -> list[MessagePage]:
    texts = split_text(markdown[:WINDOW], most=MAX_MESSAGES + 1)
    if len(markdown) > WINDOW and len(texts) <= MAX_MESSAGES:
        texts = split_text(markdown, most=MAX_MESSAGES + 1)
    if len(texts) <= (1 if is_single else MAX_MESSAGES):
        return [MessagePage(text=text) for text in texts]
    if (
        is_single
        and len(long := split_text(markdown, MAX_TEXT_V2, most=2)) == 1
        and len(long[0].encode()) < _MAX_BYTES_V2
    ):
        return [MessagePage(text=long[0], is_components_v2=True)]
    note = f"-# {translate('discord.whole', locale)}"
    if is_single:
        first = split_text(markdown[:WINDOW], MAX_TEXT - _NOTE_RESERVE, most=1)[0]
        return [MessagePage(text=f"{first}\n{note}", attached_text=markdown)]
    pages = [MessagePage(text=text) for text in texts[: MAX_MESSAGES - 1]]
    return [*pages, MessagePage(text=note, attached_text=markdown)]


def _is_gallery(files: Sequence[Media]) -> bool:
    """Whether the files are pictures for one gallery, which needs distinct file names."""
    names = [plain_name(media) for media in files]
    return (
        len(files) <= MAX_FILES
        and len({*names}) == len(names)
        and all(is_picture(media.content_type) for media in files)
    )


def plain_name(media: Media) -> str:
    """Return the name by which a component can refer to a file: Discord takes others, but removes such characters."""
    stem, dot, extension = media.name.rpartition(".")
    plain = _NOT_PLAIN.sub("-", stem).strip("._-") or media.content_type.partition("/")[0]
    return f"{plain}{dot}{extension}"


def is_for_one(answer: Answer) -> bool:
    """Whether the answer is for the person alone.

    A failure is not, where everybody saw that something was coming: an ephemeral message is gone with the next start of
    the client, and a process that died can't know whether it was sent.
    """
    return answer.private and not answer.is_failure
