"""Settings of how much may be used, and of requests that are quoted or granted first."""

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from bot.i18n import operator_text
from bot.settings.approvers import validate_approvers
from bot.settings.base import EnvironmentSettings, Words


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)  # to list all would read a thousand files at each start
    except (KeyError, ValueError, OSError):  # an unknown name, no name, a folder
        raise ValueError(operator_text("setting.time_zone")) from None
    return value


class LimitSettings(EnvironmentSettings):
    """A part of `Settings`."""

    bot_requests_per_minute: int = Field(
        20,
        ge=0,
        description="Requests of one person a minute. 0: no limit. At the terminal the limit applies only if it is set here.",
    )
    bot_media_per_day: int = Field(
        100, ge=0, description="Pictures, sounds and videos of one person a day. 0: no limit."
    )
    bot_time_zone: Annotated[str, AfterValidator(_time_zone)] = Field(
        "UTC",
        description="Time zone in which the days and months of limits begin, and of schedules of people whose own is not known, such as Asia/Taipei.",
    )
    bot_schedules_per_person: int = Field(
        20, ge=0, le=10_000, description="Schedules (/schedule) that one person may have. 0: nobody may schedule."
    )
    bot_schedules_per_workspace: int = Field(
        200, ge=0, le=100_000, description="Schedules that all people of a workspace or server may have together."
    )
    bot_schedule_interval: int = Field(
        900, ge=60, le=2_678_400, description="Shortest time between two requests of a schedule, in seconds."
    )
    bot_schedule_grace: int = Field(
        3600,
        ge=60,
        le=604_800,
        description="Seconds for which a scheduled request is made late, where the service was not running. Later it is told that it was missed.",
    )
    bot_budget_per_day: float = Field(
        0, ge=0, description="Money of all people a day, in the API's currency. 0: no limit."
    )
    bot_quote_above: float | None = Field(
        None,
        ge=0,
        le=100_000,
        description="Price of a request above which it first shows what it will cost. Administrators may lower it. Empty: no quotes unless they set a price.",
    )
    bot_approve_above: float | None = Field(
        None,
        ge=0,
        le=100_000,
        description="Price of a request above which an approver has to grant it. Administrators may lower it. Empty: no approvals unless they set a price.",
    )
    bot_approvers: Annotated[Words, AfterValidator(validate_approvers)] = Field(
        (),
        description="People and roles that grant requests: person:ID,role:ID, or person:PLATFORM:ID. Administrators "
        "do on a platform of which nobody is listed.",
    )
