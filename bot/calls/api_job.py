"""The API's job of an event, and the models that failed for it, kept for the next try of the event.

A new try waits for the same job, and whoever stops the event ends it.
"""

import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

import structlog

from aimodels.errors import ApiError
from bot.background import BackgroundTasks
from bot.calls.guarded_api import GuardedApi
from bot.errors import StoreError, UsageError
from bot.media.names import short_digest
from bot.models import Event
from bot.ports import KeyValues, Namespace, Owner

log = structlog.get_logger(__name__)

_KEPT = timedelta(days=1)  #: longer than any job takes


class ApiJob:
    """The job of one event, if the API makes one, and the models that it was asked in vain.

    `background`: holds the tasks that nobody waits for.
    """

    def __init__(self, values: KeyValues, event: Event, background: BackgroundTasks) -> None:
        self.name = ""  #: while the job runs
        self.model = ""  #: asked last, which makes the job; "": unknown
        self._values = values
        self._event = event
        self._background = background

    @property
    def _jobs(self) -> Namespace:
        return _jobs_of(self._values, self._event.adapter, self._event.conversation)

    @property
    def _key(self) -> str:
        """Name of the value: an edited question has the same event and needs another job."""
        event = self._event
        options = json.dumps(dict(event.options), sort_keys=True)
        return f"{event.id}:{short_digest(event.command, event.prompt, options)}"

    async def find(self) -> str:
        """Return the job that an earlier try left running; "": none. Raises `StoreError`."""
        self.name, _, model = (await self._jobs.get(self._key) or "").partition(" ")
        self.model = model or self.model
        return self.name

    def started(self, name: str) -> None:
        """Keep the name of a job that `model` has just begun."""
        self.name = name
        self._background.start(self._save(name))

    async def forget(self) -> None:
        """Forget a job that has failed or gone. Raises `StoreError`."""
        self.name = ""
        await self._jobs.delete(self._key)

    def cancel(self, api: GuardedApi) -> None:
        """End the running job, where the API can do that."""
        if self.name:
            self._background.start(_cancel(api, self._event, self.name))

    async def failed_models(self) -> list[str]:
        """Return the models that failed for this event and are not to be asked again. Raises `StoreError`."""
        return (await self._failed.get(self._key) or "").split()

    async def keep_failed(self, models: Sequence[str]) -> None:
        """Keep the models that failed, so that a new try does not pay them again; (): forget them."""
        if models:
            await self._failed.set(self._key, " ".join(models), expires=datetime.now(UTC) + _KEPT, owner=self._owner)
        else:
            await self._failed.delete(self._key)

    @property
    def _failed(self) -> Namespace:
        return self._values.namespace(f"failed-models:{self._event.adapter}:{self._event.conversation}")

    @property
    def _owner(self) -> Owner:
        return Owner.of(self._event, conversation=self._event.conversation)

    async def _save(self, name: str) -> None:
        try:
            value = f"{name} {self.model}".strip()
            await self._jobs.set(self._key, value, expires=datetime.now(UTC) + _KEPT, owner=self._owner)
        except StoreError as exc:
            log.warning("job of the API not saved", reason=str(exc))


def _jobs_of(values: KeyValues, adapter: str, conversation: str) -> Namespace:
    return values.namespace(f"api-jobs:{adapter}:{conversation}")


async def events_with_jobs(values: KeyValues, adapter: str, conversation: str) -> Collection[str]:
    """Return the ids of events of a conversation for which the API made a job lately. Raises `StoreError`."""
    return {key.rpartition(":")[0] for key in await _jobs_of(values, adapter, conversation).items()}


async def _cancel(api: GuardedApi, event: Event, name: str) -> None:
    try:
        await api.cancel_job(event, name)
    except (ApiError, UsageError, StoreError) as exc:
        log.info("job of the API not cancelled", reason=str(exc))
