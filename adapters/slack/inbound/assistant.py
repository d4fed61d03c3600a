"""The agent view, which is the app's messages tab: what to ask first, and what threads are called."""

from typing import Any

import structlog

from adapters.kit.background import BackgroundTasks
from adapters.slack.connection.errors import FAILED, code, reason
from adapters.slack.connection.workspaces import Workspace, Workspaces
from adapters.slack.inbound import parse
from adapters.slack.inbound.parse import Json
from adapters.slack.inbound.users import People
from bot.i18n import translate
from bot.models import Event

log = structlog.get_logger(__name__)

#: Slack shows at most four.
PROMPTS = ("ask", "image", "code", "help")
#: What Slack answers where the app is no agent, or may not be one: there is no use in asking again.
_NEVER = ("unknown_method", "missing_scope", "not_allowed_token_type", "feature_not_enabled", "access_denied")


class Agent:
    """Decorates direct messages, beside what is asked: nothing waits for it and nothing fails with it."""

    def __init__(self, workspaces: Workspaces, people: People, errands: BackgroundTasks) -> None:
        self._workspaces = workspaces
        self._people = people
        self._plain: set[str] = set()  #: owners of workspaces where the app is no agent
        self._errands = errands

    def opened(self, workspace: Workspace, event: Json) -> None:
        """Somebody looks at the messages tab: suggest what to ask."""
        channel, user = str(event.get("channel") or ""), str(event.get("user") or "")
        if channel and workspace.owner not in self._plain:
            self._errands.start(self._suggest(workspace, channel, user))

    def asked(self, workspace: Workspace, event: Event) -> None:
        """Name the thread that a direct message has begun."""
        address = event.reply_to
        title = parse.title_of(event.prompt)
        if address.get("surface") == "agent" and address.get("thread") == address.get("message") and title:
            self._errands.start(self._name(workspace, address["channel"], address["thread"], title))

    async def _suggest(self, workspace: Workspace, channel: str, user: str) -> None:
        locale = (await self._people.find(workspace, user)).locale
        prompts = [
            {
                "title": translate(f"slack.prompt.{name}", locale),
                "message": translate(f"slack.prompt.{name}.text", locale),
            }
            for name in PROMPTS
        ]
        title = translate("slack.prompts", locale)
        await self._call(
            workspace, "assistant.threads.setSuggestedPrompts", channel_id=channel, prompts=prompts, title=title
        )

    async def _name(self, workspace: Workspace, channel: str, thread: str, title: str) -> None:
        if workspace.owner not in self._plain:
            await self._call(workspace, "assistant.threads.setTitle", channel_id=channel, thread_ts=thread, title=title)

    async def _call(self, workspace: Workspace, method: str, **arguments: Any) -> None:
        try:
            await self._workspaces.of(workspace).api_call(method, json=arguments)
        except FAILED as exc:
            if code(exc) in _NEVER:
                self._plain.add(workspace.owner)
            log.info("agent view not decorated", method=method, reason=reason(exc))
