"""Recognition of links whose label is, or looks like, another address than the one they lead to. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import urlsplit

from bot.characters import INVISIBLE

_HOST = re.compile(r"(?:[^\W_](?:[\w-]{0,61}\w)?\.){1,8}[^\W\d_]{2,24}(?!\w)")
_IP = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])|\[[0-9a-f:.]{2,45}\]", re.IGNORECASE)
_SCHEME = re.compile(r"://|^\s*//|(?<!\w)(?:localhost|www\.)", re.IGNORECASE)
_DOTS = "\u3002\u06d4\u0701\u0702\ua4f8\ua60e\u00b7\u0387\u30fb\u2027\u22c5\u2219\u0660\u06f0\u2e31\u2e33"
#: Marks that look like the dots, slashes and colons of an address and that compatibility forms leave as they are.
_LOOK_ALIKES = str.maketrans(
    {
        **dict.fromkeys(_DOTS, "."),
        **dict.fromkeys("\u2044\u2215\u29f8\u2571\u27cb", "/"),
        **dict.fromkeys("\u2236\ua789\u02d0\u05c3", ":"),
    }
)
#: Endings that are files rather than hosts in what models write.
_FILES = frozenset(
    {
        *("js", "ts", "json", "yaml", "yml", "toml", "txt", "csv", "html", "css", "pdf", "png", "jpg", "jpeg", "gif"),
        *("svg", "mp3", "mp4", "wav", "cfg", "ini", "log", "xml", "java", "go"),
    }
)
#: Endings of both: they are files where the address ends in the same name.
_FILES_OR_HOSTS = frozenset({"md", "py"})


def is_disguised(label: str, url: str) -> bool:
    """Return whether a link's label contains another address than the one it leads to.

    Invisible characters are ignored, and letters and marks that look like others count as those.
    """
    host, file = _destination(url)
    seen = _as_seen(label)
    names = [name for name in _names(seen) if name.rpartition(".")[2] not in _FILES]
    names = [name for name in names if not (name.rpartition(".")[2] in _FILES_OR_HOSTS and name == file)]
    if not names:
        return _SCHEME.search(seen) is not None
    return any(not f".{_spelled(host, name)}".endswith(f".{name}") for name in names)


def _destination(url: str) -> tuple[str, str]:
    """Return the host and the file name of an address, in lower case."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or url.rpartition("@")[2]
    except ValueError:
        return "", ""
    return host.lower(), parts.path.rpartition("/")[2].lower()


def _spelled(host: str, name: str) -> str:
    """Return the host as the label spells it: in letters of a language, or in ASCII."""
    if "xn--" not in host or name.isascii():
        return host
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host


def _as_seen(label: str) -> str:
    return unicodedata.normalize("NFKC", INVISIBLE.sub("", label)).translate(_LOOK_ALIKES).lower()


def _names(seen: str) -> Iterator[str]:
    for found in (*_HOST.findall(seen), *_IP.findall(seen)):
        yield found.removeprefix("www.").strip("[]")
