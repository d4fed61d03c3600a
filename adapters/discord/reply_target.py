"""Where an answer belongs: what `Event.reply_to` of this adapter holds, written here and nowhere else.

`Event.reply_to` is `Address.to_reply_to()`, a flat mapping of the fields below without those that are empty;
`Address.of(reply_to)` reads it back. Ids are Discord's snowflakes as decimal text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, Self

#: Seconds for which an interaction's token works.
TOKEN_LIFE = 15 * 60

_EPOCH = 1420070400.0

Kind = Literal["", "public", "private"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One question's place, and what may be used to answer it."""

    conversation: str  #: `Event.conversation`; buttons carry it, so that a press is of the same one
    channel: str  #: where it was asked: a channel, a thread or a direct message
    user: str  #: who asked; the only one an answer may ping
    guild: str = ""  #: "" in direct messages
    message: str = ""  #: the question; "" for interactions
    opens: str = ""  #: what to call the thread that is to be opened at `message`; "": answer in `channel`
    locale: str = ""  #: the asker's, as BCP 47 tag
    is_dm: str = ""  #: "1" in the direct messages of one person with the bot
    member: str = "1"  #: "1": the bot itself may write in `channel`; "": only the interaction can
    #: -- of interactions; "" for messages
    interaction: str = ""  #: its id, which tells when it was made
    application: str = ""  #: with `token` the webhook that answers it
    token: str = ""
    deferred: Kind = ""  #: how it is acknowledged with a "thinking" message: for everybody or the asker alone
    hidden: str = ""  #: "1": files are shown only when they are clicked
    limit: str = ""  #: bytes that a file may have in a response to it

    @classmethod
    def of(cls, reply_to: Mapping[str, str]) -> Self:
        """Read `Event.reply_to`; unknown keys are those of a newer version."""
        known = {field.name for field in fields(cls)}
        found = {name: value for name, value in reply_to.items() if name in known}
        return cls(**{"member": "", "conversation": "", "channel": "", "user": "", **found})  # type: ignore[arg-type]

    def to_reply_to(self) -> dict[str, str]:
        """The fields that are not empty."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name))}

    @property
    def place(self) -> str:
        """Where the answer is posted. A thread opened at a message has that message's id."""
        return self.message if self.opens else self.channel

    @property
    def asked(self) -> str:
        """The id of what asked, which tells when; what answers it has a greater one."""
        return self.message or self.interaction

    @property
    def expires(self) -> float:
        """When the interaction's token stops working, in seconds since 1970; 0 where there is none."""
        return made_at(self.interaction) + TOKEN_LIFE if self.interaction else 0.0


def made_at(snowflake: str) -> float:
    """When a thing of that id was made, in seconds since 1970."""
    return (int(snowflake) >> 22) / 1000 + _EPOCH
