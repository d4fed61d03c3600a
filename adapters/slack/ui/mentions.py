"""Mentions in messages that a person alone sees. Pure."""

from collections.abc import Collection, Iterator

from adapters.slack.types import Block
from bot.commandline.mentions import Mention

#: What rich text names by its id.
_KINDS = {"person": "user", "role": "usergroup", "channel": "channel"}


class Anybody(Collection[str]):
    """All people: for messages that a person alone sees, in which a mention notifies nobody else."""

    def __contains__(self, _: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 1


ANYBODY = Anybody()


def mention_element(named: Mention) -> Block:
    """Return somebody as an element of rich text, which shows their name; a workspace by its id."""
    number = named.id.rpartition(".")[2]
    kind = _KINDS.get(named.subject)
    return {"type": "text", "text": number} if kind is None else {"type": kind, f"{kind}_id": number}
