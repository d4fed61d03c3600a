"""Direct messages: which are those of a person with the bot, and sentences for one person."""

import asyncio

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from adapters.kit.bounded import BoundedDict
from adapters.slack.connection.errors import API_ERRORS, UNREADABLE_CHANNEL, error_code, log_reason
from adapters.slack.connection.workspaces import Workspace, Workspaces, is_direct
from bot.errors import DeliveryError
from bot.i18n import translate

log = structlog.get_logger(__name__)

_PEOPLE = 5000  # whose direct messages are remembered


class DirectMessages:
    """The direct messages of each person with the bot.

    Those of two people look the same to an app, whose slash commands and shortcuts work there, too: their ids begin
    with D as well, and `channel_name` of a slash command is `directmessage` in both. The bot is no member of them.
    """

    def __init__(self, workspaces: Workspaces, *, patience: float) -> None:
        """`patience`: seconds for a call."""
        self._workspaces = workspaces
        self._patience = patience
        self._channels: BoundedDict[tuple[str, str], str] = BoundedDict(_PEOPLE)

    async def are_in(self, workspace: Workspace, channel: str, user: str) -> bool:
        """Return whether a channel is the direct messages of a person with the bot; False where Slack does not tell.

        A request elsewhere has no rights of a private place, and is answered in private as well.
        """
        if not is_direct(channel):
            return False
        known = self._channels.get((workspace.owner, user)) or await self._find(workspace, user)
        return known == channel

    async def _find(self, workspace: Workspace, user: str) -> str:
        """Return the channel; "": there is none yet, or Slack does not tell. Opens none.

        https://docs.slack.dev/reference/methods/conversations.open. `conversations.info` would need one more scope.
        """
        client = self._workspaces.client_of(workspace)
        try:
            async with asyncio.timeout(self._patience):
                answer = await client.conversations_open(users=user, prevent_creation=True)
        except (*API_ERRORS, DeliveryError) as exc:
            log.info("direct messages not found", reason=log_reason(exc))
            return ""
        channel = str((answer.get("channel") or {}).get("id") or "")
        if channel:
            self._channels[workspace.owner, user] = channel
        return channel


async def post_private_sentence(
    client: AsyncWebClient, text: str, *, user: str, channel: str = "", thread: str | None = None
) -> None:
    """Show a sentence to a person alone: in a channel where the bot is a member, else in their direct messages.

    Raises `API_ERRORS`.
    """
    if channel:
        try:
            await client.chat_postEphemeral(channel=channel, user=user, thread_ts=thread, text=text)
        except API_ERRORS as exc:
            if error_code(exc) not in UNREADABLE_CHANNEL:
                raise
        else:
            return
    await client.chat_postMessage(channel=user, text=text)


def unread_sentence(channel: str, locale: str) -> str:
    """Return why the bot can't read a channel that it is no member of; nobody can invite it where two people talk."""
    return translate("slack.unread_direct" if is_direct(channel) else "slack.unread", locale)
