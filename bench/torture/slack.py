"""People, faults and visible messages of the Slack simulator."""

import asyncio
import math
import random
from collections.abc import Mapping, Sequence

from bench.torture.history import TOKEN, Question, Shown
from bench.torture.platform import Conversation, Fault, is_promise, question_text
from simulators.slack import Channel, Message, SlackSimulator

#: Pauses before Slack's further deliveries of an event: none, then shorter ones than Slack's 60 and 300 s.
_PAUSES = (0.0, 5.0, 20.0)
_LAG = 2.0  #: seconds until a message shows in the history
_LATEST = 3.0  #: seconds by which an event is late at most
_CONNECT = 90.0  #: seconds for a process to connect


class SlackSide:
    """Slack."""

    name = "Slack"

    def __init__(self, slack: SlackSimulator, rng: random.Random) -> None:
        self._slack = slack
        self._rng = rng
        self._channels = [slack.add_channel(f"busy{number}") for number in range(3)]
        self._conversations: dict[str, Conversation] = {}
        self._by_person: dict[str, Conversation] = {}
        self._acknowledged: list[Shown] = []  #: sentences to one person, in answer to a slash command
        self._messages_of: dict[str, str] = {}  #: ts by question
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections = 0
        slack.sender.pauses = _PAUSES
        slack.history_lag = _LAG

    @property
    def environment(self) -> Mapping[str, str]:
        """Settings that connect the service."""
        return self._slack.environment

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that must be in no log."""
        return self._slack.token, self._slack.app_token

    def expect_connection(self) -> None:
        """Note that a process is about to be started."""
        self._connections = self._slack.sockets.connected

    async def connected(self) -> None:
        """Wait until a process that was just started is connected."""
        before = self._connections
        await self._slack.until(lambda: self._slack.sockets.connected > before, _CONNECT)

    def note_death(self, is_last: bool) -> None:
        """Do nothing: Slack sends what was not acknowledged again."""

    def open(self, number: int, kind: str) -> Conversation:
        """Begin a conversation of a person of its own."""
        person = self._slack.person(f"Person{number}")
        one = Conversation(f"slack-{kind}-{number}", kind, person)
        self._by_person[person.id] = one
        if kind == "slash":
            members = [person.id, self._slack.team.bot.id]
            one.place = self._slack.add_channel(f"slash{number}", members=members).id
            self._conversations[one.place] = one
        return one

    async def ask(self, conversation: Conversation, question: Question) -> None:
        """Ask."""
        text, person = question_text(question.token), conversation.person
        if conversation.kind == "slash":
            channel = self._slack.team.channels[conversation.place]
            self._run(self._slash(conversation, question, channel, text))
            return
        if conversation.first is None:
            said = (
                person.direct(text)
                if conversation.kind == "direct"
                else person.mention(text, channel=self._rng.choice(self._channels))
            )
            conversation.first, conversation.place = said, f"{said.channel}:{said.ts}"
            self._conversations[conversation.place] = conversation
        else:
            words = f"<@{self._slack.team.bot.id}> {text}" if self._rng.random() < 0.5 else text
            said = person.say(words, thread=conversation.first)
        conversation.newest = said
        self._messages_of[question.token] = said.ts

    async def _slash(self, conversation: Conversation, question: Question, channel: Channel, text: str) -> None:
        delivery = conversation.person.slash("/chat", text, channel=channel)
        await self._slack.until(lambda: delivery.is_done, 3600)
        question.is_refused = not delivery.is_acknowledged
        if isinstance(delivery.response, dict) and (told := delivery.response.get("text")):
            self._acknowledged.append(Shown(conversation.name, told))

    def _run(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def edit(self, conversation: Conversation, question: Question) -> None:
        """Replace the newest question by another."""
        message: Message = conversation.newest
        old = TOKEN.search(message.text)
        assert old is not None
        self._messages_of[question.token] = message.ts
        conversation.person.edit(message, message.text.replace(old[0], question.token))

    def note_receipts(self, questions: Sequence[Question]) -> None:
        """Note when Slack got the first acknowledgement of each message, and which ones it has given up to send."""
        sent: dict[str, float] = {}
        received: dict[str, float] = {}
        pending = set[str]()
        for delivery in self._slack.sender.deliveries:
            ts = str(delivery.event.get("ts"))
            sent[ts] = min(delivery.sent_at or math.inf, sent.get(ts, math.inf))
            if delivery.acknowledged_at is not None:
                received[ts] = min(delivery.acknowledged_at, received.get(ts, math.inf))
            elif not delivery.is_given_up:
                pending.add(ts)
        for question in questions:
            if ts := self._messages_of.get(question.token, ""):
                question.sent_at = sent.get(ts, math.inf)
                question.received_at = received.get(ts, math.inf)
                question.is_unheard = ts not in received and ts not in pending

    def texts(self, conversation: Conversation) -> list[str]:
        """Texts of the service that are visible in the conversation now."""
        return [message.content for message in self._messages(conversation)]

    def _messages(self, conversation: Conversation) -> list[Message]:
        channel = self._slack.team.channels.get(conversation.place.partition(":")[0])
        if channel is None:
            return []
        return [m for m in channel.messages if self._is_ours(m) and self._conversation_of(m) is conversation]

    def _is_ours(self, message: Message) -> bool:
        return message.app_id == self._slack.app_id and not message.is_deleted

    def _conversation_of(self, message: Message) -> Conversation | None:
        found = self._conversations.get(f"{message.channel}:{message.thread_ts}")
        if found is None:
            found = self._conversations.get(message.channel) or self._by_person.get(message.viewer)
        channel = self._slack.team.channels[message.channel]
        if found is None and channel.is_im:
            found = next((self._by_person[one] for one in channel.members if one in self._by_person), None)
        return found

    def shown(self) -> list[Shown]:
        """All messages of the service that are visible now."""
        found = list(self._acknowledged)
        for message in self._slack.team.all_messages():
            if self._is_ours(message):
                conversation = self._conversation_of(message)
                if conversation and _is_heading(conversation, message):
                    continue
                name = conversation.name if conversation else ""
                text = message.content
                unfinished, promise = _is_unfinished(message), is_promise(text)
                found.append(Shown(name, text, is_unfinished=unfinished, is_promise=promise))
        return found

    def left_over(self) -> list[str]:
        """Signs of work that are visible now."""
        team = self._slack.team
        statuses = [f"status {status['status']!r} in {place}" for place, status in team.statuses.items()]
        sessions = [
            f"session processing in {place}" for place, all_ in team.sessions.items() if all_[-1] == "processing"
        ]
        return [*statuses, *sessions]

    def faults(self) -> dict[str, Fault]:
        """Faults to inject, by name."""
        return {
            "reply lost": self._lose_reply,
            "server error": self._fail,
            "rate limit": self._limit,
            "socket cut": self._slack.sockets.drop,
            "socket replaced": self._slack.sockets.disconnect,
            "event again": self._repeat,
            "event late": self._delay,
            "twins swapped": self._swap,
        }

    async def _lose_reply(self) -> None:
        self._slack.faults.drop(self._rng.choice(("chat.*", "chat.postMessage")), when="after")

    async def _fail(self) -> None:
        self._slack.faults.crash("*", self._rng.choice((500, 503)), when=self._rng.choice(("before", "after")))

    async def _limit(self) -> None:
        self._slack.faults.limit("chat.*", 1)

    async def _repeat(self) -> None:
        events = [one for one in self._slack.sender.deliveries[-60:] if one.kind == "events_api" and one.is_done]
        if events and self._slack.sockets.open:
            try:
                await self._slack.sender.again(self._rng.choice(events))
            except (ConnectionError, LookupError):
                return

    async def _delay(self) -> None:
        self._slack.sender.delay = self._rng.uniform(0.1, _LATEST)

    async def _swap(self) -> None:
        self._slack.people.mention_first = not self._slack.people.mention_first

    def heal(self) -> None:
        """End all faults."""
        self._slack.faults.clear()


def _is_heading(conversation: Conversation, message: Message) -> bool:
    """Whether the message only shows a slash command, for the answer to follow in its thread."""
    return conversation.kind == "slash" and not message.thread_ts and "/chat q" in message.content


def _is_unfinished(message: Message) -> bool:
    buttons = [one for block in message.blocks if block["type"] == "actions" for one in block["elements"]]
    return message.stream == "streaming" or any('"action":"stop"' in one.get("value", "") for one in buttons)
