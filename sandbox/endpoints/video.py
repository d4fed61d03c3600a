"""`POST /video/generations`."""

from typing import Literal

from pydantic import Field

from aimodels.reference import VIDEO_ENDPOINT
from sandbox.docs import example
from sandbox.endpoints._base import Data, FileUrl, MediaEndpoint, MediaTools, pixels
from sandbox.jobs import Job
from sandbox.media.prompt_words import words_shown
from sandbox.schema import MediaBody, Prompt

#: Seconds of video that are made while the caller waits; longer ones become a job.
MAX_WAIT = 3.0
Resolution = Literal["640x360", "1280x720", "1920x1080", "720x1280", "1080x1920", "1080x1080"]


class VideoBody(MediaBody):
    """Body of a video request."""

    model: str = Field(description="Model id.", examples=["videogen-pro"])
    prompt: Prompt = Field(description="What to show.", examples=["a cat playing with a ball of yarn"])
    duration: float = Field(5, ge=1, le=60, description="Seconds, 1 to 60.", examples=[3])
    resolution: Resolution = Field("1280x720", description="Width and height in pixels.")
    image: str | None = Field(
        None, description="A picture to start from: a data URL, or the URL of a file made by this sandbox."
    )


async def generate(tools: MediaTools, body: VideoBody, url: FileUrl) -> Data:
    """Generate the video, or start a job that does."""
    width, height = pixels(body.resolution)
    image = tools.read_image(body.image) if body.image else None

    async def work(job: Job | None = None) -> Data:
        path = tools.files.new("video", "video/mp4")
        try:
            await tools.worker_of(job).run(
                "sandbox.media.video:render_video",
                job.advance if job else _ignore,
                prompt=body.prompt,
                path=str(path),
                width=width,
                height=height,
                duration=body.duration,
                image=image,
            )
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        item = {"url": url(path), "width": width, "height": height, "duration": body.duration, "format": "mp4"}
        item["sandbox_words"] = words_shown(body.prompt)
        return {"videos": [item], "usage": {"seconds": body.duration, "cost": 0.0}}

    return await tools.now_or_later("video", body, work, is_long=body.duration > MAX_WAIT)


def _ignore(_share: float) -> None:
    """Discard the progress."""


ENDPOINT = MediaEndpoint(
    kind="video",
    path=VIDEO_ENDPOINT,
    summary="Make a video",
    body=VideoBody,
    responses=example(
        "The video; longer than 3 seconds: a job, to be polled at `/video/generations/{id}`.",
        {
            "id": "video-job-1",
            "object": "video.generation",
            "created": 1677652288,
            "model": "videogen-pro",
            "status": "queued",
            "progress": 0.0,
        },
        required=("created", "model", "status"),
    ),
    generate=generate,
)
