"""Files of an answer that are no longer on the disk: a sentence in their place, so that the rest is shown."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from bot.models import Answer, Media


async def replace_missing_files(answer: Answer, note: Callable[[str], str]) -> Answer:
    """Return the answer without the files that are missing, with a sentence for each at the end of its text.

    `note`: the sentence about a file of that name. A file that is a link is never missing.
    """
    uploads = [media for media in answer.media if media.path is not None and not media.url]
    if not uploads:
        return answer
    missing = await asyncio.to_thread(lambda: [media for media in uploads if not _is_there(media)])
    if not missing:
        return answer
    text = "\n\n".join(part for part in (answer.text, *(note(media.name) for media in missing)) if part)
    return replace(answer, text=text, media=tuple(media for media in answer.media if media not in missing))


def _is_there(media: Media) -> bool:
    return media.path is not None and media.path.is_file()
