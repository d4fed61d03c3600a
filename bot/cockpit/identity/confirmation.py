"""Rights while a session lasts: the platform is asked now and then whether the person still has them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bot.cockpit.identity.members import ask_platform, ask_whether_gone
from bot.cockpit.sessions import Session
from bot.policy import Policy
from bot.ports import Directory, Journal
from bot.settings.core import Settings
from bot.sign_in.visitor import Visitor

#: Seconds between two questions on one session.
EVERY = 60.0
#: Seconds for which rights go on that nobody can confirm, as when the platform is away.
UNCONFIRMED = 600.0
#: Seconds after which a session that nobody uses is forgotten.
_REMEMBERED = 86_400.0


@dataclass(slots=True)
class _State:
    """State of one session. Times are those of `now`."""

    asked_at: float
    unknown_since: float | None = None
    has_rights: bool = True


class RightsConfirmation:
    """Confirms the rights of sessions, each at most once in `EVERY` seconds and only while it is used."""

    def __init__(
        self,
        settings: Settings,
        policy: Policy,
        directories: Mapping[str, Directory],
        journal: Journal,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._policy = policy
        self._directories = directories
        self._journal = journal
        self._now = now
        self._states: dict[str, _State] = {}

    async def confirm(self, session: Session) -> bool:
        """Return whether the person has the rights of the session still. Raises `StoreError`."""
        who, now = session.visitor, self._now()
        if who.grant:
            return who.grant in self._settings.bot_oidc_operators
        if not who.adapter:
            return True  # nothing that a platform could take away
        state = self._states.get(session.key)
        if state is None:
            self._states = {key: one for key, one in self._states.items() if now - one.asked_at < _REMEMBERED}
            state = self._states[session.key] = _State(asked_at=now - EVERY)
        if now - state.asked_at < EVERY:
            return state.has_rights
        state.asked_at = now
        found = await self._ask(who)
        if found is None and not _has_power(who):
            found = True
        if found is None:
            state.unknown_since = now if state.unknown_since is None else state.unknown_since
            state.has_rights = now - state.unknown_since < UNCONFIRMED
        else:
            state.unknown_since, state.has_rights = None, found
        return state.has_rights

    def forget(self, session: Session) -> None:
        """Forget a session that has ended."""
        self._states.pop(session.key, None)

    async def _ask(self, who: Visitor) -> bool | None:
        """Return whether the person has these rights on the platform; None: it does not tell. Raises `StoreError`."""
        directory = self._directories.get(who.adapter)
        job = await self._journal.job(who.adapter, who.event) if who.event else None
        if directory is None or job is None:
            return None
        if job.event.actor.is_operator:
            return True  # at the terminal
        is_gone = await ask_whether_gone(directory, job.event, who.actor)
        if is_gone or not _has_power(who):
            return None if is_gone is None else not is_gone
        actor = await ask_platform(directory, job.event, who.actor)
        if actor is None:
            return None
        event = replace(job.event, actor=actor)
        return self._policy.is_service_admin(event) if who.is_operator else actor.is_admin


def _has_power(who: Visitor) -> bool:
    """Return whether a person has rights over what belongs to others."""
    return who.is_operator or who.is_administrator
