"""Where an answer belongs: what `Event.reply_to` of this adapter holds, written here and nowhere else.

`Event.reply_to` is `Address.to_reply_to()`, a flat mapping of the fields below without those that are empty;
`Address.of(reply_to)` reads it back. The event's id, which an answer's metadata carries so that it is found again,
is the `key` that `Adapter.draft` is given.

Where the answer goes:

- `private` is set: to `user` alone, in `thread` where there is one, else in `channel`, whatever the answer says of it.
- `thread` is set: into that thread.
- `parent` is set, `thread` is not: a slash command or a form. Whoever delivers first posts the message `parent` in
  `channel`, with metadata of the key; its ts is the thread of the answer and is told to `Roots.put`, so that what is
  said there later belongs to `conversation`. A private answer needs no parent.

While it is fresh, `response_url` shows a private message to the asker even where the bot is no member.
"""

import time
from dataclasses import dataclass
from typing import Literal

from adapters.kit.reply_target import ReplyTargetFields

#: Seconds for which a `response_url` works, with a margin, and how often it may be used.
RESPONSE_LIFE, RESPONSE_USES = 29 * 60, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Address(ReplyTargetFields):
    """One question's place, and what may be used to answer it."""

    conversation: str  #: `Event.conversation`
    team: str = ""  #: the workspace it was asked in
    enterprise: str = ""  #: the organisation, where that and not the workspace has installed the app
    channel: str  #: its id, as Slack's methods want it; "" for a form that was opened outside of any channel
    user: str  #: who asked; the only one an answer may name
    user_team: str = ""  #: the workspace of who asked: `recipient_team_id` of a stream
    thread: str = ""  #: ts of the thread's first message
    message: str = ""  #: ts of the question; "" for commands, forms and buttons
    parent: str = ""  #: Markdown of the message that is to begin the thread: who asked what
    private: str = ""  #: "1": for `user` alone
    surface: Literal["", "agent"] = ""  #: "agent": the messages tab of the app, where status and Stop are Slack's own
    is_dm: str = ""  #: "1" in the direct messages of one person with the bot
    response_url: str = ""
    asked: str = ""  #: Unix seconds when it was asked, which tells whether `response_url` still works
    locale: str = ""  #: the asker's, as BCP 47 tag

    @property
    def owner(self) -> str:
        """The installation that answers; ids of channels and messages are unique within it."""
        return self.enterprise or self.team

    @property
    def can_respond(self) -> bool:
        """Whether `response_url` may still be used."""
        return bool(self.response_url) and time.time() < float(self.asked or 0) + RESPONSE_LIFE
