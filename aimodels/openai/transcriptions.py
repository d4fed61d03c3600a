"""POST /audio/transcriptions: what is said in a sound file, as a server with OpenAI's endpoint hears it.

https://platform.openai.com/docs/api-reference/audio/createTranscription
"""

from typing import BinaryIO

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aimodels.errors import ConfigurationError, UnexpectedAnswer
from aimodels.generations import Resource
from aimodels.openai.forms import file_request

TRANSCRIPTIONS_ENDPOINT = "/audio/transcriptions"
#: Bytes of a file, and the content types with the extensions by which servers tell them.
MAX_SOUND = 25_000_000
SOUND_TYPES = {
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/mp4": "m4a",
    "audio/webm": "webm",
}


class TranscriptionUsage(BaseModel):
    """The usage of a transcription: its length with models that are billed by time, nothing with others."""

    model_config = ConfigDict(extra="ignore")

    seconds: float = 0.0


class Transcription(BaseModel):
    """The words of a sound file."""

    model_config = ConfigDict(extra="ignore")

    text: str
    usage: TranscriptionUsage | None = Field(default=None)


class AsyncTranscriptions(Resource):
    """POST /audio/transcriptions, of OpenAI-compatible servers and of the sandbox."""

    @property
    def is_available(self) -> bool:
        """Whether the API has it."""
        return self._api.has_speech

    async def create(self, *, model: str, file: BinaryIO, content_type: str) -> Transcription:
        """Return the words of an open sound file, which is read while it is sent and never in memory as a whole.

        `content_type`: one of `SOUND_TYPES`. Raises `ApiError`, and `ConfigurationError` where the API has none.
        """
        if not self.is_available:
            raise ConfigurationError("transcriptions: the API has none")
        name = f"sound.{SOUND_TYPES[content_type]}"
        fields = {"model": model, "response_format": "json"}
        request = file_request(TRANSCRIPTIONS_ENDPOINT, fields, file, name=name, content_type=content_type)
        reply = await self._api.session.send(request, self._caller, self._deadline(media=True))
        try:
            return Transcription.model_validate_json(reply.body)
        except ValidationError as exc:
            raise UnexpectedAnswer("the API's transcription has no text") from exc
