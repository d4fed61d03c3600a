"""`cockpit`: a link to the web pages."""

import asyncio

from bot.commands._base import Context, Parts, command
from bot.errors import UsageError
from bot.models import CommandSpec, Lane, Text
from bot.security.keys import signing_key
from bot.sign_in.address import PageAddress
from bot.sign_in.links import LinkSigner, link
from bot.sign_in.visitor import Visitor


@command(
    CommandSpec(
        name="cockpit",
        description="Get a link to your own web page; administrators see and steer the service there.",
        lane=Lane.FREE,
        private=True,
        example="cockpit",
    )
)
async def cockpit(ctx: Context) -> Parts:
    """Answer with a link that signs the author in, with the rights that they have here."""
    actor, place = ctx.event.actor, ctx.event.location
    address = PageAddress.from_settings(ctx.settings)
    if address.problem:
        raise UsageError(ctx.translate(address.problem))
    visitor = Visitor(
        is_operator=ctx.is_service_admin(),
        is_administrator=actor.is_admin and bool(place.workspace),
        adapter=ctx.event.adapter,
        workspace=place.workspace,
        actor=actor.id,
        event=ctx.event.id,
        name=actor.name,
        locale=actor.locale,
    )
    secret = await asyncio.to_thread(signing_key, ctx.settings)
    await ctx.audit("cockpit.link")
    yield Text(ctx.translate("cockpit.yours", link=link(address.base_url(), LinkSigner(secret).sign(visitor))))
