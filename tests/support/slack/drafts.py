"""Drafts on a simulated Slack, opened by one adapter after another, as by restarted processes."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from adapters.slack.adapter import Slack
from adapters.slack.outbound.draft import SlackDraft
from adapters.slack.reply_target import ReplyTarget
from adapters.slack.timing import Timing
from bot.models import Action, Answer
from simulators.slack import Channel, Message, SlackSimulator
from tests.support.slack.adapter import RecordingCore, settings

#: The simulator's history shows a message at once; tests of a late one set the lag and the wait themselves.
PROMPT_HISTORY = Timing(late_messages=0.05)

ACTIONS = (
    Action(name="again", label="Again", command="retry"),
    Action(name="good", label="Good answer", command="feedback"),
    Action(name="video", label="Make a video of it", command="video", prompts_for=("prompt", "duration")),
    Action(name="delete", label="Delete", command="delete", is_danger=True),
)


class DraftStage:
    """A question of Ada's in #general, and the adapter that opens drafts for it."""

    def __init__(self, slack: SlackSimulator) -> None:
        self.slack = slack
        self.core = RecordingCore()
        self.question = slack.ada.say("What is love?")
        self.channel: Channel = slack.general
        self.adapter = Slack(settings(slack), timing=PROMPT_HISTORY)
        self._stack = AsyncExitStack()

    async def start(self, timing: Timing = PROMPT_HISTORY) -> None:
        """Connect a new adapter."""
        self.adapter = Slack(settings(self.slack), timing=timing)
        self._stack = AsyncExitStack()
        await self._stack.enter_async_context(self.adapter.connected(self.core))

    async def stop(self) -> None:
        await self._stack.aclose()

    async def restart(self, timing: Timing = PROMPT_HISTORY) -> None:
        await self.stop()
        await self.start(timing)

    def target(self, **more: str) -> ReplyTarget:
        given = {
            "conversation": f"c{self.channel.id}-{self.question.ts}",
            "team": self.slack.team.id,
            "channel": self.channel.id,
            "user": self.slack.ada.id,
            "user_team": self.slack.team.id,
            "thread": self.question.ts,
            "message": self.question.ts,
            "locale": "en-US",
        }
        return ReplyTarget(**{**given, **more})  # type: ignore[arg-type]

    async def draft(
        self, key: str = "Ev1", *, ref: str | None = None, private: bool = False, **more: str
    ) -> SlackDraft:
        return await self.adapter.draft(self.target(**more).to_reply_to(), key=key, ref=ref, private=private)

    def answers(self, channel: Channel | None = None, *, viewer: str = "") -> list[Message]:
        """Return the bot's messages."""
        return self.slack.from_bot(channel or self.channel, viewer=viewer)

    def texts(self) -> list[str]:
        return [read(message) for message in self.answers()]


def read(message: Message) -> str:
    """Return a message's text without its buttons."""
    labels = {
        element["text"]["text"]
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    }
    return "\n".join(line for line in message.content.split("\n") if line not in labels)


def labels(message: Message) -> list[str]:
    """Return the labels of a message's buttons."""
    return [
        button["text"]["text"]
        for block in message.blocks
        if block["type"] in ("actions", "context_actions")
        for element in block["elements"]
        for button in (
            [element]
            if element["type"] == "button"
            else [element[name] for name in ("positive_button", "negative_button")]
        )
    ]


@asynccontextmanager
async def open_stage(slack: SlackSimulator) -> AsyncIterator[DraftStage]:
    stage = DraftStage(slack)
    await stage.start()
    try:
        yield stage
    finally:
        await stage.stop()


__all__ = ["ACTIONS", "Answer", "DraftStage", "labels", "open_stage", "read"]
