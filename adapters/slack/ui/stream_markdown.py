"""Markdown as it may be streamed: Slack reads it itself while it grows. Pure.

What is streamed is replaced by blocks when the answer is finished. Until then an invisible letter keeps Slack from
reading mentions, commands and its own kind of links out of it.
"""

import re

_JOINER = "\u2060"  # word joiner: takes no room and breaks no line
_SLACKS = re.compile(r"<(?=[@#!]|[a-zA-Z][a-zA-Z0-9+.-]{0,20}:|/)")
_CALLS = re.compile(r"@(?=(?:channel|here|everyone|group)\b)", re.IGNORECASE)
_PRETENDING = re.compile(r"(?<=\])(?=\(\s*<?[a-zA-Z]+:)")
#: An end that may still become one of these.
_OPEN = re.compile(r"(?:<[^\s>]{0,100}|@[a-zA-Z]{0,8}|\]\(?[^\s)]{0,200}|[<@\]])\Z")


def preview(markdown: str) -> str:
    """The text without what would call somebody or lead elsewhere than it says."""
    quiet = _CALLS.sub(f"@{_JOINER}", _SLACKS.sub(f"<{_JOINER}", markdown))
    return _PRETENDING.sub(_JOINER, quiet)


def settled(markdown: str) -> str:
    """So much of a growing text as is sure to be shown the same when it has grown."""
    found = _OPEN.search(markdown, max(len(markdown) - 300, 0))
    return markdown[: found.start()] if found else markdown
