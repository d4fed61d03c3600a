"""Texts that have to fit: titles of threads, labels, quotations. Pure."""

import re

_BEGINNING = 1000  # characters of a question that are looked at for its title


def shorten(text: str, limit: int) -> str:
    """Return the text, cut to at most `limit` characters; a cut one ends with "…"."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def title_of(text: str, limit: int, *, marks: re.Pattern[str], fallback: str = "") -> str:
    """Return a title of at most `limit` characters: the beginning of a question, on one line.

    Leaves out `marks` (the dialect's Markdown) and, where anything else is left, code blocks. A long title is cut
    between words where it can be. `fallback`: the title of a text without words.
    """
    words = marks.sub("", (text.split("```", maxsplit=1)[0] or text).lstrip()[:_BEGINNING])
    line = " ".join(words.split()) or fallback
    return line if len(line) <= limit else line[: limit - 1].rsplit(" ", 1)[0][: limit - 1] + "…"


def quote(text: str, *, author: str = "") -> str:
    """Return the text as a Markdown quotation with its author's name; "" for no text."""
    if not text:
        return ""
    return "\n".join(f"> {line}" for line in (f"{author}: {text}" if author else text).splitlines())
