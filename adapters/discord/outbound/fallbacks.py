"""Simpler forms of a message, for a Discord that refuses it. Pure."""

import re
from collections.abc import Iterator
from dataclasses import replace

from adapters.discord.outbound.layout import MAX_FILES, MAX_TEXT, MessagePage, layout_answer, utf16_length
from bot.i18n import translate
from bot.models import Answer

_ADDRESS = r"[a-z][a-z0-9+.-]{0,30}://[^\s<>]+"
_LABELLED = re.compile(rf"\[([^\[\]\n]{{0,2000}})\]\(<?{_ADDRESS}>?\)", re.IGNORECASE)
_BARE = re.compile(rf"<{_ADDRESS}>|{_ADDRESS}", re.IGNORECASE)


def simpler_forms(page: MessagePage, locale: str) -> Iterator[MessagePage]:
    """Yield simpler forms of a page: without links and galleries, then without buttons, too.

    An address may be what Discord refuses, so none is left, not even as text.
    """
    if page.is_voice:  # as a file; a person or a server may not take voice messages
        [sound] = page.media
        yield replace(page, media=(replace(sound, name=f"sound-{sound.name}"),))
        return
    text = without_links(page.text, locale)
    fits = utf16_length(text) <= MAX_TEXT
    simple = replace(page, text=text, is_components_v2=page.is_components_v2 and not fits, blocks=())
    if simple != page:
        yield simple
    if page.actions:
        yield replace(simple, actions=())


def without_links(text: str, locale: str) -> str:
    """Return a text with a note in place of each address."""
    note = f"({translate('discord.link_left_out', locale)})"
    return _BARE.sub(note, _LABELLED.sub(rf"\1 {note}", text))


def layout_as_file(answer: Answer, locale: str, *, is_single: bool = False) -> list[MessagePage]:
    """Lay out an answer whose text is a file, as no message with the text is taken. Its buttons are left out.

    `is_single`: in one message; files that it can't have are left out.
    """
    pages = layout_answer(Answer(media=answer.media), locale)
    note = MessagePage(text=translate("discord.as_file", locale), attached_text=answer.text)
    if is_single:
        files = [media for page in pages for media in page.media]
        return [replace(note, media=tuple(files[: MAX_FILES - 1]))]
    return [note, *(replace(page, is_components_v2=False) for page in pages)]
