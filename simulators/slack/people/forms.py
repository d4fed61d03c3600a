"""Payloads of pressed elements and filled-in forms."""

from collections.abc import Iterator, Mapping
from typing import Any

from simulators.slack.messages import File
from simulators.slack.values import Json
from simulators.slack.workspace import Team


def elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Yield every interactive element of blocks with its block."""
    for block in blocks:
        for element in (*(block.get("elements") or ()), block.get("accessory"), block.get("element")):
            if isinstance(element, dict) and "type" in element:
                yield block, element


def label(element: Json, block: Json) -> str:
    """The text on an element, or its label."""
    text = element.get("text") or block.get("label") or {}
    return str(text.get("text", "")) if isinstance(text, dict) else str(text)


def control(blocks: list[Json], name: str) -> tuple[Json, Json]:
    """Find an element by `action_id`, block id or label; returns its block, too. Raises `LookupError`."""
    found = [(block, element) for block, element in elements(blocks) if element["type"] != "image"]
    for block, element in found:
        if name in (element.get("action_id"), label(element, block), block.get("block_id")):
            return block, element
    raise LookupError(f"no {name!r} among {[label(e, b) or e.get('action_id') for b, e in found]}")


def pressed(blocks: list[Json], name: str, chosen: Mapping[str, Any], ts: str) -> Json:
    """Build an entry of `actions`."""
    block, element = control(blocks, name)
    action = {
        "type": element["type"],
        "action_id": element.get("action_id", "auto"),
        "block_id": block.get("block_id", "auto"),
        "action_ts": ts,
    }
    if element["type"] in {"button", "icon_button"}:
        return action | {name: element[name] for name in ("text", "value", "style", "url") if name in element}
    if element["type"] == "feedback_buttons":
        button = element["positive_button" if chosen.get("good", True) else "negative_button"]
        return action | {"text": button["text"], "value": button["value"]}
    return action | filled(element, chosen.get("value"))


def option(element: Json, value: Any) -> Json:
    """Find an option by value or label. Raises `LookupError`."""
    groups = element.get("option_groups") or [{"options": element.get("options") or ()}]
    for one in (one for group in groups for one in group["options"]):
        if value in (one["value"], one["text"]["text"]):
            return dict(one)
    raise LookupError(f"{value!r} can't be chosen")


def filled(element: Json, value: Any) -> Json:
    """The value of an element: the given one, else its initial one."""
    kind = element["type"]
    if kind in {"static_select", "radio_buttons", "overflow", "external_select"}:
        chosen = element.get("initial_option") if value is None else option(element, value)
        return {"selected_option": chosen}
    if kind in {"checkboxes", "multi_static_select"}:
        chosen = element.get("initial_options", []) if value is None else [option(element, one) for one in value]
        return {"selected_options": chosen}
    if kind == "multi_users_select":
        return {"selected_users": value or element.get("initial_users", [])}
    if kind.endswith("users_select"):
        return {"selected_user": value or element.get("initial_user")}
    if kind.endswith(("conversations_select", "channels_select")):
        name = "conversation" if "conversations" in kind else "channel"
        return {f"selected_{name}": value or element.get(f"initial_{name}")}
    return {"value": element.get("initial_value") if value is None else str(value) or None}


def state(blocks: list[Json], values: Mapping[str, Any], team: Team, base: str) -> Json:
    """Build `view.state.values` of a form. Raises `LookupError` for a value without a field."""
    found: Json = {}
    left = dict(values)
    for block, element in elements(blocks):
        if block["type"] != "input" and "action_id" not in element:
            continue
        names = (block.get("block_id"), element.get("action_id"), label(element, block))
        name = next((name for name in names if name in left), None)
        value = left.pop(name) if name is not None else None
        held: Json = {"type": element["type"]}
        if element["type"] == "file_input":
            files = [value] if isinstance(value, File) else value or []
            held["files"] = [file.to_json(base, team.id) for file in files]
        elif element["type"] in {"button", "image"}:
            continue
        else:
            held |= filled(element, value)
        found.setdefault(block["block_id"], {})[element.get("action_id", "auto")] = held
    if left:
        raise LookupError(f"no field for {sorted(left)}")
    return found
