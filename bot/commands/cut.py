"""`cut`: the last part of a film: its clips and its music, joined into one file."""

import json
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from bot.commands._base import Context, Parts, command
from bot.errors import UsageError
from bot.family.origins import file_ref
from bot.film.film import Film
from bot.film.graph import event_id, nodes_of
from bot.film.join import Clip, FilmStyle, JoinedFilm, join_clips, join_seconds
from bot.models import Answer, CommandSpec, Lane, Media, Origin, Status, Text

_FADE = 0.5  #: seconds


@command(CommandSpec(name="cut", description="Join the clips of a film.", lane=Lane.OWN, hidden=True))
async def cut(ctx: Context) -> Parts:
    """Join what the parents of this part have made."""
    event = ctx.event
    film = await ctx.films.find(event, event.part_of)
    node = next((node for node in nodes_of(film) if event_id(film, node.key) == event.id), None) if film else None
    if film is None or node is None:
        raise UsageError(ctx.translate("usage.button_gone"))
    yield Status(ctx.translate("film.joining"))
    parts = [await ctx.journal.job(event.adapter, event_id(film, key)) for key in node.parents]
    made_of = [job for job in parts if job is not None and job.answer is not None]
    media = tuple(job.answer.media[0] for job in made_of if job.answer is not None)
    title, *lines = json.loads(node.prompt)
    joined: list[JoinedFilm] = []
    async with AsyncExitStack() as stack:
        answer = await stack.enter_async_context(ctx.spool.on_disk(Answer(media=media)))
        work = partial(_join, ctx, film, answer.media, lines, joined)
        name, person = f"{title}.mp4", event.actor.id
        made = await ctx.spool.make(name, work, event=event.id, person=person, description=title)
    limit = ctx.films.adapters[event.adapter].capabilities.max_upload
    made, note = await ctx.spool.fit(made, limit, locale=event.actor.locale, person=person)
    parents = tuple(file_ref(job.event.id) for job in made_of)
    yield replace(made, origin=Origin(model="film", parents=parents))
    if film.look.subtitles == "file" and (text := joined[0].subtitles()):
        yield await ctx.spool.write(f"{title}.srt", text, content_type="application/x-subrip", event=event.id)
    missing = (ctx.translate(f"film.no_font.{what}") for what in sorted(joined[0].missing_letters))
    yield Text("\n".join(line for line in (note, *missing) if line))


async def _join(
    ctx: Context, film: Film, media: tuple[Media, ...], lines: list[str], joined: list[JoinedFilm], target: Path
) -> str:
    """Write the film to `target`; return its content type. Raises `ClipsNotJoined`."""
    music = next((one.path for one in media if one.content_type.startswith("audio/")), None)
    paths = [one.path for one in media if one.path is not None and one.path != music]
    subtitles = [*lines, *([""] * (len(paths) - len(lines)))]
    clips = [Clip(path=path, subtitle=line) for path, line in zip(paths, subtitles, strict=True)]
    style = FilmStyle(
        fade=_FADE if film.look.transition == "fade" else 0.0,
        title=film.script.title,
        burn_subtitles=film.look.subtitles == "burnt",
        locale=film.locale,
    )
    limit = ctx.spool.unsigned_limit(ctx.films.adapters[ctx.event.adapter].capabilities.max_upload)
    seconds = join_seconds(film.seconds)
    joined.append(await join_clips(clips, target, style=style, music=music, limit=limit, seconds=seconds))
    return "video/mp4"
