"""Types that several parts of the package share. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: `Event.adapter` of every event from Slack.
ADAPTER = "slack"

#: A JSON object as Slack sends it.
Json = Mapping[str, Any]
#: A JSON object that is sent to Slack: a block, an element or a view.
Block = dict[str, Any]
#: The body of an acknowledgement, which Slack shows at once; None: an empty one.
AckBody = dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user, or an app, as a workspace sees them. "" is unknown."""

    id: str
    name: str = ""
    locale: str = ""
    time_zone: str = ""
    team: str = ""  #: the workspace they belong to
    enterprise: str = ""  #: the organisation they belong to
    roles: tuple[str, ...] | None = None  #: ids of their user groups; None: not read
    is_admin: bool = False
    is_bot: bool = False
