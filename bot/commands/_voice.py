"""Shared by commands: what people say in voice messages and other sound files."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from aimodels.errors import BadRequest
from aimodels.openai.transcriptions import MAX_SOUND
from bot.commands._base import Context
from bot.conversation.attachments import code_block
from bot.conversation.document_parsers import Unreadable
from bot.conversation.sounds import SoundFile, is_sound
from bot.duel.duels import is_duel_answer
from bot.errors import UsageError
from bot.media.names import short_digest
from bot.models import Answer, Attachment, Usage
from bot.ports import Namespace, Owner, within
from bot.scoped_settings.names import READ_FILES
from bot.values import valueclass

log = structlog.get_logger(__name__)

_LONGEST = 25 * 60  # seconds of all sound of a question: OpenAI's newer models take no more
_LONGEST_QUOTE = 280  # characters
_LIFETIME = timedelta(days=1)  # of transcripts


@valueclass(frozen=True, slots=True)
class _Sound:
    """A sound on disk, or a note on why it is not."""

    attachment: Attachment
    stored: SoundFile | None = None
    transcript: str | None = None  #: from an earlier try: seconds, a space, words
    problem: str = ""  #: last part of a sentence's key


@valueclass(frozen=True, slots=True)
class Transcripts:
    """The words that were transcribed from the sound files of a request, and the files that are no sound."""

    words: str = ""  #: of the person's own message
    before: str = ""  #: of the messages in front of it, as those of files
    notes: tuple[str, ...] = ()  #: sentences on files that were not transcribed, in the person's language
    others: tuple[Attachment, ...] = ()  #: the files that are no sound
    question: Answer | None = None  #: a question to be answered before anything is transcribed; then nothing was
    price_note: str = ""  #: paragraph for the end of the answer

    @property
    def quote(self) -> str:
        """The person's words in short, as a Markdown quote; "": there are none."""
        words = " ".join(self.words.split())
        if len(words) > _LONGEST_QUOTE:
            words = words[:_LONGEST_QUOTE].rstrip() + " …"
        return f"> 🎤 {words}\n\n" if words else ""

    def full_prompt(self, prompt: str, files: str) -> str:
        """Return the whole question: `prompt`, which has the person's words, the words `before`, and `files`.

        Raises `UsageError` with the notes if nothing is asked.
        """
        parts = [part for part in (prompt, self.before, files) if part]
        if self.notes and not parts:
            raise UsageError("\n".join(self.notes))
        return "\n\n".join([*parts, *(f"[{note}]" for note in self.notes)])


async def transcribe_sounds(ctx: Context, files: Sequence[Attachment]) -> Transcripts:
    """Have the API transcribe the sounds among files, one after another; each that it does not leaves a note.

    Before that its price, that of the answer included, is asked about where it is above what a setting says.
    Raises `ApiError`, `UsageError`, `OverLimit`, `FileNotSaved`, `DeliveryError` and `StoreError`.
    """
    if not files:
        return Transcripts()
    attached = [file for file in files if is_sound(file)] if ctx.effective.is_on(READ_FILES) else []
    others = tuple(file for file in files if file not in attached)
    own: list[str] = []
    before: list[str] = []
    notes: list[str] = []
    async with AsyncExitStack() as held:
        sounds = await _store(ctx, attached, held)
        question, price_note = await _ask_about_price(ctx, sounds)
        if question is not None:
            return Transcripts(question=question)
        for sound in sounds:
            name = " ".join(sound.attachment.name.replace("`", "'").split()) or "file"
            try:
                words = await _transcribe(ctx, sound)
            except Unreadable as exc:
                values = {"name": name, "limit": f"{MAX_SOUND / 1_000_000:g}", "minutes": _LONGEST // 60}
                notes.append(ctx.translate(f"voice.{exc}", **values))
                continue
            if sound.attachment in ctx.event.attachments:
                own.append(words)
            else:
                before.append(code_block(words, name, ""))
    return Transcripts("\n\n".join(own), "\n\n".join(before), tuple(notes), others, price_note=price_note)


async def _store(ctx: Context, attached: Sequence[Attachment], held: AsyncExitStack) -> Sequence[_Sound]:
    """Have sounds on this machine's disk until `held` is closed; find the transcripts of earlier tries."""
    model = ctx.settings.bot_transcription_model
    if not (model and ctx.api.can_transcribe):
        return [_Sound(attachment, problem="off") for attachment in attached]
    sounds = []
    left: float = _LONGEST
    for attachment in attached:
        try:
            stored = await held.enter_async_context(ctx.conversation.sound_on_disk(attachment, most_seconds=left))
        except Unreadable as exc:
            sounds.append(_Sound(attachment, problem=str(exc)))
            continue
        left -= stored.seconds
        transcript = await _transcripts(ctx).get(short_digest(stored.digest, model))
        sounds.append(_Sound(attachment, stored, transcript))
    return sounds


async def _ask_about_price(ctx: Context, sounds: Sequence[_Sound]) -> tuple[Answer | None, str]:
    """Return what is asked before the sounds are transcribed and answered, and a note for the end of the answer."""
    new = [sound.stored.seconds for sound in sounds if sound.stored is not None and sound.transcript is None]
    is_spoken = any(map(is_sound, ctx.event.attachments))
    if is_duel_answer(ctx.event) or not (new or is_spoken):
        return None, ""
    used = _usage(ctx, sum(new)) if new else None
    question, note = await ctx.questions.ask(ctx.event, ctx.spec, ctx.effective, ctx.defaults, beside=used)
    if question is not None and used is not None:
        length = ctx.translate("voice.length", time=f"{round(used.seconds) // 60}:{round(used.seconds) % 60:02}")
        question = replace(question, text=f"{length}\n\n{question.text}")
    return question, f"\n\n{note}" if note and is_spoken else ""  # else it was asked about before


async def _transcribe(ctx: Context, sound: _Sound) -> str:
    """Return the words of a sound. Raises `Unreadable`.

    They are kept for a day, so that another try of the question, and another answer to it, do not pay them again.
    """
    if sound.stored is None:
        raise Unreadable(sound.problem)
    transcript = sound.transcript
    if transcript is None:
        transcript = await _ask(ctx, sound.stored)
        owner = Owner.of(ctx.event)
        name = short_digest(sound.stored.digest, ctx.settings.bot_transcription_model)
        await _transcripts(ctx).set(name, transcript, expires=datetime.now(UTC) + _LIFETIME, owner=owner)
    words = transcript.partition(" ")[2]
    if not words:
        raise Unreadable("silent")
    return words


def _transcripts(ctx: Context) -> Namespace:
    event = ctx.event
    return ctx.values.namespace(within(event.location.workspace, f"transcripts:{event.adapter}:{event.actor.id}"))


def _usage(ctx: Context, seconds: float) -> Usage:
    return Usage(kind="audio", model=ctx.settings.bot_transcription_model, seconds=seconds)


async def _ask(ctx: Context, stored: SoundFile) -> str:
    """Have the API transcribe a sound; return its seconds, a space and its words. Raises `Unreadable`."""
    used = _usage(ctx, stored.seconds)
    await ctx.quotas.require_money(ctx.event, used)
    await ctx.calls.expect(used)
    try:
        answer = await ctx.api.transcribe(model=used.model, file=stored.file, content_type=stored.content_type)
    except BadRequest as exc:
        log.warning("sound not transcribed", model=used.model, status=exc.status, code=exc.code, message=exc.message)
        raise Unreadable("off" if exc.is_absence or exc.is_about_model else "refused") from exc
    if answer.usage and answer.usage.seconds:
        used = replace(used, seconds=answer.usage.seconds)
    await ctx.calls.count(used)
    return f"{used.seconds} {answer.text.strip()}"
