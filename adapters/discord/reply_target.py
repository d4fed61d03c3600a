"""The place where an answer is posted: the content of `Event.reply_to` of this adapter, written and read here alone.

`Event.reply_to` is `ReplyTarget.to_reply_to()`, a flat mapping of the fields below without those that are empty;
`ReplyTarget.of(reply_to)` reads it back. Ids are Discord's snowflakes as decimal text.
"""

import time
from typing import ClassVar, Literal

from adapters.kit.reply_target import ReplyTargetFields
from bot.values import valueclass

#: Seconds for which an interaction's token works.
TOKEN_LIFETIME = 15 * 60

_EPOCH = 1420070400.0

Deferral = Literal["", "public", "private"]


@valueclass(frozen=True, slots=True, kw_only=True)
class ReplyTarget(ReplyTargetFields):
    """The place where one question was asked, and what its answer may use."""

    ENCRYPTED: ClassVar = "token"
    RENAMED: ClassVar = {"opens": "thread_name", "member": "can_post", "hidden": "spoiler", "limit": "upload_limit"}

    conversation: str  #: `Event.conversation`; buttons carry it, so that pressing one continues the same conversation
    channel: str  #: where the question was asked: a channel, a thread or a direct message channel
    user: str  #: the author of the question; the only person an answer may ping
    guild: str = ""  #: "" in direct messages
    message: str = ""  #: the question; "" for interactions
    thread_name: str = ""  #: name of the thread to start from `message`; "": the answer is posted in `channel`
    locale: str = ""  #: of the author, as BCP 47 tag
    is_dm: str = ""  #: "1" in the direct messages of one person with the bot
    direct: str = ""  #: "1": the answer to a message in a server is for its author alone, in direct messages
    can_post: str = "1"  #: "1": the bot itself may post in `channel`; "": only the interaction can answer
    #: -- of interactions; "" for messages
    interaction: str = ""  #: its id, which tells its age
    application: str = ""  #: with `token` the webhook that answers it
    token: str = ""
    deferred: Deferral = ""  #: who sees the "thinking" response that acknowledges it
    spoiler: str = ""  #: "1": files are hidden until they are clicked
    upload_limit: str = ""  #: bytes that a file in a response to it may have
    since: str = ""  #: of a message that answers none: a snowflake of its time
    #: -- of a summary: the conversation that it is about, where that is not the question's own; at most one is set
    history_channel: str = ""  #: a thread or direct message channel, up to the question
    history_message: str = ""  #: a message in `channel` with the chain of replies that it ends

    def again(self, conversation: str) -> "ReplyTarget":
        """Return a message of its own in the same channel, thread or direct messages.

        Threads and direct messages are conversations, also where `conversation` is another.
        """
        goes_on = self.conversation.startswith(("d", "t"))
        return ReplyTarget(
            conversation=self.conversation if goes_on and not self.thread_name else conversation,
            channel=self.channel,
            user=self.user,
            guild=self.guild,
            locale=self.locale,
            is_dm=self.is_dm,
            since=str((int((time.time() - _EPOCH) * 1000)) << 22),
        )

    @property
    def answer_channel(self) -> str:
        """Id of the channel or thread of the answer. A thread started from a message has that message's id."""
        return self.message if self.thread_name else self.channel

    @property
    def source_id(self) -> str:
        """Id of the message or interaction that is answered, which tells its age; every answer has a greater id."""
        return self.message or self.interaction or self.since

    @property
    def expires_at(self) -> float:
        """End of the interaction's token in seconds since 1970; 0 for messages."""
        return created_at(self.interaction) + TOKEN_LIFETIME if self.interaction else 0.0


def created_at(snowflake: str) -> float:
    """Return the creation time that an id contains, in seconds since 1970."""
    return (int(snowflake) >> 22) / 1000 + _EPOCH
