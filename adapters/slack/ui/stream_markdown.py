"""Markdown for streams, which Slack parses itself. Pure.

A stream is replaced by blocks when the answer is finished. Until then an invisible character keeps Slack from reading
mentions, commands and its own kind of links out of it.
"""

import re

_JOINER = "\u2060"  # word joiner: takes no room and breaks no line
_MRKDWN = re.compile(r"<(?=[@#!]|[a-zA-Z][a-zA-Z0-9+.-]{0,20}:|/)")
_BROADCASTS = re.compile(r"@(?=(?:channel|here|everyone|group)\b)", re.IGNORECASE)
_LINKS = re.compile(r"(?<=\])(?=\(\s*<?[a-zA-Z]+:)")
#: The end of a growing text that may still become one of these.
_OPEN = re.compile(r"(?:<[^\s>]{0,100}|@[a-zA-Z]{0,8}|\]\(?[^\s)]{0,200}|[<@\]])\Z")
_OPEN_LENGTH = 300  # characters at the end of a text that are searched for it


def neutralize(markdown: str) -> str:
    """Return the text without mentions, and without links whose text hides the address."""
    text = _BROADCASTS.sub(f"@{_JOINER}", _MRKDWN.sub(f"<{_JOINER}", markdown))
    return _LINKS.sub(_JOINER, text)


def stable_prefix(markdown: str) -> str:
    """Return the beginning of a growing text that looks the same when the text has grown."""
    match = _OPEN.search(markdown, max(len(markdown) - _OPEN_LENGTH, 0))
    return markdown[: match.start()] if match else markdown
