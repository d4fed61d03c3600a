"""Reminders: what is asked to be said later in the person's own words, and not asked of a model. Pure."""

import re

from bot.models import Event

_ENGLISH = re.compile(
    r"(?:please\s+)?remind\s+(?:me|us|everyone|everybody)\s*(?:to|that|of|about)?[\s:,]+(?P<words>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_CHINESE = re.compile(r"(?:請|请)?提醒(?:我們|我们|我|大家)?(?:要|說|说)?[\s：:，,]*(?P<words>\S.*)", re.DOTALL)


def read_reminder(event: Event) -> str:
    """Return what a request wants to be reminded of; "": it is no reminder."""
    if event.command != "chat":
        return ""
    text = event.prompt.strip()
    match = _ENGLISH.fullmatch(text) or _CHINESE.fullmatch(text)
    return "" if match is None else match["words"].strip()
