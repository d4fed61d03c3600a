"""Buttons that work once, such as the one that makes up for a scheduled request that was missed."""

from bot.models import Event, Job
from bot.ports import KeyValues, Namespace, Owner
from bot.values import valueclass

#: Name of the buttons that work once, and only for the author of the request that they are under.
ONCE = "now"


@valueclass(frozen=True, slots=True)
class SingleUse:
    """The press that used a button, kept as long as the button's conversation. Every method raises `StoreError`."""

    values: KeyValues

    async def claim(self, press: Event, job: Job, button: str) -> bool:
        """Return whether a press is the one that uses a button under the answer of a job; safe to repeat."""
        uses, name = self._uses(press), _name(job.event.id, button)
        owner = Owner(adapter=press.adapter, actor=job.event.actor.id, conversation=job.event.conversation)
        return await uses.replace(name, press.id, was=None, owner=owner) or await uses.get(name) == press.id

    async def release(self, press: Event, answered: str, button: str) -> None:
        """Let another press use the button where this one has claimed it, as this one is refused."""
        uses, name = self._uses(press), _name(answered, button)
        if await uses.get(name) == press.id:
            await uses.delete(name)

    def _uses(self, press: Event) -> Namespace:
        return self.values.namespace(f"pressed:{press.adapter}")


def _name(answered: str, button: str) -> str:
    return f"{answered} {button}"
