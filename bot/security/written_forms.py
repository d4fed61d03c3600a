"""The forms in which a secret may stand in a text."""

import json
from base64 import b64encode
from urllib.parse import quote

_SHORTEST = 6  #: bytes of a value whose base64 is looked for; that of a shorter one may be a part of any word


SHORTEST_SECRET = 6  #: characters; in a text a shorter one may be part of any word, and is not looked for


def written_forms(value: str) -> set[str]:
    """Return a value's written forms: plain, as bytes, in a URL, each quoted up to twice by Python or JSON."""
    forms = {value, repr(value.encode())[2:-1], quote(value, safe=""), quote(value)}
    for _ in range(2):
        for form in tuple(forms):
            forms |= {repr(form)[1:-1], json.dumps(form)[1:-1], json.dumps(form, ensure_ascii=False)[1:-1]}
    return forms


def base64_forms(value: str) -> set[str]:
    """Return what base64 makes of a value, with whatever is before and after it, in both alphabets."""
    content = value.encode()
    forms = set()
    for before in range(3) if len(content) >= _SHORTEST else ():
        encoded = b64encode(bytes(before) + content).decode()
        # A character has six bits; those at the ends that are not the value's alone depend on what is beside it.
        form = encoded[-(-before * 8 // 6) : (before + len(content)) * 8 // 6]
        forms |= {form, form.replace("+", "-").replace("/", "_")}
    return forms
