"""Ids of channels that Slack has changed: the service goes on with the first one, and Slack gets the newest.

A private channel has another id from the moment when it is shared by Slack Connect, and Slack no longer knows the one
before. Settings, limits, schedules, conversations and buttons name a channel by its id. So ids are replaced where
requests leave and where payloads and answers arrive, wherever in them they are.
https://docs.slack.dev/reference/events/channel_id_changed
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Protocol

import structlog

from adapters.kit.bounded import BoundedDict
from adapters.slack.types import Json
from bot.errors import StoreError
from bot.ports import AdapterValues, SharedWork

log = structlog.get_logger(__name__)

_CHANNELS = 10_000  # channels that need not be looked for again


class _Services(SharedWork, AdapterValues, Protocol):
    """The services that this module uses."""


class ChangedIds:
    """The changed ids of one installation. Pure."""

    def __init__(self, first_ids: Mapping[str, str]) -> None:
        """`first_ids`: by the newest id of a channel, the one by which the service knows it."""
        self._first_ids = dict(first_ids)
        self._newest_ids = {first: newest for newest, first in first_ids.items()}

    def to_slack(self, value: Any) -> Any:
        """Return a text, list or mapping with the newest ids."""
        return _replace(value, self._newest_ids)

    def from_slack(self, value: Any) -> Any:
        """Return a text, list or mapping with the ids by which the service knows the channels."""
        return _replace(value, self._first_ids)


def _replace(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for before, after in ids.items():
            if before in value:
                value = re.sub(rf"(?<![A-Za-z0-9]){before}(?![A-Za-z0-9])", after, value)
        return value
    if isinstance(value, dict):
        return {name: _replace(part, ids) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_replace(part, ids) for part in value]
    return value


class ChannelIds:
    """The changed ids of all installations, in memory and in the service's storage."""

    def __init__(self, services: _Services) -> None:
        self.has_peers = services.has_peers
        self._storage = services.storage("slack.channel_ids", has_secrets=False)
        self.by_owner: Mapping[str, ChangedIds] = {}  #: of the installations that have changed ids
        self._seen: BoundedDict[tuple[str, str], None] = BoundedDict(_CHANNELS, renews_on_read=True)

    async def load(self) -> None:
        """Read all changed ids, as they are now, into `by_owner`. Raises `StoreError`."""
        by_owner: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for name, first in (await self._storage.items()).items():
            owner, _, newest = name.rpartition(".")
            by_owner[owner][newest] = first
        self.by_owner = {owner: ChangedIds(first_ids) for owner, first_ids in by_owner.items()}

    async def change(self, owner: str, old: str, new: str) -> None:
        """Note that a channel has another id. Safe to repeat. Raises `StoreError`."""
        changed = self.by_owner.get(owner)
        if changed is not None and changed.from_slack(new) != new:
            return
        first = changed.from_slack(old) if changed is not None else old
        await self._storage.set(f"{owner}.{new}", first)
        if first != old:
            await self._storage.delete(f"{owner}.{old}")
        await self.load()
        log.info("channel has another id: what is set for it goes on under its first one", first=first, newest=new)

    async def has_newer(self, owner: str, channel: str) -> bool:
        """Return whether another process has noted a newer id of a channel that Slack no longer knows."""
        if not self.has_peers:
            return False
        before = self.by_owner.get(owner)
        await self.load()
        now = self.by_owner.get(owner)
        return now is not None and now.to_slack(channel) != (channel if before is None else before.to_slack(channel))

    async def read_payload(self, owner: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return a payload with the ids by which the service knows the channels, as far as it can read them now."""
        if self.has_peers:  # another process may have been sent the event of a channel that is new here
            key = owner, _channel_of(body)
            if key not in self._seen:
                try:
                    await self.load()
                except StoreError as exc:  # people are told where their request can't be recorded either
                    log.info("changed ids not read", reason=str(exc))
                else:
                    self._seen[key] = None
        changed = self.by_owner.get(owner)
        return body if changed is None else changed.from_slack(body)


def _channel_of(body: Json) -> str:
    """Return the channel of an event, a command or an interaction; "": it names none."""
    found = (body.get("event") or body).get("channel") or body.get("channel_id") or ""
    return str(found.get("id") or "") if isinstance(found, dict) else str(found)
