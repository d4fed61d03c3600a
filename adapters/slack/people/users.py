"""Names, languages and rights of users, looked up only when they matter: once an hour, administrators each minute."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace

import structlog

from adapters.kit.bounded import BoundedDict
from adapters.slack.connection.errors import API_ERRORS, delivery_errors, error_code, log_reason
from adapters.slack.connection.workspaces import Workspace, Workspaces
from adapters.slack.people.user_groups import UserGroups
from adapters.slack.timing import Timing
from adapters.slack.types import Json, Person
from bot.errors import DeliveryError, DeliveryRefused

log = structlog.get_logger(__name__)

_USERS = 5000  # users in memory
#: Errors by which there is no such user.
_GONE = ("user_not_found", "users_not_found", "user_not_visible")
_MENTIONED = 10  # users mentioned in one message who are looked up


class UserDirectory:
    """Looks users up. A lookup never fails: without an answer of Slack the user has what the event says of them."""

    def __init__(self, workspaces: Workspaces, groups: UserGroups, timing: Timing) -> None:
        self._workspaces = workspaces
        self._groups = groups
        self._timing = timing
        #: Each with the time when it is looked up again; until that is done, the old one is still used.
        self._people: BoundedDict[tuple[str, str], tuple[float, Person]] = BoundedDict(_USERS)
        self._lookups: dict[tuple[str, str], asyncio.Task[Person | None]] = {}

    async def find(self, workspace: Workspace, user: str, *, team: str = "") -> Person:
        """Return a user. `team`: the workspace, or organisation, that they belong to as the event says."""
        person = await self._find(workspace, user, team)
        if not self._groups.is_wanted:
            return person
        return replace(person, roles=self._groups.roles_of(workspace, user))

    async def read(self, workspace: Workspace, user: str) -> Person | None:
        """Look a user up anew; None: Slack does not tell."""
        return await self._look_up(workspace, user)

    async def is_gone(self, workspace: Workspace, user: str) -> bool:
        """Return whether a user is deactivated or unknown. Raises `DeliveryError` where Slack does not tell."""
        try:
            with delivery_errors():
                answer = await self._workspaces.client_of(workspace).users_info(user=user)
        except DeliveryRefused as exc:
            if exc.__cause__ is not None and error_code(exc.__cause__) in _GONE:
                return True
            raise
        return bool(answer["user"].get("deleted"))

    async def _find(self, workspace: Workspace, user: str, team: str) -> Person:
        key = (workspace.owner, user)
        expires, cached = self._people.get(key, (0.0, None))
        is_fresh = cached is not None and expires > time.monotonic()
        if is_fresh and cached is not None and (cached.team or cached.enterprise):
            return cached
        is_enterprise = team.startswith("E")
        from_event = Person(id=user, team="" if is_enterprise else team, enterprise=team if is_enterprise else "")
        if is_fresh or not user:
            return from_event
        task = self._lookups.get(key)
        if task is None:
            task = self._lookups[key] = asyncio.create_task(self._look_up(workspace, user))
            task.add_done_callback(lambda _: self._lookups.pop(key, None))
        done, _ = await asyncio.wait({task}, timeout=self._timing.user_patience)
        person = task.result() if done else None
        return person or cached or from_event

    async def find_many(
        self, workspace: Workspace, users: Iterable[str], *, limit: int = _MENTIONED
    ) -> Mapping[str, Person]:
        """Return the first `limit` of `users` by id. User groups and the bot are left out."""
        wanted = [user for user in users if user[:1] in ("U", "W") and user != workspace.bot_user][:limit]
        people = await asyncio.gather(*(self.find(workspace, user) for user in wanted))
        return {person.id: person for person in people}

    async def close(self) -> None:
        """Cancel the lookups."""
        for task in tuple(self._lookups.values()):
            task.cancel()
        await asyncio.gather(*self._lookups.values(), return_exceptions=True)

    async def _look_up(self, workspace: Workspace, user: str) -> Person | None:
        try:
            answer = await self._workspaces.client_of(workspace).users_info(user=user, include_locale=True)
        except (*API_ERRORS, DeliveryError) as exc:
            log.info("user not looked up", reason=log_reason(exc))
            _, known = self._people.get((workspace.owner, user), (0.0, None))
            self._store(workspace, known or Person(id=user), self._timing.user_retry)
            return None
        person = _parse_user(answer["user"])
        self._store(workspace, person, self._timing.admin_lifetime if person.is_admin else self._timing.user_lifetime)
        return person

    def _store(self, workspace: Workspace, person: Person, lifetime: float) -> None:
        self._people[workspace.owner, person.id] = (time.monotonic() + lifetime, person)


def _parse_user(user: Json) -> Person:
    """Read a user of `users.info`."""
    profile = user.get("profile") or {}
    enterprise = user.get("enterprise_user") or {}
    name = profile.get("display_name") or profile.get("real_name") or user.get("real_name") or user.get("name") or ""
    return Person(
        id=str(user["id"]),
        name=str(name),
        locale=str(user.get("locale") or ""),
        time_zone=str(user.get("tz") or ""),
        team=str(user.get("team_id") or ""),
        enterprise=str(enterprise.get("enterprise_id") or ""),
        is_admin=bool(user.get("is_admin") or user.get("is_owner") or enterprise.get("is_admin")),
        is_bot=bool(user.get("is_bot")),
    )
