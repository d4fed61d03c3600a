"""The stored context of a conversation, and the messages of an API request built from it."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import replace
from typing import Any, Protocol

import structlog

from bot.calls.model_calls import ModelCalls
from bot.calls.token_usage import to_usage
from bot.conversation.attachments import (
    AttachmentContents,
    AttachmentReader,
    AttachmentSource,
    EncodedImage,
    OpenAttachment,
    WholeFile,
    truncate_to_tokens,
)
from bot.conversation.links import address_of
from bot.conversation.order import turns_before
from bot.conversation.sounds import SoundFile, store_sound
from bot.errors import DeliveryError, UsageError
from bot.i18n import translate
from bot.markdown.split import estimate_tokens
from bot.media.storage.store import KeptFile
from bot.memory.notes import Note, notes_for_model
from bot.memory.prompt import memory_message
from bot.models import Attachment, Event, Media, PriorMessages, Turn, Usage
from bot.ports import ContextStore, KeyValues, Owner
from bot.scoped_settings.effective import EffectiveSettings
from bot.scoped_settings.names import CONTEXT_TOKENS, CONTEXT_TURNS, FILE_TOKENS, READ_FILES, SYSTEM_PROMPT
from bot.scoped_settings.scopes import conversation_namespace
from bot.settings.core import Settings

log = structlog.get_logger(__name__)

#: Number of turns that a summary covers at most; older turns of a longer backlog are dropped.
MAX_SUMMARIZED_TURNS = 1000
#: Longest summary, in tokens.
SUMMARY_TOKENS = 700
#: Tokens that a message costs in addition to its text.
MESSAGE_OVERHEAD = 4


#: Sentences for the model; people do not see them.
SUMMARY_INTRODUCTION = "Summary of what was said earlier in this conversation:\n{summary}"
SUMMARY_REQUEST = (
    "Summarise our conversation so far for your own later use, the earlier summary included. Keep every name and who "
    "said what, every decision, number, preference and fact, and what is still open. Use the conversation's language. "
    "Be brief and add nothing."
)

#: Value of a conversation: ids of the events that have read the messages in front of it, one a line.
_PRIOR_READERS = "prior_messages_read_by"


class ReadPriorMessages(Protocol):
    """Type of `bot.ports.Adapter.read_prior_messages`."""

    async def __call__(self, reply_to: Mapping[str, str], *, limit: int) -> PriorMessages:
        """Read the newest `limit` messages in front of an event. Raises `DeliveryError`."""


class Conversation:
    """The conversation of one event."""

    def __init__(
        self,
        *,
        contexts: ContextStore,
        values: KeyValues,
        settings: Settings,
        event: Event,
        effective: EffectiveSettings,
        attachment_reader: AttachmentReader,
        open_attachment: OpenAttachment,
        read_prior_messages: ReadPriorMessages,
        is_secret: Callable[[str], bool],
    ) -> None:
        self._contexts = contexts
        self._settings = settings
        self._event = event
        self.effective = effective
        self._read_prior_messages = read_prior_messages
        self._is_secret = is_secret  #: of a message that may have a secret in it
        self.prior_turns: tuple[Turn, ...] = ()  #: set by `load_prior_messages`; to be stored with the event's turns
        self.notes: Sequence[Note] = ()  #: set by `build_messages`: the notes that the model gets
        self.needs_summary = False  #: set by `build_messages` if turns no longer fit: call `summarize`
        self._attachment_reader = attachment_reader
        self._open_attachment = open_attachment
        self._values = values

    async def load_prior_messages(self) -> tuple[Attachment, ...]:
        """Read the messages from before the service's first event, once per conversation; return their attachments.

        A platform that can't provide them is logged and does not stop the answer.
        """
        event = self._event
        if not event.has_prior_messages:
            return ()
        values = self._values.namespace(conversation_namespace(event))
        # The event that read them has stored them as turns. An event that replaces it drops these and reads again.
        readers = (await values.get(_PRIOR_READERS) or "").split("\n")
        if readers != [""] and event.id not in readers:
            if event.replaces not in readers:
                return ()
            readers.append(event.id)
        owner = Owner(adapter=event.adapter, conversation=event.conversation)
        await values.set(_PRIOR_READERS, "\n".join(readers).strip() or event.id, owner=owner)
        try:
            prior = await self._read_prior_messages(event.reply_to, limit=self.effective.integer(CONTEXT_TURNS))
        except DeliveryError as exc:
            log.warning("prior messages not read", reason=str(exc))
            return ()
        turns = (turn for turn in prior.turns if not self._is_secret(turn.content))
        self.prior_turns = tuple(replace(turn, event=event.id) for turn in turns)
        return prior.attachments

    def read_attachments(
        self, attachments: Sequence[Attachment], *, model: str
    ) -> AbstractAsyncContextManager[AttachmentContents]:
        """Convert the files of a message for `model`, until the end of the block, in which it is answered."""
        return self._read_attachments(attachments, model) if attachments else nullcontext(AttachmentContents())

    @asynccontextmanager
    async def _read_attachments(
        self, attachments: Sequence[Attachment], model: str
    ) -> AsyncIterator[AttachmentContents]:
        allowed = [file for file in attachments if address_of(file) or self.effective.is_on(READ_FILES)]
        note = translate("attachment.not_here", self._event.actor.locale) if len(allowed) < len(attachments) else ""
        if not allowed:
            yield AttachmentContents(text=f"[{note}]", notes=(note,))
            return
        async with self._attachment_reader.read(
            self._source(allowed),
            max_tokens=self.effective.integer(FILE_TOKENS),
            has_vision=model in self._settings.bot_seeing_models,
        ) as contents:
            yield replace(contents, notes=(note, *contents.notes)) if note else contents

    async def read_image(self) -> EncodedImage | None:
        """Read the first image among the event's files; None: there is none. Raises `MediaError` and `UsageError`."""
        if self._event.attachments and not self.effective.is_on(READ_FILES):
            raise UsageError(translate("attachment.not_here", self._event.actor.locale))
        return await self._attachment_reader.read_image(self._source(self._event.attachments))

    def whole_file(self, attachment: Attachment, *, is_parsed: bool = False) -> AbstractAsyncContextManager[WholeFile]:
        """Read one of the event's files as it is, until the end of the block. Raises `UsageError`.

        `is_parsed`: in the block, by a child process.
        """
        if not self.effective.is_on(READ_FILES):
            raise UsageError(translate("attachment.not_here", self._event.actor.locale))
        return self._attachment_reader.whole_file(attachment, self._source([attachment]), is_parsed=is_parsed)

    @asynccontextmanager
    async def sound_on_disk(self, attachment: Attachment, *, most_seconds: float) -> AsyncIterator[SoundFile]:
        """Have a sound file on this machine's disk until the end of the block. Raises what `store_sound` does."""
        source, folder = self._source([attachment]), self._settings.bot_data_dir
        async with AsyncExitStack() as slot:
            await slot.enter_async_context(self._attachment_reader.loading(source.person))
            pieces = self._open_attachment(attachment)
            async with store_sound(attachment, pieces, folder, most_seconds=most_seconds) as stored:
                await slot.aclose()  # the API may take minutes
                yield stored

    async def read_stored_image(self, media: Media, kept: KeptFile) -> EncodedImage | None:
        """Read an image of an earlier answer like an attached one."""
        source = replace(
            self._source([Attachment(name=media.name, size=kept.size)]),
            open_attachment=lambda _: kept.read(0, kept.size),
        )
        return await self._attachment_reader.read_image(source)

    def _source(self, attachments: Sequence[Attachment]) -> AttachmentSource:
        return AttachmentSource(
            attachments=attachments,
            open_attachment=self._open_attachment,
            person=f"{self._event.adapter}:{self._event.actor.id}",
            locale=self._event.actor.locale,
        )

    async def build_messages(
        self, text: str, image_urls: Sequence[str] = (), *, hint: str = ""
    ) -> list[dict[str, Any]]:
        """Build the request: system prompt, notes, summary, newest turns within the limits, and `text` with its images.

        `image_urls`: for a model with vision; `hint`: one more instruction. People are named only if several
        talk.
        """
        event, effective = self._event, self.effective
        context = await self._contexts.context(
            event.adapter,
            event.conversation,
            limit=effective.integer(CONTEXT_TURNS),
            exclude_event=event.replaces,
        )
        earlier = (*turns_before(context.turns, event.written_at), *self.prior_turns)
        turns = fit_newest_turns(earlier, effective.integer(CONTEXT_TOKENS))
        self.needs_summary = context.total > len(context.turns) or len(earlier) > len(turns)
        current = Turn(role="user", content=text, speaker=event.actor.name, actor=event.actor.id)
        self.notes = notes_for_model(effective, event, self._settings)
        instructions = (effective.get(SYSTEM_PROMPT), memory_message(self.notes), hint)
        messages = [*_system_messages(*instructions, summary=context.summary), *to_messages((*turns, current))]
        if image_urls:
            images = ({"type": "image_url", "image_url": {"url": url}} for url in image_urls)
            messages[-1]["content"] = [{"type": "text", "text": messages[-1]["content"]}, *images]
        return messages

    async def summarize(self, calls: ModelCalls) -> Usage | None:
        """Replace the turns that no longer fit the window by a summary of the API; return None if all turns fit.

        Half a window of turns stays, so that one request serves several answers. The request is as long as a chat
        request at most; the rest waits for the next call. Raises `ApiError` and `StoreError`, and leaves the turns
        unchanged then.
        """
        event = self._event
        most_turns = self.effective.integer(CONTEXT_TURNS)
        most_tokens = self.effective.integer(CONTEXT_TOKENS)
        context = await self._contexts.context(event.adapter, event.conversation, limit=most_turns)
        if context.total <= len(fit_newest_turns(context.turns, most_tokens)):
            return None
        context = await self._contexts.context(event.adapter, event.conversation, limit=MAX_SUMMARIZED_TURNS)
        newest = context.turns[-(most_turns // 2) :]
        recent = fit_newest_turns(newest, most_tokens // 2)
        older = fit_oldest_turns(context.turns[: len(context.turns) - len(recent)], most_tokens)
        if not older:
            return None
        answer = await calls.ask(
            "chat",
            self.effective.model("chat"),
            lambda api: api.summarize,
            messages=[
                *_system_messages(summary=context.summary),
                *to_messages(turns_before(older, 0), named=len({turn.actor for turn in context.turns}) > 1),
                {"role": "user", "content": SUMMARY_REQUEST},
            ],
            max_tokens=min(SUMMARY_TOKENS, self._settings.bot_answer_tokens),
        )
        summary = answer.data.choices[0].message.content.strip()
        if summary:
            await self._contexts.save_summary(
                event.adapter, event.conversation, summary, turns=older, was=context.summary
            )
        return to_usage("chat", calls.answered_by, answer.data.usage)


def _system_messages(*instructions: str, summary: str) -> list[dict[str, Any]]:
    texts = [text for text in instructions if text]
    if summary:
        texts.append(SUMMARY_INTRODUCTION.format(summary=summary))
    return [{"role": "system", "content": text} for text in texts]


def estimate_turn_tokens(turn: Turn) -> int:
    """Estimate the tokens of a turn."""
    return estimate_tokens(turn.content) + MESSAGE_OVERHEAD


def fit_newest_turns(turns: Sequence[Turn], budget: int) -> tuple[Turn, ...]:
    """Return the newest turns that fit `budget` tokens, beginning with a person's turn.

    The newest exchange is shortened rather than dropped, as the next question is most likely about it.
    """
    chosen: list[Turn] = []
    for turn in reversed(turns):
        cost = estimate_turn_tokens(turn)
        if cost > budget:
            if len(chosen) < 2 and budget > MESSAGE_OVERHEAD:  # noqa: PLR2004 - an exchange is two turns
                chosen.append(replace(turn, content=truncate_to_tokens(turn.content, budget - MESSAGE_OVERHEAD)))
            break
        budget -= cost
        chosen.append(turn)
    while len(chosen) > 1 and chosen[-1].role == "assistant":
        chosen.pop()
    return tuple(reversed(chosen))


def fit_oldest_turns(turns: Sequence[Turn], budget: int) -> tuple[Turn, ...]:
    """Return the oldest turns that fit `budget` tokens; a first turn that is too long is shortened."""
    chosen: list[Turn] = []
    for turn in turns:
        cost = estimate_turn_tokens(turn)
        if cost > budget:
            if not chosen:
                chosen.append(replace(turn, content=truncate_to_tokens(turn.content, budget - MESSAGE_OVERHEAD)))
            break
        budget -= cost
        chosen.append(turn)
    return tuple(chosen)


def to_messages(turns: Sequence[Turn], *, named: bool | None = None) -> list[dict[str, Any]]:
    """Convert turns to API messages. `named`: prefix each person's name; None: if several people talk."""
    if named is None:
        named = len({turn.actor for turn in turns if turn.role == "user"}) > 1
    if not named:
        return [{"role": turn.role, "content": turn.content} for turn in turns]
    messages = []
    for turn in turns:
        name = " ".join((turn.speaker or turn.actor).split()) if turn.role == "user" else ""
        messages.append({"role": turn.role, "content": f"{name}: {turn.content}" if name else turn.content})
    return messages
