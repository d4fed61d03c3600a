"""References from a generated file to those that it was made from.

A reference is `EVENT#NUMBER`: the event that made the file, and its number in the answer, counted from 1. Nothing is
kept beside the answers: what is erased of them is gone from their families.
"""

from collections.abc import Mapping

from bot.models import Job, Media
from bot.ports import Journal
from bot.values import valueclass

#: Options that only the service sets: the file that the event goes on from, and that its prompt is a change of it.
PARENT, CHANGE = "parent", "change"
MASK = "mask"  #: option of `edit`: the attached file says where a picture may change
REPEATED = "repeated"  #: id of the event that this one repeats; the prompt says what should be different. Set as above
ANSWER = "answer"  #: id of the event whose answer is read aloud, an option of `audio`. Set as above
BACK = "back"  #: the command of the button that makes a file the last one again
_MOST_FILES = 60  #: of a family; the newest
_MOST_EVENTS = 200  #: with files of any origin, that are looked at


@valueclass(frozen=True, slots=True)
class FamilyFile:
    """A generated file of a conversation."""

    number: int  #: among those that are there, from 1 in the order of making: one that is deleted moves the later ones
    ref: str
    job: Job
    media: Media
    parents: tuple[int, ...] = ()  #: numbers of the files that it was made from, as far as they are there


def file_ref(event: str, number: int = 1) -> str:
    """Return the reference of a file of an event's answer."""
    return f"{event}#{number}"


async def find_file(journal: Journal, adapter: str, conversation: str, ref: str) -> tuple[Job, Media] | None:
    """Return a file of a conversation; None: it is not there any more. Raises `StoreError`."""
    event, _, number = ref.rpartition("#")
    job = await journal.job(adapter, event) if event else None
    # Another conversation's files stay there, whatever id is given.
    if job is None or job.answer is None or job.event.conversation != conversation:
        return None
    files = generated(job)
    at = int(number) if number.isdecimal() else 0
    return (job, files[at - 1]) if 0 < at <= len(files) else None


def generated(job: Job) -> list[Media]:
    """Return the files of an answer that were generated."""
    return [media for media in job.answer.media if media.origin is not None] if job.answer is not None else []


async def read_family(journal: Journal, adapter: str, conversation: str) -> list[FamilyFile]:
    """Return the newest generated files of a conversation, in the order of making. Raises `StoreError`."""
    jobs = await journal.jobs_with_files(adapter, conversation, limit=_MOST_EVENTS)
    wholes = {job.event.part_of for job in jobs}  # whose answers show files of their parts
    alone = [job for job in jobs if job.event.id not in wholes]
    found = [(job, media, file_ref(job.event.id, at)) for job in alone for at, media in enumerate(generated(job), 1)]
    newest = list(enumerate(found, 1))[-_MOST_FILES:]
    numbers = {ref: number for number, (_, _, ref) in newest}
    return [
        FamilyFile(number, ref, job, media, tuple(n for n in _parents(job, media, numbers) if n < number))
        for number, (job, media, ref) in newest
    ]


def _parents(job: Job, media: Media, numbers: Mapping[str, int]) -> tuple[int, ...]:
    """Return a file's parents; of one that was made again, without any, the first file of the event it repeats."""
    refs = media.origin.parents if media.origin is not None else ()
    if not refs and job.event.replaces:
        refs = (file_ref(job.event.replaces),)
    return tuple(numbers[ref] for ref in refs if ref in numbers)
