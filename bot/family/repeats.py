"""Events that repeat an earlier one."""

from dataclasses import replace

from bot.models import Event


def take_over(event: Event, first: Event) -> Event:
    """Return an event that repeats `first` with its files, and with what its place of answer hands on."""
    handed_on = {name: first.reply_to[name] for name in first.inherited if name in first.reply_to}
    return replace(
        event,
        reply_to={**event.reply_to, **handed_on},
        inherited=(*event.inherited, *(name for name in handed_on if name not in event.inherited)),
        attachments=first.attachments,
    )
