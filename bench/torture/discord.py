"""People, faults and visible messages of the Discord simulator."""

import asyncio
import random
from collections.abc import Mapping, Sequence

from bench.torture.history import TOKEN, Question, Shown
from bench.torture.platform import Conversation, Fault, is_promise, question_text
from simulators.discord.checks import LOADING
from simulators.discord.components import every, texts
from simulators.discord.errors import server_error
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import DIRECT, ME, Json, member, snowflake, user
from simulators.discord.values import TOKEN as BOT_TOKEN

_CONNECT = 90.0  #: seconds for a process to connect
_LATE = 3.0  #: seconds in which Discord wants an interaction acknowledged
_SLASH = 2  #: type of the interaction


class DiscordSide:
    """Discord."""

    name = "Discord"

    def __init__(self, simulator: DiscordSimulator, rng: random.Random) -> None:
        self._simulator = simulator
        self._rng = rng
        self._channels = [snowflake() for _ in range(3)]
        for number in self._channels:
            simulator.add_channel(number, f"busy{number[-4:]}")
        self._places: dict[str, Conversation] = {}  #: by thread or direct channel
        self._asked: dict[str, Conversation] = {}  #: by message or interaction
        self._by_person: dict[str, Conversation] = {}
        self._tokens: dict[str, Conversation] = {}  #: slash commands, by question
        self._tasks: set[asyncio.Task[None]] = set()
        self._identified_at_absence = -1  #: number of sessions when nobody listened any more

    @property
    def environment(self) -> Mapping[str, str]:
        """Settings that connect the service."""
        return self._simulator.environment

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that must be in no log."""
        return (BOT_TOKEN,)

    def expect_connection(self) -> None:
        """Do nothing: whether there is a session is asked afterwards."""

    async def connected(self) -> None:
        """Wait until a process that was just started is connected, or another has its shard."""
        await self._simulator.until(lambda: self._simulator.gateway.is_connected, _CONNECT)

    def note_death(self, is_last: bool) -> None:
        """Note that nobody listens, unless another process has the shard."""
        if is_last or not self._simulator.gateway.is_connected:
            self._note_absence()

    def _note_absence(self) -> None:
        """Mark the questions in places where nothing was answered yet.

        Discord lists direct messages to no bot, and the service reads only the channels in which it was asked.
        """
        self._identified_at_absence = len(self._simulator.gateway.identified)
        for conversation in self._by_person.values():
            if self._is_hidden(conversation):
                for question in conversation.questions:
                    question.is_unheard = True

    def _is_hidden(self, conversation: Conversation) -> bool:
        if conversation.kind == "slash" or conversation.place in self._simulator.threads:
            return False
        place = conversation.newest["channel_id"] if conversation.newest else conversation.place
        if any(thread["parent_id"] == place for thread in self._simulator.threads.values()):
            return False
        said = [one for one in self._simulator.messages.get(place, []) if one["author"]["id"] == ME]
        return all("interaction_metadata" in one for one in said)  # commands are no questions in the channel

    def open(self, number: int, kind: str) -> Conversation:
        """Begin a conversation of a person of its own."""
        person = snowflake()
        one = Conversation(f"discord-{kind}-{number}", kind, person)
        self._by_person[person] = one
        if kind == "direct":
            one.place = snowflake()
            recipients = [user(person, f"Person{number}")]
            self._simulator.channels[one.place] = {"id": one.place, "type": DIRECT, "recipients": recipients}
            self._places[one.place] = one
        elif kind == "slash":
            one.place = self._rng.choice(self._channels)
        return one

    async def ask(self, conversation: Conversation, question: Question) -> None:
        """Ask. Raises `LookupError` where the thread was never opened."""
        text, person = question_text(question.token), conversation.person
        if conversation.kind == "slash":
            self._tokens[question.token] = conversation
            await self._slash(conversation, question, text)
            return
        if conversation.kind == "mention" and not conversation.place:
            channel = self._rng.choice(self._channels)
            said = await self._simulator.say(channel, f"<@{ME}> {text}", by=person)
            conversation.place = said["id"]
            self._places[conversation.place] = conversation
        elif conversation.kind == "mention" and conversation.place not in self._simulator.threads:
            raise LookupError(conversation.place)
        else:
            words = f"<@{ME}> {text}" if self._rng.random() < 0.5 and conversation.kind == "mention" else text
            said = await self._simulator.say(conversation.place, words, by=person)
        self._asked[said["id"]] = conversation
        conversation.newest = said
        is_absent = len(self._simulator.gateway.identified) == self._identified_at_absence
        question.is_unheard = is_absent and self._is_hidden(conversation)

    async def _slash(self, conversation: Conversation, question: Question, text: str) -> None:
        options = [{"name": "prompt", "type": 3, "value": text}]
        data = {"id": snowflake(), "name": "chat", "type": 1, "options": options}
        who = {**member(conversation.person), "permissions": "2147483647"}
        payload = await self._simulator.interact(_SLASH, data, channel=conversation.place, member=who)
        self._asked[payload["id"]] = conversation
        task = asyncio.ensure_future(self._expire(payload["token"], question))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _expire(self, token: str, question: Question) -> None:
        """Refuse an acknowledgement that is late; Discord tells the person so itself."""
        await asyncio.sleep(_LATE)
        interaction = self._simulator.interactions[token]
        interaction.is_late = not interaction.acknowledged
        question.is_refused = interaction.is_late

    async def edit(self, conversation: Conversation, question: Question) -> None:
        """Replace the newest question by another."""
        message: Json = conversation.newest
        question.is_unheard = conversation.questions[-1].is_unheard
        await self._simulator.edit(message, TOKEN.sub(question.token, message["content"]))

    def note_receipts(self, questions: Sequence[Question]) -> None:
        """Do nothing: Discord wants no acknowledgement of a message."""

    def texts(self, conversation: Conversation) -> list[str]:
        """Texts of the service that are visible in the conversation now."""
        return [text_of(m) for m in self._simulator.messages.get(conversation.place, []) if m["author"]["id"] == ME]

    def shown(self) -> list[Shown]:
        """All messages of the service that are visible now."""
        found = []
        for channel, messages in self._simulator.messages.items():
            for message in messages:
                if message["author"]["id"] == ME:
                    conversation = self._conversation_of(channel, message)
                    name = conversation.name if conversation else ""
                    text = text_of(message)
                    unfinished, promise = _is_unfinished(message), is_promise(text)
                    found.append(Shown(name, text, is_unfinished=unfinished, is_promise=promise))
        return found

    def _conversation_of(self, channel: str, message: Json) -> Conversation | None:
        if found := self._places.get(channel):
            return found
        ids = message.get("interaction_metadata", {}).get("id"), message.get("message_reference", {}).get("message_id")
        for number in ids:
            if found := self._asked.get(number or ""):
                return found
        if found := self._by_person.get(self._simulator.viewers.get(message["id"], "")):
            return found
        tokens = TOKEN.findall(text_of(message))
        found = self._tokens.get(tokens[0]) if tokens else None
        return found if found is not None and found.place == channel else None

    def left_over(self) -> list[str]:
        """Signs of work that are visible now: none that do not end by themselves."""
        return []

    def faults(self) -> dict[str, Fault]:
        """Faults to inject, by name."""
        return {
            "reply lost": self._lose_reply,
            "server error": self._fail,
            "rate limit": self._limit,
            "gateway cut": self._simulator.gateway.drop,
            "gateway reconnects": self._simulator.gateway.reconnect,
            "session lost": self._lose_session,
            "event again": self._simulator.gateway.replay,
        }

    async def _lose_reply(self) -> None:
        self._simulator.rest.cut(*self._rng.choice((("POST", "/messages"), ("PATCH", "/messages"))), moment="after")

    async def _lose_session(self) -> None:
        """Let nobody receive what is said until there is a new session."""
        await self._simulator.gateway.invalidate()
        self._note_absence()

    async def _fail(self) -> None:
        self._simulator.rest.fail(*self._rng.choice((("POST", "channels/"), ("PATCH", "/messages"))), server_error())

    async def _limit(self) -> None:
        self._simulator.rest.limits.refuse("POST", "/messages", retry_after=0.5)

    def heal(self) -> None:
        """End all faults."""
        self._simulator.rest.faults.clear()


def text_of(message: Json) -> str:
    """All text of a message."""
    return "\n".join([message["content"], *texts(message["components"])]).strip("\n")


def _is_unfinished(message: Json) -> bool:
    is_stoppable = any(str(one.get("custom_id", "")).startswith("cm:stop:") for one in every(message["components"]))
    return is_stoppable or bool(message["flags"] & LOADING)
