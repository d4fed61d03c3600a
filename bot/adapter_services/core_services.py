"""All of the services: those of `RequestChanges`, participants, profiles, forms, storage, signatures."""

from collections import deque
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import structlog

from bot.adapter_services.request_changes import RequestChanges
from bot.calls.learnt_limits import LearntLimits
from bot.errors import StoreError
from bot.models import Actor, CommandSpec, Event, Location, Option, Turn
from bot.ports import (
    AdapterStorage,
    CallRecorder,
    ChannelSettings,
    KeyValues,
    Loops,
    PlaceChanges,
    Processes,
    Profile,
    UsageLedger,
    ValueSigner,
)
from bot.scoped_settings import forms
from bot.scoped_settings.effective import ScopedSettings
from bot.scoped_settings.names import LANGUAGE
from bot.scoped_settings.scopes import Scope
from bot.security.encrypted_storage import EncryptedStorage
from bot.security.value_signer import HmacSigner
from bot.settings.core import Settings

if TYPE_CHECKING:
    from bot.security.token_cipher import TokenCipher

log = structlog.get_logger(__name__)

PROFILE_DAYS = 30
RECENT_MEDIA = 8


@dataclass(frozen=True, kw_only=True)
class CoreServices(RequestChanges):
    """See `bot.ports.AdapterServices`."""

    settings: Settings
    values: KeyValues
    scoped: ScopedSettings
    ledger: UsageLedger
    limits: LearntLimits
    account: str  #: of the service at the AI API
    shares: Processes
    places: PlaceChanges
    loops: Loops
    make_cipher: "Callable[[], TokenCipher]"  #: called with the first access to a value
    value_key: bytes  #: of the signatures of buttons and forms
    call_recorder: CallRecorder | None = None

    @property
    def has_peers(self) -> bool:
        """See `AdapterServices.has_peers`."""
        return self.settings.bot_database_url is not None

    def share(self, name: str, count: int) -> AsyncGenerator[frozenset[int], None]:
        """See `AdapterServices.share`."""
        return self.shares.share(name, count)

    # -- people

    async def participants(self, adapter: str, conversation: str) -> Collection[str]:
        """See `AdapterServices.participants`."""
        return await self.journal.participants(adapter, conversation)

    async def departed(self, adapter: str, conversation: str) -> Collection[str]:
        """See `AdapterServices.departed`."""
        return await self.journal.departed(adapter, conversation)

    async def last_turns(self, adapter: str, conversation: str, *, limit: int) -> Sequence[Turn]:
        """See `AdapterServices.last_turns`."""
        turns: deque[Turn] = deque(maxlen=limit)
        async for turn, _ in self.journal.transcript(adapter, conversation):
            turns.append(turn)
        return tuple(turns)

    async def profile(self, adapter: str, actor: Actor, *, within: str | None = None) -> Profile:
        """See `AdapterServices.profile`."""
        since = datetime.now(UTC) - timedelta(days=PROFILE_DAYS)
        chosen = await self.scoped.personal(adapter, actor.id)
        language = chosen.get(LANGUAGE, "")
        locale = language or actor.locale
        person = replace(actor, locale=locale)
        event = Event(id="", adapter=adapter, conversation="", actor=person, received_at=datetime.now(UTC))
        sees_all = self.policy.administers(event)
        everybody = await self.ledger.usage(since=since, adapter=adapter, within=within) if sees_all else ()
        return Profile(
            usage=tuple(await self.ledger.usage(since=since, adapter=adapter, actor=actor.id)),
            everybody=tuple(everybody),
            limits=tuple(await self.policy.describe_allowance(event)),
            language=language,
            settings=tuple(
                (replace(setting.option, description=setting.describe(locale)), chosen.get(name, ""))
                for name, setting in self.scoped.offered(adapter).items()
                if Scope.ME in setting.scopes
            ),
            recent=tuple(await self.journal.recent_media(adapter, actor.id, limit=RECENT_MEDIA)),
        )

    async def set_preference(self, adapter: str, actor: str, name: str, value: str | None) -> None:
        """See `AdapterServices.set_preference`."""
        await self.scoped.set_personal(adapter, actor, name, value)

    async def narrow(self, spec: CommandSpec) -> CommandSpec:
        """See `AdapterServices.narrow`."""
        if spec.kind is None:
            return spec
        try:
            return await self.limits.narrow(spec, self.account, self.settings.models(spec.kind))
        except StoreError as exc:  # the form opens all the same; what it lets through is refused later
            log.warning("limits of the API not read", reason=str(exc))
            return spec

    async def wait_for_role(self, is_mine: Callable[[str], bool]) -> None:
        """See `AdapterServices.wait_for_role`."""
        await self.policy.roles.wait(is_mine)

    async def offered(self, event: Event, names: Collection[str]) -> tuple[Collection[str], str]:
        """See `AdapterServices.offered`."""
        return await self.inbox.offered(event, names)

    async def channel_settings(self, adapter: str, location: Location) -> ChannelSettings:
        """See `AdapterServices.channel_settings`."""
        return await self.scoped.of_channel(adapter, location)

    # -- forms

    async def form_options(
        self, adapter: str, spec: CommandSpec | None, names: Collection[str], *, event: str, action: str, **who: str
    ) -> Sequence[Option]:
        """See `AdapterServices.form_options`."""
        job = await self.journal.job(adapter, event) if spec is not None and any(names) else None
        offered = self.scoped.offered(adapter)
        return forms.button_options(offered, spec, names, job, action, **who)

    def form_problems(
        self, adapter: str, spec: CommandSpec, values: Mapping[str, str], *, locale: str
    ) -> Mapping[str, str]:
        """See `AdapterServices.form_problems`."""
        return forms.problems(self.scoped.offered(adapter), self.registry.specs, spec, values, locale=locale)

    def completions(self, adapter: str, option: str, given: Mapping[str, str]) -> Sequence[str]:
        """See `AdapterServices.completions`."""
        return forms.completions(self.scoped.offered(adapter), option, given)

    # -- storage

    @cached_property
    def _cipher(self) -> "TokenCipher":
        return self.make_cipher()

    def storage(self, namespace: str, *, has_secrets: bool = True) -> AdapterStorage:
        """See `AdapterServices.storage`."""
        values = self.values.namespace(f"storage:{namespace}")
        return EncryptedStorage(values, namespace, lambda: self._cipher, has_secrets)

    def encrypt(self, text: str) -> str:
        """See `AdapterServices.encrypt`."""
        return self._cipher.encrypt(text)

    def decrypt(self, token: str) -> str | None:
        """See `AdapterServices.decrypt`."""
        return self._cipher.decrypt(token)

    # -- buttons and forms

    def signer(self, *place: str, person: str = "") -> ValueSigner:
        """See `AdapterServices.signer`."""
        return HmacSigner(self.value_key, place, person)
