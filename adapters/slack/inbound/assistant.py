"""The agent view, which is the app's messages tab: suggested prompts, and titles of threads."""

from datetime import UTC, datetime
from typing import Any

import structlog

from adapters.kit.bounded import BoundedDict
from adapters.slack.connection.errors import API_ERRORS, error_code, log_reason
from adapters.slack.connection.workspaces import Workspace, Workspaces
from adapters.slack.inbound.parse import build_actor, make_title, viewed_channel
from adapters.slack.people.users import UserDirectory
from adapters.slack.shortcuts import MOST_PROMPTS, PROMPTS_BESIDE_A_CHANNEL, SUGGESTED_PROMPTS
from adapters.slack.types import ADAPTER, Json
from bot.background import BackgroundTasks
from bot.errors import StoreError
from bot.i18n import translate
from bot.models import Event, Location
from bot.ports import CommandForms

log = structlog.get_logger(__name__)

_PEOPLE = 5000  # whose suggestions are remembered
#: Errors by which Slack says that the app is no agent, or may not be one: the calls are not repeated.
_NO_AGENT = ("unknown_method", "missing_scope", "not_allowed_token_type", "feature_not_enabled", "access_denied")


class Assistant:
    """Sets suggested prompts and titles of threads, in background tasks whose failure is ignored."""

    def __init__(
        self, workspaces: Workspaces, users: UserDirectory, services: CommandForms, background: BackgroundTasks
    ) -> None:
        self._workspaces = workspaces
        self._users = users
        self._services = services
        self._background = background
        self._suggested: BoundedDict[str, tuple[str, ...]] = BoundedDict(_PEOPLE)  #: titles by person
        self._without_agent: set[str] = set()  #: owners of workspaces where the app is no agent

    def suggest_prompts(self, workspace: Workspace, event: Json) -> None:
        """Suggest prompts to the person who opened the messages tab, or who looks at something else beside it."""
        channel, user = str(event.get("channel") or ""), str(event.get("user") or "")
        if channel and user and workspace.owner not in self._without_agent:
            viewed = viewed_channel(event.get("context"))
            if event.get("type") == "app_home_opened":
                self._suggested.pop(f"{workspace.owner}.{user}", None)
            self._background.start(self._suggest_prompts(workspace, channel, user, viewed))

    def set_title(self, workspace: Workspace, event: Event) -> None:
        """Set the title of a thread that a direct message has begun."""
        target = event.reply_to
        title = make_title(event.prompt)
        if target.get("surface") == "agent" and target.get("thread") == target.get("message") and title:
            self._background.start(self._set_title(workspace, target["channel"], target["thread"], title))

    async def _suggest_prompts(self, workspace: Workspace, channel: str, user: str, viewed: str) -> None:
        """Suggest what the person may use, in the language that holds for them; the same is not suggested again."""
        commands = PROMPTS_BESIDE_A_CHANNEL if viewed else SUGGESTED_PROMPTS
        person = await self._users.find(workspace, user)
        asked = Event(
            id="",
            adapter=ADAPTER,
            conversation="",
            actor=build_actor(person, workspace),
            location=Location(
                workspace=workspace.team or workspace.enterprise,
                channel=workspace.scoped(viewed or channel),
                is_private=True,
            ),
            received_at=datetime.now(UTC),
        )
        try:
            offered, locale = await self._services.offered(asked, tuple(commands.values()))
        except StoreError as exc:
            log.info("no prompts suggested", reason=str(exc))
            return
        names = [name for name, command in commands.items() if command in offered][:MOST_PROMPTS]
        prompts = [
            {
                "title": translate(f"slack.prompt.{name}", locale),
                "message": translate(f"slack.prompt.{name}.text", locale),
            }
            for name in names
        ]
        known = f"{workspace.owner}.{user}"
        if prompts and self._suggested.get(known) != (locale, *names):
            self._suggested[known] = (locale, *names)
            title, method = translate("slack.prompts", locale), "assistant.threads.setSuggestedPrompts"
            await self._call(workspace, method, channel_id=channel, prompts=prompts, title=title)

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
