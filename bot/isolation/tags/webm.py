"""The tag in WebM (RFC 8794, RFC 9559): an element at the end of the segment, with which the file ends."""

from dataclasses import dataclass

from bot.isolation.child import Unparsable
from bot.isolation.tags.carrier import TAG, File, Pieces

_EBML, _SEGMENT, _TAGS, _VOID = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67", b"\x12\x54\xc3\x67", b"\xec"
_LONGEST_TAG = 1 << 14  #: bytes


@dataclass(frozen=True, slots=True)
class WebM:
    """A WebM file by the place of its segment's size, and of the end of what is not the tag."""

    file: File
    size_at: int  #: where the size of the segment is
    width: int  #: bytes of that size
    end: int  #: of what is there without the tag
    record: bytes | None

    def without(self) -> Pieces:
        """See `Carrier`."""
        return self._resized(b"")

    def with_record(self, record: bytes) -> Pieces:
        """See `Carrier`."""
        return self._resized(_tags(record))

    def _resized(self, tags: bytes) -> Pieces:
        view, begin = memoryview(self.file), self.size_at + self.width
        size = view[self.size_at : begin]
        if _size_at(self.file, self.size_at)[1] is not None:
            size = memoryview(_size_of(self.end - begin + len(tags), self.width))
        return view[: self.size_at], size, view[begin : self.end], tags


def parse_webm(file: File) -> WebM:
    """Return the parts of a file. Raises `Unparsable`, `IndexError`, `ValueError` or `StopIteration` when damaged."""
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
    return WebM(file, at + 4, width, tags if is_ours else len(file), record if is_ours else None)


def _size_at(file: File, at: int) -> tuple[int, int | None]:
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
    tag = _element(b"\x67\xc8", _element(b"\x45\xa3", TAG) + _element(b"\x44\x87", record))
    return _element(_TAGS, _element(b"\x73\x73", _element(b"\x63\xc0", b"") + tag))
