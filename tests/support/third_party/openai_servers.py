"""OpenAI-compatible servers: llama.cpp's and a mock from npm, each in a process of its own; and one with moderation."""

import importlib.util
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import pytest
from aiohttp import web

from tests.support.llama_model import write_model
from tests.support.media_files import PNG
from tests.support.scripted_api import ReceivedRequest, Step, chat_data, events, failure, piece
from tests.support.third_party.npm_servers import npm_server, serving

_LLAMA = """
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx = 2048
params.n_parallel = 1
params.warmup = False
params.cpuparams.n_threads = 1
params.verbosity = 0
params.sampling.temp = 0
params.api_keys = ["sk-right"]
server = xllamacpp.Server(params)  # ends when it is collected
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@asynccontextmanager
async def llama_server(folder: Path) -> AsyncIterator[str]:
    """llama.cpp's server with a tiny model, whose key is sk-right; yields its base URL. Chat, and nothing else."""
    if not (importlib.util.find_spec("xllamacpp") and importlib.util.find_spec("gguf")):
        pytest.skip("xllamacpp and gguf are not installed")
    write_model(folder / "tiny.gguf")
    async with serving(sys.executable, "-c", _LLAMA, str(folder / "tiny.gguf")) as url:
        yield f"{url}/v1"


@asynccontextmanager
async def aimock_server(folder: Path, answers: Sequence[tuple[str, str, Any]]) -> AsyncIterator[str]:
    """@copilotkit/aimock with answers by kind and prompt; yields its base URL. Chat, pictures, speech and /videos."""
    script = folder / "answers.json"
    script.write_text(json.dumps(answers), encoding="utf-8")
    async with npm_server("aimock.mjs", str(script)) as url:
        yield f"{url}/v1"


#: https://platform.openai.com/docs/api-reference/moderations/create
CATEGORIES = ("harassment", "hate", "illicit", "self-harm", "sexual", "violence")
MODELS = ("omni-moderation-latest", "omni-moderation-2024-09-26")


#: https://platform.openai.com/docs/api-reference/audio: file names of sounds, and formats of speech
HEARD = ("flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm")
SPOKEN = ("mp3", "opus", "aac", "flac", "wav", "pcm")
#: Seconds: a shorter one is answered with 400, `audio_too_short`; as in https://github.com/UpstreetAI/usdk/issues/637
SHORTEST_HEARD = 0.1
MOST_HEARD, MOST_SPOKEN = 25 * 1024 * 1024, 4096  # bytes, characters


def has_length(sound: bytes, least: float) -> bool:
    """Whether a sound can be decoded for so many seconds."""
    seconds = 0.0
    with av.open(BytesIO(sound), "r") as file:
        for frame in file.decode(audio=0):
            seconds += frame.samples / frame.sample_rate
            if seconds >= least:
                return True
    return False


@dataclass(slots=True)
class OpenAiApi:
    """A server with chat, pictures, sound and moderation as OpenAI documents them, which echoes every prompt.

    A word of `flagged` in an input is of its category. A picture is flagged by its address.
    """

    url: str = ""
    flagged: dict[str, str] = field(default_factory=dict)
    moderation_fails: Step | None = None  #: answers in place of the moderation
    reply: str = "re: {prompt}"
    bodies: list[dict[str, Any]] = field(default_factory=list)  #: of everything but moderation
    moderated: list[Any] = field(default_factory=list)  #: inputs of moderation
    words: str = "what is love?"  #: that it hears in every sound
    heard: list[bytes] = field(default_factory=list)  #: sounds to transcribe
    told: float | None = 3  #: seconds of a sound, as of models that are billed by them
    unheard: Step | None = None  #: answers in place of the transcription
    speech: bytes = b""  #: that it makes of every text
    spoken: list[dict[str, Any]] = field(default_factory=list)  #: requests for speech

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return web.Response(body=PNG, content_type="image/png")
        others = {
            "/v1/audio/transcriptions": self._transcribe,
            "/v1/audio/speech": self._speak,
            "/v1/moderations": self._moderate,
        }
        if request.path in others:
            return await others[request.path](request)
        body = await request.json()
        is_unknown = request.path == "/v1/code/completions"  # no endpoint of OpenAI's: chat writes code
        if is_unknown or not isinstance(body, dict) or not (body.get("messages") or body.get("prompt")):
            error = {"message": "Invalid request.", "type": "invalid_request_error", "param": "messages", "code": None}
            return web.json_response({"error": error}, status=404 if is_unknown else 400)
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

    async def _transcribe(self, request: web.Request) -> web.StreamResponse:
        received = ReceivedRequest(request.method, request.path, request.headers, await request.read())
        form = await received.form()
        name, _, sound = form.pop("file")
        assert (name or "").rpartition(".")[2] in HEARD
        assert len(sound) <= MOST_HEARD
        assert has_length(sound, SHORTEST_HEARD)
        assert {field: value for field, (_, _, value) in form.items()} == {
            "model": b"whisper-1",
            "response_format": b"json",
        }
        self.heard.append(sound)
        if self.unheard is not None:
            return await self.unheard(request)
        usage = {} if self.told is None else {"usage": {"type": "duration", "seconds": self.told}}
        return web.json_response({"text": self.words, **usage})

    async def _speak(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if not isinstance(body, dict):
            return await failure(400, "invalid_request_error")(request)
        assert body.keys() >= {"model", "input", "voice"}
        assert 0 < len(body["input"]) <= MOST_SPOKEN
        assert body.get("response_format", "mp3") in SPOKEN
        self.spoken.append(body)
        return web.Response(body=self.speech, content_type="audio/mpeg")

    async def _moderate(self, request: web.Request) -> web.StreamResponse:
        if self.moderation_fails is not None:
            return await self.moderation_fails(request)
        body = await request.json()
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
