"""The only way from the service to the AI API: every request passes the rules on words before it is sent.

Commands and conversations get the API from here.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from aimodels import AsyncAIModels, ChatDelta
from aimodels.openai.transcriptions import Transcription
from aimodels.responses import ChatResponse, CodeResponse, GeneratedImages, MediaItem
from bot.calls.token_usage import to_usage
from bot.calls.workspace_apis import WorkspaceApis
from bot.errors import UsageError
from bot.models import Event, Kind, Usage
from bot.moderation.guard import AdmittedRequest, Guard, asked_now, size_of
from bot.moderation.moderator import Moderator
from bot.moderation.rules import ContentRules
from bot.scoped_settings.effective import EffectiveSettings
from bot.scoped_settings.names import MODERATION, REDACTION
from bot.settings.core import Settings
from bot.values import valueclass

_LONG = 50_000  # characters of a request that take so long that others would wait


@valueclass(frozen=True, slots=True, kw_only=True)
class GuardedApi:
    """The API's client behind the rules."""

    client: AsyncAIModels
    rules: ContentRules
    key: bytes  #: of pseudonyms
    settings: Settings
    workspaces: WorkspaceApis  #: the APIs that workspaces bring themselves

    async def for_event(
        self,
        event: Event,
        effective: EffectiveSettings,
        *,
        on_wait: Callable[[float, str], None] | None = None,
        on_post: Callable[[bool], None] | None = None,
        before_post: Callable[[], Awaitable[None]] | None = None,
    ) -> "EventApi":
        """Return the API for the requests of one event. Raises `StoreError`.

        `on_wait`, `on_post`, `before_post`: see `AsyncAIModels.for_caller`.
        """
        caller, own, problem = f"{event.adapter}:{event.actor.id}", None, ""
        if effective.has_own_api:
            try:
                own = await self.workspaces.client_of(event)
            except UsageError as exc:
                problem = str(exc)
        shared = own or self.client
        client = shared.for_caller(caller, on_wait=on_wait, on_post=on_post, before_post=before_post)
        account = client.base_url if own is None else f"{client.base_url}#{event.adapter}:{event.location.workspace}"
        redaction = effective.get(REDACTION)
        is_open = redaction == "off" and not self.rules.has_refusals
        guard = None if is_open else Guard(self.rules, event, self.key, redaction)
        moderation = effective.get(MODERATION) if MODERATION in effective.registry else "off"
        if moderation == "off":
            return EventApi(client, guard, account=account, problem=problem)
        moderator = Moderator(
            client=shared.for_caller(caller, on_wait=on_wait),  # its requests cost nothing
            model=self.settings.bot_moderation_model,
            is_lenient=self.settings.bot_moderation_failure == "allow",
            checks_answers=moderation == "both",
            locale=event.actor.locale,
        )
        return EventApi(client, guard, moderator, account=account, problem=problem)

    async def check_words(self, event: Event, effective: EffectiveSettings, text: str) -> None:
        """Raise `UsageError` for words that no request to the API may have. Raises `StoreError`."""
        await (await self.for_event(event, effective)).check_words(text)

    async def cancel_job(self, event: Event, job: str) -> None:
        """End a job that the API makes for an event. Raises `ApiError`, `UsageError` and `StoreError`."""
        client = await self.workspaces.client_of(event) or self.client
        await client.video.cancel(job)


@valueclass(frozen=True, slots=True)
class GeneratedFiles:
    """The files of an answer."""

    items: Sequence[MediaItem]
    cost: float  #: in the API's currency; 0: not reported


@valueclass(frozen=True, slots=True)
class EventApi:
    """The API for the requests of one event.

    The calls take the parameters of the client's own, by name. Every call raises `UsageError` for a request that a rule
    refuses, and `ApiError`.
    """

    client: AsyncAIModels
    guard: Guard | None = None  #: None: no rule applies
    moderator: Moderator | None = None  #: None: nothing is moderated
    account: str = ""  #: whose models, limits and failures they are: the service's, or a workspace's own
    problem: str = ""  #: why no request can be made; "": they can

    @property
    def edits_pictures(self) -> bool:
        """Whether `create_media` takes a picture to edit."""
        return self.client.images.can_edit

    def can_speak(self, model: str) -> bool:
        """Whether `create_media` has a model speak its prompt."""
        return self.client.audio.can_speak(model)

    @property
    def can_transcribe(self) -> bool:
        """Whether `transcribe` turns speech into text."""
        return self.client.transcriptions.is_available

    def with_limits(self, name: str, longest_wait: float) -> "EventApi":
        """Return the API under another rate limit; see `AsyncAIModels.with_limits`."""
        return replace(self, client=self.client.with_limits(name, longest_wait=longest_wait))

    def stream_chat(self, **parameters: Any) -> AsyncGenerator[ChatDelta, None]:
        """Continue a conversation; see `AsyncChatCompletions.stream`."""
        stream = self.client.chat.completions.stream
        if self.guard is None and self.moderator is None and not self.problem:
            return stream(**parameters)
        return self._stream_guarded(stream, parameters)

    async def _stream_guarded(
        self, stream: Callable[..., AsyncGenerator[ChatDelta, None]], parameters: Mapping[str, Any]
    ) -> AsyncGenerator[ChatDelta, None]:
        admitted = await self._admit(parameters)
        if self.moderator is None:
            deltas = stream(**admitted.parameters)
        else:
            deltas = _moderate_stream(self.moderator, stream, admitted.parameters)
        if admitted.redactor is not None:
            deltas = admitted.redactor.restore_stream(deltas)
        async with aclosing(deltas):
            async for delta in deltas:
                yield delta

    async def summarize(self, **parameters: Any) -> ChatResponse:
        """Summarize a conversation; see `AsyncChatCompletions.create`.

        The last message is the service's own. Nothing is moderated: the messages have been, and nobody sees a summary.
        """
        admitted = await self._admit(parameters, is_asked=False)
        answer = await self.client.chat.completions.create(**admitted.parameters)
        for choice in answer.data.choices:
            choice.message.content = admitted.restore(choice.message.content)
        return answer

    async def complete(self, **parameters: Any) -> ChatResponse:
        """Return a whole answer of the chat to the service's own request; see `AsyncChatCompletions.create`."""
        admitted = await self._check(parameters)
        answer = await self.client.chat.completions.create(**admitted.parameters)
        texts = [choice.message.content for choice in answer.data.choices]
        await self._check_answer(to_usage("chat", parameters["model"], answer.data.usage), texts)
        for choice in answer.data.choices:
            choice.message.content = admitted.restore(choice.message.content)
        return answer

    async def create_code(self, **parameters: Any) -> CodeResponse:
        """Write code; see `AsyncCodeCompletions.create`."""
        admitted = await self._check(parameters)
        answer = await self.client.code.completions.create(**admitted.parameters)
        await self._check_answer(to_usage("code", parameters["model"], answer.data.usage), [answer.data.code])
        answer.data.code = admitted.restore(answer.data.code)
        return answer

    async def create_media(self, kind: Kind, **parameters: Any) -> GeneratedFiles:
        """Make files of a kind; see `create` of `AsyncImages`, `AsyncAudio` and `AsyncVideo`."""
        admitted = await self._check(parameters)
        resource = getattr(self.client, "images" if kind == "image" else kind)
        data = (await resource.create(**admitted.parameters)).data
        items = data.images if isinstance(data, GeneratedImages) else data.items
        for item in items:
            item.sandbox_words = item.sandbox_words and [admitted.restore(word) for word in item.sandbox_words]
        cost = data.usage.cost or 0.0
        usage = Usage(kind=kind, model=parameters["model"], items=len(items), cost=cost)
        await self._check_answer(usage, pictures=_pictures(items) if kind == "image" else ())
        return GeneratedFiles(items, cost)

    async def transcribe(self, **parameters: Any) -> Transcription:
        """Return what is said in a sound; see `AsyncTranscriptions.create`.

        There are no words to check until it is transcribed: they are checked in the request that they become part of.
        """
        if self.problem:
            raise UsageError(self.problem)
        return await self.client.transcriptions.create(**parameters)

    async def check_words(self, text: str) -> None:
        """Raise `UsageError` for a text that may be in no request, before it is kept for later ones."""
        await self._check({"text": text})

    async def _admit(self, parameters: Mapping[str, Any], *, is_asked: bool = True) -> AdmittedRequest:
        if self.problem:
            raise UsageError(self.problem)
        if self.guard is None:
            return AdmittedRequest(parameters)
        if size_of(parameters) <= _LONG:
            return self.guard.admit(parameters, is_asked=is_asked)
        return await asyncio.to_thread(self.guard.admit, parameters, is_asked=is_asked)

    async def _check(self, parameters: Mapping[str, Any]) -> AdmittedRequest:
        admitted = await self._admit(parameters)
        if self.moderator is not None:
            await self.moderator.check_request(*asked_now(admitted.parameters))
        return admitted

    async def _check_answer(self, usage: Usage, texts: Sequence[str] = (), pictures: Sequence[str] = ()) -> None:
        if self.moderator is not None:
            await self.moderator.check_answer(usage, texts, pictures)


async def _moderate_stream(
    moderator: Moderator, stream: Callable[..., AsyncGenerator[ChatDelta, None]], parameters: Mapping[str, Any]
) -> AsyncGenerator[ChatDelta, None]:
    """Yield an answer's pieces once the request is checked; where answers are checked, once the answer is whole."""
    await moderator.check_request(*asked_now(parameters))
    async with aclosing(stream(**parameters)) as deltas:
        if not moderator.checks_answers:
            async for delta in deltas:
                yield delta
            return
        whole = [delta async for delta in deltas]
    tokens = next((delta.usage for delta in reversed(whole) if delta.usage), None)
    await moderator.check_answer(
        to_usage("chat", parameters["model"], tokens), ["".join(delta.text for delta in whole)]
    )
    for delta in whole:
        yield delta


def _pictures(items: Sequence[MediaItem]) -> list[str]:
    """Return the addresses of pictures, or the pictures themselves."""
    return [item.url or f"data:image/png;base64,{item.b64_json}" for item in items]
