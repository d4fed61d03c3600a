"""`cockpit`: a link to the web pages."""

import asyncio

from bot.cockpit.address import PageAddress
from bot.cockpit.links import LinkSigner, link
from bot.cockpit.visitor import Visitor
from bot.commands._base import Context, Parts, command
from bot.errors import UsageError
from bot.models import CommandSpec, Lane, Text
from bot.security.keys import signing_key


@command(
    CommandSpec(
        name="cockpit",
        description="Get a link to the web pages on which administrators see and steer the service.",
        lane=Lane.FREE,
        private=True,
        example="cockpit",
    )
)
async def cockpit(ctx: Context) -> Parts:
    """Answer with a link that signs the author in, with the rights that they have here."""
    actor, place = ctx.event.actor, ctx.event.location
    is_operator = ctx.is_service_admin()
    if not is_operator and not (actor.is_admin and place.workspace):
        raise UsageError(ctx.translate("cockpit.not_allowed"))
    address = PageAddress.from_settings(ctx.settings)
    if address.problem:
        raise UsageError(ctx.translate(address.problem))
    visitor = Visitor(
        is_operator=is_operator,
        adapter=ctx.event.adapter,
        workspace=place.workspace,
        actor=actor.id,
        name=actor.name,
        locale=actor.locale,
    )
    secret = await asyncio.to_thread(signing_key, ctx.settings)
    await ctx.audit("cockpit.link")
    yield Text(ctx.translate("cockpit.yours", link=link(address.base_url(), LinkSigner(secret).sign(visitor))))
