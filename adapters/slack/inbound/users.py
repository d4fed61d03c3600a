"""Who people are: names, languages and rights, asked of Slack once an hour and only when they matter."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from adapters.kit.bounded import BoundedDict
from adapters.slack.connection.errors import FAILED, reason
from adapters.slack.connection.workspaces import Workspace, Workspaces
from bot.errors import DeliveryError

log = structlog.get_logger(__name__)

#: Seconds for which an answer holds, and for which it is waited before an event goes on without.
FRESH, PATIENCE = 3600.0, 1.0
#: Seconds until Slack is asked again after it did not answer.
AGAIN = 60.0
_KEPT = 5000  # people that are remembered
_NAMED = 10  # people named in one message who are looked up


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person, or one app, as a workspace sees them. Unknown is empty."""

    id: str
    name: str = ""
    locale: str = ""
    team: str = ""  #: the workspace they belong to
    enterprise: str = ""  #: the organisation they belong to
    is_admin: bool = False
    is_bot: bool = False

    def is_stranger_to(self, workspace: Workspace) -> bool:
        """Whether they are from outside: neither of the workspace nor of its organisation."""
        home = {workspace.team, workspace.enterprise, workspace.organisation} - {""}
        theirs = {self.team, self.enterprise} - {""}
        return bool(theirs) and not theirs & home


class People:
    """Looks people up. Never fails: who can't be looked up is known by what the event told."""

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces
        self._known: BoundedDict[tuple[str, str], tuple[float, Person]] = BoundedDict(_KEPT)
        self._asking: dict[tuple[str, str], asyncio.Task[Person | None]] = {}

    async def find(self, workspace: Workspace, user: str, *, team: str = "") -> Person:
        """Who a user is. `team`: the workspace, or organisation, that the event says they are of."""
        is_enterprise = team.startswith("E")
        told = Person(id=user, team="" if is_enterprise else team, enterprise=team if is_enterprise else "")
        if not user:
            return told
        key = (workspace.owner, user)
        known = self._known.get(key)
        if known is not None and known[0] > time.monotonic():
            return known[1] if known[1].team or known[1].enterprise else told
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._ask(workspace, user))
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        done, _ = await asyncio.wait({task}, timeout=PATIENCE)
        found = task.result() if done else None
        return found or (known[1] if known is not None else told)

    async def named(self, workspace: Workspace, users: Iterable[str], *, most: int = _NAMED) -> Mapping[str, Person]:
        """The first `most` of `users` as far as they could be looked up, by id; groups can't."""
        wanted = [user for user in users if user[:1] in ("U", "W") and user != workspace.bot_user][:most]
        found = await asyncio.gather(*(self.find(workspace, user) for user in wanted))
        return {person.id: person for person in found}

    async def close(self) -> None:
        """Stop asking."""
        for task in tuple(self._asking.values()):
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)

    async def _ask(self, workspace: Workspace, user: str) -> Person | None:
        try:
            told = await self._workspaces.of(workspace).users_info(user=user, include_locale=True)
        except (*FAILED, DeliveryError) as exc:
            log.info("person not looked up", reason=reason(exc))
            self._put(workspace, Person(id=user), AGAIN)
            return None
        person = person_of(told["user"])
        self._put(workspace, person, FRESH)
        return person

    def _put(self, workspace: Workspace, person: Person, seconds: float) -> None:
        self._known[workspace.owner, person.id] = (time.monotonic() + seconds, person)


def person_of(user: Mapping[str, Any]) -> Person:
    """A person as `users.info` tells of them."""
    profile = user.get("profile") or {}
    enterprise = user.get("enterprise_user") or {}
    name = profile.get("display_name") or profile.get("real_name") or user.get("real_name") or user.get("name") or ""
    return Person(
        id=str(user["id"]),
        name=str(name),
        locale=str(user.get("locale") or ""),
        team=str(user.get("team_id") or ""),
        enterprise=str(enterprise.get("enterprise_id") or ""),
        is_admin=bool(user.get("is_admin") or user.get("is_owner") or enterprise.get("is_admin")),
        is_bot=bool(user.get("is_bot")),
    )
