"""The tokens of workspaces that installed the app, sealed in the service's storage."""

import asyncio
import json
import time
from logging import Logger, getLogger

import structlog
from slack_sdk.errors import SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator

from adapters.kit.bounded import BoundedDict
from adapters.kit.per_key import PerKey
from adapters.slack.connection.errors import API_ERRORS, log_reason
from adapters.slack.connection.workspaces import NotInstalled, Workspace, has_agent_view, split_owner
from adapters.slack.timing import Timing
from bot.background import BackgroundTasks
from bot.errors import DeliveryDelayed, DeliveryError, StoreError
from bot.ports import AdapterStorage, AdapterValues

log = structlog.get_logger(__name__)

_NAME = "installation"
_INSTALLATIONS = 1000  # installations in memory
_BOTS = 5000  # users in memory who were asked whether they are a bot
_MINUTE = 60


class InstallationStore(AsyncInstallationStore):
    """An `InstallationSource`, to which the library's OAuth flow saves installations."""

    problem = ""  #: a problem of one workspace is none of the service

    def __init__(self, services: AdapterValues, rotator: AsyncTokenRotator, timing: Timing) -> None:
        self._services = services
        self._rotator = rotator
        self._timing = timing
        self._cache: BoundedDict[str, Bot] = BoundedDict(_INSTALLATIONS, lifetime=timing.installation_lifetime)
        #: Owners of bots, by user; "": the user is not known to be a bot of an installation.
        self._bots: BoundedDict[str, str] = BoundedDict(_BOTS, lifetime=timing.installation_lifetime)
        self._storage_of_bots = services.storage("slack.bots", has_secrets=False)
        self._locks: PerKey[str, asyncio.Lock] = PerKey()
        self._renewals = BackgroundTasks("token renewal")

    @property
    def logger(self) -> Logger:
        """The logger that the library asks for."""
        return getLogger(__name__)

    # -- finding

    async def find(self, team: str, enterprise: str) -> Workspace:
        """Return the installation of an organisation, or of a workspace, with a token that works.

        Raises `NotInstalled`, `DeliveryDelayed` or `StoreError`.
        """
        owner = enterprise or team
        bot = await self._load(owner)
        expires, now = bot.bot_token_expires_at, time.time()
        if expires is not None and expires < now + self._timing.token_renewal:
            if expires <= now + self._timing.token_last_moment:
                bot = await self._renew(owner)
            elif owner not in self._locks:
                self._renewals.start(self._renew_early(owner))
        return _parse_workspace(bot)

    async def find_bot(self, user: str) -> Workspace | None:
        """Return the installation whose bot that user is; None: it is of none. Raises what `find` does."""
        if user not in self._bots:
            self._bots[user] = await self._storage_of_bots.get(user) or ""
        owner = self._bots[user]
        try:
            return await self.find(*split_owner(owner)) if owner else None
        except NotInstalled:
            return None

    async def _load(self, owner: str, *, refresh: bool = False) -> Bot:
        bot = None if refresh else self._cache.get(owner)
        if bot is None:
            text = await self._storage(owner).get(_NAME) if owner else None
            if text is None:
                self._cache.pop(owner, None)
                raise NotInstalled(f"the app is not installed in {owner or 'this workspace'}")
            bot = self._cache[owner] = Bot(**json.loads(text))
            await self._note_bot(bot.bot_user_id, owner)
        return bot

    async def _note_bot(self, user: str, owner: str) -> None:
        """Note whose bot a user is; an earlier version did not."""
        if self._bots.get(user) != owner and await self._storage_of_bots.get(user) != owner:
            await self._storage_of_bots.set(user, owner)
        self._bots[user] = owner

    def _storage(self, owner: str) -> AdapterStorage:
        return self._services.storage(f"slack.installation.{owner}")

    # -- renewing tokens

    async def _renew_early(self, owner: str) -> None:
        try:
            await self._renew(owner)
        except (DeliveryError, StoreError) as exc:
            log.warning("token not renewed yet", reason=str(exc))

    async def _renew(self, owner: str) -> Bot:
        """Return an installation with a fresh token. Renews it once, however many callers wait.

        Raises `DeliveryDelayed` or what `find` does.
        """
        async with self._locks.find_or_make(owner, asyncio.Lock):
            bot = await self._load(owner, refresh=True)
            minutes = int(self._timing.token_renewal // _MINUTE)
            try:
                fresh = await self._rotator.perform_bot_token_rotation(bot=bot, minutes_before_expiration=minutes)
            except (SlackTokenRotationError, *API_ERRORS) as exc:
                if (theirs := await self._load(owner, refresh=True)).bot_token != bot.bot_token:
                    return theirs  # another process was faster, and a refresh token works once
                cause = exc.api_error if isinstance(exc, SlackTokenRotationError) else exc
                message = f"Slack gives no fresh token ({log_reason(cause)})"
                raise DeliveryDelayed(message, retry_after=self._timing.token_retry) from exc
            if fresh is None:
                return bot
            await self._write(owner, fresh)
            log.info("token renewed", owner=owner)
            return fresh

    async def close(self) -> None:
        """Wait until tokens that are being renewed are stored: a refresh token works once."""
        await self._renewals.drain()

    # -- writing

    async def async_save(self, installation: Installation) -> None:
        """Store an installation that a person has just allowed. Raises `StoreError`."""
        bot = installation.to_bot()
        owner = (bot.enterprise_id if bot.is_enterprise_install else bot.team_id) or ""
        await self._write(owner, bot)
        log.info("app installed", owner=owner)

    async def _write(self, owner: str, bot: Bot) -> None:
        values = {**bot.to_dict_for_copying(), "bot_token_expires_at": bot.bot_token_expires_at}
        values["installed_at"] = bot.installed_at  # the library would have both as text
        await self._storage(owner).set(_NAME, json.dumps(values))
        self._cache[owner] = bot
        await self._note_bot(bot.bot_user_id, owner)

    async def forget(self, team: str, enterprise: str, *, before: float) -> bool:
        """Delete the token of an installation that was removed.

        False: it was made after that time, and Slack has sent the event late, or once more: it does so for an hour, and
        somebody may have installed the app again meanwhile. Raises `StoreError`.
        """
        owner = enterprise or team
        try:
            if int((await self._load(owner, refresh=True)).installed_at) > before:
                return False
        except NotInstalled:
            return True
        self._cache.pop(owner, None)
        await self._storage(owner).delete(_NAME)
        return True


def _parse_workspace(bot: Bot) -> Workspace:
    return Workspace(
        team="" if bot.is_enterprise_install else bot.team_id or "",
        token=bot.bot_token,
        bot_user=bot.bot_user_id,
        bot=bot.bot_id,
        enterprise=(bot.enterprise_id or "") if bot.is_enterprise_install else "",
        organisation=bot.enterprise_id or "",
        name=bot.team_name or bot.enterprise_name or "",
        is_agent=has_agent_view(bot.bot_scopes),
        is_one_of_many=True,
    )
