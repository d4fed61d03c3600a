"""`export`: this conversation as a Markdown file, or, on that person's request, somebody's data as a JSON file."""

import json
from datetime import UTC, datetime
from typing import Any

from bot.commands._base import Context, Parts, command
from bot.commands._people import find_person
from bot.memory.notes import WrittenNotes
from bot.models import CommandSpec, Job, Media, Option, Text, Turn
from bot.ports import Schedule


@command(
    CommandSpec(
        name="export",
        description="Get this conversation as a Markdown file, with its media listed.",
        options=(
            Option(
                name="person",
                description="For administrators: all data of this person, who has asked for it",
                kind="person",
            ),
        ),
        private_with=("person",),
        example="export",
    )
)
async def export(ctx: Context) -> Parts:
    """Write the whole conversation, across resets, into a file."""
    if named := ctx.option("person"):
        async for part in export_person(ctx, named):
            yield part
        return
    sections: list[str] = []
    async for turn, media in ctx.journal.transcript(ctx.event.adapter, ctx.event.conversation):
        sections.append(section(ctx, turn, media))
    if not sections:
        yield Text(ctx.translate("export.nothing"))
        return
    now = datetime.now(UTC)
    title = f"# {ctx.translate('export.title')}\n\n{ctx.translate('export.made', at=f'{now:%Y-%m-%d %H:%M} UTC')}"
    yield await ctx.spool.write(
        f"conversation-{now:%Y-%m-%d}.md",
        "\n\n".join([title, *sections]) + "\n",
        content_type="text/markdown",
        event=ctx.event.id,
        description=ctx.translate("export.title"),
    )
    yield Text(ctx.translate("export.done", count=len(sections)))
    await ctx.audit("conversation.exported")


async def export_person(ctx: Context, named: str) -> Parts:
    """Write a person's requests, their answers, their own settings, notes and schedules into a file."""
    person, adapter = await find_person(ctx, named), ctx.event.adapter
    await ctx.audit("person.exported", subject=person.id, scope=person.scope)
    found = [request(job) async for job in ctx.journal.requests(adapter, person.id, workspace=person.workspace)]
    own = await ctx.personal_settings(person.id) if person.workspace is None else {}
    content = {"platform": adapter, "person": person.id, "name": person.name, "settings": dict(own), "requests": found}
    notes = await WrittenNotes(ctx.values).of(adapter, person.id, person.workspace)
    content["memory"] = [{"for": namespace, "text": note.text} for (namespace, _), note in notes.items()]
    schedules = await ctx.schedules.store.schedules(adapter, actor=person.id, workspace=person.workspace or "")
    content["schedules"] = [scheduled(one) for one in schedules]
    yield await ctx.spool.write(
        "person.json",
        json.dumps(content, ensure_ascii=False, indent=2) + "\n",
        content_type="application/json",
        event=ctx.event.id,
        description=ctx.translate("export.person"),
    )
    reach = ctx.translate(f"people.reach.{person.scope}")
    yield Text(ctx.translate("export.done_person", name=person.name, count=len(found), reach=reach))


def request(job: Job) -> dict[str, Any]:
    """Return what is stored of a request and its answer, without what is the platform's."""
    event, answer = job.event, job.answer
    return {
        "at": event.received_at.isoformat(),
        "workspace": event.location.workspace,
        "channel": event.location.channel,
        "conversation": event.conversation,
        "command": event.command,
        "text": event.prompt,
        "options": dict(event.options),
        "attachments": [attachment.name for attachment in event.attachments],
        "answer": answer.text if answer is not None else None,
        "files": [media.name for media in answer.media] if answer is not None else [],
    }


def scheduled(one: Schedule) -> dict[str, Any]:
    """Return what is stored of a schedule, without what is the platform's."""
    event = one.event
    return {
        "id": one.id,
        "when": one.when,
        "zone": one.zone,
        "due": one.due.isoformat() if one.due is not None else None,
        "workspace": event.location.workspace,
        "channel": event.location.channel,
        "command": event.command,
        "text": event.prompt,
        "options": dict(event.options),
    }


def section(ctx: Context, turn: Turn, media: tuple[Media, ...]) -> str:
    """One turn with its speaker, time and media."""
    speaker = (turn.speaker or turn.actor) if turn.role == "user" else ctx.translate("export.assistant")
    at = f" · {turn.at.astimezone(UTC):%Y-%m-%d %H:%M}" if turn.at else ""
    files = [listed(ctx, item) for item in media]
    return "\n\n".join([f"## {' '.join(speaker.split())}{at}", turn.content, *(["\n".join(files)] if files else [])])


def listed(ctx: Context, media: Media) -> str:
    """One file with its known details."""
    facts = [media.content_type, f"{media.size / 1000:.0f} kB"]
    if media.width and media.height:
        facts.append(f"{media.width}x{media.height}")
    if media.duration:
        facts.append(f"{media.duration:g} s")
    line = ctx.translate("export.file", name=media.name, facts=ctx.join_list(facts))
    text = " ".join(media.description.split())
    return ctx.translate("export.described", file=line, text=text) if text else line
