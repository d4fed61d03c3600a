"""Numbers of the uses of buttons, such as of the variations of a picture."""

from datetime import timedelta

from bot.models import Action, Event
from bot.ports import Journal, KeyValues, Owner
from bot.values import valueclass

NUMBER = "{number}"  #: see `Action.series`


@valueclass(frozen=True, slots=True)
class UseNumbers:
    """Counts by conversation and `Action.series`. Every method raises `StoreError`."""

    values: KeyValues
    journal: Journal
    retention_days: int  #: days after which counting begins anew; 0: never

    async def fill_in(self, press: Event, action: Action) -> str:
        """Return the action's prompt with the number of this use; a press that is delivered again is counted once."""
        before, mark, after = action.prompt.rpartition(NUMBER)
        if not action.series or not mark:
            return action.prompt
        namespace = self.values.namespace(f"uses:{press.adapter}:{press.conversation}")
        number = int(await namespace.get(action.series) or 0)
        if await self.journal.job(press.adapter, press.id) is None:
            number += 1
            expires = press.received_at + timedelta(days=self.retention_days) if self.retention_days else None
            owner = Owner.of(press, conversation=press.conversation)
            await namespace.set(action.series, str(number), expires=expires, owner=owner)
        return f"{before}{number}{after}"
