"""The place of an answer: the fields of `Event.reply_to` of this adapter.

The event's id is not among them: an answer's metadata carries it, and `Adapter.draft` gets it as `key`.

Where the answer goes:

- `private` is set: to `user` alone, in `thread` where there is one, else in `channel`, whatever the answer says of it.
- `thread` is set: into that thread.
- `parent` is set, `thread` is not: a slash command or a form. The first delivery posts the message `parent` in
  `channel`, with metadata of the key; its ts becomes the thread of the answer and is linked with `conversation`, so
  that later messages there belong to it. A private answer needs no parent.

`response_url`, while it works, shows a private message to the person even where the bot is no member.
"""

import time
from dataclasses import replace
from typing import ClassVar, Literal

from adapters.kit.reply_target import ReplyTargetFields
from bot.models import Answer
from bot.values import valueclass

#: Seconds for which a `response_url` works, with a margin.
RESPONSE_URL_LIFETIME = 29 * 60


@valueclass(frozen=True, slots=True, kw_only=True)
class ReplyTarget(ReplyTargetFields):
    """The place of one request, and what may be used to answer it."""

    ENCRYPTED: ClassVar = "response_url"
    RENAMED: ClassVar = {"asked": "requested_at"}

    conversation: str  #: `Event.conversation`
    team: str = ""  #: the workspace of the request
    enterprise: str = ""  #: the organisation, where that and not the workspace has installed the app
    channel: str  #: its id, as Slack's methods want it; "" for a form that was opened outside of any channel
    user: str  #: the person who asked; the only one that an answer may mention
    user_team: str = ""  #: the workspace of that person: `recipient_team_id` of a stream
    thread: str = ""  #: ts of the thread's first message
    message: str = ""  #: ts of the question; "" for commands, forms and buttons
    parent: str = ""  #: Markdown of the message that is to begin the thread: who asked for what
    private: str = ""  #: "1": for `user` alone
    surface: Literal["", "agent"] = ""  #: "agent": the messages tab of the app, with Slack's own status and Stop
    is_dm: str = ""  #: "1" in the direct messages of one person with the bot
    response_url: str = ""
    requested_at: str = ""  #: Unix seconds of the request, which tell whether `response_url` still works
    viewed: str = ""  #: the channel that the person looks at beside the messages tab, where the request is about it
    pressed_error: str = ""  #: "1": `response_url` is of a private error whose button asks again
    locale: str = ""  #: of the person, as BCP 47 tag

    def beside(self, conversation: str, *, channel: str = "", person: str = "") -> "ReplyTarget | None":
        """Return a message in a channel, else in a person's direct messages. None: they are not of this workspace.

        Their ids are those of the core, which have the owner in front where there are many.
        """
        owner, _, plain = (channel or person).rpartition(".")
        if owner not in ("", self.owner):
            return None
        return ReplyTarget(
            conversation=conversation,
            team=self.team,
            enterprise=self.enterprise,
            channel=plain if channel else "",
            user=self.user if channel else plain,
            user_team=self.user_team if channel else self.team,
            private="" if channel else "1",
            requested_at=str(time.time()),
            locale=self.locale,
        )

    def again(self, conversation: str, *, heading: str) -> "ReplyTarget":
        """Return a message in the thread of a request that was asked in one, else in its channel or direct messages.

        A mention that has begun a thread was asked in the channel. There the thread begins with `heading`. In the agent
        view each thread is a chat.
        """
        is_in_thread = bool(self.thread) and (self.thread != self.message or self.surface == "agent")
        goes_on = is_in_thread or bool(self.is_dm)
        return ReplyTarget(
            conversation=self.conversation if goes_on else conversation,
            team=self.team,
            enterprise=self.enterprise,
            channel=self.channel,
            user=self.user,
            user_team=self.user_team,
            thread=self.thread if is_in_thread else "",
            parent="" if goes_on else heading,
            surface=self.surface,
            is_dm=self.is_dm,
            requested_at=str(time.time()),
            locale=self.locale,
        )

    @property
    def source(self) -> "ReplyTarget":
        """The place whose messages the request is about."""
        if not self.viewed:
            return self
        return replace(self, channel=self.viewed, viewed="", thread="", message="", surface="", is_dm="")

    @property
    def owner(self) -> str:
        """The installation that answers; ids of channels and messages are unique within it."""
        return self.enterprise or self.team

    @property
    def can_respond(self) -> bool:
        """Whether `response_url` may still be used."""
        return bool(self.response_url) and time.time() < float(self.requested_at or 0) + RESPONSE_URL_LIFETIME

    def is_for_one(self, answer: Answer) -> bool:
        """Return whether an answer is for the person alone.

        A failure is not, where there is a thread or is to be one: Slack does not promise that an ephemeral message is
        delivered, it is gone with the next start of the client, and after a crash it may be sent again.
        """
        return answer.private and not self.is_dm and not (answer.is_failure and bool(self.thread or self.parent))
