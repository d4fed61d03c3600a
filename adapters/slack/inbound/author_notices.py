"""Sentences about a message that was not recorded, for its author alone."""

import structlog

from adapters.kit.bounded import BoundedDict
from adapters.slack.connection.errors import API_ERRORS, log_reason
from adapters.slack.connection.workspaces import Workspace, Workspaces
from adapters.slack.inbound.parse import message_id
from adapters.slack.people.users import UserDirectory
from adapters.slack.types import Json
from bot.errors import DeliveryError
from bot.i18n import translate

log = structlog.get_logger(__name__)

_MESSAGES = 5000  # whose authors were notified


class AuthorNotices:
    """Notifies each author once about a message, as Slack may send the message again and again."""

    def __init__(self, workspaces: Workspaces, users: UserDirectory) -> None:
        self._workspaces = workspaces
        self._users = users
        self._notified: BoundedDict[str, None] = BoundedDict(_MESSAGES)

    async def notify(self, workspace: Workspace, message: Json, key: str) -> None:
        """Send the author the sentence of that key."""
        channel, ts, user = str(message.get("channel")), str(message.get("ts")), str(message.get("user") or "")
        known = message_id(workspace.owner, channel, ts)
        if known in self._notified or not user:
            return
        self._notified[known] = None
        person = await self._users.find(workspace, user)
        try:
            await self._workspaces.client_of(workspace).chat_postEphemeral(
                channel=channel,
                user=user,
                thread_ts=message.get("thread_ts"),
                text=translate(key, person.locale),
            )
        except (*API_ERRORS, DeliveryError) as exc:
            log.warning("author not notified", reason=log_reason(exc))
