"""`Event.reply_to` as a dataclass: a flat mapping of text, written and read by one adapter alone."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import cache
from operator import attrgetter
from typing import Any, ClassVar, Self

import structlog

from bot.models import Event
from bot.ports import AdapterValues, Sink

log = structlog.get_logger(__name__)

#: Begins an encrypted value; others are of an earlier version, or were never stored.
_MARK = "encrypted:"


@cache
def _empty(kind: type[Any]) -> dict[str, str]:
    """Return an empty text for each field of a dataclass of texts."""
    return dict.fromkeys((field.name for field in fields(kind)), "")


@cache
def _reader(kind: type[Any]) -> Callable[[Any], tuple[str, ...]]:
    """Return a function that reads all fields of a dataclass of texts, of which there are several."""
    return attrgetter(*_empty(kind))  # type: ignore[arg-type]


class ReplyTargetFields:
    """Base of a frozen dataclass whose fields are all texts, "" meaning absent.

    `of(target.to_reply_to()) == target` holds for every target, also where a field has a default other than "".
    """

    __slots__ = ()

    #: name of the field that is encrypted in the database
    ENCRYPTED: ClassVar[str] = ""
    #: names of fields that an earlier version wrote → today's
    RENAMED: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def of(cls, reply_to: Mapping[str, str]) -> Self:
        """Read `Event.reply_to`. Names that are no field, as of a newer version, are ignored; missing ones are ""."""
        if cls.RENAMED and not cls.RENAMED.keys().isdisjoint(reply_to):
            reply_to = {cls.RENAMED.get(name, name): value for name, value in reply_to.items()}
        empty = _empty(cls)  # type: ignore[arg-type]
        return cls(**empty | {name: value for name, value in reply_to.items() if name in empty})

    @classmethod
    def decrypt(cls, reply_to: Mapping[str, str], services: AdapterValues) -> Self:
        """Read `Event.reply_to` with its secret, which is "" where the keys have changed since."""
        value = reply_to.get(cls.ENCRYPTED, "")
        if value.startswith(_MARK):
            secret = services.decrypt(value.removeprefix(_MARK))
            if secret is None:
                log.warning("reply target not readable: it was encrypted with none of the keys")
            reply_to = {**reply_to, cls.ENCRYPTED: secret or ""}
        return cls.of(reply_to)

    def to_reply_to(self) -> dict[str, str]:
        """Write what `of` reads: the fields by name, without the empty ones."""
        kind = type(self)
        return {name: text for name, text in zip(_empty(kind), _reader(kind)(self), strict=True) if text}  # type: ignore[arg-type]


def encrypt_secret(sink: Sink, target: type[ReplyTargetFields], services: AdapterValues) -> Sink:
    """Return a sink that encrypts `ENCRYPTED` of each event before it is recorded."""
    name = target.ENCRYPTED

    async def record(event: Event) -> bool:
        if value := event.reply_to.get(name):
            encrypted = f"{_MARK}{services.encrypt(value)}"
            event = replace(event, reply_to={**event.reply_to, name: encrypted})
        return await sink(event)

    return record
