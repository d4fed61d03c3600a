"""Tells Discord of the commands, only when they are others than those it was told last: it allows few changes a day."""

from collections.abc import Sequence

import discord
import structlog

from adapters.discord.gateway.client import Client
from adapters.discord.gateway.errors import NETWORK, reason
from adapters.discord.setup.application_commands import digest, payload
from bot.errors import StoreError
from bot.models import CommandSpec
from bot.ports import AdapterServices

log = structlog.get_logger(__name__)

#: Where the hash of what each application was told is kept.
BOOK = "discord.commands"


async def commands(client: Client, desk: AdapterServices, specs: Sequence[CommandSpec]) -> None:
    """Make Discord offer these commands. Failing is no reason not to answer mentions; the next start tries again."""
    application = client.application_id
    assert application is not None, "logged in"
    told = payload(specs)
    current = digest(told)
    try:
        if await desk.storage(BOOK).get(str(application)) == current:
            return
        await client.http.bulk_upsert_global_commands(application, told)
        await desk.storage(BOOK).set(str(application), current)
    except (discord.HTTPException, discord.RateLimited, *NETWORK) as exc:
        log.warning("commands not told to Discord", reason=reason(exc))
    except StoreError as exc:
        log.warning("not noted which commands Discord knows", reason=str(exc))
    else:
        log.info("commands told to Discord", count=len(told))
