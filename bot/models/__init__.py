"""The immutable values that the packages exchange; each survives a round trip through JSON, as the store needs."""

from bot.models.answer import Action, Actions, Answer, Media, Origin, Part, Status, Text, TurnRecord, Usage
from bot.models.capabilities import Capabilities
from bot.models.check_result import CheckResult
from bot.models.command_spec import CommandSpec, Lane, Option
from bot.models.conversation import PriorMessages, Turn
from bot.models.event import Actor, Attachment, Event, Location
from bot.models.job import Job, Outcome
from bot.models.kinds import KINDS, MEDIA_KINDS, Kind, is_picture

__all__ = [
    "KINDS",
    "MEDIA_KINDS",
    "Action",
    "Actions",
    "Actor",
    "Answer",
    "Attachment",
    "Capabilities",
    "CheckResult",
    "CommandSpec",
    "Event",
    "Job",
    "Kind",
    "Lane",
    "Location",
    "Media",
    "Option",
    "Origin",
    "Outcome",
    "Part",
    "PriorMessages",
    "Status",
    "Text",
    "Turn",
    "TurnRecord",
    "Usage",
    "is_picture",
]
