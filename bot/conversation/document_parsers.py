"""The parser that reads a document, chosen by its bytes."""

import re
from importlib.util import find_spec

from bot.isolation.office import EXCEL, POWERPOINT, WORD

#: Number of PDF pages that are read.
PDF_PAGES = 200
_PDF, _OFFICE = "bot.isolation.pdf:extract_text", "bot.isolation.office:extract_text"
_ARTICLE = "bot.isolation.article:extract_text"
PARSER_OPTIONS = {_PDF: {"pages": PDF_PAGES}}
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # a stream of Office files with a password
_PDF_HEAD = 1024  # bytes within which a PDF's signature must be
_HTML_HEAD = 4096
_HTML = re.compile(rb"(?i)<(?:!doctype\s+html|html|head|body|article|meta)[\s>]")

#: Why a child process failed → the key of the sentence; all others: the file is damaged.
PARSING_FAILURES = {
    **{word: word for word in ("slow", "heavy", "binary", "empty", "encrypted", "scanned")},
    "memory": "heavy",
    "output": "heavy",
}
PICTURE_FAILURES = {"slow": "slow", "memory": "heavy", "output": "heavy"}


class Unreadable(Exception):
    """A file can't be read; the text is the last part of a sentence's key, `attachment.KEY`."""


def parser_of(data: bytearray, *, is_page: bool) -> str:
    """Return the parser of a document, "" for text. Raises `Unreadable` for one that none can read.

    `is_page`: it was read from the web, where HTML is no source code but a page with an article.
    """
    if b"%PDF-" in data[:_PDF_HEAD]:
        return _PDF
    if data.startswith(_OLE):
        raise Unreadable("encrypted" if _ENCRYPTED in data else "old_office")
    if data.startswith(_ZIP) and any(part in data for part in (WORD, EXCEL, POWERPOINT)):
        if find_spec("docx") is None:
            raise Unreadable("no_office")
        return _OFFICE
    return _ARTICLE if is_page and _HTML.search(data[:_HTML_HEAD]) else ""
