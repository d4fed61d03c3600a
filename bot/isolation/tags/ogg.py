"""The tag in Ogg (RFC 3533): the last comment, in the second header of the sound."""

import struct
import zlib
from dataclasses import dataclass

from bot.isolation.child import Unparsable
from bot.isolation.tags.carrier import TAG, File, Pieces

#: How the first header begins → how the second begins.
_HEADERS = {b"OpusHead": b"OpusTags", b"\x01vorbis": b"\x03vorbis"}
_PAGE = struct.Struct("<4sBBqIIIB")
_CHECKSUM_AT = 22
_FIRST = 2  #: flag of the page with which a stream begins
_MOST_SEGMENTS = _FULL = 255  #: segments of a page; bytes of a segment after which the packet goes on
_REVERSED = bytes(int(f"{number:08b}"[::-1], 2) for number in range(256))


@dataclass(frozen=True, slots=True)
class Ogg:
    """An Ogg file by the page that begins with the packet of the comments; that packet ends in the page."""

    file: File
    page_at: int
    end: int  #: of that page
    lead: bytes  #: how the packet begins
    comments: tuple[bytes, ...]
    rest: bytes  #: of the packet
    lacing: bytes  #: of the packets that follow in the page
    own: bytes | None  #: the comment with the record, which is not among the others

    @property
    def record(self) -> bytes | None:
        """See `Carrier`."""
        return None if self.own is None else self.own.partition(b"=")[2]

    def without(self) -> Pieces:
        """See `Carrier`."""
        return self._with(self.comments)

    def with_record(self, record: bytes) -> Pieces:
        """See `Carrier`."""
        return self._with((*self.comments, TAG + b"=" + record))

    def _with(self, comments: tuple[bytes, ...]) -> Pieces:
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


def parse_ogg(file: File) -> Ogg | None:
    """Return the parts of a file; None: it has no sound of Opus or Vorbis.

    Raises `Unparsable`, `IndexError`, `StopIteration` or `struct.error` when it is damaged.
    """
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
    is_ours = bool(comments) and comments[-1].startswith(TAG + b"=")
    own = comments.pop() if is_ours else None
    return Ogg(file, at, end, lead, tuple(comments), packet[place:], lacing[count:], own)


def _checksum(page: bytes) -> int:
    """Return the checksum of a page: from 0, and with the bits of each byte the other way round than in zlib."""
    value = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{value:032b}"[::-1], 2)


def _number(packet: bytes, at: int) -> int:
    (number,) = struct.unpack_from("<I", packet, at)
    return int(number)
