"""The scopes of settings: where a value is kept and how far it reaches."""

from collections.abc import Sequence
from enum import StrEnum

from bot.models import Event
from bot.ports import Owner


class Scope(StrEnum):
    """How far a value reaches. The members are ordered: the first that has a value decides."""

    THREAD = "thread"  #: the conversation
    CHANNEL = "channel"
    ME = "me"  #: the person, wherever they ask
    WORKSPACE = "workspace"  #: the workspace or server
    SERVICE = "service"  #: everybody


#: Scopes of values that are shared by several people.
SHARED = (Scope.THREAD, Scope.CHANNEL, Scope.WORKSPACE, Scope.SERVICE)


def scopes_of(event: Event) -> Sequence[Scope]:
    """Return the scopes that apply to an event, the nearest first."""
    return [scope for scope in Scope if scope is not Scope.WORKSPACE or event.location.workspace]


def namespace_of(scope: Scope, event: Event) -> str:
    """Return the namespace that has a scope's values for an event."""
    match scope:
        case Scope.THREAD:
            return f"conversation:{event.adapter}:{event.conversation}"
        case Scope.CHANNEL:
            return f"channel:{event.adapter}:{event.location.channel or event.conversation}"
        case Scope.ME:
            return person_namespace(event.adapter, event.actor.id)
        case Scope.WORKSPACE:
            return f"workspace:{event.adapter}:{event.location.workspace}"
        case Scope.SERVICE:
            return "service"


def owner_of(scope: Scope, event: Event) -> Owner | None:
    """Return with what a scope's values are erased; None: they stay until they are cleared."""
    match scope:
        case Scope.THREAD:
            return Owner(adapter=event.adapter, conversation=event.conversation)
        case Scope.ME:
            return Owner(adapter=event.adapter, actor=event.actor.id)
        case _:
            return None


def person_namespace(adapter: str, actor: str) -> str:
    """Return the namespace that has a person's values."""
    return f"person:{adapter}:{actor}"
