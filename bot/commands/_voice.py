"""Shared by commands: what people say in voice messages and other sound files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from aimodels.errors import BadRequest
from aimodels.openai.transcriptions import MAX_SOUND
from bot.commands._base import Context
from bot.control.registry import READ_FILES
from bot.conversation.attachments import code_block
from bot.conversation.document_parsers import Unreadable
from bot.conversation.sounds import SoundFile, is_sound
from bot.errors import UsageError
from bot.media.names import short_digest
from bot.models import Attachment, Usage
from bot.ports import Owner

log = structlog.get_logger(__name__)

_LONGEST = 25 * 60  # seconds of all sound of a question: OpenAI's newer models take no more
_LONGEST_QUOTE = 280  # characters
_KEPT = timedelta(days=1)  # of transcripts


@dataclass(frozen=True, slots=True)
class Heard:
    """The words that were transcribed from the sound files of a request, and the files that are no sound."""

    words: str = ""  #: of the person's own message
    before: str = ""  #: of the messages in front of it, as those of files
    notes: tuple[str, ...] = ()  #: sentences on files that were not transcribed, in the person's language
    others: tuple[Attachment, ...] = ()  #: the files that are no sound

    @property
    def quote(self) -> str:
        """The person's words in short, as a Markdown quote; "": there are none."""
        words = " ".join(self.words.split())
        if len(words) > _LONGEST_QUOTE:
            words = words[:_LONGEST_QUOTE].rstrip() + " …"
        return f"> 🎤 {words}\n\n" if words else ""

    def question(self, prompt: str, files: str) -> str:
        """Return the whole question: `prompt`, which has the person's words, what was heard before, and `files`.

        Raises `UsageError` with the notes if nothing is asked.
        """
        parts = [part for part in (prompt, self.before, files) if part]
        if self.notes and not parts:
            raise UsageError("\n".join(self.notes))
        return "\n\n".join([*parts, *(f"[{note}]" for note in self.notes)])


async def hear(ctx: Context, files: Sequence[Attachment]) -> Heard:
    """Have the API transcribe the sounds among files, one after another; each that it does not leaves a note.

    Raises `ApiError`, `UsageError`, `OverLimit`, `FileNotSaved` and `StoreError`.
    """
    if not files:
        return Heard()
    sounds = [file for file in files if is_sound(file)] if ctx.effective.is_on(READ_FILES) else []
    own: list[str] = []
    before: list[str] = []
    notes: list[str] = []
    left: float = _LONGEST
    for sound in sounds:
        name = " ".join(sound.name.replace("`", "'").split()) or "file"
        try:
            words, seconds = await _transcribe(ctx, sound, left)
        except Unreadable as exc:
            values = {"name": name, "limit": f"{MAX_SOUND / 1_000_000:g}", "minutes": _LONGEST // 60}
            notes.append(ctx.translate(f"voice.{exc}", **values))
            continue
        left -= seconds
        if sound in ctx.event.attachments:
            own.append(words)
        else:
            before.append(code_block(words, name, ""))
    others = tuple(file for file in files if file not in sounds)
    return Heard("\n\n".join(own), "\n\n".join(before), tuple(notes), others)


async def _transcribe(ctx: Context, sound: Attachment, most_seconds: float) -> tuple[str, float]:
    """Return the words of a sound file, and its length. Raises `Unreadable`.

    They are kept for a day, so that another try of the question, and another answer to it, do not pay them again.
    """
    model = ctx.settings.bot_transcription_model
    if not (model and ctx.api.can_transcribe):
        raise Unreadable("off")
    transcripts = ctx.values.namespace(f"transcripts:{ctx.event.adapter}:{ctx.event.actor.id}")
    async with ctx.conversation.sound_on_disk(sound, most_seconds=most_seconds) as stored:
        name = short_digest(stored.digest, model)
        kept = await transcripts.get(name)
        if kept is None:
            kept = await _ask(ctx, model, stored)
            await transcripts.set(name, kept, expires=datetime.now(UTC) + _KEPT, owner=Owner.of(ctx.event))
    seconds, _, words = kept.partition(" ")
    if not words:
        raise Unreadable("silent")
    return words, float(seconds)


async def _ask(ctx: Context, model: str, stored: SoundFile) -> str:
    """Have the API transcribe a sound; return its seconds, a space and its words. Raises `Unreadable`."""
    used = Usage(kind="audio", model=model, seconds=stored.seconds)
    await ctx.quotas.require_money(ctx.event, used)
    try:
        answer = await ctx.api.transcribe(model=model, file=stored.file, content_type=stored.content_type)
    except BadRequest as exc:
        log.warning("sound not transcribed", model=model, status=exc.status, code=exc.code, message=exc.message)
        raise Unreadable("off" if exc.is_absence or exc.is_about_model else "refused") from exc
    if answer.usage and answer.usage.seconds:
        used = replace(used, seconds=answer.usage.seconds)
    await ctx.calls.count(used)
    return f"{used.seconds} {answer.text.strip()}"
