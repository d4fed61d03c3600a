"""An OpenAI-compatible API with chat, pictures and moderation, as OpenAI documents them; it echoes every prompt."""

from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support.media_files import PNG
from tests.support.scripted_api import Step, chat_data, events, piece

#: https://platform.openai.com/docs/api-reference/moderations/create
CATEGORIES = ("harassment", "hate", "illicit", "self-harm", "sexual", "violence")
MODELS = ("omni-moderation-latest", "omni-moderation-2024-09-26")


@dataclass(slots=True)
class OpenAiApi:
    """The server; a word of `flagged` in an input is of its category. A picture is flagged by its address."""

    url: str = ""
    flagged: dict[str, str] = field(default_factory=dict)
    moderation_fails: Step | None = None  #: answers in place of the moderation
    reply: str = "re: {prompt}"
    bodies: list[dict[str, Any]] = field(default_factory=list)  #: of everything but moderation
    moderated: list[Any] = field(default_factory=list)  #: inputs of moderation

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return web.Response(body=PNG, content_type="image/png")
        body = await request.json()
        if request.path == "/v1/moderations":
            return await self._moderate(request, body)
        if not isinstance(body, dict) or not (body.get("messages") or body.get("prompt")):
            error = {"message": "Invalid request.", "type": "invalid_request_error", "param": "messages", "code": None}
            return web.json_response({"error": error}, status=400)
        self.bodies.append(body)
        if request.path == "/v1/images/generations":
            address = f"{self.url.removesuffix('/v1')}/{body['prompt']}.png"
            return web.json_response({"created": 1, "data": [{"url": address}]})
        text = self.reply.format(prompt=body["messages"][-1]["content"])
        if not body.get("stream"):
            return web.json_response(chat_data(text))
        usage = {"prompt_tokens": 10, "completion_tokens": 50, "total_tokens": 60}
        words = [piece(f"{word} ") for word in text.split(" ")]
        return await events(*words, piece(finish="stop", usage=usage))(request)

    async def _moderate(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        if self.moderation_fails is not None:
            return await self.moderation_fails(request)
        given = body["input"]
        self.moderated.append(given)
        assert body.get("model", MODELS[0]) in MODELS
        is_text = isinstance(given, str) or all(isinstance(item, str) for item in given)
        inputs = [given] if isinstance(given, str) else given if is_text else [given]
        return web.json_response(
            {"id": "modr-1", "model": MODELS[1], "results": [self._result(item) for item in inputs]}
        )

    def _result(self, item: Any) -> dict[str, Any]:
        if isinstance(item, list):
            assert len([part for part in item if part["type"] == "image_url"]) <= 1, "one picture a request"
            item = " ".join(part["text"] if part["type"] == "text" else part["image_url"]["url"] for part in item)
        found = {category for word, category in self.flagged.items() if word in item}
        return {
            "flagged": bool(found),
            "categories": {category: category in found for category in CATEGORIES},
            "category_scores": {category: 0.9 if category in found else 0.01 for category in CATEGORIES},
            "category_applied_input_types": {category: ["text"] for category in CATEGORIES},
        }
