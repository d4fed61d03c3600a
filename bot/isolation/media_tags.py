"""The service's record in a tag of a WebM or Ogg file, written or read. Runs in a child process.

Without the tag the file is, byte for byte, the one that was made: its digest covers all that is played, timestamps and
the headers of codecs included, and every other tag.
"""

import hashlib
import mmap
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.isolation.child import Unparsable

_TAG = b"CHANNELMUSE_RECORD"

_File = bytes | mmap.mmap
_Pieces = Sequence[bytes | memoryview]


def digest(data: bytes, *, source: str, container: str) -> tuple[str, bytes]:  # noqa: ARG001
    """Return the digest of `source` without the service's tag."""
    with _opened(source) as file:
        return _digest(_carrier(file, container).without()), b""


def write(data: bytes, *, source: str, target: str, container: str) -> tuple[str, bytes]:
    """Write `source` with the record `data` to `target`; return the digest of what is there without the tag."""
    with _opened(source) as file, Path(target).open("wb") as out:
        out.writelines(_carrier(file, container).with_record(data))
    return digest(b"", source=target, container=container)


def read(data: bytes, *, container: str, source: str = "") -> tuple[str, bytes]:
    """Return the digest of a file without the service's tag, and the record in that; "none": there is no such tag.

    `source`: path of the file; "": it is the data.
    """
    if source:
        with _opened(source) as file:
            return read(file, container=container)  # type: ignore[arg-type]  # it is only read
    parsed = _parse(data, container)
    return ("none", b"") if parsed is None or parsed.record is None else (_digest(parsed.without()), parsed.record)


@contextmanager
def _opened(path: str) -> Iterator[mmap.mmap]:
    with Path(path).open("rb") as file:
        try:
            yield mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError as exc:
            raise Unparsable("damaged") from exc


def _digest(pieces: _Pieces) -> str:
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return found.hexdigest()


def _carrier(file: _File, container: str) -> "_WebM | _Ogg":
    parsed = _parse(file, container)
    if parsed is None:
        raise Unparsable("unknown")
    return parsed


def _parse(file: _File, container: str) -> "_WebM | _Ogg | None":
    """Return the parts of a file; None: it is of a kind that has no place for the tag. Raises `Unparsable`."""
    try:
        return _parse_webm(file) if container == "matroska" else _parse_ogg(file)
    except (IndexError, ValueError, StopIteration, struct.error) as exc:
        raise Unparsable("damaged") from exc


# -- WebM (RFC 8794, RFC 9559): the tag is an element at the end of the segment, with which the file ends

_EBML, _SEGMENT, _TAGS, _VOID = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67", b"\x12\x54\xc3\x67", b"\xec"
_LONGEST_TAG = 1 << 14  #: bytes


@dataclass(frozen=True, slots=True)
class _WebM:
    file: _File
    size_at: int  #: where the size of the segment is
    width: int  #: bytes of that size
    end: int  #: of what is there without the tag
    record: bytes | None

    def without(self) -> _Pieces:
        return self._resized(b"")

    def with_record(self, record: bytes) -> _Pieces:
        return self._resized(_tags(record))

    def _resized(self, tags: bytes) -> _Pieces:
        view, begin = memoryview(self.file), self.size_at + self.width
        size = view[self.size_at : begin]
        if _size_at(self.file, self.size_at)[1] is not None:
            size = memoryview(_size_of(self.end - begin + len(tags), self.width))
        return view[: self.size_at], size, view[begin : self.end], tags


def _size_at(file: _File, at: int) -> tuple[int, int | None]:
    """Return the number of bytes of a size, and the size; None: not known, until the end."""
    width = 9 - file[at].bit_length()
    most = (1 << 7 * width) - 1
    size = int.from_bytes(file[at : at + width]) & most
    return width, None if size == most else size


def _size_of(size: int, width: int) -> bytes:
    if size >= (1 << 7 * width) - 1:
        raise Unparsable("no room")
    return (1 << 7 * width | size).to_bytes(width)


def _element(name: bytes, content: bytes) -> bytes:
    return name + _size_of(len(content), 2) + content


def _tags(record: bytes) -> bytes:
    tag = _element(b"\x67\xc8", _element(b"\x45\xa3", _TAG) + _element(b"\x44\x87", record))
    return _element(_TAGS, _element(b"\x73\x73", _element(b"\x63\xc0", b"") + tag))


def _parse_webm(file: _File) -> _WebM:
    at = 0
    while file[at : at + 4] != _SEGMENT:
        name = next(name for name in (_EBML, _VOID) if file[at : at + len(name)] == name)
        width, size = _size_at(file, at + len(name))
        at += len(name) + width + (len(file) if size is None else size)
    width, size = _size_at(file, at + 4)
    begin = at + 4 + width
    if size not in (None, len(file) - begin):
        raise Unparsable("damaged")  # something follows, or is missing
    tags = file.rfind(_TAGS, max(begin, len(file) - _LONGEST_TAG))
    record = file[tags + len(_tags(b"")) :] if tags >= 0 else b""
    is_ours = tags >= 0 and _tags(record) == file[tags:]
    return _WebM(file, at + 4, width, tags if is_ours else len(file), record if is_ours else None)


# -- Ogg (RFC 3533): the tag is the last comment, in the second header of the sound

#: How the first header begins → how the second begins.
_HEADERS = {b"OpusHead": b"OpusTags", b"\x01vorbis": b"\x03vorbis"}
_PAGE = struct.Struct("<4sBBqIIIB")
_CHECKSUM_AT = 22
_FIRST = 2  #: flag of the page with which a stream begins
_MOST_SEGMENTS = _FULL = 255  #: segments of a page; bytes of a segment after which the packet goes on
_REVERSED = bytes(int(f"{number:08b}"[::-1], 2) for number in range(256))


@dataclass(frozen=True, slots=True)
class _Ogg:
    """`before` and `after` the packet with the comments, with which a page begins; it ends in that page."""

    file: _File
    page_at: int
    end: int  #: of that page
    lead: bytes  #: how the packet begins
    comments: tuple[bytes, ...]
    rest: bytes  #: of the packet
    lacing: bytes  #: of the packets that follow in the page
    own: bytes | None  #: the comment with the record, which is not among the others

    @property
    def record(self) -> bytes | None:
        return None if self.own is None else self.own.partition(b"=")[2]

    def without(self) -> _Pieces:
        return self._with(self.comments)

    def with_record(self, record: bytes) -> _Pieces:
        return self._with((*self.comments, _TAG + b"=" + record))

    def _with(self, comments: tuple[bytes, ...]) -> _Pieces:
        listed = b"".join(struct.pack("<I", len(one)) + one for one in comments)
        packet = self.lead + struct.pack("<I", len(comments)) + listed + self.rest
        count, last = divmod(len(packet), _FULL)
        lacing = b"\xff" * count + bytes([last]) + self.lacing
        if len(lacing) > _MOST_SEGMENTS:
            raise Unparsable("no room")
        others = self.file[self.end - sum(self.lacing) : self.end]
        *head, _, _ = _PAGE.unpack_from(self.file, self.page_at)
        page = _PAGE.pack(*head, 0, len(lacing)) + lacing + packet + others
        checksum = struct.pack("<I", _checksum(page))
        view = memoryview(self.file)
        return view[: self.page_at], page[:_CHECKSUM_AT], checksum, page[_CHECKSUM_AT + 4 :], view[self.end :]


def _checksum(page: bytes) -> int:
    """Return the checksum of a page: from 0, and with the bits of each byte the other way round than in zlib."""
    value = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{value:032b}"[::-1], 2)


def _parse_ogg(file: _File) -> _Ogg | None:
    at, sound, marker = 0, None, b""
    while True:
        magic, _, flags, _, stream, _, checksum, segments = _PAGE.unpack_from(file, at)
        lacing = file[at + _PAGE.size : at + _PAGE.size + segments]
        begin = at + _PAGE.size + segments
        end = begin + sum(lacing)
        if magic != b"OggS" or end > len(file):
            raise Unparsable("damaged")
        if stream == sound:
            break
        if not flags & _FIRST:
            return None
        head = file[begin:end]
        found = next((second for first, second in _HEADERS.items() if head.startswith(first)), b"")
        if found and sound is None:
            sound, marker = stream, found
        at = end
    count = next(number for number, length in enumerate(lacing, 1) if length < _FULL)
    packet = file[begin : begin + sum(lacing[:count])]
    page = file[at : at + _CHECKSUM_AT] + bytes(4) + file[at + _CHECKSUM_AT + 4 : end]
    if not packet.startswith(marker) or _checksum(page) != checksum:
        raise Unparsable("damaged")
    place = len(marker)
    place += 4 + _number(packet, place)
    lead, left = packet[:place], _number(packet, place)
    place += 4
    comments = list[bytes]()
    for _ in range(left):
        length = _number(packet, place)
        comments.append(packet[place + 4 : place + 4 + length])
        place += 4 + length
    if place > len(packet):
        raise Unparsable("damaged")
    is_ours = bool(comments) and comments[-1].startswith(_TAG + b"=")
    own = comments.pop() if is_ours else None
    return _Ogg(file, at, end, lead, tuple(comments), packet[place:], lacing[count:], own)


def _number(packet: bytes, at: int) -> int:
    (number,) = struct.unpack_from("<I", packet, at)
    return int(number)
