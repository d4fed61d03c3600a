"""Guesses the language that people write in, where their platform does not tell it. Pure."""

import re

from adapters.kit.bounded import BoundedDict

_HAN = re.compile(r"[\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]")
_OTHER_SCRIPTS = re.compile(r"[\u3040-\u30ff\uac00-\ud7a3]")  # Japanese and Korean, which have such characters, too
_OTHER_LANGUAGES = ("ja", "ko")
_LETTERS = 2  #: of a word in Latin letters that weigh as much as a Chinese character
_LOOKED_AT = 500  #: characters of a text
_SENTENCE = 4  #: words of a text in another language, at least


class WrittenLanguages:
    """The languages that people last wrote in, as far as these are Chinese; of the latest `limit` people."""

    def __init__(self, limit: int = 5000) -> None:
        self._known: BoundedDict[int, str] = BoundedDict(limit)

    def of(self, person: int, text: str, otherwise: str) -> str:
        """Return the language of a person who writes this; `otherwise`: that of the place.

        A few words that could be of any language, such as a command's name, change nothing.
        """
        if otherwise.startswith(_OTHER_LANGUAGES):
            return otherwise
        if language := guess_chinese(text):
            self._known[person] = language
        elif len(text.split()) >= _SENTENCE and not _HAN.search(text):
            self._known.pop(person, None)
        return self._known.get(person, otherwise)


def guess_chinese(text: str) -> str:
    """Return `zh-Hant` or `zh-Hans` for a text mostly in Chinese whose characters tell which it is, else ""."""
    if text.isascii():
        return ""
    text = text[:_LOOKED_AT]
    characters = _HAN.findall(text)
    if _OTHER_SCRIPTS.search(text) or len(characters) * _LETTERS < len(_LATIN.findall(text)):
        return ""
    traditional, simplified = (sum(_is_in(each, charset) for each in characters) for charset in ("big5", "gb2312"))
    if traditional == simplified:
        return ""
    return "zh-Hant" if traditional > simplified else "zh-Hans"


def _is_in(character: str, charset: str) -> bool:
    try:
        character.encode(charset)
    except UnicodeEncodeError:
        return False
    return True
