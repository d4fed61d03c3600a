"""`files.*`: upload URLs, shared and deleted files."""

import mimetypes
import secrets
import time

from simulators.slack.blocks.blocks import validate
from simulators.slack.faults import ApiError
from simulators.slack.messages import File
from simulators.slack.values import Json, new_id
from simulators.slack.web_api.calls import Caller, method
from simulators.slack.web_api.chat import new_message, put, thread
from simulators.slack.workspace import Channel

LARGEST_SNIPPET = 1024 * 1024
LARGEST = 1024**3
LONGEST_ALT = 1000


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
