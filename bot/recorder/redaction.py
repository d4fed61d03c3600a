"""Removal of texts, names, ids and secrets from what is recorded; structure and lengths stay.

Every string loses its letters and digits, unless its place says that it is a word of the protocol: new fields of a
platform are hidden until somebody says that they may be seen. Ids become stand-ins, the same for the same id, so that
what belongs together still does. Secrets, and files in base64, are dropped in any case.
"""

import math
import re
import time
from collections.abc import Collection
from hashlib import blake2b
from typing import Any

from bot.moderation.detectors import SECRET, find_private
from bot.moderation.redaction import merge
from bot.recorder.wire import Wire
from bot.security.written_forms import SHORTEST_SECRET, base64_forms, written_forms

_SAID_DEPTH, _DEPTH = 3, 6  #: objects that are within each other: of what a person sent, and of calls
_WORD = re.compile(r"[\w./:+-]{1,64}", re.ASCII)
#: Names of fields whose words some APIs make of what was sent; then they have other characters than `_CODE`.
_CODES, _CODE = frozenset({"error", "code", "warning", "status"}), re.compile(r"[A-Za-z_]{1,64}")
_NO_SECRET = frozenset({"prompt_tokens", "completion_tokens", "total_tokens", "max_tokens", "max_completion_tokens"})
#: Parts of a text that its readers parse: who or what is mentioned, and what begins a link.
_PARSED = re.compile(r"<([@#&!]{1,2})([A-Z0-9]{4,20})(?:\|[^>]*)?>|https?://")
_TOKEN = re.compile(r"\S+")
_SMALL = re.compile(r"\d{1,2}")
_FIELD = re.compile(r"[A-Za-z_][\w.-]{0,39}", re.ASCII)
_API_WORD = re.compile(r"[A-Za-z@_.-]{1,40}|v\d{1,2}")
#: A file within a text: in a data URL, or anything so long without a space.
_FILE = re.compile(r"(?<=;base64,)[\w+/=-]+|(?<![\w+/=\\-])[\w+/=\\-]{1000,}+", re.ASCII)
_IN_BASE64 = frozenset({"b64_json"})  #: names of fields with a file
#: What is left of a secret.
REMOVED = "removed"
_STAND_INS = 20_000  # in memory, and as many short texts
_SHORT = 40  # characters
_LARGEST_NUMBER = 10**14  # that is no id
_LONG_NUMBER = 10**6  # from which a number may be that of a telephone or an account
_RECENT = 3_600_000  # milliseconds for which a time in an id is kept, as the order of messages depends on it
_WIDE = 0x2E80  # the first of the characters that are as wide as two letters


class _Letters(dict[int, str]):
    """For `str.translate`: each letter and digit becomes another of its kind."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        if letter.isdecimal() or letter.isnumeric():
            found = "0"
        elif not letter.isalpha():
            found = letter
        else:
            found = "字" if code >= _WIDE else "X" if letter.isupper() else "x"
        self[code] = found
        return found


_LETTERS = _Letters()


def _size_of(base64: str) -> str:
    return f"{len(base64)} characters of base64"


def _without_file(match: re.Match[str]) -> str:
    """Return the size of what may be a file; what begins a data URL is one, a long word without digits is none."""
    text = match[0]
    is_file = text.lower() != text != text.upper() and any(map(str.isdigit, text))
    return _size_of(text) if is_file or match.string.endswith(";base64,", 0, match.start()) else text


class RecordingRedactor:
    """Removes what must not be kept.

    `key`: of the stand-ins; `words`: names of commands, options and their values, which stay in what people write, as
    they decide what is done; `keeps_texts`: only secrets are removed. `secrets`: their values, wherever they are and
    in any form.
    `wire`: what is known of where things are.
    """

    def __init__(
        self,
        key: bytes,
        *,
        words: Collection[str] = (),
        keeps_texts: bool = False,
        secrets: Collection[str] = (),
        wire: Wire | None = None,
    ) -> None:
        self._key = key
        self.wire = wire or Wire.of()
        self.words = frozenset(word.lower() for word in words)
        self.keeps_texts = keeps_texts
        found = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]
        forms = {form for secret in found for form in written_forms(secret) | base64_forms(secret)}
        self._secrets = sorted(forms, key=len, reverse=True)
        self._stand_ins: dict[str, str] = {}
        self._texts: dict[tuple[str, str, bool, bool], str] = {}
        self._fields: dict[str, str] = {}
        self._paths: dict[str, str] = {}

    def pseudonym(self, text: str) -> str:
        """Return what a request is filed under, which does not tell its id."""
        return blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=12).hexdigest()

    def person(self, adapter: str, actor: str) -> str:
        """Return by what the requests of a person are found, to be erased."""
        return self.pseudonym(f"{adapter}\0{actor}")

    def redact(self, value: Any, name: str = "", *, is_spoken: bool = False, depth: int = 0) -> Any:
        """Return a JSON value without what must not be kept.

        `is_spoken`: by a person, so that commands stay; `depth`: objects around the value.
        """
        if isinstance(value, str):
            outer, most = (self.wire.received_words, _SAID_DEPTH) if is_spoken else (self.wire.outer_words, _DEPTH)
            is_word = name in self.wire.words or (depth <= most and name in outer)
            return self._find_text(value, name, is_spoken, is_word)
        if isinstance(value, dict):
            if name in self.wire.foreign and not self.keeps_texts:
                return self._hide(value)
            fields, depth = self._fields, depth + 1
            return {
                fields.get(key) or self._field(key): self.redact(item, key, is_spoken=is_spoken, depth=depth)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.redact(item, name, is_spoken=is_spoken, depth=depth) for item in value]
        if isinstance(value, int | float):
            return value if self.keeps_texts or -_LONG_NUMBER < value < _LONG_NUMBER else self._number(value)
        return None if value is None else type(value).__name__

    def _hide(self, value: Any) -> Any:
        """Return a value of which nothing is known, without its letters and digits."""
        if isinstance(value, dict):
            return {str(key).translate(_LETTERS): self._hide(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._hide(item) for item in value]
        return str(value).translate(_LETTERS)

    def _number(self, value: float) -> float:
        """Return a long number without its digits, but for ids and the present time."""
        now = time.time() * 1000
        if min(abs(value * 1000 - now), abs(value - now)) < _RECENT:
            return value
        if isinstance(value, float):
            return math.copysign(float(_LONG_NUMBER), value)
        digits = str(abs(value))
        found = int(self.stand_in(digits)) if value > _LARGEST_NUMBER else 10 ** (len(digits) - 1)
        return found if value > 0 else -found

    def _find_text(self, text: str, name: str, is_spoken: bool, is_word: bool) -> str:
        """Return a text without what must not be kept; short ones come again and again."""
        if len(text) > _SHORT:
            return self._redact_text(text, name, is_spoken, is_word)
        key = (text, name, is_spoken, is_word)
        found = self._texts.get(key)
        if found is None:
            if len(self._texts) >= _STAND_INS:
                self._texts.clear()
            found = self._texts[key] = self._redact_text(text, name, is_spoken, is_word)
        return found

    def path(self, path: str) -> str:
        """Return the path of a call, with ids replaced and secrets removed."""
        found = self._paths.get(path)
        if found is None:
            found = "/".join(self._segment(segment) for segment in self._without_known(path).split("/"))
            if len(self._paths) < _STAND_INS and not any(character.isdigit() for character in path[10:]):
                self._paths[path] = found
        return found

    def text(self, text: str) -> str:
        """Return a text without its letters, or as it is where texts are kept."""
        return self._redact_text(text, "", False, False)

    def stand_in(self, number: str) -> str:
        """Return what an id is replaced by: always the same, and of the same form."""
        found = self._stand_ins.get(number)
        if found is None:
            if len(self._stand_ins) >= _STAND_INS:
                self._stand_ins.clear()
            found = self._stand_ins[number] = self._make_stand_in(number)
        return found

    def _make_stand_in(self, number: str) -> str:
        digest = int.from_bytes(blake2b(number.encode(), key=self._key, digest_size=16).digest())
        if number.isdecimal():
            now = time.time() * 1000
            for epoch, bits in self.wire.times:
                made = (int(number) >> bits) + epoch
                if now - _RECENT < made < now + _RECENT:
                    return str((int(number) >> bits << bits) + digest % (1 << bits))
            lowest = 10 ** (len(number) - 1)
            return str(lowest + digest % (lowest // 2))
        letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        rest = ""
        for _ in number[1:]:
            digest, place = divmod(digest, len(letters))
            rest += letters[place]
        return number[0] + rest

    def _redact_text(self, text: str, name: str, is_spoken: bool, is_word: bool) -> str:
        if name not in _NO_SECRET and name and self.wire.secret.search(name):
            return REMOVED if text else ""
        if name in _IN_BASE64:
            return _size_of(text)
        if self.keeps_texts:
            return self._without_secrets(_FILE.sub(_without_file, text))
        is_known = is_word and (_CODE if name in _CODES else _WORD).fullmatch(text)
        if is_known or (is_spoken and text.lower() in self.words) or self.wire.timestamp.fullmatch(text):
            return self._without_secrets(text)
        if self.wire.id.fullmatch(text):
            return self.stand_in(text)
        return self._without_letters(text, is_spoken)

    def _without_secrets(self, text: str) -> str:
        text = self._without_known(text)
        for one in reversed([*merge(one for one in find_private(text) if one.label == SECRET)]):
            text = text[: one.start] + REMOVED + text[one.end :]
        return text

    def _without_known(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, REMOVED)
        return text

    def _without_letters(self, text: str, is_spoken: bool) -> str:
        if "<" not in text and "://" not in text:
            return self._letters(text, is_spoken)
        found, at = [], 0
        for match in _PARSED.finditer(text):
            found.append(self._letters(text[at : match.start()], is_spoken))
            found.append(match[0] if match[1] is None else f"<{match[1]}{self.stand_in(match[2])}>")
            at = match.end()
        found.append(self._letters(text[at:], is_spoken))
        return "".join(found)

    def _letters(self, text: str, is_spoken: bool) -> str:
        return self._spoken(text) if is_spoken else text.translate(_LETTERS)

    def _spoken(self, text: str) -> str:
        """Return a text of which only names of commands and options stay, and their values."""
        found, at, is_value = [], 0, False
        for match in _TOKEN.finditer(text):
            token = match[0]
            if _SMALL.fullmatch(token):
                is_known, is_value = is_value, False
            else:
                is_known = token.lower().lstrip("/-") in self.words
                is_value = is_known and token.startswith("-")
            found += [text[at : match.start()], token if is_known else token.translate(_LETTERS)]
            at = match.end()
        return "".join([*found, text[at:]])

    def _field(self, name: str) -> str:
        if self.keeps_texts:
            return name
        is_plain = name.isascii() and name.islower() and len(name) < _SHORT and name.isidentifier()
        if is_plain or name in self.wire.outer_words:
            if len(self._fields) < _STAND_INS:
                self._fields[name] = name
            return name
        if self.wire.id.fullmatch(name):
            return self.stand_in(name)
        return name if _FIELD.fullmatch(name) else name.translate(_LETTERS)

    def _segment(self, segment: str) -> str:
        if not segment or segment.isalpha():
            return segment
        if self.wire.id.fullmatch(segment):
            return segment if self.keeps_texts else self.stand_in(segment)
        return segment if _API_WORD.fullmatch(segment) else REMOVED
