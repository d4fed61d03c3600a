"""Retention by place: channels, workspaces and everybody may keep things for less time than the operator does."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.models import Media
from bot.ports import Maintenance
from bot.scoped_settings.effective import ScopedSettings
from bot.scoped_settings.names import RETENTION_DAYS
from bot.scoped_settings.scopes import Scope
from bot.values import valueclass


@valueclass(frozen=True, slots=True)
class _Place:
    scope: str
    adapter: str
    id: str
    days: int


@valueclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Erases what is older than the settings of its place allow. Every method raises `StoreError`."""

    scoped: ScopedSettings
    maintenance: Maintenance
    longest: int  #: days, of the operator's settings; 0: for ever

    async def prune(self, now: datetime, *, audit_before: datetime | None) -> Sequence[Media]:
        """Erase what is past its retention everywhere; returns the media whose files are to be deleted."""
        places = await self._places()
        days = min([place.days for place in places if place.scope == Scope.SERVICE], default=self.longest)
        before = now - timedelta(days=days) if days else datetime.fromtimestamp(0, now.tzinfo)
        media = list(await self.maintenance.prune(before, audit_before=audit_before))
        for place in places:
            before = now - timedelta(days=place.days)
            match place.scope:
                case Scope.CHANNEL:
                    media += await self.maintenance.prune_place(before, adapter=place.adapter, channel=place.id)
                case Scope.WORKSPACE:
                    media += await self.maintenance.prune_place(before, adapter=place.adapter, workspace=place.id)
        return media

    async def _places(self) -> Sequence[_Place]:
        """Return the places that have a retention of their own, which is shorter than the operator's."""
        setting = self.scoped.registry[RETENTION_DAYS]
        found = []
        for namespace, value in (await self.scoped.values.find_values(RETENTION_DAYS)).items():
            scope, _, place = namespace.partition(":")
            adapter, _, place_id = place.partition(":")
            if not setting.error(value):
                found.append(_Place(scope, adapter, place_id, int(float(value))))
        return found
