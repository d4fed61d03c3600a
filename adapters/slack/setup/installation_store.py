"""Workspaces that installed the app themselves: their tokens, sealed in the desk's notes, one small book each."""

import asyncio
import json
import secrets
import time
from logging import Logger, getLogger
from typing import Any

import structlog
from slack_sdk.errors import SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator

from adapters.kit.background import BackgroundTasks
from adapters.kit.bounded import BoundedDict
from adapters.kit.per_key import PerKey
from adapters.slack.connection.errors import FAILED, reason
from adapters.slack.connection.workspaces import NotInstalled, Workspace
from bot.errors import DeliveryDelayed, DeliveryError, StoreError
from bot.ports import AdapterServices

log = structlog.get_logger(__name__)

#: Minutes before its end when a token is replaced, and seconds of it that are enough to go on meanwhile.
EARLY, ENOUGH = 120, 60
#: Seconds that somebody has to allow the app, and how many may be at it at once.
STATE_LIFE, STATES = 600, 200
_NOTE = "installation"
_STATES = "slack.states"
_KEPT = 1000  # installations that are kept in memory
#: Seconds until an installation is read anew: another process may have replaced its token, or erased it.
FRESH = 60.0


class Installations(AsyncInstallationStore):
    """See `adapters.slack.connection.workspaces.Source`; and what the library's OAuth flow saves to."""

    problem = ""  #: one workspace's is not everybody's

    def __init__(self, desk: AdapterServices, rotator: AsyncTokenRotator) -> None:
        self._desk = desk
        self._rotator = rotator
        self._known: BoundedDict[str, Bot] = BoundedDict(_KEPT, lifetime=FRESH)
        self._rotating: PerKey[str, asyncio.Lock] = PerKey()
        self._tasks = BackgroundTasks("token rotation")

    @property
    def logger(self) -> Logger:
        """The library's."""
        return getLogger(__name__)

    # -- finding

    async def find(self, team: str, enterprise: str) -> Workspace:
        """The installation of an organisation, or of a workspace, with a token that works.

        Raises `NotInstalled`, `DeliveryDelayed` or `StoreError`.
        """
        owner = enterprise or team
        bot = await self._load(owner)
        expires = bot.bot_token_expires_at
        if expires is not None and expires < time.time() + EARLY * 60:
            if expires > time.time() + ENOUGH:
                self._rotate_behind(owner)
            else:
                bot = await self._rotated(owner)
        return _workspace(bot)

    async def _load(self, owner: str, *, anew: bool = False) -> Bot:
        bot = None if anew else self._known.get(owner)
        if bot is None:
            written = await self._desk.storage(_book(owner)).get(_NOTE) if owner else None
            if written is None:
                self._known.pop(owner, None)
                raise NotInstalled(f"the app is not installed in {owner or 'this workspace'}")
            bot = self._known[owner] = _read(written)
        return bot

    # -- tokens that end

    def _rotate_behind(self, owner: str) -> None:
        if owner in self._rotating:
            return
        self._tasks.start(self._try_to_rotate(owner))

    async def _try_to_rotate(self, owner: str) -> None:
        try:
            await self._rotated(owner)
        except (DeliveryError, StoreError) as exc:
            log.warning("token not replaced yet", reason=str(exc))

    async def _rotated(self, owner: str) -> Bot:
        """A fresh token, asked for once however many want it. Raises `DeliveryDelayed` or what `find` does."""
        lock = self._rotating.find_or_make(owner, asyncio.Lock)
        async with lock:
            bot = await self._load(owner, anew=True)
            try:
                fresh = await self._rotator.perform_bot_token_rotation(bot=bot, minutes_before_expiration=EARLY)
            except (SlackTokenRotationError, *FAILED) as exc:
                if (theirs := await self._load(owner, anew=True)).bot_token != bot.bot_token:
                    return theirs  # another process was faster, and a refresh token works once
                cause = exc.api_error if isinstance(exc, SlackTokenRotationError) else exc
                raise DeliveryDelayed(f"Slack gives no fresh token ({reason(cause)})", retry_after=30.0) from exc
            if fresh is None:
                return bot
            await self._write(owner, fresh)
            log.info("token replaced", owner=owner)
            return fresh

    async def close(self) -> None:
        """Let what is being replaced be written down: a refresh token works once."""
        await self._tasks.drain()

    # -- writing

    async def async_save(self, installation: Installation) -> None:
        """Keep what somebody has just allowed. Raises `StoreError`."""
        bot = installation.to_bot()
        owner = (bot.enterprise_id if bot.is_enterprise_install else bot.team_id) or ""
        await self._write(owner, bot)
        log.info("app installed", owner=owner)

    async def _write(self, owner: str, bot: Bot) -> None:
        told = {**bot.to_dict_for_copying(), "bot_token_expires_at": bot.bot_token_expires_at}
        told["installed_at"] = bot.installed_at  # the library would have both as text
        await self._desk.storage(_book(owner)).set(_NOTE, json.dumps(told))
        self._known[owner] = bot

    async def forget(self, team: str, enterprise: str) -> None:
        """The app was removed: its token is gone from here too. Raises `StoreError`."""
        owner = enterprise or team
        self._known.pop(owner, None)
        await self._desk.storage(_book(owner)).delete(_NOTE)


def _book(owner: str) -> str:
    return f"slack.installation.{owner}"


def _read(written: str) -> Bot:
    told: dict[str, Any] = json.loads(written)
    return Bot(**told)


def _workspace(bot: Bot) -> Workspace:
    return Workspace(
        team="" if bot.is_enterprise_install else bot.team_id or "",
        token=bot.bot_token,
        bot_user=bot.bot_user_id,
        bot=bot.bot_id,
        enterprise=(bot.enterprise_id or "") if bot.is_enterprise_install else "",
        organisation=bot.enterprise_id or "",
        name=bot.team_name or bot.enterprise_name or "",
        is_one_of_many=True,
    )


class States(AsyncOAuthStateStore):
    """What tells that who comes back from Slack has set out here. Each is good once, for ten minutes."""

    def __init__(self, desk: AdapterServices) -> None:
        self._desk = desk

    @property
    def logger(self) -> Logger:
        """The library's."""
        return getLogger(__name__)

    async def async_issue(self, *args: Any, **kwargs: Any) -> str:  # noqa: ARG002
        """A new one. Raises `StoreError`."""
        book = dict(await self._desk.storage(_STATES).items())
        oldest_first = sorted(book, key=lambda state: float(book[state]))
        over = oldest_first[: max(0, len(book) - STATES + 1)]
        for state in oldest_first:
            if state in over or float(book[state]) < time.time():
                await self._desk.storage(_STATES).delete(state)
        state = secrets.token_urlsafe(24)
        await self._desk.storage(_STATES).set(state, str(time.time() + STATE_LIFE))
        return state

    async def async_consume(self, state: str) -> bool:
        """Whether it is one of ours and still good; it is not any more. Raises `StoreError`."""
        expires = await self._desk.storage(_STATES).get(state)
        if expires is None:
            return False
        await self._desk.storage(_STATES).delete(state)
        return float(expires) >= time.time()
