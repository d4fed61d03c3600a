"""A page as Discord is sent it: content, files, buttons, or the newer kind of message with a gallery."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord.http import MultipartParameters, handle_message_parameters

from adapters.discord.outbound.layout import Page
from adapters.discord.ui.buttons import button_id
from bot.models import Action

Json = dict[str, Any]
_Kind = discord.ComponentType
#: Buttons of an answer that is being written, and of one that will be too late.
STOP, RETRY = "stop", "retry"
_NOBODY = discord.AllowedMentions.none()
_ASKER = discord.AllowedMentions(everyone=False, users=False, roles=False, replied_user=True)
_WHOLE = "answer.md"
_MAX_LABEL = 80
_MAX_BUTTONS = 25
_MAX_DESCRIPTION = 256
_SYMBOLS = {
    "again": "🔄",
    "bad": "👎",
    "continue": "▶️",
    "delete": "🗑️",
    "good": "👍",
    RETRY: "🔄",
    STOP: "⏹️",
    "style": "🎨",
    "variation": "🎲",
    "video": "🎬",
}
_SYMBOL_ALONE = ("good", "bad")


def nonce(key: str, part: int, again: int = 0) -> str:
    """What Discord recognises a repeated message by, at most 25 characters. `again`: times that it was lost since."""
    return hashlib.sha256(f"{key}/{part}/{again}".encode()).hexdigest()[:25]


def parameters(
    page: Page,
    *,
    key: str,
    conversation: str,
    is_edit: bool,
    is_hidden: bool = False,
    answers: str = "",
    pings: bool = False,
    **more: Any,
) -> MultipartParameters:
    """The body of a request; to be used as a context manager, which closes the files that are read while sending.

    `is_hidden`: files are shown when they are clicked. `answers`: the message replied to; `pings`: its author is told.
    """
    # Each file is read while it is being sent, so that none is ever whole in memory.
    files = [
        discord.File(
            media.path,  # type: ignore[arg-type]
            filename=media.name,
            description=media.description[:_MAX_DESCRIPTION] or None,
            spoiler=is_hidden,
        )
        for media in page.media
    ]
    if page.whole:
        files.append(discord.File(io.BytesIO(page.whole.encode("utf-8", "replace")), filename=_WHOLE))
    shown = _shown(page, files) if page.is_laid_out else []
    view: Any = _View([*shown, *_rows(page.actions, key, conversation)], page.is_laid_out)
    if answers:
        more["message_reference"] = {"message_id": answers, "fail_if_not_exists": False}
    if is_edit:
        more["attachments"] = files
    elif files:
        more["files"] = files
    content = (None if is_edit else discord.utils.MISSING) if page.is_laid_out else page.text
    return handle_message_parameters(content=content, view=view, allowed_mentions=_ASKER if pings else _NOBODY, **more)


@dataclass(frozen=True, slots=True)
class _View:
    """What the library asks of one of its own views, which cost more to make than the rest of an answer."""

    components: list[Json]
    is_laid_out: bool

    def to_components(self) -> list[Json]:
        """As Discord is told."""
        return self.components

    def has_components_v2(self) -> bool:
        """Whether the message is of the newer kind."""
        return self.is_laid_out


def _shown(page: Page, files: Sequence[discord.File]) -> list[Json]:
    """A page that is laid out, but for its buttons: pictures in one gallery, what they show, other files."""
    found: list[Json] = []
    pictures = [file for file, media in zip(files, page.media, strict=False) if media.content_type.startswith("image/")]
    if pictures:
        items = [
            {"media": {"url": file.uri}, "description": file.description, "spoiler": file.spoiler} for file in pictures
        ]
        found.append({"type": _Kind.media_gallery.value, "items": items})
    if page.text:
        found.append({"type": _Kind.text_display.value, "content": page.text})
    others = [file for file in files if file not in pictures]
    found += [{"type": _Kind.file.value, "file": {"url": file.uri}, "spoiler": file.spoiler} for file in others]
    return found


def _rows(actions: Sequence[Action], key: str, conversation: str) -> list[Json]:
    buttons = [_button(action, key, conversation) for action in actions[:_MAX_BUTTONS]]
    return [{"type": _Kind.action_row.value, "components": buttons[at : at + 5]} for at in range(0, len(buttons), 5)]


def _button(action: Action, key: str, conversation: str) -> Json:
    style = discord.ButtonStyle.danger if action.is_danger else discord.ButtonStyle.secondary
    told: Json = {
        "type": _Kind.button.value,
        "style": style.value,
        "custom_id": button_id(action.name, key, conversation, command=action.command, asks=action.prompts_for),
    }
    if action.name not in _SYMBOL_ALONE:
        told["label"] = action.label[:_MAX_LABEL]
    if symbol := _SYMBOLS.get(action.name.rstrip("0123456789-")):
        told["emoji"] = {"name": symbol}
    return told
