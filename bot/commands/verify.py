"""`verify`: whether this service made a file, when, and from what."""

from datetime import datetime

from bot.commands._base import Context, Parts, command
from bot.commands._tables import table_code
from bot.errors import UsageError
from bot.family.origins import generated
from bot.models import Attachment, CommandSpec, Option, Text
from bot.security.content_credentials import ContentCredentials, Credentials

_LONGEST_PROMPT = 500  # characters


@command(
    CommandSpec(
        name="verify",
        description="Say whether this service made an attached file, when, and from what.",
        options=(Option(name="file", description="The file", kind="file"),),
        private=True,
        example="verify",
    )
)
async def verify(ctx: Context) -> Parts:
    """Read the file's credentials, and look up the event that they name."""
    if ctx.spool.credentials is None:
        raise UsageError(ctx.translate("verify.off"))
    if not ctx.event.attachments:
        raise UsageError(ctx.translate("verify.no_file"))
    for number, attachment in enumerate(ctx.event.attachments):
        found = await _read(ctx, ctx.spool.credentials, attachment)
        yield Text(("\n" if number else "") + f"{table_code(attachment.name)}: {await _sentence(ctx, found)}")


async def _read(ctx: Context, credentials: ContentCredentials, attachment: Attachment) -> Credentials:
    """Read the credentials of a file, which is in memory until then."""
    async with ctx.conversation.whole_file(attachment, is_parsed=True) as file:
        return await credentials.read(file.data, file.content_type)


async def _sentence(ctx: Context, found: Credentials) -> str:
    """Return what is known; prompt, model and maker only where it was made, or to its maker."""
    if found.state != "own" or found.at is None:
        return ctx.translate(f"verify.{found.state}", at=_time(found.at))
    job = await ctx.journal.job(ctx.event.adapter, found.event)
    files = generated(job) if job is not None else []
    is_known = job is not None and (
        job.event.conversation == ctx.event.conversation or job.event.actor.id == ctx.event.actor.id
    )
    if job is None or not files or not is_known or files[0].origin is None:
        return ctx.translate("verify.own", at=_time(found.at))
    return ctx.translate(
        "verify.known",
        at=_time(found.at),
        prompt=table_code(files[0].description, longest=_LONGEST_PROMPT),
        model=ctx.translate("verify.blind") if await ctx.duels.is_blind(job.event) else files[0].origin.model,
        maker=job.event.actor.name or job.event.actor.id,
    )


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at is not None else ""
