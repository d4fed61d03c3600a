"""Actions that a person uses on any message, by a shortcut or a context menu, and on an answer, by its buttons.

Pure: the platform reads the message and words the sentences; which command gets what is decided here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.models import Attachment, is_picture

#: Buttons under an answer whose press is answered to the presser alone, in a word.
EPHEMERAL_ACTIONS = (
    *("good", "bad", "delete", "set", "stop", "correct-private"),
    *("quote-make", "quote-1", "quote-2", "quote-3", "quote-4", "quote-cancel", "approve", "decline", "withdraw"),
)

#: Buttons under what only the presser sees, whose press is answered to everybody.
ANSWERED_PUBLICLY = ("correct",)

Lacking = Literal["", "text", "picture", "no_secret"]
#: What a message lacks → the key of the sentence that says so.
REJECTIONS: Mapping[Lacking, str] = {
    "picture": "request.no_picture",
    "text": "request.no_text",
    "no_secret": "request.secret",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAction:
    """One shortcut or entry of a message's context menu."""

    command: str  #: the command that it asks for
    is_private: bool = False  #: answered to the person alone: it explains what others said, and nobody else asked
    reads_prior_messages: bool = False  #: about everything up to the message, not about the message alone


#: By name, which is also the action's name in the catalogues. Both platforms allow five.
MESSAGE_ACTIONS = {
    "explain": MessageAction(command="chat", is_private=True),
    "summarise": MessageAction(command="chat", is_private=True, reads_prior_messages=True),
    "review": MessageAction(command="chat"),
    "picture": MessageAction(command="image"),
    "animate": MessageAction(command="video"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRequest:
    """The request that a message action makes."""

    command: str
    prompt: str
    attachments: tuple[Attachment, ...] = ()
    lacks: Lacking = ""  #: what the message would need and has not; "": nothing; "no_secret": its text may be one
    is_private: bool  #: answered to the person alone; so are refusals
    has_prior_messages: bool  #: see `Event.has_prior_messages`


def request_of(
    name: str,
    *,
    instruction: str,
    text: str,
    quotation: str,
    attachments: Sequence[Attachment],
    can_read_prior_messages: bool = True,
    is_secret: bool = False,
) -> MessageRequest:
    """Return what the action of that name asks for.

    `instruction`: the sentence in the person's language that a chat begins with. `text`, `quotation`, `attachments`:
    of the message. `can_read_prior_messages`: False where the bot may not read the conversation; what would be about
    it is then about the message alone. `is_secret`: the text may have a secret in it, and is not passed on.
    Raises `KeyError` for a name that is not in `MESSAGE_ACTIONS`.
    """
    action = MESSAGE_ACTIONS[name]
    text, quotation = ("", "") if is_secret else (text, quotation)
    prompt, files = text, tuple(attachments)
    lacks: Lacking = "" if text or attachments else "text"
    reads_prior_messages = action.reads_prior_messages and can_read_prior_messages
    if action.command == "chat":
        quotation = "" if reads_prior_messages else quotation
        prompt = "\n\n".join(part for part in (instruction, quotation) if part)
    if reads_prior_messages:
        files, lacks = (), ""
    elif action.command == "video":
        files = tuple(file for file in files if is_picture(file.content_type))
        lacks = "" if files else "picture"
    elif action.command == "image":
        files, lacks = (), "" if text else "text"
    return MessageRequest(
        command=action.command,
        prompt=prompt,
        attachments=files,
        lacks="no_secret" if is_secret and lacks == "text" else lacks,
        is_private=action.is_private or bool(lacks),
        has_prior_messages=reads_prior_messages,
    )
