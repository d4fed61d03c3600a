"""Simpler forms of a message, for a Slack that refuses it. Pure."""

from collections.abc import Collection, Iterator
from typing import Any

from adapters.slack.outbound.layout import render_fallback
from adapters.slack.types import Block
from adapters.slack.ui.blocks import escape, render_blocks

#: Characters of a message without blocks; an edit takes 4,000.
_LONGEST_TEXT = 3_900


def message_forms(markdown: str, blocks: list[Block], *, mentions: Collection[str] = ()) -> Iterator[Block]:
    """Yield `text` and `blocks` of a message, from the form it should have to the simplest.

    First `blocks` as they are; then rich text without tables, titles and links, as an address may be what Slack
    refuses; then the text alone, if it is short enough to be edited. `mentions`: ids of the people whom it may notify.
    """
    fallback = render_fallback(markdown, mentions=mentions) or " "
    yield {"text": fallback, "blocks": blocks}
    buttons = [block for block in blocks if block["type"] == "actions"]
    plain: list[Block] = [without_links(block) for block in render_blocks(markdown, mentions=mentions, is_plain=True)]
    yield {"text": fallback, "parse": "none", "blocks": plain + buttons}
    text = fallback if mentions else escape(markdown)
    if text.strip() and len(text) <= _LONGEST_TEXT:
        yield {"text": text, "parse": "none", "blocks": []}


def without_links(value: Any) -> Any:
    """Return blocks with the words and addresses of their links as text."""
    if isinstance(value, list):
        return [without_links(part) for part in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") != "link":
        return {name: without_links(part) for name, part in value.items()}
    label, url = str(value.get("text") or ""), str(value["url"])
    style = {"style": value["style"]} if "style" in value else {}
    return {"type": "text", "text": f"{label} ({url})" if label and label != url else url, **style}
