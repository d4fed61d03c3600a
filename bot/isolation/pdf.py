"""Text of a PDF. Runs in a child process."""

import time
from io import BytesIO

from bot.isolation.child import Unparsable

_SHARE = 0.75  # of the time allowed, after which the pages read so far are the result


def extract_text(data: bytes, *, pages: int, chars: int, seconds: float) -> tuple[str, bytes]:
    """Return "cut" or "whole", and the text: of at most `pages` pages, about `chars` characters and `seconds` seconds.

    Raises `Unparsable`: "encrypted", "damaged", "scanned" or "slow".
    """
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    end = time.monotonic() + seconds * _SHARE
    # On damaged files the parser raises almost anything.
    damage = (PyPdfError, ArithmeticError, LookupError, ValueError, TypeError, AttributeError, OSError)
    found: list[str] = []
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unparsable("encrypted")
        total = len(reader.pages)
        length = 0
        for page in reader.pages[:pages]:
            found.append(page.extract_text().strip())
            length += len(found[-1])
            if length > chars or time.monotonic() > end:
                break
    except (DependencyError, NotImplementedError) as exc:
        raise Unparsable("encrypted") from exc
    except (*damage, RecursionError, AssertionError) as exc:
        raise Unparsable("damaged") from exc
    if not any(found):
        raise Unparsable("slow" if time.monotonic() > end else "scanned")
    text = "\n\n".join(page for page in found if page)
    is_cut = len(found) < total or len(text) > chars
    return "cut" if is_cut else "whole", text[:chars].encode("utf-8", "replace")
