"""The event loop behind the synchronous client."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import Any, TypeVar

T = TypeVar("T")


class EventLoopThread:
    """A daemon thread that runs an event loop, for code that has none or already runs one."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="aimodels", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and return its result; an interrupt cancels it. Raises `RuntimeError` after `close`."""
        if self._loop.is_closed():
            work.close()
            raise RuntimeError("the client is closed")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def iterate(self, items: AsyncGenerator[T, None]) -> Generator[T, None, None]:
        """Yield the items of an asynchronous generator; closing this generator closes that one."""
        try:
            while (item := self.run(anext_or_none(items))) is not None:
                yield item
        finally:
            self.run(items.aclose())

    def close(self, cleanup: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run `cleanup` in the event loop, then end the thread."""
        self.run(cleanup())
        self.run(self._loop.shutdown_asyncgens())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def anext_or_none(items: AsyncGenerator[T, None]) -> T | None:
    """Return the next item, or None after the last."""
    return await anext(items, None)
