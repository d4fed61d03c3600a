import asyncio
from typing import Any, Self

from pydantic import SecretStr

from adapters.discord.adapter import Discord
from simulators.discord.server import Wire
from simulators.discord.values import TOKEN
from tests.support.core import COMMANDS, Core

__all__ = ["COMMANDS", "Core", "Service"]


class Service:
    """The adapter, running against a wire."""

    def __init__(self, wire: Wire, core: Core, **settings: Any) -> None:
        self.wire = wire
        self.core = core
        self.adapter = Discord(token=SecretStr(TOKEN), api_url=wire.api, **settings)

    async def __aenter__(self) -> Self:
        self._connected = self.adapter.connected(self.core)
        await self._connected.__aenter__()
        self.running = asyncio.create_task(self.adapter.run(self.core.sink, COMMANDS))
        before = len(self.wire.gateway.identified)
        await self.wire.until(lambda: len(self.wire.gateway.identified) > before or self.running.done())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        await self._connected.__aexit__(None, None, None)
