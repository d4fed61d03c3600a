"""Server-sent events, as they trickle in."""

from aimodels.errors import UnexpectedAnswer

_MAX_EVENT = 16_000_000  #: bytes; an answer's piece is never near it


class EventParser:
    """Turns bytes, cut anywhere, into the data of the events completed by them."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[str]:
        """The events completed by `chunk`. Raises `UnexpectedAnswer` for one without end."""
        self._rest += chunk
        if b"\n" not in chunk:
            if len(self._rest) > _MAX_EVENT:
                raise UnexpectedAnswer("the API's streamed answer has an event without end")
            return []
        *lines, rest = self._rest.split(b"\n")
        self._rest = rest
        events = []
        for line in lines:
            text = line.rstrip(b"\r").decode("utf-8", "replace")
            if not text:
                events += self._take()
            elif text.startswith("data:"):
                self._data.append(text[5:].removeprefix(" "))
        return events

    def end(self) -> list[str]:
        """The event that the end of the stream completes, if any."""
        if self._rest.startswith(b"data:"):
            self._data.append(self._rest[5:].decode("utf-8", "replace").strip())
            self._rest.clear()
        return self._take()

    def _take(self) -> list[str]:
        data, self._data = self._data, []
        return ["\n".join(data)] if data else []
