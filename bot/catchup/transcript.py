"""Messages of a channel as a model reads them: numbered lines of bounded length, in pieces of bounded size. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from bot.markdown.split import estimate_tokens
from bot.ports import ChannelMessage
from bot.values import valueclass

#: Characters of a message that are read: of a person's, and of an app's, which are often reports.
_PERSON, _APP = 1500, 400
_NAME = 40
_CITATION_LIKE = re.compile(r"([\[［(（])[\s#＃]*[#＃](?=\d)")


@valueclass(frozen=True, slots=True)
class NumberedMessage:
    """A message with the number that it is cited by."""

    number: int
    message: ChannelMessage
    line: str  #: as the model reads it


def number_messages(messages: Sequence[ChannelMessage], zone: ZoneInfo) -> list[NumberedMessage]:
    """Number the messages that say something, each reply behind the message whose thread it is in."""
    found: list[NumberedMessage] = []
    numbers: dict[str, int] = {}
    for message in _in_threads(messages):
        text = " ".join(message.text.split())
        if not text:
            continue
        number = len(found) + 1
        numbers[message.id] = number
        found.append(NumberedMessage(number, message, _line(message, text, number, numbers.get(message.thread), zone)))
    return found


def _in_threads(messages: Sequence[ChannelMessage]) -> Iterator[ChannelMessage]:
    known = {message.id for message in messages}
    replies: dict[str, list[ChannelMessage]] = defaultdict(list)
    first: list[ChannelMessage] = []
    for message in messages:
        is_reply = message.thread not in ("", message.id)
        begins = is_reply and message.thread not in known and message.thread not in replies
        (replies[message.thread] if is_reply else first).append(message)
        if begins:  # a thread whose first message is older
            first.append(message)
    for message in first:
        if message.thread in ("", message.id):
            yield message
            yield from replies.get(message.id, ())
        else:
            yield from replies[message.thread]


def _line(message: ChannelMessage, text: str, number: int, parent: int | None, zone: ZoneInfo) -> str:
    name = " ".join(message.speaker.translate(_NO_BRACKETS).split())[:_NAME] or "somebody"
    kind = " (this bot)" if message.is_own else " (app)" if message.is_app else ""
    reply = f" in reply to #{parent}" if parent is not None else " in a thread" if message.thread else ""
    longest = _APP if message.is_app or message.is_own else _PERSON
    text = text if len(text) <= longest else text[:longest] + "…"
    text = _CITATION_LIKE.sub(r"\1", text)  # so that nobody writes citations into their message
    return f"[#{number}] {message.at.astimezone(zone):%a %Y-%m-%d %H:%M} {name}{kind}{reply}: {text}"


_NO_BRACKETS = str.maketrans("[]<>#＃:\n", "()()    ")


def pack(lines: Sequence[str], budget: int) -> list[list[str]]:
    """Pack lines, in their order, into pieces of at most `budget` estimated tokens; a longer line is alone."""
    pieces: list[list[str]] = []
    left = 0
    for line in lines:
        tokens = estimate_tokens(line) + 1
        if not pieces or tokens > left:
            pieces.append([])
            left = budget
        pieces[-1].append(line)
        left -= tokens
    return pieces
