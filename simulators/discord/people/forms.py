"""A modal that a person fills in, and what Discord sends of it.

Each component is answered as its "Interaction Response Structure" says:
https://docs.discord.com/developers/components/reference. A form that Discord's clients don't let a person submit, such
as one with an empty field that is required, is a `LookupError` here.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from simulators.discord.commands import Places, find_id
from simulators.discord.components import (
    CHECKBOX,
    CHECKBOXES,
    INPUT,
    LABEL,
    PICKED_IN_FORM,
    RADIOS,
    SELECT,
    UPLOAD,
    chosen_bounds,
)
from simulators.discord.values import Json


def fields(components: list[Json]) -> Iterator[Json]:
    """Yield the fields of a modal, which are those in its labels."""
    for label in components:
        if label["type"] == LABEL and label.get("component"):
            yield label["component"]


def fill_in_form(
    components: list[Json],
    values: Mapping[str, Any],
    places: Places,
    *,
    upload: Callable[[str], list[str]],
) -> list[Json]:
    """Return the components of a submission. `values`: by custom id, what is left out stays as it is shown.

    `upload`: uploads the files for a field and returns their ids.
    """
    if unknown := values.keys() - {field["custom_id"] for field in fields(components)}:
        raise LookupError(f"no field for {sorted(unknown)}")
    answered = []
    for number, field in enumerate(fields(components), 1):
        name = field["custom_id"]
        held: Json = {"type": field["type"], "id": number * 2, "custom_id": name}
        held |= {"values": upload(name)} if field["type"] == UPLOAD else _answer(field, values.get(name), places)
        _require(field, held)
        answered.append({"type": LABEL, "id": number * 2 - 1, "component": held})
    return answered


def _answer(field: Json, value: Any, places: Places) -> Json:
    """Return what is in a field. `value`: None: what it shows at first."""
    kind = field["type"]
    if kind == INPUT:
        return {"value": str(field.get("value") or "" if value is None else value)}
    if kind == CHECKBOX:
        return {"value": bool(field.get("default")) if value is None else value in (True, "true", "yes")}
    chosen = _defaults(field) if value is None else [value] if isinstance(value, str) else list(value)
    chosen = [one for one in chosen if one]
    if kinds := PICKED_IN_FORM.get(kind, ()):
        return {"values": [find_id(one, kinds, places) for one in chosen]}
    offered = [option["value"] for option in field.get("options", ())]
    if not set(chosen) <= set(offered):
        raise LookupError(f"{field['custom_id']} offers {offered} and not {chosen}")
    if kind == RADIOS:
        return {"value": chosen[0] if chosen else None}
    return {"values": [one for one in offered if one in chosen] if kind == CHECKBOXES else chosen}


def _defaults(field: Json) -> list[str]:
    return [option["value"] for option in field.get("options", ()) if option.get("default")]


def _require(field: Json, held: Json) -> None:
    """Raise `LookupError` where the client does not let a person submit the form."""
    name, kind, count = field["custom_id"], field["type"], len(held.get("values", ()))
    is_empty = not (held.get("value") or count)
    if is_empty and kind != CHECKBOX and field.get("required", True):
        raise LookupError(f"{name} must be filled in")
    least, most = chosen_bounds(field) if kind == CHECKBOXES else (0, field.get("max_values") or 1)
    if "values" in held and not is_empty and not least <= count <= most:
        raise LookupError(f"{name} takes {least} to {most} values")
    if kind in (CHECKBOXES, SELECT) and len(set(held["values"])) < count:
        raise LookupError(f"{name} takes each value once")
