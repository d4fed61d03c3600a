"""`POST /audio/generations`."""

from typing import Literal

from pydantic import Field

from aimodels.reference import AUDIO_ENDPOINT
from sandbox.docs import example
from sandbox.endpoints._base import Data, FileUrl, MediaEndpoint, MediaTools
from sandbox.jobs import Job
from sandbox.media.prompt_words import words_heard
from sandbox.schema import MediaBody, Prompt

#: Seconds of sound that are made while the caller waits; longer ones become a job.
MAX_WAIT = 60.0


class AudioBody(MediaBody):
    """Body of an audio request."""

    model: str = Field(description="Model id.", examples=["audiogen"])
    prompt: Prompt = Field(description="What to hear.", examples=["gentle rain and thunder in the background"])
    duration: float = Field(10, ge=1, le=300, description="Seconds, 1 to 300.", examples=[30])
    format: Literal["mp3", "wav"] = Field("mp3", description="File format.")


async def generate(tools: MediaTools, body: AudioBody, url: FileUrl) -> Data:
    """Generate the sound, or start a job that does."""

    async def work(job: Job | None = None) -> Data:
        if job:
            job.advance(0)
        content, content_type = await tools.worker_of(job).run(
            "sandbox.media.audio:render_audio", prompt=body.prompt, duration=body.duration, format=body.format
        )
        path = tools.files.save("audio", content, content_type)
        item = {"url": url(path), "duration": body.duration, "format": body.format}
        item["sandbox_words"] = words_heard(body.prompt)
        return {"audio": [item], "usage": {"seconds": body.duration, "cost": 0.0}}

    return await tools.now_or_later("audio", body, work, is_long=body.duration > MAX_WAIT)


ENDPOINT = MediaEndpoint(
    kind="audio",
    path=AUDIO_ENDPOINT,
    summary="Make sound",
    body=AudioBody,
    responses=example(
        "The sound; longer than 60 seconds: a job, to be polled at `/audio/generations/{id}`.",
        {
            "created": 1677652288,
            "model": "audiogen",
            "status": "succeeded",
            "audio": [{"url": "http://127.0.0.1:8081/files/audio-1.mp3", "duration": 30, "format": "mp3"}],
            "usage": {"seconds": 30, "cost": 0.0},
        },
        required=("created", "model", "status"),
    ),
    generate=generate,
)
