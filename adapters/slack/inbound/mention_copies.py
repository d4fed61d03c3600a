"""Both copies of a mention: Slack sends it as `message` and as `app_mention`, of which two processes may get one each.

The process that gets the `message` records it. The other one waits a moment and finds it in the store, which costs far
less than to parse it and to record it once more.
"""

import asyncio
from contextlib import suppress

import structlog

from adapters.kit.bounded import BoundedDict
from adapters.slack.connection.workspaces import Workspace
from adapters.slack.inbound.parse import message_id
from adapters.slack.inbound.recent_threads import RecentThreads
from adapters.slack.timing import Timing
from adapters.slack.types import ADAPTER, Json
from bot.errors import StoreError
from bot.ports import RecordedRequests

log = structlog.get_logger(__name__)

_CHANNELS = 5000  # from which `message` events came


class MentionCopies:
    """Finds mentions whose other copy another process records. Only for a service of several processes."""

    def __init__(self, services: RecordedRequests, recent: RecentThreads, timing: Timing) -> None:
        self._services = services
        self._recent = recent
        self._looks = timing.mention_looks
        self._channels: BoundedDict[tuple[str, str], None] = BoundedDict(_CHANNELS)
        self._arrivals: dict[str, asyncio.Event] = {}  #: of `message` copies, by the id of the mention that waits

    def note(self, workspace: Workspace, message: Json) -> None:
        """Note an event about a message. One of type `message` proves that Slack sends these of its channel."""
        if message.get("type") != "message":
            return
        channel = str(message.get("channel"))
        self._channels[workspace.owner, channel] = None
        arrival = self._arrivals.get(message_id(workspace.owner, channel, str(message.get("ts"))))
        if arrival is not None:
            arrival.set()

    async def is_recorded_elsewhere(self, workspace: Workspace, message: Json, event_id: str) -> bool:
        """Whether another process has recorded a mention. Waits for that, unless the other copy comes here."""
        channel, user, ts = (str(message.get(name) or "") for name in ("channel", "user", "ts"))
        if message.get("type") != "app_mention" or (workspace.owner, channel) not in self._channels:
            return False
        arrival = self._arrivals.setdefault(event_id, asyncio.Event())
        try:
            for pause in self._looks:
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await arrival.wait()
                    return False
                if await self._services.is_recorded(ADAPTER, event_id):
                    thread = ts if message.get("thread_ts") in (None, "", ts) else ""
                    self._recent.asked_elsewhere(workspace, channel, user, thread)
                    return True
        except StoreError as exc:
            log.info("other copy of a mention not looked for", ts=ts, reason=str(exc))
        finally:
            self._arrivals.pop(event_id, None)
        return False
