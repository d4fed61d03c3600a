"""An API that takes notes on a channel's messages, and cites what it was given, and more."""

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support.scripted_api import data

_NUMBERED = re.compile(r"^\[#(\d+)\] .*?: (.*)$", re.MULTILINE)
_NOTE = re.compile(r"^- .*$", re.MULTILINE)


@dataclass
class DigestApi:
    """Notes every message with the word DECIDED; the digest has all notes, a false citation and a foreign address."""

    bodies: list[dict[str, Any]] = field(default_factory=list)
    hold_at: int = 0  #: the number of a request that gets no answer, from 1; 0: each gets one
    held: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def distinct(self) -> set[str]:
        """The requests that came, each once."""
        return {json.dumps(body["messages"]) for body in self.bodies}

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append(body)
        if len(self.bodies) == self.hold_at:
            self.held.set()
            await asyncio.Event().wait()
        given = body["messages"][1]["content"]
        notes = [f"- decision: {text} [#{number}]" for number, text in _NUMBERED.findall(given) if "DECIDED" in text]
        notes += _NOTE.findall(given)
        text = "\n".join(notes) or "- news: nothing"
        if "## " in body["messages"][-1]["content"]:
            text = f"## Decisions\n{text}\n- made up [#987654], see [this](https://evil.example/x?y=1)"
        prompt, answered = (len(json.dumps(part, ensure_ascii=False)) // 4 for part in (body["messages"], text))
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = {"prompt_tokens": prompt, "completion_tokens": answered, "total_tokens": prompt + answered}
        completion = {"id": "c", "object": "chat.completion", "created": 1, "model": body["model"], "choices": [choice]}
        return await data({**completion, "usage": usage})(request)
