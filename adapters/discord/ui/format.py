"""From Markdown to Discord's dialect of it. Pure.

Discord has no tables, rules, inline pictures or headings below the third level. It also gives plain text a meaning
that no answer may have: mentions, invitations to servers, and links labelled with another link's address.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import quote

from bot.commandline.mentions import read_mention, read_time
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
    is_disguised,
    is_safe_url,
    parse,
    plain_text,
    render_monospace,
)

#: Mark the two ends of a spoiler, so that both are known where a text is split; see `mark_spoilers`.
SPOILER_OPEN, SPOILER_CLOSE = "\ue000", "\ue001"
#: Columns of a table. A small screen has fewer and wraps the lines of a code block.
COLUMNS = 72
_RULE = "─" * 12
#: People, roles and channels as Discord shows their names. No message of the bot notifies them.
_MENTIONS = {"person": "<@{}>", "role": "<@&{}>", "channel": "<#{}>"}
_ID = re.compile(r"\d{15,20}")
_ZERO_WIDTH = "\u200b"  # breaks a sequence that Discord would interpret
_DEEPEST_HEADING = 3
_CACHED = 256  # converted pieces: while an answer grows, most of its pieces stay the same

_SPECIAL = re.compile(r"\\(?=[!-/:-@\[-`{-~]|$)|[*`]|(?<![^\W_])_|_(?![^\W_])|~(?=~)|(?<=~)~|\|(?=\|)|(?<=\|)\|")
_MENTION = re.compile(r"@(?=everyone|here)|<(?=@[!&]?\d|#\d)", re.IGNORECASE)
_LINE_START = re.compile(r"^(\s*)(?=(?:#{1,3}|>{1,3}|[-+]|-#)\s)|^(\s*\d+)(?=[.)]\s)", re.MULTILINE)
_INVITE = re.compile(r"(?:discord(?:app)?|dsc)(?=\.(?:gg|com/invite|me|io|link|li)/\S)", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z0-9_+.#-]+", re.IGNORECASE)
_URL = "!#$%&'()*+,/:;=?@[]~"  # allowed in a URL besides letters and numbers
_FENCES = re.compile("``(?=`)")
#: code and tables, in which nothing is a spoiler, or a spoiler
_SPOILER = re.compile(
    r"^[ \t>]*(?P<fence>`{3,}|~{3,})[^\n]*\n(?s:.*?)(?:^[ \t>]*(?P=fence)[`~]*[ \t]*$|\Z)"
    r"|(?P<ticks>(?<!`)`+(?!`))[^\n]*?(?<!`)(?P=ticks)(?!`)"
    r"|^(?=[^\n]*\|)[^\n]*\n[ \t>|:]*-[-:| \t]*$(?:\n(?=[^\n]*\|)[^\n]*)*"
    r"|\|\|(?=[^\s|])(?P<hidden>(?:[^|\n]|\|(?!\|)|\n(?!\s*\n)){1,6000}?)\|\|",
    re.MULTILINE,
)


@lru_cache(maxsize=_CACHED)
def to_discord(markdown: str) -> str:
    """Convert Markdown to the text of a message that mentions nobody. Spoilers are those of `mark_spoilers`."""
    lines = [line for line, _ in _blocks(parse(markdown))]
    return "\n".join(lines).replace(SPOILER_OPEN, "||").replace(SPOILER_CLOSE, "||").strip("\n")


def mark_spoilers(markdown: str) -> str:
    """Replace the ends of spoilers by marks; bars in code or tables, and those never closed, are no spoilers."""

    def mark(match: re.Match[str]) -> str:
        return match[0] if match["hidden"] is None else f"{SPOILER_OPEN}{match['hidden']}{SPOILER_CLOSE}"

    text = markdown.replace(SPOILER_OPEN, "").replace(SPOILER_CLOSE, "")
    return _SPOILER.sub(mark, text) if "||" in text else text


def escape(text: str) -> str:
    """Escape plain text so that Discord shows exactly that text."""
    text = _SPECIAL.sub(lambda match: f"\\{match[0]}", text).replace("](", "]\\(")
    return neutralize(text)


def neutralize(text: str) -> str:
    """Break mentions and invitations with a zero-width space."""
    text = _MENTION.sub(lambda match: match[0] + _ZERO_WIDTH, text)
    return _INVITE.sub(lambda match: match[0] + _ZERO_WIDTH, text)


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
            yield _heading(level, children), False
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
    """Yield the blocks of nested quotes, which Discord does not have."""
    if isinstance(block, Quote):
        for inner in block.blocks:
            yield from _flat(inner)
    else:
        yield block


def _heading(level: int, children: Sequence[Inline]) -> str:
    is_bold = level > _DEEPEST_HEADING
    inner = [part for child in children for part in (child.children if isinstance(child, Strong) else (child,))]
    text = " ".join(_inlines(inner if is_bold else children).split("\n"))
    if not text.strip():
        return ""
    return f"**{text}**" if is_bold else f"{'#' * level} {text}"


def _code(text: str, language: str = "") -> Iterator[_Line]:
    language = language if _LANGUAGE.fullmatch(language) else ""
    body = _FENCES.sub(f"``{_ZERO_WIDTH}", text)
    yield f"```{language}", True
    yield from ((line, True) for line in (body if body.strip() else _ZERO_WIDTH).split("\n"))
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
            text += _ZERO_WIDTH  # else the two runs of marks would be read as one
        text += more
    return text


def _inline(inline: Inline) -> str:  # noqa: PLR0911 - one a kind
    match inline:
        case TextRun(text):
            return escape(text)
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
            return _link(url, (TextRun(alt or url),), is_bare=not alt) if is_safe_url(url) else escape(alt or url)
        case LineBreak():
            return "\n"


def _marked(mark: str, children: Sequence[Inline]) -> str:
    text = _inlines(children)
    return f"{mark}{text}{mark}" if text.strip() else text


def _span(text: str) -> str:
    text = _FENCES.sub(f"``{_ZERO_WIDTH}", " ".join(text.split("\n")))
    if not text.strip():
        return ""
    if "`" not in text:
        return f"`{text}`"
    marks = "`" if "``" in text else "``"
    before, after = (" " * text.startswith("`")), (" " * text.endswith("`"))
    return f"{marks}{before}{text}{after}{marks}" if marks == "``" else escape(text)


def _named(url: str) -> str:
    """Return what shows somebody, a channel or a time that an address names; "": it names none."""
    if (named := read_mention(url)) is not None and named.subject in _MENTIONS and _ID.fullmatch(named.id):
        return _MENTIONS[named.subject].format(named.id)
    return "" if (time := read_time(url)) is None else f"<t:{time}:f>"


def _link(url: str, children: Sequence[Inline], *, is_bare: bool) -> str:
    """Return a link without a preview; where its label is another address, both are shown."""
    label = plain_text(children)
    if shown := _named(url):
        return shown
    if not is_safe_url(url) or not url.startswith("http") or _INVITE.search(url):
        text = "" if is_bare else _inlines(children)
        return f"{text} ({escape(url)})" if text and url else text or escape(url)
    address = f"<{quote(_MENTION.sub('%40', url), safe=_URL)}>"
    if is_bare:
        return address
    if is_disguised(label, url):
        return f"{escape(label)} ({address})"
    if "://" in label:
        return address
    text = _inlines(children).replace("\n", " ")
    return f"[{text}]({address})" if "[" not in label and "]" not in label else f"{text} ({address})"
