"""The bytes of files: uploads, and downloads for holders of the token."""

import hashlib
import mimetypes
import time
from collections.abc import AsyncIterator

from aiohttp import BodyPartReader, web

from simulators.slack.faults import CrashError, DropError
from simulators.slack.messages import File
from simulators.slack.state import SlackState
from simulators.slack.values import new_id
from simulators.slack.workspace import Team


async def _pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    while piece := await part.read_chunk():
        yield piece


class Storage:
    """The bytes of files. `slack.faults` with the name `upload` lets uploads fail half-way."""

    def __init__(self, slack: SlackState) -> None:
        self.slack = slack
        self.keep = 64 * 1024 * 1024  #: bytes; of bigger files only size and hash are kept
        self.uploads = 0  #: requests that came to upload addresses
        self.downloads: list[tuple[str, bool]] = []  #: file ids asked for, and whether they were given
        self.cut_after: int | None = None  #: bytes after which the next upload's connection is cut
        self.delay = 0.0  #: seconds that a shared file takes to show up in its channel

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/upload/v1/{token}", self._upload),
            web.get("/files-pri/{address}/{name}", self._download),
            web.get("/files-pri/{address}/download/{name}", self._download),
            web.get("/login", self._login),
        ]

    def add(self, team: Team, user: str, name: str, content: bytes, **more: str) -> File:
        """Add a complete file."""
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        file = File(
            **{"id": new_id("F"), "name": name, "user": user, "mimetype": kind, **more},  # type: ignore[arg-type]
            filetype=name.rpartition(".")[2],
            size=len(content),
            content=content,
            created=int(time.time()),
            is_uploaded=True,
            is_complete=True,
        )
        team.files[file.id] = file
        return file

    async def _upload(self, request: web.Request) -> web.Response:
        self.uploads += 1
        token = request.match_info["token"]
        file = next((f for t in self.slack.teams.values() for f in t.files.values() if f.token == token), None)
        if file is None or file.is_complete:
            return web.Response(status=404, text="not_found")
        try:
            await self.slack.faults.apply("upload", 0, "before")
            received, size, digest = await self._read(request)
            if size != file.size:
                return web.Response(status=400, text=f"length mismatch: {size} came, {file.size} were announced")
            file.is_uploaded, file.sha256 = True, digest
            file.content = received if size <= self.keep else None
            await self.slack.faults.apply("upload", 0, "after")
        except CrashError as error:
            return web.Response(status=error.status, text="upload failed")
        except DropError:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        finally:
            self.slack.notify()
        return web.Response(text=f"OK - {size}")

    async def _read(self, request: web.Request) -> tuple[bytes, int, str]:
        """The bytes as far as they are kept, their number and their hash. Raises `DropError`."""
        received, size, digest = bytearray(), 0, hashlib.sha256()
        stream: AsyncIterator[bytes] = request.content.iter_any()
        if request.content_type == "multipart/form-data":
            part = await (await request.multipart()).next()
            stream = _pieces(part) if isinstance(part, BodyPartReader) else stream
        async for piece in stream:
            size += len(piece)
            digest.update(piece)
            if size <= self.keep:
                received += piece
            if self.cut_after is not None and size >= self.cut_after:
                self.cut_after = None
                raise DropError
        return bytes(received), size, digest.hexdigest()

    async def _download(self, request: web.Request) -> web.StreamResponse:
        team_id, _, file_id = request.match_info["address"].partition("-")
        team = self.slack.teams.get(team_id)
        file = team.files.get(file_id) if team else None
        grant = self.slack.grants.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        is_allowed = (
            grant is not None
            and grant.state == "active"
            and "files:read" in grant.scopes
            and (
                grant.team == team_id or (team is not None and grant.enterprise and grant.enterprise == team.enterprise)
            )
        )
        self.downloads.append((file_id, bool(is_allowed)))
        if not is_allowed:
            raise web.HTTPFound(f"{self.slack.url}/login")
        if file is None or file.is_deleted or file.content is None:
            raise web.HTTPNotFound
        try:
            await self.slack.faults.apply("download", 0, "before")
        except CrashError as error:
            return web.Response(status=error.status)
        return web.Response(body=file.content, content_type=file.mimetype)

    async def _login(self, request: web.Request) -> web.Response:
        return web.Response(text="<!DOCTYPE html><html><body>Sign in to Slack</body></html>", content_type="text/html")
