"""The sentences on schedules."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.commandline.mentions import Mention, link_mention, link_time
from bot.i18n import translate
from bot.models import Action, Event
from bot.ports import Schedule

_LONGEST = 200  #: characters of a request that are shown


def sentence(
    key: str,
    schedule: Schedule,
    *,
    due: datetime | None = None,
    following: datetime | None = None,
    reason: str = "",
    words: str = "",
) -> str:
    """Return a sentence on a schedule in its author's language."""
    actor = schedule.event.actor
    return translate(
        f"schedule.{key}",
        actor.locale,
        who=link_mention(Mention("person", actor.id), actor.name),
        when=written(schedule.when),
        request=describe(schedule.event),
        due="" if due is None else local_time(due, schedule.zone),
        next="" if following is None else local_time(following, schedule.zone),
        reason=reason,
        words=words,
    )


def change_action(schedule: Schedule, act: str, locale: str, *, number: str = "") -> Action:
    """Return the button that pauses, resumes or deletes a schedule. `number`: of the schedule in a list."""
    return Action(
        name=f"{act}{number}",
        label=" ".join(filter(None, (translate(f"schedule.button.{act}", locale), number))),
        command="schedule",
        options={"act": act, "id": schedule.id},
        row=int(number or 0),
        is_danger=act == "delete",
    )


def heading(schedule: Schedule) -> str:
    """Return what begins the thread of a scheduled answer."""
    return f"⏰ {written(schedule.when)}: {describe(schedule.event)}"


def describe(event: Event) -> str:
    """Return a request as it was typed, its beginning if it is long."""
    options = (f"--{name} {value}" for name, value in event.options.items())
    command = () if event.command == "chat" else (f"/{event.command}",)
    words = " ".join((*command, *event.prompt.split(), *options)).replace("`", "'")
    return f"`{words[:_LONGEST]}…`" if len(words) > _LONGEST else f"`{words}`"


def written(when: str) -> str:
    """Return a phrase as it was typed, without the marks that Markdown reads."""
    return when if re.sub(r"[\s:,/、，：]", "", when).isalnum() else f"`{when.replace('`', '')}`"


def local_time(at: datetime, zone: str) -> str:
    """Return a time as the platform shows it, else as people read it in a time zone."""
    return link_time(at.timestamp(), f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}")
