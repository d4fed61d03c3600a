"""HTTP connections that carry what people see only while this process owns it.

A request may wait for its turn and for a connection, and the process may be paused anywhere. So ownership is confirmed
in the last step before the request is written, when its connection is there.
"""

from contextvars import ContextVar
from typing import Any

import aiohttp
from aiohttp.connector import Connection

from bot.ports import Confirm, always_owned

_confirm: ContextVar[Confirm | None] = ContextVar("confirm", default=None)


class NewestConfirm:
    """Confirms by the newest try of an answer. A separate object, so that no reference cycle keeps a draft alive."""

    def __init__(self) -> None:
        self.confirm: Confirm = always_owned  #: of the newest try

    async def __call__(self) -> None:
        """See `bot.ports.Confirm`."""
        await self.confirm()


class fenced:  # noqa: N801 - as `contextlib.suppress`: a context manager that is called like a function
    """Await `confirm` before each request of this task in the block; an error that it raises prevents the request."""

    def __init__(self, confirm: Confirm) -> None:
        self._new = confirm

    def __enter__(self) -> None:
        self._token = _confirm.set(self._new)

    def __exit__(self, *_: object) -> None:
        _confirm.reset(self._token)


class FencedConnector(aiohttp.TCPConnector):
    """A connector for `fenced` requests, and for others. See `aiohttp.TCPConnector`."""

    async def connect(self, *given: Any, **more: Any) -> Connection:
        """Return a connection for a request. Raises the errors of `confirm`."""
        connection = await super().connect(*given, **more)
        confirm = _confirm.get()
        if confirm is not None:
            try:
                await confirm()
            except BaseException:
                connection.release()
                raise
        return connection
