"""Whether the bot can write in a channel or read a thread, and a person read there."""

import asyncio

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.connection.errors import API_ERRORS, UNREADABLE_CHANNEL, delivery_errors, error_code
from adapters.slack.connection.paging import LARGEST_PAGE, next_cursor
from bot.errors import DeliveryRefused
from bot.ports import ChannelProblem

log = structlog.get_logger(__name__)

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
    return await _problem_of(client, channel, person) if person else ""


async def _problem_of(client: AsyncWebClient, channel: str, person: str) -> ChannelProblem:
    """Return whether a channel is archived, and still read; or private and a person no member.

    "" also where the app lacks the scopes to know.
    """
    try:
        with delivery_errors():
            found = await client.conversations_info(channel=channel)
            if found["channel"].get("is_archived"):
                return "closed"
            if not found["channel"].get("is_private"):
                return ""  # everybody may read it
            cursor = ""
            while True:
                page = await client.conversations_members(channel=channel, limit=LARGEST_PAGE, cursor=cursor or None)
                if person in page["members"]:
                    return ""
                if not (cursor := next_cursor(page)):
                    return "hidden"
    except DeliveryRefused as exc:
        log.info("members not read", reason=str(exc))
        return ""


async def can_read(client: AsyncWebClient, channel: str, thread: str, *, patience: float) -> bool:
    """Return whether the bot may read a thread; True where Slack does not answer within `patience` seconds."""
    try:
        async with asyncio.timeout(patience):
            await client.conversations_replies(channel=channel, ts=thread, limit=1)
    except API_ERRORS as exc:
        return error_code(exc) not in UNREADABLE_CHANNEL
    return True
