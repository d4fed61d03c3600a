"""Slack's rules for what stands in blocks and can be pressed, chosen or filled in."""

from collections.abc import Iterator
from typing import Any

from simulators.slack.blocks.rules import PLAIN, Fault, count, items, text_object, text_of
from simulators.slack.values import Json


def faults(element: Json) -> Iterator[Fault]:
    """The violations of an element."""
    if "action_id" in element:
        yield from text_of("/action_id", element["action_id"], 255)
    if "placeholder" in element:
        yield from text_object("/placeholder", element["placeholder"], 150, PLAIN)
    if "confirm" in element:
        yield from _confirm(element["confirm"])
    yield from _KINDS.get(element["type"], _nothing)(element)


def _nothing(element: Json) -> Iterator[Fault]:
    return iter(())


def _confirm(value: Json) -> Iterator[Fault]:
    for name, longest in (("title", 100), ("confirm", 30), ("deny", 30)):
        if name in value:
            yield from text_object(f"/confirm/{name}", value[name], longest, PLAIN)
    yield from text_object("/confirm/text", value.get("text"), 300)


def _button(element: Json) -> Iterator[Fault]:
    yield from text_object("/text", element.get("text"), 75, PLAIN)
    if "value" in element:
        yield from text_of("/value", element["value"], 2000, 0)
    if "url" in element:
        yield from text_of("/url", element["url"], 3000)
    if element.get("style", "primary") not in {"primary", "danger"}:
        yield "/style", "must be primary or danger"
    if "accessibility_label" in element:
        yield from text_of("/accessibility_label", element["accessibility_label"], 75)


def _options(element: Json, most: int) -> Iterator[Fault]:
    groups = element.get("option_groups")
    if (groups is None) == (element.get("options") is None):
        yield "", "must have either options or option_groups"
        return
    if groups is not None:
        yield from count("/option_groups", groups, 100)
        for number, group in enumerate(items(element, "option_groups")):
            yield from text_object(f"/option_groups/{number}/label", group.get("label"), 75, PLAIN)
            yield from _option_list(f"/option_groups/{number}/options", group.get("options"), most)
    else:
        yield from _option_list("/options", element.get("options"), most)
    known = _known(element)
    initial: list[Any] = list(element.get("initial_options") or ())
    if "initial_option" in element:
        initial.append(element["initial_option"])
    for option in initial:
        if not isinstance(option, dict) or (option.get("value"), option.get("text")) not in known:
            yield "/initial_option", "must be one of the options"


def _known(element: Json) -> list[tuple[Any, Any]]:
    lists = [items(element, "options"), *(items(group, "options") for group in items(element, "option_groups"))]
    return [(option.get("value"), option.get("text")) for options in lists for option in options]


def _option_list(where: str, options: Any, most: int) -> Iterator[Fault]:
    yield from count(where, options, most)
    for number, option in enumerate(options if isinstance(options, list) else ()):
        yield from text_object(f"{where}/{number}/text", option.get("text"), 75)
        yield from text_of(f"{where}/{number}/value", option.get("value"), 150)
        if "description" in option:
            yield from text_object(f"{where}/{number}/description", option["description"], 75)


def _select(element: Json) -> Iterator[Fault]:
    yield from _options(element, 100)


def _few(element: Json) -> Iterator[Fault]:
    yield from _options(element, 10)


def _overflow(element: Json) -> Iterator[Fault]:
    yield from _options(element, 5)


def _text_input(element: Json) -> Iterator[Fault]:
    if "initial_value" in element:
        yield from text_of("/initial_value", element["initial_value"], 3000, 0)
    if not 0 <= element.get("min_length", 0) <= 3000:
        yield "/min_length", "must be between 0 and 3000"
    if not 1 <= element.get("max_length", 3000) <= 3000:
        yield "/max_length", "must be between 1 and 3000"


def _number_input(element: Json) -> Iterator[Fault]:
    if not isinstance(element.get("is_decimal_allowed"), bool):
        yield "", "missing required field: is_decimal_allowed"
    for name in ("min_value", "max_value", "initial_value"):
        if name in element and not isinstance(element[name], str):
            yield f"/{name}", "must be a string"


def _file_input(element: Json) -> Iterator[Fault]:
    if not 1 <= element.get("max_files", 10) <= 10:
        yield "/max_files", "must be between 1 and 10"


def _feedback(element: Json) -> Iterator[Fault]:
    for name in ("positive_button", "negative_button"):
        button = element.get(name)
        if not isinstance(button, dict):
            yield "", f"missing required field: {name}"
            continue
        yield from text_object(f"/{name}/text", button.get("text"), 75, PLAIN)
        yield from text_of(f"/{name}/value", button.get("value"), 2000)


def _icon_button(element: Json) -> Iterator[Fault]:
    if element.get("icon") != "trash":
        yield "/icon", "must be trash"
    yield from text_object("/text", element.get("text"), 75, PLAIN)


_KINDS = {
    "button": _button,
    "checkboxes": _few,
    "radio_buttons": _few,
    "static_select": _select,
    "multi_static_select": _select,
    "overflow": _overflow,
    "plain_text_input": _text_input,
    "number_input": _number_input,
    "file_input": _file_input,
    "feedback_buttons": _feedback,
    "icon_button": _icon_button,
}
