"""The rules on words, applied to the requests of one event."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, takewhile
from typing import Any

import structlog

from bot.errors import UsageError
from bot.i18n import translate
from bot.models import Event
from bot.moderation.detectors import Finding, find_private
from bot.moderation.redaction import Redactor
from bot.moderation.rules import ContentRules
from bot.moderation.seen_text import find_as_seen
from bot.values import valueclass

log = structlog.get_logger(__name__)

#: Parameters that are none of people's words: chosen from lists, or given by the API.
_NO_WORDS = frozenset({"model", "job"})
#: Fields within parameters that the service fills in itself.
_STRUCTURE = frozenset({"role", "type"})
_ADDRESSES = ("image", "mask", "url")  #: parameters that are the address of a picture, or the picture itself
_PICTURE = re.compile(r"data:image/[\w.+-]{1,40};base64,[A-Za-z0-9+/]*+={0,2}", re.ASCII)
_LEFT_OUT = "[…]"


@valueclass(frozen=True, slots=True)
class AdmittedRequest:
    """A request as it may be sent."""

    parameters: Mapping[str, Any]
    redactor: Redactor | None = None

    def restore(self, text: str) -> str:
        """Put back in an answer what was replaced in the request."""
        return text if self.redactor is None else self.redactor.restore(text)


class Guard:
    """Refuses and redacts requests. `key`: of pseudonyms; `redaction`: the value of the setting."""

    def __init__(self, rules: ContentRules, event: Event, key: bytes, redaction: str) -> None:
        self._rules = rules
        self._event = event
        self._key = key if redaction == "pseudonyms" else None
        self._is_redacting = redaction != "off"

    def admit(self, parameters: Mapping[str, Any], *, is_asked: bool = True) -> AdmittedRequest:
        """Return a request as it may be sent. Raises `UsageError` with the rule that refuses it.

        Of a conversation the last message is what is asked for now: an earlier one that a rule refuses is left out, so
        that the conversation can go on. `is_asked`: the last message is a person's, not the service's own.
        """
        allowed: dict[str, Any] = {}
        for name, value in parameters.items():
            if name == "messages":
                *earlier, last = value
                allowed[name] = [*map(self._leave_out, earlier), self._refuse(name, last) if is_asked else last]
            else:
                allowed[name] = self._refuse(name, value)
        if not self._is_redacting:
            return AdmittedRequest(allowed)
        redactor = Redactor(self._find, self._key, f"{self._event.adapter}\0{self._event.conversation}")
        redacted = {name: self._redact(name, value, redactor) for name, value in allowed.items()}
        return AdmittedRequest(redacted, redactor)

    def _find(self, text: str) -> Iterator[Finding]:
        return find_as_seen(lambda seen: chain(find_private(seen), self._rules.find_private(seen)), text)

    def _refuse(self, name: str, value: Any) -> Any:
        if rule := self._find_refusal(name, value):
            raise UsageError(translate("content.refused", self._event.actor.locale, rule=rule))
        return value

    def _leave_out(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        if rule := self._find_refusal("", message):
            log.info("message left out of a request", rule=rule, role=message["role"])
            return {**message, "content": _LEFT_OUT}
        return message

    def _find_refusal(self, name: str, value: Any) -> str:
        if not self._rules.has_refusals:
            return ""
        texts = (text for key, text in _leaves(name, value) if _is_text(key, text))
        return next((rule for text in texts if (rule := self._rules.find_refusal(text))), "")

    def _redact(self, name: str, value: Any, redactor: Redactor) -> Any:
        if isinstance(value, Mapping):
            return {
                key: item if key in _STRUCTURE else self._redact(key, item, redactor) for key, item in value.items()
            }
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self._redact(name, item, redactor) for item in value]
        if isinstance(value, int) and (text := redactor.redact(str(value))) != str(value):
            return text  # digits that a parameter of the operator's has been given
        if not isinstance(value, str) or not _is_text(name, value):
            return value
        text = redactor.redact(value)
        if text != value and name in _ADDRESSES:  # another address would lead elsewhere
            raise UsageError(translate("content.address", self._event.actor.locale))
        return text


def asked_now(parameters: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the texts and the pictures that are new in a request: of a conversation, what follows its last answer.

    That is more than one message where others wrote in the thread before the service was asked there.
    """
    new = {name: _since_last_answer(value) if name == "messages" else value for name, value in parameters.items()}
    leaves = [leaf for name, value in new.items() for leaf in _leaves(name, value)]
    texts = [text for name, text in leaves if _is_text(name, text) and name not in _ADDRESSES]
    return texts, [text for name, text in leaves if name in _ADDRESSES]


def size_of(parameters: Mapping[str, Any]) -> int:
    """Return the characters of a request that the rules read."""
    return sum(len(text) for name, value in parameters.items() for _, text in _leaves(name, value))


def _since_last_answer(messages: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Return the people's messages at the end of a conversation."""
    return [*takewhile(lambda message: message["role"] == "user", reversed(messages))][::-1]


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield every text of a parameter with the name that it has."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        yield from chain.from_iterable(_leaves(key, item) for key, item in value.items() if key not in _STRUCTURE)
    elif isinstance(value, Sequence):
        yield from chain.from_iterable(_leaves(name, item) for item in value)


def _is_text(name: str, text: str) -> bool:
    """Return whether a parameter may be people's words, and is no picture."""
    return name not in _NO_WORDS and not (name in _ADDRESSES and _PICTURE.fullmatch(text))
