"""A record of the kinds of events that Slack has sent, each with the day of the last one.

Slack tells no app what it is subscribed to; `check` concludes it from this record. It holds kinds and days, no content.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import structlog

from adapters.slack.types import Json

log = structlog.get_logger(__name__)

FILE = "slack-observed-events.json"
_FORMER_FILE = "slack-heard.json"  # written by an earlier version
#: Kinds of interactions that are no events.
COMMANDS, SHORTCUTS, INTERACTIVITY = "slash commands", "shortcuts", "interactivity"
#: Events about the installation itself, which come when no token works any more. They are not recorded.
UNINSTALL_EVENTS = ("app_uninstalled", "tokens_revoked")
#: Events about user groups, which come where somebody changes one.
GROUP_EVENTS = ("subteam_created", "subteam_members_changed", "subteam_updated")
#: The event by which a channel gets another id.
CHANNEL_ID_CHANGED = "channel_id_changed"
#: Subtypes of notices that a channel has another name, or that others see it now.
#: https://docs.slack.dev/reference/events/message#subtypes
PLACE_CHANGES = ("channel_name", "channel_convert_to_private", "channel_convert_to_public", "group_name")
_MESSAGES = {"channel": "message.channels", "group": "message.groups", "im": "message.im", "mpim": "message.mpim"}


class ObservedEvents:
    """The record, in a file of `folder`; None: in memory only."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._days: dict[str, str] | None = None

    @property
    def last_seen(self) -> Mapping[str, str]:
        """The day of the last event, by kind."""
        if self._days is None:
            self._days = self._read()
        return self._days

    def record(self, kind: str) -> None:
        """Record that an event of that kind came. Writes the file once a day for each kind."""
        today = datetime.now(UTC).date().isoformat()
        if self.last_seen.get(kind) == today:
            return
        self._days = {**self.last_seen, kind: today}
        if self._folder is None:
            return
        fresh = self._folder / f"{FILE}.new"
        try:
            fresh.write_text(json.dumps(self._days, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            fresh.replace(self._folder / FILE)
        except OSError as exc:
            log.warning("observed events not written", reason=type(exc).__name__)

    def _read(self) -> dict[str, str]:
        for name in (FILE, _FORMER_FILE) if self._folder is not None else ():
            assert self._folder is not None
            try:
                days = json.loads((self._folder / name).read_text(encoding="utf-8"))
                return {str(kind): str(day) for kind, day in days.items()}
            except FileNotFoundError:
                continue
            except (OSError, ValueError, AttributeError) as exc:
                log.warning("observed events not read", reason=type(exc).__name__)
                return {}
        return {}


def kind_of(event: Json) -> str:
    """Return an event's kind as the app's settings name it."""
    kind = str(event.get("type") or "")
    return _MESSAGES.get(str(event.get("channel_type")), kind) if kind == "message" else kind
