"""Markdown → Discord's dialect of it. Pure.

Discord has no tables, rules, pictures in the text or titles below the third level; and some plain text means
something to it that no answer may say: calling people, inviting elsewhere, a link under another's address.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import quote, urlsplit

from bot.markdown import (
    Block,
    Code,
    CodeSpan,
    Emphasis,
    Heading,
    Image,
    Inline,
    LineBreak,
    Link,
    ListBlock,
    ListItem,
    Paragraph,
    Quote,
    Rule,
    Strike,
    Strong,
    Table,
    TextRun,
    is_safe_url,
    parse,
    plain_text,
    render_monospace,
)

#: Stand for the two ends of a spoiler, so that each is known for what it is also where a text is cut; see `spoilers`.
OPEN, CLOSE = "\ue000", "\ue001"
#: Columns of a table; a code block on a small screen has fewer, and shows what is too wide in the next line.
COLUMNS = 72
_RULE = "─" * 12
_NOTHING = "\u200b"  # shows nothing and breaks what would mean something
_DEEPEST_TITLE = 3
_KEPT = 256  # converted pieces: while an answer is written most of it stays as it was

_SPECIAL = re.compile(r"\\(?=[!-/:-@\[-`{-~]|$)|[*`]|(?<![^\W_])_|_(?![^\W_])|~(?=~)|(?<=~)~|\|(?=\|)|(?<=\|)\|")
_CALL = re.compile(r"@(?=everyone|here)|<(?=@[!&]?\d|#\d)", re.IGNORECASE)
_LINE_START = re.compile(r"^(\s*)(?=(?:#{1,3}|>{1,3}|[-+]|-#)\s)|^(\s*\d+)(?=[.)]\s)", re.MULTILINE)
_INVITE = re.compile(r"(?:discord(?:app)?|dsc)(?=\.(?:gg|com/invite|me|io|link|li)/\S)", re.IGNORECASE)
_ADDRESS = re.compile(r"\s*(?:\w+://)?((?:[\w-]+\.)+[^\W\d_]{2,})(?:[/?#:]\S*)?\s*")
_LANGUAGE = re.compile(r"[a-z0-9_+.#-]+", re.IGNORECASE)
_URL = "!#$%&'()*+,/:;=?@[]~"  # what an address may have besides letters and numbers
_FENCES = re.compile("``(?=`)")
#: code and tables, which stay as they are, or a spoiler
_SPOILER = re.compile(
    r"^[ \t>]*(?P<fence>`{3,}|~{3,})[^\n]*\n(?s:.*?)(?:^[ \t>]*(?P=fence)[`~]*[ \t]*$|\Z)"
    r"|(?P<ticks>(?<!`)`+(?!`))[^\n]*?(?<!`)(?P=ticks)(?!`)"
    r"|^(?=[^\n]*\|)[^\n]*\n[ \t>|:]*-[-:| \t]*$(?:\n(?=[^\n]*\|)[^\n]*)*"
    r"|\|\|(?=[^\s|])(?P<hidden>(?:[^|\n]|\|(?!\|)|\n(?!\s*\n)){1,6000}?)\|\|",
    re.MULTILINE,
)


@lru_cache(maxsize=_KEPT)
def discord(markdown: str) -> str:
    """The text as a message of Discord's, calling nobody. Spoilers only where `spoilers` marked them."""
    lines = [line for line, _ in _blocks(parse(markdown))]
    return "\n".join(lines).replace(OPEN, "||").replace(CLOSE, "||").strip("\n")


def spoilers(markdown: str) -> str:
    """The same Markdown with its spoilers' ends marked; what is in code or tables, or never closed, is none."""

    def mark(match: re.Match[str]) -> str:
        return match[0] if match["hidden"] is None else f"{OPEN}{match['hidden']}{CLOSE}"

    text = markdown.replace(OPEN, "").replace(CLOSE, "")
    return _SPOILER.sub(mark, text) if "||" in text else text


def escaped(text: str) -> str:
    """Plain text so that Discord shows just that."""
    text = _SPECIAL.sub(lambda match: f"\\{match[0]}", text).replace("](", "]\\(")
    return harmless(text)


def harmless(text: str) -> str:
    """Text that calls nobody and invites nowhere."""
    text = _CALL.sub(lambda match: match[0] + _NOTHING, text)
    return _INVITE.sub(lambda match: match[0] + _NOTHING, text)


# ------------------------------------------------------------------ blocks: lines, and whether each is code

_Line = tuple[str, bool]


def _blocks(blocks: Sequence[Block], *, is_tight: bool = False) -> Iterator[_Line]:
    before: Block | None = None
    for block in blocks:
        is_close = is_tight or isinstance(before, Heading | Code | Table) or isinstance(block, Code | Table)
        is_close = is_close or (isinstance(before, Paragraph) and isinstance(block, ListBlock))
        if before is not None and not is_close:
            yield "", False
        yield from _block(block)
        before = block


def _block(block: Block) -> Iterator[_Line]:
    match block:
        case Paragraph(children):
            text = _LINE_START.sub(r"\g<0>\\", _inlines(children))
            yield from ((line, False) for line in text.split("\n"))
        case Heading(level, children):
            yield _title(level, children), False
        case Code(text, language):
            yield from _code(text, language)
        case Table():
            yield from _code(render_monospace(block, limit=COLUMNS))
        case Quote(inner):
            for line, is_code in _blocks([part for one in inner for part in _flat(one)]):
                yield f"> {line}", is_code
        case ListBlock():
            yield from _list(block)
        case Rule():
            yield _RULE, False


def _flat(block: Block) -> Iterator[Block]:
    """Discord has no quotes within quotes."""
    if isinstance(block, Quote):
        for inner in block.blocks:
            yield from _flat(inner)
    else:
        yield block


def _title(level: int, children: Sequence[Inline]) -> str:
    is_bold = level > _DEEPEST_TITLE
    inner = [part for child in children for part in (child.children if isinstance(child, Strong) else (child,))]
    text = " ".join(_inlines(inner if is_bold else children).split("\n"))
    if not text.strip():
        return ""
    return f"**{text}**" if is_bold else f"{'#' * level} {text}"


def _code(text: str, language: str = "") -> Iterator[_Line]:
    language = language if _LANGUAGE.fullmatch(language) else ""
    body = _FENCES.sub(f"``{_NOTHING}", text)
    yield f"```{language}", True
    yield from ((line, True) for line in (body if body.strip() else _NOTHING).split("\n"))
    yield "```", True


def _list(block: ListBlock) -> Iterator[_Line]:
    for number, item in enumerate(block.items, start=block.start):
        marker = f"{number}. " if block.ordered else "- "
        yield from _item(item, marker)


def _item(item: ListItem, marker: str) -> Iterator[_Line]:
    task = "" if item.is_done is None else "☑ " if item.is_done else "☐ "
    lines = list(_blocks(item.blocks, is_tight=True))
    if not lines or lines[0][1]:  # empty, or code, which begins in a line of its own
        lines.insert(0, ("", False))
    for at, (line, is_code) in enumerate(lines):
        if at == 0:
            yield f"{marker}{task}{line}".rstrip(), False
        else:
            yield line if is_code else " " * len(marker) + line, is_code


# ------------------------------------------------------------------ within a line


def _inlines(inlines: Sequence[Inline]) -> str:
    text = ""
    for inline in inlines:
        more = _inline(inline)
        if text and more and text[-1] == more[0] and more[0] in "*_~`" and not text.endswith(f"\\{more[0]}"):
            text += _NOTHING  # the marks of one would be taken for the other's
        text += more
    return text


def _inline(inline: Inline) -> str:  # noqa: PLR0911 - one a kind
    match inline:
        case TextRun(text):
            return escaped(text)
        case Strong(children):
            return _marked("**", children)
        case Emphasis(children):
            return _marked("*", children)
        case Strike(children):
            return _marked("~~", children)
        case CodeSpan(text):
            return _span(text)
        case Link(url, children):
            return _link(url, children, is_bare=inline.is_bare)
        case Image(url, alt):
            return _link(url, (TextRun(alt or url),), is_bare=not alt) if is_safe_url(url) else escaped(alt or url)
        case LineBreak():
            return "\n"


def _marked(mark: str, children: Sequence[Inline]) -> str:
    text = _inlines(children)
    return f"{mark}{text}{mark}" if text.strip() else text


def _span(text: str) -> str:
    text = _FENCES.sub(f"``{_NOTHING}", " ".join(text.split("\n")))
    if not text.strip():
        return ""
    if "`" not in text:
        return f"`{text}`"
    marks = "`" if "``" in text else "``"
    before, after = (" " * text.startswith("`")), (" " * text.endswith("`"))
    return f"{marks}{before}{text}{after}{marks}" if marks == "``" else escaped(text)


def _link(url: str, children: Sequence[Inline], *, is_bare: bool) -> str:
    """A link without a preview of where it leads; where the words are another address, both are shown."""
    label = plain_text(children)
    if not is_safe_url(url) or not url.startswith("http") or _INVITE.search(url):
        shown = "" if is_bare else _inlines(children)
        return f"{shown} ({escaped(url)})" if shown and url else shown or escaped(url)
    address = f"<{quote(_CALL.sub('%40', url), safe=_URL)}>"
    if is_bare:
        return address
    named = _ADDRESS.fullmatch(label)
    if "://" in label or named:
        is_same = named is not None and named[1].lower() == (urlsplit(url).hostname or "")
        if not is_same:
            return f"{escaped(label)} ({address})"
        if "://" in label:
            return address
    text = _inlines(children).replace("\n", " ")
    return f"[{text}]({address})" if "[" not in label and "]" not in label else f"{text} ({address})"
