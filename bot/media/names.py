"""File names that are valid on every platform and file system."""

import re
import unicodedata
from hashlib import sha256

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)")
_EXTENSION = re.compile(r"[A-Za-z0-9]{1,8}")
_LONGEST = 60


def safe_stem(name: str) -> str:
    """Return `name` in ASCII letters, digits, - and _; never empty, never a reserved name."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem = _UNSAFE.sub("-", plain).strip("-_")[:_LONGEST].strip("-_") or "file"
    return f"{stem}-" if _RESERVED.fullmatch(stem) else stem


def split_name(name: str) -> tuple[str, str]:
    """Return a safe stem and the extension of a file name; "" for a name without extension."""
    stem, dot, extension = name.rpartition(".")
    if dot and stem and _EXTENSION.fullmatch(extension):
        return safe_stem(stem), extension.lower()
    return safe_stem(name), ""


def short_digest(*parts: str) -> str:
    """Return a short hash of `parts`, usable as a file name."""
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
