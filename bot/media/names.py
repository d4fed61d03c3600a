"""File names that are valid on every platform and file system."""

import re
import unicodedata
from hashlib import sha256

_UNSAFE = re.compile(r"[ -]+")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)")
_EXTENSION = re.compile(r"[A-Za-z0-9]{1,8}")
_LONGEST, _MOST_BYTES = 60, 200  # characters, and bytes in UTF-8: file systems take 255 with what is added


def safe_stem(name: str) -> str:
    """Return `name` in letters and digits of any script, - and _, in NFC; never empty, never a reserved name."""
    joined = name.replace("\u200c", "").replace("\u200d", "")  # say how letters of a word join, and are not seen
    kept = (char if _is_safe(char) else " " for char in unicodedata.normalize("NFC", joined))
    stem = _UNSAFE.sub("-", "".join(kept)).strip("-_")[:_LONGEST]
    stem = stem.encode()[:_MOST_BYTES].decode(errors="ignore").strip("-_") or "file"
    return f"{stem}-" if _RESERVED.fullmatch(stem) else stem


def _is_safe(char: str) -> bool:
    """Whether a character is a letter, a digit, a mark on one of them, - or _: no space, sign or control character."""
    return char in "-_" or unicodedata.category(char)[0] in "LMN"


def split_name(name: str) -> tuple[str, str]:
    """Return a safe stem and the extension of a file name; "" for a name without extension."""
    stem, dot, extension = name.rpartition(".")
    if dot and stem and _EXTENSION.fullmatch(extension):
        return safe_stem(stem), extension.lower()
    return safe_stem(name), ""


def short_digest(*parts: str) -> str:
    """Return a short hash of `parts`, usable as a file name."""
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
