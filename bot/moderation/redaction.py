"""Replacement of private parts of texts: by what they are, or by pseudonyms that are put back in the answer."""

import base64
import hmac
import re
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256

from aimodels import ChatDelta
from bot.moderation.detectors import Finding

_DIGITS = 6  # of a pseudonym, in base32

#: Yields what is to be replaced in a text.
Find = Callable[[str], Iterable[Finding]]


@dataclass
class Redactor:
    """Redacts the texts of one request.

    A pseudonym is made from the value and the conversation alone, so that the model finds the same one in every
    request, also after a restart; what it stands for is in the request, and kept nowhere else.
    """

    find: Find
    key: bytes | None = field(repr=False)  #: of pseudonyms; None: mask
    conversation: str = ""
    originals: dict[str, str] = field(default_factory=dict, repr=False)  #: by the pseudonym in lower case

    def redact(self, text: str) -> str:
        """Replace what is private in a text."""
        pieces, at = [], 0
        for finding in merge(self.find(text)):
            pieces += [text[at : finding.start], self._substitute(text[finding.start : finding.end], finding.label)]
            at = finding.end
        return "".join([*pieces, text[at:]]) if pieces else text

    def _substitute(self, value: str, label: str) -> str:
        if self.key is None:
            return f"[{label}]"
        number = 0
        while True:
            message = "\0".join((self.conversation, label, str(number), value)).encode("utf-8", "surrogatepass")
            digits = base64.b32encode(hmac.digest(self.key, message, sha256)).decode()[:_DIGITS]
            pseudonym = f"{label}_{digits}"
            if self.originals.setdefault(pseudonym.lower(), value) == value:
                return pseudonym
            number += 1  # another value has it

    @cached_property
    def _pseudonyms(self) -> "re.Pattern[str]":
        labels = sorted({name[:-_DIGITS] for name in self.originals}, key=len, reverse=True)
        written = "|".join(labels).replace("_", r"\\?_")  # models may escape it in Markdown
        return re.compile(rf"(?:{written})[a-z2-7]{{{_DIGITS}}}", re.IGNORECASE | re.ASCII)

    def restore(self, text: str) -> str:
        """Put back what the pseudonyms in a whole text stand for. Call after the last `redact`."""
        if not self.originals:
            return text
        return self._pseudonyms.sub(
            lambda match: self.originals.get(match[0].lower().replace("\\", ""), match[0]), text
        )

    async def restore_stream(self, deltas: AsyncGenerator[ChatDelta, None]) -> AsyncGenerator[ChatDelta, None]:
        """Do the same for a streamed answer: what may be the beginning of a pseudonym waits for the next piece."""
        written = [form for name in self.originals for form in {name, name.replace("_", r"\_")}]
        beginnings = frozenset(form[:end] for form in written for end in range(1, len(form)))
        longest = max(map(len, beginnings), default=0)
        waiting = ""
        async with aclosing(deltas):
            async for delta in deltas:
                text = self.restore(waiting + delta.text)
                sizes = range(min(longest, len(text)), 0, -1)
                size = next((size for size in sizes if text[-size:].lower() in beginnings), 0)
                text, waiting = text[: len(text) - size], text[len(text) - size :]
                yield replace(delta, text=text)
        if waiting:
            yield ChatDelta(waiting)


def merge(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings in order; those that overlap become one, with the label of the longest of them."""
    group: list[Finding] = []
    end = 0
    for finding in (*sorted(findings, key=lambda finding: finding.start), None):
        if group and (finding is None or finding.start >= end):
            longest = max(group, key=lambda finding: finding.end - finding.start)
            yield Finding(group[0].start, end, longest.label)
            group, end = [], 0
        if finding is not None:
            group.append(finding)
            end = max(end, finding.end)
