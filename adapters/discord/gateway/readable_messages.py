"""Messages that the library can't parse as they come: without their rarer parts it can.

Discord sends what its documentation allows, or something new; whoever asks is answered all the same.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

Json = dict[str, Any]
T = TypeVar("T")

#: Whom a message is by and for, what it says, and its files.
_NEEDED = (
    *("id", "type", "channel_id", "guild_id", "author", "member", "webhook_id", "timestamp", "edited_timestamp"),
    *("content", "flags", "mentions", "mention_roles", "mention_everyone", "attachments", "message_reference"),
)


def parse_without_parts(parse: Callable[[Any], T], data: Json) -> T:
    """Return what `parse` makes of a message that it can't parse as a whole. Raises what it raises of the least."""
    *forms, least = _simpler_forms(data)
    for form in forms:
        with suppress(Exception):  # foreign data in foreign code: any error is possible
            return parse(form)
    return parse(least)


def parse_message(parse: Callable[[Any], T], data: Any) -> T:
    """Return what `parse` makes of a message, if need be without parts of it. Raises what it raises of the least."""
    try:
        return parse(data)
    except Exception:  # noqa: BLE001 - as above
        return parse_without_parts(parse, data)


def _simpler_forms(data: Json) -> Iterator[Json]:
    """Yield the message without its rarer parts, then without those of the message that it replies to, then alone."""
    alone = _needed_of(data)
    if replied := data.get("referenced_message"):
        yield {**alone, "referenced_message": replied}
        yield {**alone, "referenced_message": _needed_of(replied)}
    yield alone


def _needed_of(data: Json) -> Json:
    return {"components": [], **{name: data[name] for name in _NEEDED if name in data}}
