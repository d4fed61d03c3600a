"""What Slack has told this service of, by kind and day: `check` knows from it what the app is surely set up for.

Slack tells no bot what it is subscribed to. The note holds kinds and days, and nothing of anybody.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import structlog

from adapters.slack.inbound.parse import Json

log = structlog.get_logger(__name__)

FILE = "slack-heard.json"
#: What is no event but comes of commands, shortcuts, buttons and forms.
COMMANDS, SHORTCUTS, INTERACTIVITY = "slash commands", "shortcuts", "interactivity"
_MESSAGES = {"channel": "message.channels", "group": "message.groups", "im": "message.im", "mpim": "message.mpim"}


class Heard:
    """The note. Without a folder it is kept in memory only."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / FILE if folder is not None else None
        self._days: dict[str, str] | None = None

    @property
    def days(self) -> Mapping[str, str]:
        """Kinds with the day when each was heard last."""
        if self._days is None:
            self._days = self._read()
        return self._days

    def _read(self) -> dict[str, str]:
        try:
            told = json.loads(self._path.read_text(encoding="utf-8")) if self._path is not None else {}
            return {str(kind): str(day) for kind, day in told.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError) as exc:
            log.warning("note of what was heard not read", reason=type(exc).__name__)
            return {}

    def note(self, kind: str) -> None:
        """Something of that kind has come. Written once a day for each kind."""
        today = datetime.now(UTC).date().isoformat()
        if self.days.get(kind) == today:
            return
        self._days = {**self.days, kind: today}
        if self._path is None:
            return
        fresh = self._path.with_suffix(".new")
        try:
            fresh.write_text(json.dumps(self._days, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            fresh.replace(self._path)
        except OSError as exc:
            log.warning("note of what was heard not written", reason=type(exc).__name__)


def kind_of(event: Json) -> str:
    """An event's kind as the app's settings name it."""
    kind = str(event.get("type") or "")
    return _MESSAGES.get(str(event.get("channel_type")), kind) if kind == "message" else kind
