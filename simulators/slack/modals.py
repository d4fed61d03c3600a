"""The open modals of all users, and the triggers that open them."""

import hashlib
import json
import secrets
import time
from dataclasses import dataclass

from simulators.slack.faults import ApiError
from simulators.slack.state import SlackState
from simulators.slack.values import Json, new_id
from simulators.slack.workspace import Team, View


@dataclass(slots=True)
class Trigger:
    """The right to open one modal within a few seconds."""

    team: str
    user: str
    made: float
    is_used: bool = False
    view: str = ""  #: the view that was on top when it was given


class Modals:
    """The open modals of all users."""

    def __init__(self, slack: SlackState) -> None:
        self.slack = slack
        self.triggers: dict[str, Trigger] = {}
        self.views: dict[str, View] = {}

    def trigger(self, team: Team, user: str, view: str = "") -> str:
        """Make a `trigger_id`."""
        name = f"{time.time_ns()}.{len(self.triggers)}.{secrets.token_hex(16)}"
        self.triggers[name] = Trigger(team.id, user, time.monotonic(), view=view)
        return name

    def take(self, trigger_id: str, team: Team) -> Trigger:
        """Use a trigger in a call of this workspace. Raises `ApiError` for one that is unknown, used or expired."""
        trigger = self.triggers.get(trigger_id)
        if trigger is None or trigger.team != team.id:
            raise ApiError("invalid_trigger_id")
        if trigger.is_used:
            raise ApiError("exchanged_trigger_id")
        if time.monotonic() - trigger.made > self.slack.trigger_lifetime:
            raise ApiError("expired_trigger_id")
        trigger.is_used = True
        return trigger

    def show(self, team: Team, user: str, content: Json, *, previous: str = "") -> View:
        """Open a modal, on top of another if `previous` names it."""
        view = View(id=new_id("V"), team=team.id, user=user, content=content, hash=new_hash(content), previous=previous)
        view.external_id = content.get("external_id", "")
        self.views[view.id] = view
        self.slack.notify()
        return view

    def top(self, user: str) -> View | None:
        """The topmost modal of a user, or None."""
        return next((v for v in reversed(self.views.values()) if v.user == user and not v.is_closed), None)

    def close(self, view: View, *, all_of_them: bool = False) -> None:
        """Close a modal, or also those below it."""
        view.is_closed = True
        if all_of_them and view.previous:
            self.close(self.views[view.previous], all_of_them=True)
        self.slack.notify()

    def to_json(self, view: View, values: Json | None = None) -> Json:
        """The JSON form of a view in payloads and answers."""
        team = self.slack.teams[view.team]
        defaults = {"private_metadata": "", "callback_id": "", "clear_on_close": False, "notify_on_close": False}
        return {
            "id": view.id,
            "team_id": view.team,
            **defaults,
            "close": None,
            "submit": None,
            "external_id": view.external_id,
            **view.content,
            "state": {"values": values or {}},
            "hash": view.hash,
            "previous_view_id": view.previous or None,
            "root_view_id": self._root(view),
            "app_id": self.slack.app_id,
            "app_installed_team_id": view.team,
            "bot_id": team.bot.bot_id,
        }

    def _root(self, view: View) -> str:
        while view.previous:
            view = self.views[view.previous]
        return view.id


def new_hash(content: Json) -> str:
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]
    return f"{time.time():.6f}.{digest}"
