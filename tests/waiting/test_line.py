"""The requests that wait for their turn."""

import asyncio
from typing import Any

from bot.models import Job, Lane
from bot.waiting.line import WaitingLine
from bot.waiting.timing import WaitingTiming
from tests.support.database.store import event


class ImpatientLoop(asyncio.SelectorEventLoop):
    """An event loop that counts timers, and waits for none."""

    timers = 0

    def call_at(self, *args: Any, **more: Any) -> asyncio.TimerHandle:  # type: ignore[override]  # takes what that does
        """Call back in the next turn of the loop."""
        self.timers += 1
        return super().call_at(self.time(), *args[1:], **more)


def test_a_process_wakes_up_for_nothing_while_no_request_waits() -> None:
    """There is no timer before the first request is noted, and none any more once all have begun."""
    loop = ImpatientLoop()

    async def count_timers() -> list[int]:
        line = WaitingLine(
            events=NotImplemented,  # not asked
            confirm_running=NotImplemented,
            adapters={},
            timing=WaitingTiming(),
            on_doubt=NotImplemented,
        )
        looking, found = asyncio.create_task(line.run()), []
        for asked in ("", "1", "2"):
            if asked:
                line.note(event(asked), Lane.CONVERSATION, is_private=False)
                line.take(Job(seq=int(asked), event=event(asked)))
            for _ in range(50):
                await asyncio.sleep(0)
            found.append(loop.timers)
        looking.cancel()
        return found

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        assert runner.run(count_timers()) == [0, 1, 2]
