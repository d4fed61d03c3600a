"""The whole service on the test platform, in a process that kills itself at a given call.

`python -m tests.support.killed_service CHANNEL_URL [SEAM]`; faster: `serve` in a process of `tests.support.processes`.
"""

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from aimodels import Timing
from bot import bootstrap, web_servers
from bot.pipeline.timing import PipelineTiming
from bot.scheduler.timing import ScheduleTiming
from bot.schedules.clock import SystemClock
from bot.service import run_until, stop_signals
from bot.settings.core import load_settings
from bot.telemetry.logs import configure
from bot.timing import ServiceTiming
from bot.waiting.timing import WaitingTiming
from tests.support.channel.adapter import ChannelAdapter, ChannelDraft
from tests.support.schedules.clock import SetClock

_steps = itertools.count(1)  #: moments before and after wrapped calls


def kill_at(seam: str, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a call; if `seam` is its name with `:before` or `:after`, this process sends itself SIGKILL there.

    It may also be a number: that of the moment before or after any wrapped call.
    """

    def pass_moment(when: str) -> None:
        if seam in (f"{name}:{when}", str(next(_steps))):
            os.kill(os.getpid(), signal.SIGKILL)

    async def called(*args: Any, **kwargs: Any) -> Any:
        if name != "store.claim_some" or not seam.isdecimal():  # it is called without end
            pass_moment("before")
        result = await call(*args, **kwargs)
        is_idle = name == "store.claim_some" and not result
        if not is_idle:
            pass_moment("after")
        return result

    return called


def serve(url: str, seam: str = "") -> int:
    """Run until a signal; `seam`: such as `store.commit:after`, or `12`. Settings come from the environment."""
    asyncio.run(main(url, seam))
    return 0


async def main(url: str, seam: str) -> None:
    settings = load_settings()
    first_update = 0.0 if seam else PipelineTiming().first_update  # 0: a quick answer's first piece is shown, too
    time = os.environ.get("TIME_OF_SCHEDULES")
    clock = SystemClock() if time is None else SetClock(datetime.fromisoformat(time))
    timing = ServiceTiming(
        pipeline=PipelineTiming(first_update=first_update),
        waiting=WaitingTiming(look=3600.0),
        api=Timing(first_poll=0.05),
        schedules=ScheduleTiming(clock=clock),
    )
    configure("debug", "json", secrets=())
    adapter = ChannelAdapter(url)
    for step in ("status", "write", "finish"):
        setattr(ChannelDraft, step, kill_at(seam, f"draft.{step}", getattr(ChannelDraft, step)))
    adapter.draft = kill_at(seam, "adapter.draft", adapter.draft)  # type: ignore[method-assign]
    with stop_signals() as stopping:
        async with (
            bootstrap.build(settings, {adapter.name: adapter}, timing=timing) as core,
            web_servers.web_server(core),
        ):
            for step in (
                "record",
                "claim_some",
                "save_draft",
                "commit",
                "complete",
                "admit",
                "reopen",
                "begin_call",
                "settle_lost_calls",
                "change_schedule",
            ):
                setattr(core.store, step, kill_at(seam, f"store.{step}", getattr(core.store, step)))
            await run_until(core, stopping)


if __name__ == "__main__":
    sys.exit(serve(*sys.argv[1:]))
