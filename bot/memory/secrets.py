"""Secrets are not remembered: passwords, keys, and numbers of cards and accounts. Pure."""

import re

from bot.moderation.detectors import CARD, IBAN, SECRET, find_private
from bot.moderation.seen_text import find_as_seen

#: A password that is told in words.
_TOLD = re.compile(
    r"(?i)(?:passw(?:or)?d|passcode|passphrase|\bpin\b|api key|密碼|密码|金鑰|密钥|口令)"
    r"(?: code)?\s{0,2}(?:is|=|:|：|是|為|为)\s{0,2}(?=\S*\d)\S{4,}"
)


def has_secret(text: str) -> bool:
    """Return whether a text has a secret in it, as far as its form tells."""
    found = find_as_seen(find_private, text)
    return _TOLD.search(text) is not None or any(one.label in (SECRET, CARD, IBAN) for one in found)
