"""Detection of secrets in notes, which are not kept: passwords, keys, and numbers of cards and accounts. Pure."""

import re

from bot.moderation.detectors import CARD, IBAN, SECRET, find_private
from bot.moderation.seen_text import find_as_seen

_WORDS = r"passw(?:or)?d|passcode|passphrase|\bpin\b|api key|密碼|密码|金鑰|密钥|口令"
#: A password that is told in words.
_TOLD = re.compile(rf"(?i)(?:{_WORDS})(?: code)?\s{{0,2}}(?:is|=|:|：|是|為|为)\s{{0,2}}(?=\S*\d)\S{{4,}}")
_ABOUT = re.compile(rf"(?i){_WORDS}|\b(?:secret|token|credential)s?\b|機密|机密|憑證|凭证|身分證|身份证|護照|护照")


def has_secret(text: str) -> bool:
    """Return whether a text has a secret in it, as far as its form tells."""
    found = find_as_seen(find_private, text)
    return _TOLD.search(text) is not None or any(one.label in (SECRET, CARD, IBAN) for one in found)


def may_have_secret(text: str) -> bool:
    """Return whether a text has a secret or personal data in it, or is about one."""
    return _ABOUT.search(text) is not None or any(True for _ in find_as_seen(find_private, text))
