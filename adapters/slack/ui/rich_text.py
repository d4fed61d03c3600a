"""A line of Markdown as the elements of Slack's rich text. Pure.

Rich text says what is bold or a link without marks, so nothing in a text is taken for one, whatever stands next to it:
`<!channel>` is nine letters, `*` a star, and Chinese needs no spaces around bold. Only what is made here can call
somebody, and nothing here does but for people who are named on purpose.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from bot.markdown import (
    CodeSpan,
    Emphasis,
    Image,
    Inline,
    LineBreak,
    Link,
    Strike,
    Strong,
    TextRun,
    is_safe_url,
    plain_text,
)

Json = dict[str, Any]
Style = Mapping[str, bool]

#: Of a person, by id.
MENTION = re.compile(r"<@([UW][A-Z0-9]{2,20})>")
_EMOJI = re.compile(r"(?<![\w:]):([a-z][a-z0-9_+'-]{1,40}):(?![\w:])")
_HOST = re.compile(r"(?:[^\W_](?:[\w-]{0,61}\w)?\.){1,8}[^\W\d_]{2,24}(?!\w)")
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_PLAIN: Style = {}
_LONGEST_URL = 3000
#: Endings that are files rather than hosts in what models write.
_FILES = frozenset(
    {
        *("md", "py", "js", "ts", "json", "yaml", "yml", "toml", "txt", "csv", "html", "css", "pdf", "png", "jpg"),
        *("jpeg", "gif", "svg", "mp3", "mp4", "wav", "cfg", "ini", "log", "xml", "java", "go"),
    }
)


def elements(inlines: Sequence[Inline], *, names: Collection[str] = ()) -> list[Json]:
    """Elements of a `rich_text_section`; of the people mentioned only those whose ids are in `names` are called."""
    return joined(list(_each(inlines, _PLAIN, names)))


def text(content: str, style: Style = _PLAIN) -> Json:
    """Characters as an element."""
    return {"type": "text", "text": content, **({"style": dict(style)} if style else {})}


def joined(found: Sequence[Json]) -> list[Json]:
    """The same with neighbouring texts of one style as one; empty ones are left out."""
    out: list[Json] = []
    for element in found:
        last = out[-1] if out else {}
        if element["type"] == "text" == last.get("type") and element.get("style") == last.get("style"):
            out[-1] = {**last, "text": last["text"] + element["text"]}
        elif element.get("text") != "":
            out.append(element)
    return out


def _each(inlines: Sequence[Inline], style: Style, names: Collection[str]) -> Iterator[Json]:
    for inline in inlines:
        match inline:
            case TextRun(content):
                yield from _text(content, style, names)
            case Strong(children):
                yield from _each(children, {**style, "bold": True}, names)
            case Emphasis(children):
                yield from _each(children, {**style, "italic": True}, names)
            case Strike(children):
                yield from _each(children, {**style, "strike": True}, names)
            case CodeSpan(content):
                yield text(content, {**style, "code": True})
            case Link():
                yield from _link(inline, style, names)
            case Image(url, alt):
                yield from _link(Link(url, (TextRun(alt or url),)), style, names)
            case LineBreak():
                yield text("\n", style)


def _text(content: str, style: Style, names: Collection[str]) -> Iterator[Json]:
    at = 0
    for found in re.finditer(f"{MENTION.pattern}|{_EMOJI.pattern}", content):
        person, emoji = found[1], found[2]
        if person and person not in names:
            continue
        yield text(content[at : found.start()], style)
        yield {"type": "user", "user_id": person} if person else {"type": "emoji", "name": emoji}
        at = found.end()
    yield text(content[at:], style)


def _link(link: Link, style: Style, names: Collection[str]) -> Iterator[Json]:
    shown = plain_text(link.children)
    if not is_safe_url(link.url) or len(link.url) > _LONGEST_URL:
        yield from _each(link.children, style, names)
        if link.url and not link.is_bare:
            yield text(f" ({link.url})", style)
    elif not shown.strip() or link.is_bare:
        yield _to(link.url, shown.strip(), style)
    elif _pretends(shown, link.url):
        yield from _each(link.children, style, names)
        yield text(" (", style)
        yield _to(link.url, "", style)
        yield text(")", style)
    elif any(isinstance(child, CodeSpan) for child in link.children):
        yield _to(link.url, shown, {**style, "code": True})
    else:
        yield _to(link.url, shown, style)


def _to(url: str, shown: str, style: Style) -> Json:
    return {
        "type": "link",
        "url": url,
        **({"text": shown} if shown else {}),
        **({"style": dict(style)} if style else {}),
    }


def _pretends(shown: str, url: str) -> bool:
    """Whether a link shows another address than the one it leads to."""
    host = (urlsplit(url).hostname or url.rpartition("@")[2]).lower()
    named = [name.lower().removeprefix("www.") for name in (*_HOST.findall(shown), *_ADDRESS.findall(shown))]
    if "://" in shown and not named:
        return True
    return any(not f".{host}".endswith(f".{name}") for name in named if _is_host(name))


def _is_host(name: str) -> bool:
    """Not the name of a file or a function: their last part is none of a host."""
    return name.rpartition(".")[2] not in _FILES
