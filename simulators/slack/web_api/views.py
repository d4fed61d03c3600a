"""`views.*`: modals and App Home tabs."""

import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulators.slack.blocks.blocks import validate
from simulators.slack.faults import ApiError
from simulators.slack.spec.request_schemas import faults
from simulators.slack.values import Json, new_id
from simulators.slack.web_api.calls import Caller, method
from simulators.slack.workspace import Team, View

if TYPE_CHECKING:
    from simulators.slack.server import SlackSimulator

DEEPEST = 3
_TYPES = {"modal": "ModalView", "home": "HomeView"}


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

    def __init__(self, slack: "SlackSimulator") -> None:
        self.slack = slack
        self.triggers: dict[str, Trigger] = {}
        self.views: dict[str, View] = {}

    def trigger(self, team: Team, user: str, view: str = "") -> str:
        """Make a `trigger_id`."""
        name = f"{time.time_ns()}.{len(self.triggers)}.{secrets.token_hex(16)}"
        self.triggers[name] = Trigger(team.id, user, time.monotonic(), view=view)
        return name

    def take(self, caller: Caller) -> Trigger:
        """Use the trigger of a call. Raises `ApiError` for one that is unknown, used or expired."""
        trigger = self.triggers.get(caller.required("trigger_id"))
        if trigger is None or trigger.team != caller.team.id:
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


def checked(view: Any, *, kind: str) -> Json:
    """Check a view against Slack's rules. Raises `ApiError` with the reasons."""
    if not isinstance(view, dict) or view.get("type") != kind:
        raise ApiError("invalid_arguments", response_metadata={"messages": [f"[ERROR] must be a {kind} view"]})
    found = list(faults({"$ref": _TYPES[kind]}, {**view, "blocks": []}, "/view"))
    blocks: list[Json] = []
    try:
        blocks = validate(view.get("blocks"), surface=kind)
    except ApiError as error:
        found += error.answer.get("errors", [str(error)])
    if kind == "modal" and not view.get("submit") and any(block["type"] == "input" for block in blocks):
        found.append("a submit is required when an input block is within blocks [json-pointer:/view/submit]")
    if found:
        raise ApiError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {fault}" for fault in found]})
    return {**view, "blocks": blocks}


@method("views.open")
def open_view(caller: Caller) -> Json:
    content = checked(caller.params.get("view"), kind="modal")
    trigger = caller.slack.modals.take(caller)
    view = caller.slack.modals.show(caller.team, trigger.user, content)
    return {"view": caller.slack.modals.to_json(view)}


@method("views.push")
def push_view(caller: Caller) -> Json:
    modals = caller.slack.modals
    content = checked(caller.params.get("view"), kind="modal")
    trigger = modals.take(caller)
    below = modals.top(trigger.user)
    if below is None:
        raise ApiError("invalid_trigger_id")
    depth, view = 1, below
    while view.previous:
        depth, view = depth + 1, modals.views[view.previous]
    if depth >= DEEPEST:
        raise ApiError("push_limit_reached")
    return {"view": modals.to_json(modals.show(caller.team, trigger.user, content, previous=below.id))}


@method("views.update")
def update_view(caller: Caller) -> Json:
    modals, wanted, external = caller.slack.modals, caller.text("view_id"), caller.text("external_id")
    content = checked(caller.params.get("view"), kind="modal")
    view = modals.views.get(wanted) or next((v for v in modals.views.values() if external == v.external_id != ""), None)
    if view is None or view.is_closed or view.team != caller.team.id:
        raise ApiError("not_found")
    if caller.text("hash") and caller.text("hash") != view.hash:
        raise ApiError("hash_conflict")
    view.content, view.hash = content, new_hash(content)
    return {"view": modals.to_json(view)}


@method("views.publish")
def publish_view(caller: Caller) -> Json:
    user = caller.required("user_id")
    content = checked(caller.params.get("view"), kind="home")
    team, known = caller.team, caller.team.homes.get(user)
    if user not in team.users:
        raise ApiError("user_not_found")
    if known and caller.text("hash") and caller.text("hash") != known["hash"]:
        raise ApiError("hash_conflict")
    view = View(
        id=known["id"] if known else new_id("V"), team=team.id, user=user, content=content, hash=new_hash(content)
    )
    team.homes[user] = caller.slack.modals.to_json(view)
    return {"view": team.homes[user]}
