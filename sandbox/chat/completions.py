"""Chat and code answers in the documented shape, whole or as server-sent events."""

import json
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.chat import reply
from sandbox.code import templates
from sandbox.schema import ChatBody, CodeBody, Message
from sandbox.worker import Worker

_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w{1,6}|[^\w\s]")
_PIECE = re.compile(r"\s*\S+\s*|\s+")


def cut(text: str, max_tokens: int) -> tuple[str, bool]:
    """Cut a text after `max_tokens` (estimated) tokens; also return whether anything was cut."""
    for count, match in enumerate(_TOKEN.finditer(text)):
        if count == max_tokens:
            return text[: match.start()].rstrip(), True
    return text, False


def tokens(text: str) -> int:
    """Estimate the tokens of a text: one for each Chinese character, punctuation mark or run of up to six letters."""
    return sum(1 for _ in _TOKEN.finditer(text))


@dataclass(frozen=True, slots=True)
class TextGenerator:
    """Generates chat and code answers by rules and templates, or by a local model where one is configured."""

    model: Worker
    gguf: Path | None

    async def chat(self, body: ChatBody) -> dict[str, Any]:
        """Generate the `data` of a chat answer."""
        if self.gguf:
            return await self._local(body.model, body.messages, body.max_tokens, body.temperature)
        messages = [(message.role, message.text) for message in body.messages]
        prompt = sum(tokens(text) + 4 for _, text in messages)
        text, is_cut = cut(reply.reply(messages), body.max_tokens)
        return completion(body.model, text, "length" if is_cut else "stop", prompt)

    async def code(self, body: CodeBody) -> dict[str, Any]:
        """Generate the `data` of a code answer: `choices` as in chat, with the same text once more as `text`."""
        if self.gguf:
            order = f"You write {body.language}. Answer with code only."
            messages = [Message(role="system", content=order), Message(role="user", content=body.prompt)]
            data = await self._local(body.model, messages, body.max_tokens, 0.2)
        else:
            text, is_cut = cut(templates.complete(body.prompt, body.language), body.max_tokens)
            data = completion(body.model, text, "length" if is_cut else "stop", tokens(body.prompt))
        data["object"] = "code.completion"
        for choice in data["choices"]:
            choice["text"] = choice["message"]["content"]
        return data

    async def _local(self, model: str, messages: list[Message], max_tokens: int, temperature: float) -> dict[str, Any]:
        data: dict[str, Any] = await self.model.run(
            "sandbox.chat.llama:chat",
            path=str(self.gguf),
            messages=[{"role": message.role, "content": message.text} for message in messages],
            max_tokens=max_tokens,
            temperature=temperature,
        )
        choice = data["choices"][0]
        answer = completion(model, choice["message"].get("content") or "", choice["finish_reason"], 0)
        if usage := data.get("usage"):
            answer["usage"] = {name: usage[name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")}
        return answer


def completion(model: str, text: str, finish_reason: str, prompt_tokens: int) -> dict[str, Any]:
    """Build the `data` of a chat answer."""
    used = tokens(text)
    return {
        "id": f"chatcmpl-sandbox-{secrets.token_hex(8)}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": used,
            "total_tokens": prompt_tokens + used,
        },
    }


def events(data: dict[str, Any]) -> Iterator[bytes]:
    """Encode a chat answer as `chat.completion.chunk` events; the last one has the usage."""
    frame = {name: data[name] for name in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    choice = data["choices"][0]

    def event(delta: dict[str, str], finish_reason: str | None, **more: Any) -> bytes:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish_reason}]
        return f"data: {json.dumps({**frame, 'choices': choices, **more}, ensure_ascii=False)}\n\n".encode()

    yield event({"role": "assistant", "content": ""}, None)
    for piece in _PIECE.findall(choice["message"]["content"]):
        yield event({"content": piece}, None)
    yield event({}, choice["finish_reason"], usage=data["usage"])
    yield b"data: [DONE]\n\n"
