"""Events that repeat an earlier one."""

from dataclasses import replace

from bot.models import Event

_LOCATION = "location"  # among the names of what is inherited: the place that the request is about


def take_over(event: Event, first: Event) -> Event:
    """Return an event that repeats `first` with its files, and with what its place of answer hands on."""
    names = [name for name in first.inherited if name == _LOCATION or name in first.reply_to]
    handed_on = {name: first.reply_to[name] for name in names if name != _LOCATION}
    return replace(
        event,
        location=first.location if _LOCATION in names else event.location,
        reply_to={**event.reply_to, **handed_on},
        inherited=(*event.inherited, *(name for name in names if name not in event.inherited)),
        attachments=first.attachments,
    )
