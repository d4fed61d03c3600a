"""The scopes of settings: where a value is kept and how far it reaches."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from bot.models import Event, Location
from bot.ports import Owner


class Scope(StrEnum):
    """The reach of a value. The members are ordered: the first that has a value decides."""

    THREAD = "thread"  #: the conversation
    CHANNEL = "channel"
    ME = "me"  #: the person, wherever they ask
    WORKSPACE = "workspace"  #: the workspace or server
    SERVICE = "service"  #: everybody


#: Scopes of values that are shared by several people.
SHARED = (Scope.THREAD, Scope.CHANNEL, Scope.WORKSPACE, Scope.SERVICE)

#: Scopes that administrators change, the nearest first.
ADMINISTERED = (Scope.CHANNEL, Scope.WORKSPACE, Scope.SERVICE)


_SERVICE = "service"

#: Name of a workspace's value that is the API which it has brought, sealed. It is no setting, so that nothing lists it.
OWN_API = "own_api"


def namespaces_of(event: Event) -> Mapping[Scope, str]:
    """Return the scopes that apply to an event, the nearest first, each with the namespace that has its values."""
    adapter, place = event.adapter, event.location
    namespaces = {
        Scope.THREAD: conversation_namespace(event),
        Scope.CHANNEL: _channel_namespace(adapter, place.channel or event.conversation),
        Scope.ME: person_namespace(adapter, event.actor.id),
        Scope.WORKSPACE: workspace_namespace(adapter, place.workspace),
        Scope.SERVICE: _SERVICE,
    }
    if not place.workspace:
        del namespaces[Scope.WORKSPACE]
    return namespaces


def conversation_namespace(event: Event) -> str:
    """Return the namespace that has the values of an event's conversation."""
    return f"conversation:{event.adapter}:{event.conversation}"


def channel_namespaces(adapter: str, location: Location) -> Sequence[tuple[Scope, str]]:
    """Return the scopes and namespaces that have values for everybody in a channel, the nearest first."""
    channel = (Scope.CHANNEL, _channel_namespace(adapter, location.channel))
    if not location.workspace:
        return (channel, (Scope.SERVICE, _SERVICE))
    workspace = (Scope.WORKSPACE, workspace_namespace(adapter, location.workspace))
    return (channel, workspace, (Scope.SERVICE, _SERVICE))


def owner_of(scope: Scope, event: Event) -> Owner | None:
    """Return with what a scope's values are erased; None: they stay until they are cleared."""
    match scope:
        case Scope.THREAD:
            return Owner(adapter=event.adapter, conversation=event.conversation)
        case Scope.ME:
            return Owner.of(event)
        case _:
            return None


def person_namespace(adapter: str, actor: str) -> str:
    """Return the namespace that has a person's values."""
    return f"person:{adapter}:{actor}"


def _channel_namespace(adapter: str, channel: str) -> str:
    return f"channel:{adapter}:{channel}"


def workspace_namespace(adapter: str, workspace: str) -> str:
    """Return the namespace that has a workspace's values."""
    return f"workspace:{adapter}:{workspace}"
