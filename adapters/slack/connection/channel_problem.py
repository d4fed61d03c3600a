"""Whether the bot can write in a channel."""

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.connection.errors import API_ERRORS, error_code
from bot.ports import ChannelProblem

#: Slack's errors, and what they say of a channel. Another error says nothing of it.
_PROBLEMS: dict[str, ChannelProblem] = {"channel_not_found": "absent", "not_in_channel": "closed"}


async def channel_problem(client: AsyncWebClient, channel: str) -> ChannelProblem:
    """Return why the bot can't write in a channel; "": it can, or Slack does not tell. Shows nothing to anybody.

    The bot can read where it is a member, and writes where it is one. `conversations.info` would need more scopes.
    """
    try:
        await client.conversations_history(channel=channel, limit=1)
    except API_ERRORS as exc:
        return _PROBLEMS.get(error_code(exc), "")
    return ""
