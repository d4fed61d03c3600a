"""The agent view, which is the app's messages tab: suggested prompts, and titles of threads."""

from collections.abc import Sequence
from typing import Any

import structlog

from adapters.slack.connection.errors import API_ERRORS, error_code, log_reason
from adapters.slack.connection.workspaces import Workspace, Workspaces
from adapters.slack.inbound.parse import make_title
from adapters.slack.inbound.users import UserDirectory
from adapters.slack.types import Json
from bot.background import BackgroundTasks
from bot.i18n import translate
from bot.models import Event

log = structlog.get_logger(__name__)

#: Errors by which Slack says that the app is no agent, or may not be one: the calls are not repeated.
_NO_AGENT = ("unknown_method", "missing_scope", "not_allowed_token_type", "feature_not_enabled", "access_denied")


class Assistant:
    """Decorates direct messages in background tasks whose failure is ignored."""

    def __init__(
        self, workspaces: Workspaces, users: UserDirectory, background: BackgroundTasks, prompts: Sequence[str]
    ) -> None:
        """`prompts`: names of the prompts to suggest."""
        self._workspaces = workspaces
        self._users = users
        self._background = background
        self._prompts = prompts
        self._without_agent: set[str] = set()  #: owners of workspaces where the app is no agent

    def suggest_prompts(self, workspace: Workspace, event: Json) -> None:
        """Suggest prompts to the person who opened the messages tab."""
        channel, user = str(event.get("channel") or ""), str(event.get("user") or "")
        if channel and workspace.owner not in self._without_agent:
            self._background.start(self._suggest_prompts(workspace, channel, user))

    def set_title(self, workspace: Workspace, event: Event) -> None:
        """Set the title of a thread that a direct message has begun."""
        target = event.reply_to
        title = make_title(event.prompt)
        if target.get("surface") == "agent" and target.get("thread") == target.get("message") and title:
            self._background.start(self._set_title(workspace, target["channel"], target["thread"], title))

    async def _suggest_prompts(self, workspace: Workspace, channel: str, user: str) -> None:
        locale = (await self._users.find(workspace, user)).locale
        prompts = [
            {
                "title": translate(f"slack.prompt.{name}", locale),
                "message": translate(f"slack.prompt.{name}.text", locale),
            }
            for name in self._prompts
        ]
        title = translate("slack.prompts", locale)
        await self._call(
            workspace, "assistant.threads.setSuggestedPrompts", channel_id=channel, prompts=prompts, title=title
        )

    async def _set_title(self, workspace: Workspace, channel: str, thread: str, title: str) -> None:
        if workspace.owner not in self._without_agent:
            await self._call(workspace, "assistant.threads.setTitle", channel_id=channel, thread_ts=thread, title=title)

    async def _call(self, workspace: Workspace, method: str, **arguments: Any) -> None:
        try:
            await self._workspaces.client_of(workspace).api_call(method, json=arguments)
        except API_ERRORS as exc:
            if error_code(exc) in _NO_AGENT:
                self._without_agent.add(workspace.owner)
            log.info("agent view not decorated", method=method, reason=log_reason(exc))
