"""What a conversation remembers and has chosen, and the message list that the API gets from it."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import structlog

from aimodels import AsyncAIModels
from aimodels.wire import TokenUsage
from bot.conversation.attachments import Reading, cut_to_tokens, read_attachments
from bot.errors import DeliveryError
from bot.markdown.split import estimate_tokens
from bot.models import Attachment, Event, Kind, PriorMessages, Turn, Usage
from bot.ports import Store
from bot.settings.core import Settings

log = structlog.get_logger(__name__)

#: turns read when older ones are folded; what a longer backlog has before them is left out of the summary
BACKLOG = 1000
#: tokens of a stored summary
SUMMARY_TOKENS = 700
#: tokens that a message costs beside its text
OVERHEAD = 4

#: said to the model, not to people
SUMMARY_INTRODUCTION = "Summary of what was said earlier in this conversation:\n{summary}"
SUMMARY_REQUEST = (
    "Summarise our conversation so far for your own later use, the earlier summary included. Keep every name and who "
    "said what, every decision, number, preference and fact, and what is still open. Use the conversation's language. "
    "Be brief and add nothing."
)


class Look(Protocol):
    """See `bot.ports.Adapter.earlier`."""

    async def __call__(self, reply_to: Mapping[str, str], *, limit: int) -> PriorMessages:
        """Read what was said before."""


class Conversation:
    """One conversation as one event sees it."""

    def __init__(
        self,
        *,
        store: Store,
        settings: Settings,
        event: Event,
        open: Callable[[Attachment], AsyncIterator[bytes]],  # noqa: A002 - the seam's own word
        earlier: Look,
    ) -> None:
        self._store = store
        self._settings = settings
        self._event = event
        self._look = earlier
        self.earlier: tuple[Turn, ...] = ()  #: read by `look_back`: to be kept with this event's turns
        self.overflows = False  #: set by `messages` when turns no longer fit: it is time to `fold`
        self.open = open  #: reads an attachment in pieces
        self._conversation_scope = f"conversation:{event.adapter}:{event.conversation}"
        self._person_scope = f"person:{event.adapter}:{event.actor.id}"
        self._channel_scope = f"channel:{event.adapter}:{event.location.channel or event.conversation}"

    # -- what is chosen here

    async def model(self, kind: Kind) -> str:
        """The model chosen for the conversation, else for the channel, by the person, the first; only allowed ones."""
        allowed = self._settings.models(kind)
        for scope in (self._conversation_scope, self._channel_scope, self._person_scope):
            chosen = (await self._store.settings(scope)).get(f"model.{kind}")
            if chosen in allowed:
                return chosen
        return allowed[0]

    async def set_model(self, kind: Kind, model: str | None, *, whole_channel: bool) -> None:
        """Choose a model here; None: no choice of its own. One for the whole channel replaces this conversation's."""
        await self._store.put_setting(self._conversation_scope, f"model.{kind}", None if whole_channel else model)
        if whole_channel:
            await self._store.put_setting(self._channel_scope, f"model.{kind}", model)

    async def system_prompt(self) -> str:
        """What the model is told first in this channel."""
        return (await self._store.settings(self._channel_scope)).get("system_prompt", self._settings.bot_system_prompt)

    async def set_system_prompt(self, text: str | None) -> None:
        """Set the channel's system prompt; None: back to the service's."""
        await self._store.put_setting(self._channel_scope, "system_prompt", text)

    # -- what the API gets

    async def look_back(self) -> tuple[Attachment, ...]:
        """Read what was said here before the service was called, the first time that it is; returns files of it.

        Not being able to is no reason not to answer.
        """
        event, settings = self._event, self._settings
        if not event.has_prior_messages:
            return ()
        # The event that looked back holds what it saw as turns, which a repetition of it replaces: that looks again.
        readers = (await self._store.settings(self._conversation_scope)).get("earlier", "").split("\n")
        if readers != [""] and event.id not in readers:
            if event.replaces not in readers:
                return ()
            readers.append(event.id)
        await self._store.put_setting(self._conversation_scope, "earlier", "\n".join(readers).strip() or event.id)
        try:
            earlier = await self._look(event.reply_to, limit=settings.bot_context_turns)
        except DeliveryError as exc:
            log.warning("earlier messages not read", reason=str(exc))
            return ()
        self.earlier = tuple(replace(turn, event=event.id) for turn in earlier.turns)
        return earlier.attachments

    async def read(self, attachments: Sequence[Attachment], *, model: str) -> Reading:
        """Read the files of a message for `model`, within the limits of the settings."""
        return await read_attachments(
            attachments,
            open=self.open,
            settings=self._settings,
            locale=self._event.actor.locale,
            sees=model in self._settings.bot_seeing_models,
        )

    async def messages(self, text: str, pictures: Sequence[str] = ()) -> list[dict[str, Any]]:
        """The system prompt, the summary, the newest turns within the limits and at last `text` with its pictures.

        `pictures` are URLs for a model that can see. People are named only when several talk.
        """
        settings, event = self._settings, self._event
        memory = await self._store.context(
            event.adapter, event.conversation, limit=settings.bot_context_turns, exclude_event=event.replaces
        )
        turns = window((*memory.turns, *self.earlier), settings.bot_context_tokens)
        self.overflows = memory.total + len(self.earlier) > len(turns)
        current = Turn(role="user", content=text, speaker=event.actor.name, actor=event.actor.id)
        messages = [*self._introduction(await self.system_prompt(), memory.summary), *spoken((*turns, current))]
        if pictures:
            shown = ({"type": "image_url", "image_url": {"url": url}} for url in pictures)
            messages[-1]["content"] = [{"type": "text", "text": messages[-1]["content"]}, *shown]
        return messages

    @staticmethod
    def _introduction(system_prompt: str, summary: str) -> list[dict[str, Any]]:
        texts = [system_prompt] if system_prompt else []
        if summary:
            texts.append(SUMMARY_INTRODUCTION.format(summary=summary))
        return [{"role": "system", "content": text} for text in texts]

    # -- what is forgotten word by word but kept in short

    async def fold(self, api: AsyncAIModels) -> Usage | None:
        """When turns no longer fit the window, let the API fold the older ones into the summary.

        Half a window of turns is left, so that this costs one request every few answers. The request is bounded like
        a chat request; what is over waits for the next call. None: nothing needed folding. Raises `ApiError` and
        `StoreError`; the turns then stay as they were.
        """
        settings, event = self._settings, self._event
        memory = await self._store.context(event.adapter, event.conversation, limit=settings.bot_context_turns)
        if memory.total <= len(window(memory.turns, settings.bot_context_tokens)):
            return None
        memory = await self._store.context(event.adapter, event.conversation, limit=BACKLOG)
        kept = window(memory.turns[-(settings.bot_context_turns // 2) :], settings.bot_context_tokens // 2)
        older = oldest(memory.turns[: len(memory.turns) - len(kept)], settings.bot_context_tokens)
        if not older:
            return None
        model = await self.model("chat")
        answer = await api.chat.completions.create(
            model=model,
            messages=[
                *self._introduction("", memory.summary),
                *spoken(older, named=len({turn.actor for turn in memory.turns}) > 1),
                {"role": "user", "content": SUMMARY_REQUEST},
            ],
            max_tokens=min(SUMMARY_TOKENS, settings.bot_answer_tokens),
        )
        summary = answer.data.choices[0].message.content.strip()
        if summary:
            await self._store.save_summary(event.adapter, event.conversation, summary, through_seq=older[-1].seq)
        return spent("chat", model, answer.data.usage)


def spent(kind: Kind, model: str, usage: TokenUsage | None) -> Usage:
    """What a chat or code request used, as far as the API says."""
    if usage is None:
        return Usage(kind=kind, model=model)
    return Usage(
        kind=kind,
        model=model,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cost=usage.cost or 0.0,
    )


def cost_of(turn: Turn) -> int:
    """Estimated tokens of a turn."""
    return estimate_tokens(turn.content) + OVERHEAD


def window(turns: Sequence[Turn], budget: int) -> tuple[Turn, ...]:
    """The newest turns that fit `budget` tokens, beginning with a person's.

    The newest exchange is cut rather than left out: what is asked next is most likely about it.
    """
    kept: list[Turn] = []
    for turn in reversed(turns):
        cost = cost_of(turn)
        if cost > budget:
            if len(kept) < 2 and budget > OVERHEAD:  # noqa: PLR2004 - an exchange is two turns
                kept.append(replace(turn, content=cut_to_tokens(turn.content, budget - OVERHEAD)))
            break
        budget -= cost
        kept.append(turn)
    while len(kept) > 1 and kept[-1].role == "assistant":
        kept.pop()
    return tuple(reversed(kept))


def oldest(turns: Sequence[Turn], budget: int) -> tuple[Turn, ...]:
    """The oldest turns that fit `budget` tokens; the first of all is cut when it alone does not."""
    chosen: list[Turn] = []
    for turn in turns:
        cost = cost_of(turn)
        if cost > budget:
            if not chosen:
                chosen.append(replace(turn, content=cut_to_tokens(turn.content, budget - OVERHEAD)))
            break
        budget -= cost
        chosen.append(turn)
    return tuple(chosen)


def spoken(turns: Sequence[Turn], *, named: bool | None = None) -> list[dict[str, Any]]:
    """The turns as the API takes them; people are named when `named`, by default when several talk."""
    if named is None:
        named = len({turn.actor for turn in turns if turn.role == "user"}) > 1
    if not named:
        return [{"role": turn.role, "content": turn.content} for turn in turns]
    messages = []
    for turn in turns:
        name = " ".join((turn.speaker or turn.actor).split()) if turn.role == "user" else ""
        messages.append({"role": turn.role, "content": f"{name}: {turn.content}" if name else turn.content})
    return messages
