"""Server-sent events, parsed from bytes as they arrive."""

from aimodels.errors import UnexpectedAnswer

_MAX_EVENT = 16_000_000  #: bytes; far above any real event


class EventParser:
    """Splits a byte stream, cut anywhere, into the data of its events."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[str] = []
        self._size = 0  # characters of `_data`

    def feed(self, chunk: bytes) -> list[str]:
        """Return the data of the events that `chunk` completes. Raises `UnexpectedAnswer` for an endless event."""
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
                events += self._complete()
            elif text.startswith("data:"):
                self._data.append(text[5:].removeprefix(" "))
                self._size += len(text)
                if self._size > _MAX_EVENT:
                    raise UnexpectedAnswer("the API's streamed answer has an event without end")
        return events

    def end(self) -> list[str]:
        """Return the data of the event that the end of the stream completes, if any."""
        if self._rest.startswith(b"data:"):
            self._data.append(self._rest[5:].decode("utf-8", "replace").strip())
            self._rest.clear()
        return self._complete()

    def _complete(self) -> list[str]:
        data, self._data, self._size = self._data, [], 0
        return ["\n".join(data)] if data else []
