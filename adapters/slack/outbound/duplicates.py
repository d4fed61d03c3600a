"""Withdrawal of a message that was posted although another process had taken over its answer.

No confirmation of ownership is late enough for a process that is paused right before it writes a request, or whose
request Slack carries out late. Slack has no key that would keep the message from being posted twice.
"""

import asyncio
from dataclasses import replace

import structlog

from adapters.slack.connection.web_api import WebApi
from adapters.slack.outbound.recovery import find_existing
from bot.errors import DeliveryError, OwnershipLost, StoreError
from bot.ports import always_owned

log = structlog.get_logger(__name__)


async def confirm_posted(api: WebApi, *, key: str, thread: str, part: int, ts: str) -> None:
    """Confirm ownership after a message was posted. Raises the errors of `confirm`.

    In that case the message is deleted, in the background, once another process has posted the same part.
    """
    try:
        await api.confirm()
    except StoreError:
        api.services.background.start(_withdraw(api, key, thread, part, ts))
        raise


async def _withdraw(api: WebApi, key: str, thread: str, part: int, ts: str) -> None:
    for pause in api.services.timing.duplicate_checks:
        await asyncio.sleep(pause)
        try:
            if await _is_owned(api):
                return
            existing = await find_existing(api, thread, key)
            if any(one.part == part and one.ts != ts and not one.is_files for one in existing.messages):
                log.warning("message withdrawn: another process has posted it, too", event_id=key)
                await replace(api, confirm=always_owned).call("chat.delete", channel=api.target.channel, ts=ts)
                return
        except (DeliveryError, StoreError) as exc:
            log.warning("duplicate not withdrawn yet", event_id=key, reason=str(exc))


async def _is_owned(api: WebApi) -> bool:
    try:
        await api.confirm()
    except OwnershipLost:
        return False
    return True
