"""A page as Discord is sent it: content, files, buttons, or the newer kind of message with a gallery."""

import hashlib
import io
from typing import Any

import discord
from discord.http import MultipartParameters, handle_message_parameters

from adapters.discord.buttons import Press, button_id
from adapters.discord.pages import Page
from bot.models import Action

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
    view = _layout(page, files, key, conversation) if page.is_laid_out else _buttons(page, key, conversation)
    if answers:
        more["message_reference"] = {"message_id": answers, "fail_if_not_exists": False}
    if is_edit:
        more["attachments"] = files
    elif files:
        more["files"] = files
    content = (None if is_edit else discord.utils.MISSING) if page.is_laid_out else page.text
    return handle_message_parameters(content=content, view=view, allowed_mentions=_ASKER if pings else _NOBODY, **more)


def _layout(page: Page, files: list[discord.File], key: str, conversation: str) -> discord.ui.LayoutView:
    view = discord.ui.LayoutView(timeout=None)
    pictures = [file for file, media in zip(files, page.media, strict=False) if media.content_type.startswith("image/")]
    if pictures:
        view.add_item(discord.ui.MediaGallery(*map(discord.MediaGalleryItem, pictures)))
    if page.text:
        view.add_item(discord.ui.TextDisplay(page.text))
    for file in files:
        if file not in pictures:
            view.add_item(discord.ui.File(file, spoiler=file.spoiler))
    buttons = _made(page.actions, key, conversation)
    for at in range(0, len(buttons), 5):
        view.add_item(discord.ui.ActionRow(*buttons[at : at + 5]))
    return view


def _buttons(page: Page, key: str, conversation: str) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for button in _made(page.actions, key, conversation):
        view.add_item(button)
    return view


def _made(actions: tuple[Action, ...], key: str, conversation: str) -> list[Press]:
    return [
        Press(
            discord.ui.Button(
                custom_id=button_id(action.name, key, conversation, command=action.command, asks=action.asks),
                label=None if action.name in _SYMBOL_ALONE else action.label[:_MAX_LABEL],
                emoji=_SYMBOLS.get(action.name.rstrip("0123456789-")),
                style=discord.ButtonStyle.danger if action.is_danger else discord.ButtonStyle.secondary,
            )
        )
        for action in actions[:_MAX_BUTTONS]
    ]
