"""Whether the bot can write in a channel, and a person read there."""

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.connection.errors import API_ERRORS, delivery_errors, error_code
from bot.errors import DeliveryRefused
from bot.ports import ChannelProblem

log = structlog.get_logger(__name__)

_PAGE = 900  # members of one request: Slack takes less than 1,000

#: Slack's errors, and what they say of a channel. Another error says nothing of it.
_PROBLEMS: dict[str, ChannelProblem] = {"channel_not_found": "absent", "not_in_channel": "closed"}


async def channel_problem(client: AsyncWebClient, channel: str, person: str = "") -> ChannelProblem:
    """Return why the bot can't write in a channel; "": it can, or Slack does not tell. Shows nothing to anybody.

    The bot can read where it is a member, and writes where it is one. `conversations.info` would need more scopes.

    `person`: somebody who must be a member of it where it is private. Raises `DeliveryDelayed` for them alone.
    """
    try:
        await client.conversations_history(channel=channel, limit=1)
    except API_ERRORS as exc:
        return _PROBLEMS.get(error_code(exc), "")
    return "hidden" if person and await _is_shut_out(client, channel, person) else ""


async def _is_shut_out(client: AsyncWebClient, channel: str, person: str) -> bool:
    """Return whether a channel is private and a person no member; False where the app lacks the scopes to know."""
    try:
        with delivery_errors():
            found = await client.conversations_info(channel=channel)
            if not found["channel"].get("is_private"):
                return False  # everybody may read it
            cursor = ""
            while True:
                page = await client.conversations_members(channel=channel, limit=_PAGE, cursor=cursor or None)
                if person in page["members"]:
                    return False
                cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
                if not cursor:
                    return True
    except DeliveryRefused as exc:
        log.info("members not read", reason=str(exc))
        return False
