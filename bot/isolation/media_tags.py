"""The service's record in a tag of a WebM or Ogg file, written or read. Runs in a child process."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import av
from av.container import InputContainer

from bot.isolation.child import Unparsable

_TAG = "CHANNELMUSE_RECORD"


def digest(data: bytes, *, source: str, container: str) -> tuple[str, bytes]:  # noqa: ARG001
    """Return the digest of what is seen and heard in `source`, whatever its tags are."""
    with _open(source, container) as file:
        return _digest(file), b""


def write(data: bytes, *, source: str, target: str, container: str) -> tuple[str, bytes]:
    """Write `source` with the record `data` to `target`; return the digest of what is seen and heard there."""
    with _open(source, container) as old, av.open(target, "w", format=_muxer(container)) as new:
        streams = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        tags = {**old.metadata, _TAG: data.decode("ascii")}
        new.metadata.update(tags)
        for stream in streams.values():  # where Ogg has them
            stream.metadata.update(tags)
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                new.mux(packet)
    with _open(target, container) as made:
        return _digest(made), b""


def read(data: bytes, *, container: str, source: str = "") -> tuple[str, bytes]:
    """Return the digest of what is seen and heard, and the record; without one nothing is digested.

    `source`: path of the file; "": it is the data.
    """
    with _open(source or BytesIO(data), container) as file:
        found = {
            name.upper(): value
            for tags in (file.metadata, *(stream.metadata for stream in file.streams))
            for name, value in tags.items()
        }
        record = found.get(_TAG, "")
        return (_digest(file), record.encode()) if record else ("none", b"")


@contextmanager
def _open(source: str | BytesIO, container: str) -> Iterator[InputContainer]:
    try:
        with av.open(source, "r", format=container) as file:
            if not file.streams or {stream.type for stream in file.streams} - {"audio", "video"}:
                raise Unparsable("damaged")
            yield file
    except (av.FFmpegError, ValueError, UnicodeError) as exc:
        raise Unparsable("damaged") from exc


def _digest(file: InputContainer) -> str:
    found = hashlib.sha256()
    for stream in file.streams:
        found.update(f"{stream.index} {stream.codec_context.name}\n".encode())
    for packet in file.demux():
        if packet.size:
            found.update(f"{packet.stream.index} {packet.size}\n".encode())
            found.update(bytes(packet))
    return found.hexdigest()


def _muxer(container: str) -> str:
    return "webm" if container == "matroska" else container
