r"""The operator's own rules on words, from the file that BOT_CONTENT_RULES names.

    [redact]                       # replaced wherever redaction is on
    EMPLOYEE = 'E-\d{6}'

    [refuse.words]                 # a request with one of the words is not sent
    "project names" = ["Falcon", "Blue Heron"]

    [refuse.patterns]
    "customer numbers" = 'KD-\d{8}'

Patterns are run by RE2, which takes linear time for any pattern and text; it comes with the extra `patterns`.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, Protocol

from bot.errors import SettingsError
from bot.i18n import operator_text
from bot.moderation.detectors import LABELS, Finding
from bot.moderation.seen_text import read_as_seen
from bot.values import valueclass

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,29}")
_LONGEST_PATTERN = 1000  # characters
_MAX_MEMORY = 8 << 20  # bytes of a compiled pattern
#: What is left of marks over and through letters where letter and mark are no character of their own.
_COMBINING = re.compile("[\u0300-\u036f]")
#: Marks of Markdown that may stand within a word and are not shown there.
_MARKDOWN = re.compile(r"[*_~`|]+")
_SECTIONS = {"redact": (), "refuse": ("words", "patterns")}


class _Match(Protocol):
    def span(self) -> tuple[int, int]: ...


class Pattern(Protocol):
    """A compiled pattern."""

    def search(self, text: str) -> object:
        """See `re.Pattern.search`."""

    def finditer(self, text: str) -> Iterator[_Match]:
        """See `re.Pattern.finditer`."""


@valueclass(frozen=True, slots=True)
class ContentRules:
    """The operator's rules; without a file there are none."""

    redact: Mapping[str, Pattern] = field(default_factory=dict)  #: by the label that replaces what they match
    refuse_words: Mapping[str, Sequence[str]] = field(default_factory=dict)  #: by the rule's name, normalized
    refuse_patterns: Mapping[str, Pattern] = field(default_factory=dict)  #: by the rule's name

    def find_private(self, text: str) -> Iterator[Finding]:
        """Yield what the operator wants replaced."""
        for label, pattern in self.redact.items():
            for match in pattern.finditer(text):
                start, end = match.span()
                if start < end:
                    yield Finding(start, end, label)

    def find_refusal(self, text: str) -> str:
        """Return the name of the first rule that refuses a text; "": none does."""
        if self.refuse_words:
            readings = {normalize(text), normalize(_MARKDOWN.sub("", text))}
            for name, words in self.refuse_words.items():
                if any(has_word(plain, word) for plain in readings for word in words):
                    return name
        texts = {text, read_as_seen(text)} if self.refuse_patterns else ()
        return next((name for name, pattern in self.refuse_patterns.items() if any(map(pattern.search, texts))), "")

    @property
    def has_refusals(self) -> bool:
        """Whether a text may be refused."""
        return bool(self.refuse_words or self.refuse_patterns)


def normalize(text: str) -> str:
    """Return a text in one form: as people see it, without capitals and marks on letters that have none."""
    plain = unicodedata.normalize("NFKC", read_as_seen(text)).casefold()
    return " ".join((plain if plain.isascii() else _COMBINING.sub("", plain)).split())


def has_word(text: str, word: str) -> bool:
    """Return whether a text has a word, not as a part of another; in scripts without spaces, anywhere."""
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        if not (_goes_on(text[at - 1 : at], word[0]) or _goes_on(text[end : end + 1], word[-1])):
            return True
        at = text.find(word, at + 1)
    return False


def _goes_on(beside: str, edge: str) -> bool:
    return beside.isalnum() and edge.isalnum() and beside.isascii() and edge.isascii()


def load_rules(path: Path | None) -> ContentRules:
    """Read the rules. Raises `SettingsError` with the rule that is wrong."""
    if path is None:
        return ContentRules()
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise SettingsError(operator_text("rules.unreadable", path=path, reason=exc.strerror)) from exc
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise SettingsError(operator_text("rules.syntax", path=path, reason=exc)) from exc
    redact, refuse = _table(found, "redact", path), _table(found, "refuse", path)
    unknown = [*(found.keys() - _SECTIONS.keys()), *(refuse.keys() - set(_SECTIONS["refuse"]))]
    if unknown:
        raise SettingsError(operator_text("rules.section", path=path, name=repr(min(unknown))))
    for name in redact:
        if not _NAME.fullmatch(name) or name in LABELS:
            raise SettingsError(operator_text("rules.name", path=path, name=repr(name)))
    words, patterns = _table(refuse, "words", path), _table(refuse, "patterns", path)
    return ContentRules(
        redact={name: _compile(path, name, pattern) for name, pattern in redact.items()},
        refuse_words={name: _words(path, name, value) for name, value in words.items()},
        refuse_patterns={name: _compile(path, name, pattern) for name, pattern in patterns.items()},
    )


def _table(found: Mapping[str, Any], name: str, path: Path) -> Mapping[str, Any]:
    table = found.get(name, {})
    if not isinstance(table, dict):
        raise SettingsError(operator_text("rules.section", path=path, name=repr(name)))
    return table


def _words(path: Path, name: str, value: object) -> Sequence[str]:
    words = value if isinstance(value, list) else []
    plain = [normalize(word) for word in words if isinstance(word, str)]
    if not plain or len(plain) != len(words) or not all(plain):
        raise SettingsError(operator_text("rules.words", path=path, name=repr(name)))
    return plain


def _compile(path: Path, name: str, value: object) -> Pattern:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_PATTERN:
        raise SettingsError(operator_text("rules.pattern", path=path, name=repr(name), longest=_LONGEST_PATTERN))
    try:
        return compile_pattern(value)
    except ImportError as exc:
        raise SettingsError(operator_text("rules.no_engine", path=path)) from exc
    except ValueError as exc:
        raise SettingsError(operator_text("rules.bad_pattern", path=path, name=repr(name), reason=exc)) from exc


def compile_pattern(text: str) -> Pattern:
    """Compile a pattern for RE2. Raises `ValueError` for one that it can't run, and `ImportError` without RE2."""
    import re2  # an extra; only its users pay for loading it

    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    try:
        pattern: Pattern = re2.compile(text, options)
    except re2.error as exc:
        reason = exc.args[0]
        raise ValueError(reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason) from exc
    return pattern
