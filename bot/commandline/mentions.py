"""Mentions of people, roles and channels in a command: `<person:U012|Ada>`, or typed as `person:U012`; times. Pure.

An adapter writes its platform's mentions so, where a command asks for their ids.
"""

import re
from collections.abc import Sequence
from typing import Literal, cast

from bot.models import CommandSpec
from bot.values import valueclass

Subject = Literal["person", "role", "channel", "workspace"]
#: Kinds of options whose values are mentions.
MENTION_KINDS = ("person", "people", "channel")

#: A mention as adapters write it.
MENTION = re.compile(r"<(?P<subject>person|role|channel|workspace):(?P<id>[^<>|\s]+)(?:\|(?P<label>[^<>]*))?>")
_TYPED = re.compile(r"(?P<subject>person|role|channel|workspace):(?P<id>[^<>|\s]+)")
_WORD = re.compile(rf"{MENTION.pattern.replace('?P<', '?P<_')}|[^\s,]+")
_TIME = re.compile(r"time:(\d{1,10})")
_UNSAFE = re.compile(r"[<>|\s]+")
_MARKUP = re.compile(r"[<>|\s\[\]()`*_~\\]+")


@valueclass(frozen=True, slots=True)
class Mention:
    """A person, a role, a channel or a workspace that is named in a command."""

    subject: Subject
    id: str

    def __str__(self) -> str:
        return f"{self.subject}:{self.id}"


def keeps_ids(spec: CommandSpec) -> bool:
    """Whether mentions in a request of this command keep their ids."""
    return any(option.has_mentions or option.kind in MENTION_KINDS for option in spec.options)


def write_mention(subject: Subject, id: str, label: str = "") -> str:  # noqa: A002
    """Return a mention as commands read it."""
    shown = _UNSAFE.sub(" ", label).strip()
    return f"<{subject}:{id}|{shown}>" if shown else f"<{subject}:{id}>"


def link_mention(mention: Mention, name: str = "") -> str:
    """Return Markdown that names somebody or a channel; in a private answer a platform shows it as a mention.

    `name`: shown where it is no mention, such as in a table without markup; "": the id.
    """
    if mention.subject == "workspace":
        return f"`{mention}`"
    sign = "#" if mention.subject == "channel" else "@"
    return f"[{sign}{_MARKUP.sub(' ', name).strip() or mention.id}]({mention})"


def link_time(seconds: float, label: str) -> str:
    """Return Markdown that names a time, in seconds since 1970; a platform shows it as it shows times, or the label."""
    return f"[{label}](time:{int(seconds)})"


def read_time(url: str) -> int | None:
    """Return the time that such Markdown names; None: the address is no time."""
    match = _TIME.fullmatch(url)
    return None if match is None else int(match[1])


def split_mentions(text: str) -> Sequence[str]:
    """Return the words of a text; a mention is one word, commas separate."""
    return [match[0] for match in _WORD.finditer(text)]


def read_mention(word: str) -> Mention | None:
    """Return the mention that a word is; None: it is none."""
    match = MENTION.fullmatch(word) or _TYPED.fullmatch(word)
    return None if match is None else Mention(cast("Subject", match["subject"]), match["id"])


def find_mentions(text: str) -> Sequence[Mention]:
    """Return what the words of a text mention; other words are left out."""
    found = map(read_mention, split_mentions(text))
    return tuple(mention for mention in found if mention is not None)


def without_ids(text: str) -> str:
    """Return a text in which mentions are the names that people read."""

    def name(match: re.Match[str]) -> str:
        sign = "#" if match["subject"] == "channel" else "@"
        return sign + (match["label"] or match["id"]).removeprefix(sign)

    return MENTION.sub(name, text)
