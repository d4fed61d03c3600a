"""The rarer parts of a message: embeds, polls, and files that components show. Pure."""

from collections.abc import Iterator
from typing import Any

import discord


def embeds_of(message: discord.Message | discord.MessageSnapshot) -> list[str]:
    """Return the texts of a message's embeds: other bots often write these alone."""
    texts: list[str | None] = []
    for embed in message.embeds:
        texts += [embed.title, embed.description]
        texts += [f"{field.name}: {field.value}" for field in embed.fields]
    return [text for text in texts if text]


def media_of(component: Any) -> Iterator[tuple[discord.UnfurledMediaItem, str, int | None]]:
    """Yield the files that a component shows, with name and size where Discord tells them."""
    if isinstance(component, discord.MediaGalleryComponent):
        yield from ((item.media, "", None) for item in component.items)
    elif isinstance(component, discord.ThumbnailComponent):
        yield component.media, "", None
    elif isinstance(component, discord.FileComponent):
        yield component.media, component.name or "", component.size


def text_of_poll(poll: discord.Poll) -> str:
    """Return a poll's question and its answers, with their votes."""
    answers = [f"- {answer.text} ({answer.vote_count})" for answer in poll.answers]
    return "\n".join([f"**{poll.question}**", *answers])
