"""Uploads, and the CDN that serves them."""

import hashlib
import json
import mimetypes
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from simulators.discord.errors import Refused, refused
from simulators.discord.values import Json, snowflake

#: Bytes of a file that are kept; of a bigger one the size and the hash are known.
KEPT = 16 * 1024 * 1024
_PIECE = 256 * 1024


@dataclass(slots=True)
class Upload:
    """An uploaded file."""

    name: str
    size: int = 0
    sha256: str = ""
    content: bytes = b""  #: empty for a file that is too big to be kept
    id: str = field(default_factory=snowflake)


def ogg_seconds(content: bytes) -> float:
    """Return the length of Opus in Ogg, as its last page has it: https://www.rfc-editor.org/rfc/rfc7845#section-4."""
    at = content.rfind(b"OggS")
    return int.from_bytes(content[at + 6 : at + 14], "little") / 48_000 if at >= 0 else 0.0


@dataclass(slots=True)
class Cdn:
    """The served files, at URLs that expire."""

    limit: int = 10 * 1024 * 1024  #: bytes that an upload may have
    total: int = 0  #: bytes that a whole request may have; 0: as many as it wants
    port: int = 0
    uploads: dict[str, Upload] = field(default_factory=dict)  #: by attachment id
    files: dict[str, bytes] = field(default_factory=dict)  #: put there by tests, at `/cdn/{name}`
    _age: int = 0

    def expire(self) -> None:
        """Let all URLs given so far expire."""
        self._age += 1

    def attachment(self, upload: Upload, channel: str, described: Json) -> Json:
        """Store an upload and return it as an attachment."""
        self.uploads[upload.id] = upload
        kind = content_type(upload.name)
        found = {"id": upload.id, "filename": secure_name(upload.name), "size": upload.size, "content_type": kind}
        if found["filename"] != upload.name:
            found["title"] = upload.name.rpartition(".")[0]
        if described.get("description"):
            found["description"] = described["description"]
        found |= {name: described[name] for name in ("duration_secs", "waveform") if name in described}
        return found | {"url": self._url(channel, found), "proxy_url": self._url(channel, found)}

    def refreshed(self, message: Json) -> Json:
        """Renew the URLs in a message."""
        for file in message.get("attachments", ()):
            if file["id"] in self.uploads:
                file["url"] = file["proxy_url"] = self._url(message["channel_id"], file)
        return message

    def _url(self, channel: str, file: Json) -> str:
        path = f"attachments/{channel}/{file['id']}/{file['filename']}?ex={self._age:x}&is=0&hm=0"
        return f"http://127.0.0.1:{self.port}/{path}"

    async def serve(self, request: web.Request) -> web.Response:
        upload = self.uploads.get(request.match_info["id"])
        if upload is None or request.query.get("ex") != f"{self._age:x}":
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=upload.content, content_type=content_type(upload.name))

    async def serve_file(self, request: web.Request) -> web.Response:
        content = self.files.get(request.match_info["name"])
        return web.Response(status=404) if content is None else web.Response(body=content)

    def check(self, uploads: list[Upload]) -> None:
        """Raise `Refused` for a file that is too big."""
        total = sum(upload.size for upload in uploads)
        if any(upload.size > self.limit for upload in uploads) or (self.total and total > self.total):
            raise refused(40005)


async def read(request: web.Request) -> tuple[Any, list[Upload]]:
    """Read a body and its uploads completely: an answer before the end would be lost."""
    if request.content_type == "application/json":
        return await request.json(), []
    if request.content_type != "multipart/form-data":
        await request.read()
        return None, []
    body: Any = None
    uploads: dict[int, Upload] = {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        if part.name == "payload_json":
            body = json.loads(await part.text())
        elif part.name and part.name.startswith("files["):
            uploads[int(part.name[6:-1])] = await _upload(part)
        else:
            raise Refused(400, 50035, f"Invalid Form Body: {part.name}")
    return body, [uploads[number] for number in sorted(uploads)]


async def _upload(part: BodyPartReader) -> Upload:
    upload, digest, kept = Upload(part.filename or "unknown"), hashlib.sha256(), bytearray()
    while piece := await part.read_chunk(_PIECE):
        upload.size += len(piece)
        digest.update(piece)
        if upload.size <= KEPT:
            kept += piece
    upload.sha256 = digest.hexdigest()
    upload.content = bytes(kept) if upload.size <= KEPT else b""
    return upload


def secure_name(name: str) -> str:
    """Return a name as Discord keeps it: ASCII letters, digits, _, - and dots.

    https://github.com/discord/discord-api-docs/issues/7754 and https://github.com/discord/discord-api-docs/pull/6945
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9_.-]", "", "_".join(plain.split())).strip("._") or "unknown"


def content_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
