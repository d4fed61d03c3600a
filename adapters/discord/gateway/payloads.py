"""The payloads of the gateway, as they came, for the flight recorder."""

import time
from collections.abc import Callable
from typing import Any

from discord.gateway import DiscordWebSocket

from bot.ports import Receipt, receipt

_NOTED = ("MESSAGE_CREATE", "MESSAGE_UPDATE", "INTERACTION_CREATE")  #: events that may become requests


class _Newest:
    """The newest text of any gateway connection, which the library parses at once."""

    text = ""


_NEWEST = _Newest()


def note_payloads(parsers: dict[str, Callable[[Any], Any]]) -> None:
    """Let the tasks in which a payload is handled know it. `parsers`: of the library, by event."""
    for event in _NOTED:
        parsers[event] = _noting(parsers[event])


def note_texts(socket: DiscordWebSocket) -> None:
    """Keep the text of a payload: the objects that are parsed from it may be changed, and packing them takes longer."""
    socket.log_receive = _note_text  # type: ignore[method-assign, assignment] # is called with each text


def _note_text(text: str) -> None:
    _NEWEST.text = text


def _noting(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def parse_noted(data: Any) -> None:
        text = _NEWEST.text
        is_from_text = data["id"] in text  # else its connection's texts are not noted yet
        token = receipt.set(Receipt((text, "d") if is_from_text else data, time.time()))
        try:
            parse(data)
        finally:
            receipt.reset(token)

    return parse_noted
