"""A page as Discord receives it: content, files and buttons, or components v2 with a gallery; and read back."""

import hashlib
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import discord
from discord.http import MultipartParameters

from adapters.discord.gateway.requests import to_text
from adapters.discord.outbound.layout import MessagePage, plain_name
from adapters.discord.outbound.voice import IS_VOICE_MESSAGE, VoiceFile
from adapters.discord.ui.buttons import ButtonIds, build_actions

Json = dict[str, Any]
_Kind = discord.ComponentType

#: Flags of messages: one for the asker alone, a "thinking" response, and one made of components v2.
EPHEMERAL, LOADING, COMPONENTS_V2 = 1 << 6, 1 << 7, 1 << 15

#: Whom a message notifies: nobody, or the author of the message that it replies to.
_NOBODY: Json = {"parse": []}
_REPLIED_AUTHOR: Json = {"parse": [], "replied_user": True}
_FILE_NAME = "answer.md"
_MAX_DESCRIPTION = 256


def nonce(key: str, index: int, losses: int = 0) -> str:
    """Return the nonce of an answer's message, at most 25 characters. `losses`: times that it was deleted before."""
    return hashlib.sha256(f"{key}/{index}/{losses}".encode()).hexdigest()[:25]


def request_parameters(
    page: MessagePage,
    *,
    ids: ButtonIds,
    is_edit: bool,
    is_spoiler: bool = False,
    replies_to: str = "",
    pings: bool = False,
    nonce: str = "",
    flags: int = 0,
) -> MultipartParameters:
    """Build the body of a request. Use it as a context manager, which closes the files that are read while sending.

    `is_spoiler`: files are hidden until they are clicked. `pings`: notifies the author of `replies_to`. Of several
    requests with one `nonce` Discord heeds the first.
    """
    files = _open_files(page, is_spoiler=is_spoiler)
    payload: Json = {"allowed_mentions": _REPLIED_AUTHOR if pings else _NOBODY}
    if page.is_voice:
        flags |= IS_VOICE_MESSAGE
    else:
        payload["components"] = _components(page, files, ids)
        if not page.is_components_v2:
            payload["content"] = page.text
        else:
            flags |= COMPONENTS_V2
            if is_edit:
                payload["content"] = None
    if flags:
        payload["flags"] = flags
    if nonce:
        payload |= {"nonce": nonce, "enforce_nonce": True}
    if replies_to:
        payload["message_reference"] = {"message_id": replies_to, "fail_if_not_exists": False}
    if is_edit or files:
        payload["attachments"] = [file.to_dict(at) for at, file in enumerate(files)]
    if not files:
        return MultipartParameters(payload=payload, multipart=None, files=None)
    return MultipartParameters(payload=None, multipart=[*_form_parts(payload, files)], files=files)


def _open_files(page: MessagePage, *, is_spoiler: bool) -> list[discord.File]:
    """Open a page's files. Each is read while it is sent, so that none is ever in memory as a whole."""
    if page.is_voice:
        return [VoiceFile(media) for media in page.media]
    files = [
        discord.File(
            media.path,  # type: ignore[arg-type]
            filename=plain_name(media) if page.is_components_v2 else media.name,
            description=media.description[:_MAX_DESCRIPTION] or None,
            spoiler=is_spoiler or media.is_spoiler,
        )
        for media in page.media
    ]
    if page.attached_text:
        files.append(discord.File(io.BytesIO(page.attached_text.encode("utf-8", "replace")), filename=_FILE_NAME))
    return files


def _form_parts(payload: Json, files: Sequence[discord.File]) -> Iterator[Json]:
    """Yield the parts of a form with files, as the library sends them."""
    yield {"name": "payload_json", "value": to_text(payload)}
    for at, file in enumerate(files):
        type_ = "application/octet-stream"
        yield {"name": f"files[{at}]", "value": file.fp, "filename": file.filename, "content_type": type_}


def _components(page: MessagePage, files: Sequence[discord.File], ids: ButtonIds) -> list[Json]:
    """Return the components of a page's message: its buttons, and all else in components v2."""
    content = _content_components(page, files) if page.is_components_v2 else []
    return [_card(page, content, ids)] if page.blocks else [*content, *build_actions(page.actions, ids)]


def _content_components(page: MessagePage, files: Sequence[discord.File]) -> list[Json]:
    """Return a page's components v2 but for its buttons: pictures in one gallery, the text, other files."""
    components: list[Json] = []
    kinds = ("image/", "video/") if page.blocks else ("image/",)
    pictures = [file for file, media in zip(files, page.media, strict=False) if media.content_type.startswith(kinds)]
    if pictures:
        items = [
            {"media": {"url": file.uri}, "description": file.description, "spoiler": file.spoiler} for file in pictures
        ]
        components.append({"type": _Kind.media_gallery.value, "items": items})
    if page.text and not page.blocks:
        components.append({"type": _Kind.text_display.value, "content": page.text})
    others = [file for file in files if file not in pictures]
    components += [{"type": _Kind.file.value, "file": {"url": file.uri}, "spoiler": file.spoiler} for file in others]
    return components


def _card(page: MessagePage, content: Sequence[Json], ids: ButtonIds) -> Json:
    """Return a card: its texts, each with its buttons, then files and the buttons of all of it.

    One button stands beside its text, several below it.
    """
    components: list[Json] = []
    for block in page.blocks:
        text = {"type": _Kind.text_display.value, "content": block.text}
        rows = build_actions(block.actions, ids)
        if len(block.actions) == 1:
            [button] = rows[0]["components"]
            components.append({"type": _Kind.section.value, "components": [text], "accessory": button})
        else:
            components += [text, *rows]
    components += content
    rest = page.actions[sum(len(block.actions) for block in page.blocks) :]
    if rest:
        components += [{"type": _Kind.separator.value}, *build_actions(rest, ids)]
    return {"type": _Kind.container.value, "components": components}


# ------------------------------------------------------------------ reading messages back


def is_components_v2(message: Json) -> bool:
    """Whether a message is made of components v2, which it stays."""
    return bool(message.get("flags", 0) & COMPONENTS_V2)


def is_voice_message(message: Json) -> bool:
    """Whether a message is a voice message, which can't be edited."""
    return bool(message.get("flags", 0) & IS_VOICE_MESSAGE)


def shows_page(message: Json, page: MessagePage) -> bool:
    """Whether a message has a page's text, files and buttons."""
    expected: list[int | None] = [media.size for media in page.media]
    if page.attached_text:
        expected.append(len(page.attached_text.encode("utf-8", "replace")))
    components = leaf_components(message)
    buttons = sum("custom_id" in component for component in components)
    text = "\n".join([message.get("content") or "", *(c["content"] for c in components if "content" in c)])
    # Discord lists a file that a component shows there alone, and tells no size of one in a gallery.
    pictures = sum(len(component.get("items", ())) for component in components)
    sizes = [file.get("size") for file in (*message.get("attachments", ()), *(c for c in components if "file" in c))]
    has_files = len(sizes) + pictures == len(expected) and not Counter(sizes) - Counter(expected)
    return has_files and buttons == len(page.actions) and text.split() == page.text.split()


def leaf_components(message: Json) -> list[Json]:
    """Return the components of a message that contain no others."""

    def leaves(components: Any) -> list[Json]:
        found: list[Json] = []
        for component in components:
            found += leaves(component["components"]) if "components" in component else [component]
            found += [component["accessory"]] if component.get("accessory") else []
        return found

    return leaves(message.get("components", ()))
