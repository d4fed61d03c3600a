"""An API that a workspace brings, and the form in which it does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.channel.adapter import Message
from tests.support.scripted_api import ScriptedApi, scripted_api
from tests.support.service import EchoApi, Service

KEY = "sk-own-of-the-workspace"


@asynccontextmanager
async def own_server() -> AsyncIterator[tuple[ScriptedApi, str]]:
    """Serve an API that a workspace may bring; yields it with its origin."""
    async with scripted_api() as api:
        api.play(EchoApi(api.url))
        yield api, api.url.removesuffix("/v1")


async def bring(one: Service, **options: str) -> Message:
    """Send the form behind the command's button, as an administrator."""
    offered = await one.channel.ask("", command="apikey")
    await one.channel.wait_for_answers(offered)
    assert one.answer(offered).private
    return await one.ask("", command="press", options={"event": offered, "action": "bring", **options})
