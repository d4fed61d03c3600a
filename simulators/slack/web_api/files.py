"""`files.*`, upload URLs, and downloads for holders of the token."""

import hashlib
import mimetypes
import secrets
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from aiohttp import BodyPartReader, web

from simulators.slack.blocks.blocks import validate
from simulators.slack.faults import ApiError, CrashError, DropError
from simulators.slack.messages import File
from simulators.slack.values import Json, new_id
from simulators.slack.web_api.calls import Caller, method
from simulators.slack.web_api.chat import new_message, put, thread
from simulators.slack.workspace import Channel, Team

if TYPE_CHECKING:
    from simulators.slack.server import SlackSimulator

LARGEST_SNIPPET = 1024 * 1024
LARGEST = 1024**3
LONGEST_ALT = 1000


async def _pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    while piece := await part.read_chunk():
        yield piece


class Storage:
    """The bytes of files. `slack.faults` with the name `upload` lets uploads fail half-way."""

    def __init__(self, slack: "SlackSimulator") -> None:
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


@method("files.getUploadURLExternal", "files:write")
def get_upload_url(caller: Caller) -> Json:
    name, length = caller.required("filename"), caller.required("length")
    if not length.isdigit() or int(length) == 0:
        raise ApiError("invalid_arguments")
    if int(length) > LARGEST:
        raise ApiError("file_upload_size_restricted")
    if len(caller.text("alt_txt")) > LONGEST_ALT:
        raise ApiError("alt_txt_too_large")
    if caller.text("snippet_type") and int(length) > LARGEST_SNIPPET:
        raise ApiError("snippet_too_large")
    file = File(
        id=new_id("F"),
        name=name,
        user=caller.team.bot.id,
        size=int(length),
        mimetype="text/plain" if caller.text("snippet_type") else mimetypes.guess_type(name)[0] or "binary",
        filetype=caller.text("snippet_type") or name.rpartition(".")[2],
        alt_txt=caller.text("alt_txt"),
        snippet_type=caller.text("snippet_type"),
        created=int(time.time()),
        token=secrets.token_urlsafe(24),
    )
    caller.team.files[file.id] = file
    return {"upload_url": f"{caller.slack.url}/upload/v1/{file.token}", "file_id": file.id}


@method("files.completeUploadExternal", "files:write")
async def complete_upload(caller: Caller) -> Json:
    asked = caller.params.get("files")
    if not isinstance(asked, list) or not asked:
        raise ApiError("invalid_arguments")
    files: list[File] = []
    for one in asked:
        file = caller.team.files.get(str(one.get("id")))
        if file is None or not file.is_uploaded or file.is_complete:
            raise ApiError("file_not_found")
        file.title = str(one.get("title") or file.name)
        files.append(file)
    names = [name for name in (caller.text("channel_id"), *caller.text("channels").split(",")) if name]
    channels = []
    for name in names:
        caller.params["channel"] = name
        channels.append(caller.channel(to_write=True))
    if blocks := caller.params.get("blocks"):
        if caller.text("initial_comment"):
            raise ApiError("invalid_arguments")
        blocks = validate(blocks, surface="message", files=caller.team.files)
    for file in files:
        file.is_complete = True
    for channel in channels:
        await _share(caller, channel, files, blocks or [])
    return {"files": [_completed_file(caller, file) for file in files]}


def _completed_file(caller: Caller, file: File) -> Json:
    """A file in the answer of `completeUploadExternal`, which does not know its shares yet."""
    return {name: value for name, value in file.to_json(caller.slack.url, caller.team.id).items() if name != "shares"}


async def _share(caller: Caller, channel: Channel, files: list[File], blocks: list[Json]) -> None:
    message = new_message(
        caller,
        channel,
        text=caller.text("initial_comment"),
        blocks=blocks,
        thread_ts=thread(caller, channel),
        files=files,
        subtype="file_share",
    )

    async def show() -> None:
        for file in files:
            file.shares.setdefault(channel.id, []).append(message.ts)
        await put(caller, channel, message)

    await caller.slack.sender.later(caller.slack.storage.delay, show)


@method("files.info", "files:read")
def file_info(caller: Caller) -> Json:
    file = caller.team.files.get(caller.required("file"))
    if file is None or file.is_deleted:
        raise ApiError("file_deleted" if file else "file_not_found")
    return {"file": file.to_json(caller.slack.url, caller.team.id), "comments": []}


@method("files.delete", "files:write")
def delete_file(caller: Caller) -> Json:
    file = caller.team.files.get(caller.required("file"))
    if file is None or file.is_deleted:
        raise ApiError("file_deleted" if file else "file_not_found")
    if file.user != caller.team.bot.id:
        raise ApiError("cant_delete_file")
    file.is_deleted = True
    for message in caller.team.all_messages():
        if file in message.files:
            message.files.remove(file)
            if not message.files and not message.content:
                message.is_deleted = True
    return {}
