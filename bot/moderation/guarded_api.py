"""The only way from the service to the AI API: every request passes the rules on words before it is sent.

Commands and conversations get the API from here.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aimodels import AsyncAIModels, ChatDelta
from aimodels.responses import ChatResponse, CodeResponse, GeneratedImages, MediaItem
from bot.control.effective import EffectiveSettings
from bot.control.registry import REDACTION
from bot.models import Event, Kind
from bot.moderation.guard import AdmittedRequest, Guard
from bot.moderation.rules import ContentRules


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedApi:
    """The API's client behind the rules."""

    client: AsyncAIModels
    rules: ContentRules
    key: bytes  #: of pseudonyms

    async def for_event(
        self,
        event: Event,
        effective: EffectiveSettings,
        *,
        on_wait: Callable[[float, str], None] | None = None,
        on_post: Callable[[bool], None] | None = None,
    ) -> "EventApi":
        """Return the API for the requests of one event. Raises `StoreError`.

        `on_wait`, `on_post`: see `AsyncAIModels.for_caller`.
        """
        client = self.client.for_caller(f"{event.adapter}:{event.actor.id}", on_wait=on_wait, on_post=on_post)
        redaction = effective.get(REDACTION)
        is_open = redaction == "off" and not self.rules.has_refusals
        return EventApi(client, None if is_open else Guard(self.rules, event, self.key, redaction))

    async def cancel_job(self, job: str) -> None:
        """End a job of the API. Raises `ApiError`."""
        await self.client.video.cancel(job)


@dataclass(frozen=True, slots=True)
class GeneratedFiles:
    """The files of an answer."""

    items: Sequence[MediaItem]
    cost: float  #: in the API's currency; 0: not reported


@dataclass(frozen=True, slots=True)
class EventApi:
    """The API for the requests of one event.

    The calls take the parameters of the client's own, by name. Every call raises `UsageError` for a request that a rule
    refuses, and `ApiError`.
    """

    client: AsyncAIModels
    guard: Guard | None  #: None: no rule applies

    @property
    def base_url(self) -> str:
        """Address of the API."""
        return self.client.base_url

    def with_limits(self, name: str, longest_wait: float) -> "EventApi":
        """Return the API under another rate limit; see `AsyncAIModels.with_limits`."""
        return replace(self, client=self.client.with_limits(name, longest_wait=longest_wait))

    def stream_chat(self, **parameters: Any) -> AsyncGenerator[ChatDelta, None]:
        """Continue a conversation; see `AsyncChatCompletions.stream`."""
        admitted = self._admit(parameters)
        deltas = self.client.chat.completions.stream(**admitted.parameters)
        return deltas if admitted.redactor is None else admitted.redactor.restore_stream(deltas)

    async def create_chat(self, **parameters: Any) -> ChatResponse:
        """Continue a conversation; see `AsyncChatCompletions.create`."""
        admitted = self._admit(parameters)
        answer = await self.client.chat.completions.create(**admitted.parameters)
        for choice in answer.data.choices:
            choice.message.content = admitted.restore(choice.message.content)
        return answer

    async def create_code(self, **parameters: Any) -> CodeResponse:
        """Write code; see `AsyncCodeCompletions.create`."""
        admitted = self._admit(parameters)
        answer = await self.client.code.completions.create(**admitted.parameters)
        answer.data.code = admitted.restore(answer.data.code)
        return answer

    async def create_media(self, kind: Kind, **parameters: Any) -> GeneratedFiles:
        """Make files of a kind; see `create` of `AsyncImages`, `AsyncAudio` and `AsyncVideo`."""
        admitted = self._admit(parameters)
        resource = getattr(self.client, "images" if kind == "image" else kind)
        data = (await resource.create(**admitted.parameters)).data
        items = data.images if isinstance(data, GeneratedImages) else data.items
        for item in items:
            item.sandbox_words = item.sandbox_words and [admitted.restore(word) for word in item.sandbox_words]
        return GeneratedFiles(items, data.usage.cost or 0.0)

    def _admit(self, parameters: Mapping[str, Any]) -> AdmittedRequest:
        return AdmittedRequest(parameters) if self.guard is None else self.guard.admit(parameters)
