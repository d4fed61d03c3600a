"""The wire formats of all platforms and of the AI API, merged into one for the flight recorder."""

import re
from collections.abc import Collection, Iterable
from itertools import chain
from typing import Self

from bot.ports import WireFormat
from bot.values import valueclass

#: Words that calls and their answers have, and nothing that is received: there they are people's own.
_OF_CALLS = frozenset({"method", "path", "status", "error", "code", "warning", "model", "role", "object"})
#: What the AI API and most platforms have in common.
_COMMON = WireFormat(
    words=("type", "locale", "content_type"),
    outer_words=(
        *_OF_CALLS,
        *("command", "style", "finish_reason", "kind", "outcome", "event", "size"),
    ),
    secrets=("token", "secret", "password", "authorization", "cookie", "api_?key", "signature"),
    timestamps=r"\d{4}-\d\d-\d\dT[\d:.]+(?:\+00:00|Z)",
    outcome=("error", "code", "id", "type"),
)
_NOTHING = "(?!)"


@valueclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """The formats of several platforms as one. See `WireFormat`."""

    words: frozenset[str]
    outer_words: frozenset[str]  #: of calls and their answers
    received_words: frozenset[str]  #: of what a platform sent by itself
    foreign: frozenset[str]
    secret: re.Pattern[str]  #: is searched for in names of fields
    id: re.Pattern[str]
    timestamp: re.Pattern[str]
    times: tuple[tuple[int, int], ...]  #: epoch of the times in ids, and bits after them
    outcome: tuple[str, ...]
    message: tuple[str, ...]
    form_part: re.Pattern[bytes]  #: its group is the JSON

    @classmethod
    def of(cls, formats: Iterable[WireFormat] = ()) -> Self:
        """Return these formats, and what all have in common, as one."""
        all_ = (_COMMON, *formats)
        parts = "|".join(re.escape(one.form_part) for one in all_ if one.form_part) or _NOTHING
        headers = rf'name="(?:{parts})"[^\r]*\r\n(?:[^\r\n]+\r\n)*\r\n'
        outer_words = frozenset(chain.from_iterable(one.outer_words for one in all_))
        return cls(
            words=frozenset(chain.from_iterable(one.words for one in all_)),
            outer_words=outer_words,
            received_words=outer_words - _OF_CALLS,
            foreign=frozenset(chain.from_iterable(one.foreign for one in all_)),
            secret=_any(chain.from_iterable(one.secrets for one in all_), re.IGNORECASE),
            id=_any(one.ids for one in all_),
            timestamp=_any(one.timestamps for one in all_),
            times=tuple((one.epoch, one.bits_after_time) for one in all_ if one.epoch),
            outcome=_unique(one.outcome for one in all_),
            message=_unique(one.message for one in all_),
            form_part=re.compile(headers.encode() + rb"(.*?)\r\n--", re.DOTALL),
        )


def _any(patterns: Iterable[str], flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    return re.compile("|".join(pattern for pattern in patterns if pattern) or _NOTHING, flags)


def _unique(names: Iterable[Collection[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(names)))
