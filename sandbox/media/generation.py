"""Generation of images, audio and video: rendered in the worker process, saved as files, returned as URLs."""

import base64
import binascii
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox.errors import Refusal
from sandbox.files import GeneratedFiles
from sandbox.jobs import Job, Jobs
from sandbox.schema import AudioBody, ImageBody, VideoBody
from sandbox.worker import Worker

#: Seconds of result that are made while the caller waits; longer ones become a job.
WAITS_FOR = {"audio": 60.0, "video": 3.0}


@dataclass(frozen=True, slots=True)
class MediaGenerator:
    """Generates media, one file at a time."""

    worker: Worker
    files: GeneratedFiles
    jobs: Jobs

    async def images(self, body: ImageBody, url: Callable[[Path], str]) -> dict[str, Any]:
        """Generate the `data` of an image answer."""
        width, height = pixels(body.size)
        images = []
        for index in range(body.n):
            content, content_type = await self.worker.run(
                "sandbox.media.image:render_image",
                prompt=body.prompt,
                width=width,
                height=height,
                style=body.style,
                index=index,
            )
            path = self.files.save("image", content, content_type)
            images.append({"url": url(path), "width": width, "height": height})
        return {"images": images, "usage": {"images": body.n, "cost": 0.0}}

    async def audio(self, body: AudioBody, url: Callable[[Path], str]) -> dict[str, Any]:
        """Generate the `data` of an audio answer, or of a job."""

        async def work(job: Job | None = None) -> dict[str, Any]:
            if job:
                job.advance(0)
            content, content_type = await self.worker.run(
                "sandbox.media.audio:render_audio", prompt=body.prompt, duration=body.duration, format=body.format
            )
            path = self.files.save("audio", content, content_type)
            item = {"url": url(path), "duration": body.duration, "format": body.format}
            return {"audio": [item], "usage": {"seconds": body.duration, "cost": 0.0}}

        return await self._now_or_later("audio", body, work)

    async def video(self, body: VideoBody, url: Callable[[Path], str]) -> dict[str, Any]:
        """Generate the `data` of a video answer, or of a job."""
        width, height = pixels(body.resolution)
        image = self._picture(body.image) if body.image else None

        async def work(job: Job | None = None) -> dict[str, Any]:
            path = self.files.new("video", "video/mp4")
            try:
                await self.worker.run(
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
            return {"videos": [item], "usage": {"seconds": body.duration, "cost": 0.0}}

        return await self._now_or_later("video", body, work)

    async def _now_or_later(
        self, kind: str, body: AudioBody | VideoBody, work: Callable[[Job | None], Awaitable[dict[str, Any]]]
    ) -> dict[str, Any]:
        created = int(time.time())
        if body.duration > WAITS_FOR[kind]:
            return self.jobs.start(kind, body.model, created, work).view()
        return {"created": created, "model": body.model, "status": "succeeded", **await work(None)}

    def _picture(self, image: str) -> bytes:
        """The bytes of a data URL or of a file of this sandbox. Raises `Refusal`."""
        if image.startswith("data:image/"):
            try:
                return base64.b64decode(image.partition(";base64,")[2], validate=True)
            except binascii.Error as exc:
                raise Refusal(400, f"image: the data URL is not valid base64: {exc}") from exc
        found = self.files.find(urlsplit(image).path.removeprefix("/files/"))
        if found is None:
            allowed = "a data URL (data:image/png;base64,...) or the URL of a file made by this sandbox"
            raise Refusal(400, f"image: must be {allowed}; the sandbox fetches nothing from the network")
        return found[0].read_bytes()


def pixels(size: str) -> tuple[int, int]:
    """Parse `WIDTHxHEIGHT`."""
    width, height = size.split("x")
    return int(width), int(height)


def _ignore(_share: float) -> None:
    """Discard the progress."""
