"""Building blocks of the endpoints that generate media: rendered in the worker process, saved as files."""

import base64
import binascii
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from aimodels.reference import Kind
from sandbox.errors import Refusal
from sandbox.files import GeneratedFiles
from sandbox.jobs import Job, Jobs
from sandbox.schema import MediaBody
from sandbox.worker import Worker

B = TypeVar("B", bound=MediaBody)

Data = dict[str, Any]
#: Turns a file's path into a URL.
FileUrl = Callable[[Path], str]


@dataclass(frozen=True, slots=True)
class MediaTools:
    """The tools with which an endpoint generates media."""

    worker: Worker  #: for what the caller waits for
    background: Worker  #: for jobs
    files: GeneratedFiles
    jobs: Jobs

    def worker_of(self, job: Job | None) -> Worker:
        """Return the process that makes a job's file, or what the caller waits for."""
        return self.worker if job is None else self.background

    async def now_or_later(
        self, kind: Kind, body: MediaBody, work: Callable[[Job | None], Awaitable[Data]], *, is_long: bool
    ) -> Data:
        """The `data` of an answer: of the finished work, or of the job that was started for it."""
        created = int(time.time())
        if is_long:
            return self.jobs.start(kind, body.model, created, work).view()
        return {"created": created, "model": body.model, "status": "succeeded", **await work(None)}

    def read_image(self, image: str) -> bytes:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaEndpoint(Generic[B]):
    """One endpoint: `POST` to its path answers with generated media."""

    kind: Kind
    path: str  #: below the version, such as `/images/generations`
    summary: str
    body: type[B]
    responses: Mapping[int | str, dict[str, Any]]  #: sample answers for the reference page
    generate: Callable[[MediaTools, B, FileUrl], Awaitable[Data]]  #: returns the `data` of the answer


def pixels(size: str) -> tuple[int, int]:
    """Parse `WIDTHxHEIGHT`."""
    width, height = size.split("x")
    return int(width), int(height)
