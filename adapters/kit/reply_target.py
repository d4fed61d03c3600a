"""`Event.reply_to` as a dataclass: a flat mapping of text, written and read by one adapter alone."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, Self


def encode_fields(value: Any) -> dict[str, str]:
    """Return the fields of a dataclass of texts by name, without the empty ones."""
    return {field.name: text for field in fields(value) if (text := getattr(value, field.name))}


class ReplyTargetFields:
    """Base of a frozen dataclass whose fields are all texts, "" meaning absent.

    `of(target.to_reply_to()) == target` holds for every target, also where a field has a default other than "".
    """

    __slots__ = ()

    #: names of fields that an earlier version wrote → today's
    RENAMED: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def of(cls, reply_to: Mapping[str, str]) -> Self:
        """Read `Event.reply_to`. Names that are no field, as of a newer version, are ignored; missing ones are ""."""
        reply_to = {cls.RENAMED.get(name, name): value for name, value in reply_to.items()} if cls.RENAMED else reply_to
        return cls(**{field.name: reply_to.get(field.name, "") for field in fields(cls)})  # type: ignore[arg-type]

    def to_reply_to(self) -> dict[str, str]:
        """Write what `of` reads."""
        return encode_fields(self)
