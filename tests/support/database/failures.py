"""Waiting for failures of a store."""

import asyncio
from typing import Any

from bot.errors import StoreError


def watch_failure(store: Any, method: str) -> asyncio.Event:
    """Return an event that is set when the store's method has raised a `StoreError`."""
    call, failed = getattr(store, method), asyncio.Event()

    async def watched(*args: Any, **kwargs: Any) -> Any:
        try:
            return await call(*args, **kwargs)
        except StoreError:
            failed.set()
            raise

    setattr(store, method, watched)
    return failed
