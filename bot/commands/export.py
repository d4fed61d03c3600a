"""`export`: this conversation as a Markdown file."""

from datetime import UTC, datetime

from bot.commands._base import Context, Parts, command
from bot.models import CommandSpec, Media, Text, Turn


@command(
    CommandSpec(
        name="export",
        description="Get this conversation as a Markdown file, with its media listed.",
        example="export",
    )
)
async def export(ctx: Context) -> Parts:
    """Write the whole conversation, across resets, into a file."""
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
