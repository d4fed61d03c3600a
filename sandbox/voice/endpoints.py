"""`POST /audio/speech` and `POST /audio/transcriptions`, as OpenAI documents them: without the envelope."""

import asyncio
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field, StringConstraints

from aimodels.reference import Kind
from sandbox.errors import Refusal
from sandbox.middleware import TRANSCRIPTIONS
from sandbox.schema import Body
from sandbox.voice.form import read_form
from sandbox.worker import TaskFailed, Worker

#: Says that the sandbox has made a file whose answer can't say it.
MADE_HERE = {"X-Sandbox": "speech"}

_SOUND = {"schema": {"type": "string", "format": "binary"}}
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "model"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "The sound."},
                        "model": {"type": "string", "description": "Model id.", "example": "whisper-1"},
                        "response_format": {"type": "string", "enum": ["json", "text"], "default": "json"},
                    },
                }
            }
        },
    }
}
_WORDS = {
    "description": "The words of a sound that the sandbox has spoken; of any other that it does not understand it.",
    "content": {
        "application/json": {
            "schema": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
            "example": {"text": "what is love?", "usage": {"type": "duration", "seconds": 2}},
        },
        "text/plain": {"schema": {"type": "string"}},
    },
}


class SpeechBody(Body):
    """Body of a request for speech."""

    model: str = Field(description="Model id.", examples=["audiogen"])
    input: Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=r"\S")] = Field(
        description="What to say.", examples=["Good morning."]
    )
    voice: str = Field(description="Whose voice: each name hums at a pitch of its own.", examples=["alloy"])
    response_format: Literal["mp3", "opus", "wav", "flac"] = Field("mp3", description="File format.")


class VoiceState(Protocol):
    """The parts of the sandbox that the endpoints need."""

    renderer: Worker

    def admit(self, request: Request, kind: Kind | Literal["transcription"], model: str) -> None:
        """See `SandboxState.admit`."""


def add_voice(api: APIRouter, state: VoiceState) -> None:
    """Add both endpoints."""
    spoken: dict[int | str, dict[str, Any]] = {
        200: {
            "description": "The sound: a hum with the rhythm of speech, which has the text as its title.",
            "content": dict.fromkeys(("audio/mpeg", "audio/ogg", "audio/wav", "audio/flac"), _SOUND),
        }
    }

    @api.post("/audio/speech", tags=["voice"], summary="Speak", responses=spoken, response_class=Response)
    async def speech(body: SpeechBody, request: Request) -> Response:
        state.admit(request, "audio", body.model)
        content, content_type = await state.renderer.run(
            "sandbox.voice.synthesis:render_speech", text=body.input, voice=body.voice, format=body.response_format
        )
        return Response(content, media_type=content_type, headers=MADE_HERE)

    @api.post(TRANSCRIPTIONS, tags=["voice"], summary="Transcribe", responses={200: _WORDS}, openapi_extra=_FORM)
    async def transcriptions(request: Request) -> Response:
        fields = await asyncio.to_thread(read_form, request.headers["content-type"], await request.body())
        missing = [name for name in ("file", "model") if not fields.get(name)]
        if missing:
            raise Refusal(400, f"{missing[0]}: is required")
        state.admit(request, "transcription", fields["model"].decode(errors="replace"))
        try:
            text, seconds = await state.renderer.run("sandbox.voice.hearing:hear", content=fields["file"])
        except TaskFailed as exc:
            raise Refusal(400, "file: is no sound that the sandbox can read") from exc
        if fields.get("response_format", b"json") == b"text":
            return Response(text, media_type="text/plain")
        return JSONResponse({"text": text, "usage": {"type": "duration", "seconds": seconds}})
