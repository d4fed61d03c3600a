"""`views.*`: modals and App Home tabs."""

from typing import Any

from simulators.slack.blocks.blocks import validate
from simulators.slack.faults import ApiError
from simulators.slack.modals import new_hash
from simulators.slack.spec.request_schemas import faults
from simulators.slack.values import Json, new_id
from simulators.slack.web_api.calls import Caller, method
from simulators.slack.workspace import View

DEEPEST = 3
_TYPES = {"modal": "ModalView", "home": "HomeView"}


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
    trigger = caller.slack.modals.take(caller.required("trigger_id"), caller.team)
    view = caller.slack.modals.show(caller.team, trigger.user, content)
    return {"view": caller.slack.modals.to_json(view)}


@method("views.push")
def push_view(caller: Caller) -> Json:
    modals = caller.slack.modals
    content = checked(caller.params.get("view"), kind="modal")
    trigger = modals.take(caller.required("trigger_id"), caller.team)
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
