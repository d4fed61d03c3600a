"""Events that repeat an earlier one."""

from collections.abc import Collection
from dataclasses import replace

from bot.conversation.small_talk import is_small_talk
from bot.models import Event, Job
from bot.ports import Journal

_PASSED_OVER = 5  # greetings and thanks in a row
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


async def find_last_request(journal: Journal, event: Event, commands: Collection[str]) -> Job | None:
    """Return the newest earlier event of the conversation with one of these commands; of a part, its whole.

    Greetings and thanks count only where there is nothing else. Raises `StoreError`.
    """
    newest = job = await journal.last_job(event.adapter, event.conversation, commands=commands)
    for _ in range(_PASSED_OVER):
        if job is None or job.event.command != "chat" or not is_small_talk(job.event.prompt):
            break
        job = await journal.last_job(event.adapter, event.conversation, commands=commands, before=job.seq)
    job = await find_whole(journal, job or newest)
    return None if job is None or job.event.id == event.id else job


async def find_whole(journal: Journal, job: Job | None) -> Job | None:
    """Return the event that shows what a part makes, or that answers a joined message; else the job itself.

    Raises `StoreError`.
    """
    if job is not None and (whole := job.event.part_of or job.event.joined_to):
        return await journal.job(job.event.adapter, whole)
    return job
