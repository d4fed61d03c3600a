"""Changes of a file asked for in words: an event that says how becomes one of the command that made the file."""

from collections.abc import Collection
from dataclasses import replace
from mimetypes import guess_type

from bot.duel.duel import VOTE
from bot.events.edits import message_of
from bot.family.change_words import asks_for_another, asks_for_video, may_be_change, read_repeat, reads_as_change
from bot.family.origins import ANSWER, BACK, CHANGE, MASK, PARENT, REPEATED, file_ref, find_file, generated, read_family
from bot.family.repeats import find_last_request, take_over
from bot.i18n import translate
from bot.models import MEDIA_KINDS, Event, Job, is_picture
from bot.ports import Journal
from bot.values import valueclass

EDIT, AGAIN, _CHAT = "edit", "again", "chat"
#: Commands whose requests are repeated with a change; the others have changes of their own.
_REPEATABLE = frozenset({_CHAT, "code", *MEDIA_KINDS})
#: Options of the first request that say what was asked for once, not how its files look.
_NOT_TAKEN_OVER = frozenset({PARENT, CHANGE, MASK, REPEATED, "n", "last", "variation_of"})


@valueclass(frozen=True, slots=True)
class Changes:
    """Finds the file that an event changes."""

    journal: Journal
    spending: Collection[str]  #: the commands that call the API

    async def resolve(self, event: Event) -> Event:
        """Return an event as what it changes is made; unchanged where it changes nothing. Raises `StoreError`.

        A plain message costs no look into the database unless it reads as a change.
        """
        if event.command == EDIT and not event.rejection:
            return await self._edit(event)
        if event.command == AGAIN and not event.rejection:
            repeated = await self._repeat(event)
            return repeated or replace(event, rejection=translate("retry.nothing", event.actor.locale))
        if event.command != _CHAT or event.options or event.rejection:
            return event
        return self._of_attached(event) if event.attachments else await self._read_plain(event) or event

    async def _read_plain(self, event: Event) -> Event | None:
        """Return a plain message as what it changes or repeats is made; None: it does neither."""
        if read_repeat(event.prompt):
            return await self._repeat(event)
        if asks_for_video(event.prompt):
            return await self._make_video(event)
        if asks_for_another(event.prompt):
            return await self._make_another(event)
        if may_be_change(event.prompt):
            found = await self._find_last(event)
            if found is not None and found[0].event.command == "image":
                prompts = (found[0].event.prompt, *(file.description for file in generated(found[0])))
                if reads_as_change(event.prompt, " ".join(prompts)):
                    return await self._change(event, *found)
        return None

    async def _edit(self, event: Event) -> Event:
        """Return the command `edit` as what it changes is made."""
        if not event.prompt.strip():
            return replace(event, rejection=translate("edit.no_words", event.actor.locale))
        if event.attachments and event.options.get(MASK, "") != "yes":  # it is the attached picture that changes
            return replace(event, command="image", options={CHANGE: "yes"})
        found = await self.find(event)
        if found is None:
            return replace(event, rejection=translate("edit.nothing", event.actor.locale))
        return await self._change(event, *found)

    def _of_attached(self, event: Event) -> Event:
        """Return an event with a picture, whose words say how it should change, as that change."""
        types = (file.content_type or guess_type(file.name)[0] or "" for file in event.attachments)
        if not all(is_picture(name) for name in types):
            return event
        if "video" in self.spending and asks_for_video(event.prompt):
            return replace(event, command="video", prompt="")
        if "image" in self.spending and reads_as_change(event.prompt, ""):
            return replace(event, command="image", options={CHANGE: "yes"})
        return event

    async def _make_video(self, event: Event) -> Event | None:
        """Return the event as a video of the last picture; None: there is none, or no videos are made."""
        found = await self._find_last(event)
        if found is None or found[0].event.command != "image" or "video" not in self.spending:
            return None
        job, ref = found
        return replace(event, command="video", prompt="", options={"image": job.event.id, PARENT: ref})

    async def _make_another(self, event: Event) -> Event | None:
        """Return the event as one more of the last file; None: there is none."""
        found = await self._find_last(event)
        if found is None:
            return None
        first = found[0].event
        return replace(take_over(event, first), command=first.command, prompt=first.prompt, options=first.options)

    async def _repeat(self, event: Event) -> Event | None:
        """Return the event as what was asked for before it, with the change; None: there is nothing to repeat."""
        found = await self._find_last(event)
        job = found[0] if found is not None else await find_last_request(self.journal, event, self.spending)
        if job is not None and message_of(event.id) == message_of(job.event.id):  # it was this event, before an edit
            job = await self.journal.job(event.adapter, job.event.options.get(REPEATED, ""))
            found = (job, file_ref(job.event.id)) if job is not None and generated(job) else None
        if job is None:
            return None
        first = job.event
        if first.rejection:
            return replace(event, rejection=first.rejection)
        if first.command not in _REPEATABLE or ANSWER in first.options:
            text = translate("again.not_with_a_change", event.actor.locale, command=first.command)
            return replace(event, rejection=text)
        kept = {name: value for name, value in first.options.items() if name not in _NOT_TAKEN_OVER - {"n"}}
        return replace(
            take_over(event, first),
            command=first.command,
            options={**kept, REPEATED: first.id, **({PARENT: found[1]} if found is not None else {})},
            attachments=event.attachments or first.attachments,
        )

    async def find(self, event: Event) -> tuple[Job, str] | None:
        """Return the file that a change is about: of a button, by its number in the family, or the last one."""
        if ref := event.options.get(PARENT, ""):
            found = await find_file(self.journal, event.adapter, event.conversation, ref)
            return (found[0], ref) if found is not None and found[0].event.command in MEDIA_KINDS else None
        number = event.options.get("number", "")
        if not number and (last := await self._find_last(event)) is not None:
            return last
        family = await read_family(self.journal, event.adapter, event.conversation)
        made = [file for file in reversed(family) if file.job.event.command in MEDIA_KINDS]
        named = (file for file in made if not number or str(file.number) == number)
        return next(((file.job, file.ref) for file in named), None)

    async def _find_last(self, event: Event) -> tuple[Job, str] | None:
        """Return the file that was made, or gone back to, by the newest event of the conversation that has any."""
        names = (*self.spending, BACK)
        job = await find_last_request(self.journal, event, names)
        if job is None:
            return None
        if job.event.command == BACK:
            ref = job.event.options.get(PARENT, "")
            found = await find_file(self.journal, event.adapter, event.conversation, ref)
            return (found[0], ref) if found is not None else None
        return (job, file_ref(job.event.id)) if job.event.command in MEDIA_KINDS and generated(job) else None

    async def _change(self, event: Event, job: Job, ref: str) -> Event:
        """Return the event as one of the command that made the file, with what it was made with."""
        first = job.event
        changed = {PARENT: ref, CHANGE: "yes"}
        left = _NOT_TAKEN_OVER | ({"model"} if await self._is_voted_on(first) else set())  # the answer names its model
        kept = {name: value for name, value in first.options.items() if name not in left}
        return replace(
            event,
            command=first.command,
            options={**kept, **{name: value for name, value in event.options.items() if name == MASK}, **changed},
            # A video may start from a picture that came with its request.
            attachments=first.attachments if first.command == "video" else event.attachments,
        )

    async def _is_voted_on(self, event: Event) -> bool:
        """Return whether people vote on what an event made."""
        whole = await self.journal.job(event.adapter, event.part_of) if event.part_of else None
        actions = whole.answer.actions if whole is not None and whole.answer is not None else ()
        return any(action.command == VOTE for action in actions)
