"""Slack's rules for what can be pressed, chosen or filled in, as far as types can't express them.

Each function names the page of https://docs.slack.dev/reference/block-kit that states its rules.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from simulators.slack.blocks.rules import Fault, at_least_one, length
from simulators.slack.values import Json


def element_faults(element: Json) -> Iterator[Fault]:
    """The faults of an element whose fields and types are right; nothing of other objects."""
    if "action_id" in element:
        yield from length("/action_id", element["action_id"], 255)
    yield from _KINDS.get(element.get("type", ""), _nothing)(element)


def _nothing(element: Json) -> Iterator[Fault]:
    return iter(())


def _options(element: Json) -> Iterator[Fault]:
    """block-elements/select-menu-element, composition-objects/option-group-object: labels and counts."""
    groups, options = element.get("option_groups"), element.get("options")
    if (groups is None) == (options is None):
        yield "", "must have either options or option_groups"
        return
    yield from at_least_one("/option_groups" if options is None else "/options", options or groups or ())
    for number, group in enumerate(groups or ()):
        yield from length(f"/option_groups/{number}/label/text", group["label"]["text"], 75)
        yield from at_least_one(f"/option_groups/{number}/options", group["options"])
        if len(group["options"]) > 100:
            yield f"/option_groups/{number}/options", "no more than 100 items allowed"
    known = [*(options or ()), *(option for group in groups or () for option in group["options"])]
    for number, option in enumerate(known):
        yield from length(f"/options/{number}/value", option.get("value", ""), 150)
        if "description" in option:
            yield from length(f"/options/{number}/description/text", option["description"]["text"], 75)
    pairs = [(option.get("value"), option["text"]) for option in known]
    initial: list[Any] = [*element.get("initial_options", ()), *filter(None, [element.get("initial_option")])]
    if any((option.get("value"), option["text"]) not in pairs for option in initial):
        yield "/initial_option", "must be one of the options"


def _text_input(element: Json) -> Iterator[Fault]:
    """block-elements/plain-text-input-element."""
    yield from length("/initial_value", element.get("initial_value", ""), 3000, 0)
    if not 0 <= element.get("min_length", 0) <= 3000:
        yield "/min_length", "must be between 0 and 3000"
    if not 1 <= element.get("max_length", 3000) <= 3000:
        yield "/max_length", "must be between 1 and 3000"


def _number_input(element: Json) -> Iterator[Fault]:
    """block-elements/number-input-element; it does not say whether the initial value may be out of bounds: refused."""
    if (initial := element.get("initial_value")) is None:
        return
    try:
        value = float(initial)
    except ValueError:
        yield "/initial_value", "must be a number"
        return
    if not element["is_decimal_allowed"] and not re.fullmatch(r"-?\d+", initial):
        yield "/initial_value", "must be an integer"
    if not float(element.get("min_value", "-inf")) <= value <= float(element.get("max_value", "inf")):
        yield "/initial_value", "must be between min_value and max_value"


def _file_input(element: Json) -> Iterator[Fault]:
    """block-elements/file-input-element."""
    if not 1 <= element.get("max_files", 10) <= 10:
        yield "/max_files", "must be between 1 and 10"


def _feedback(element: Json) -> Iterator[Fault]:
    """block-elements/feedback-buttons-element."""
    for name in ("positive_button", "negative_button"):
        yield from length(f"/{name}/text/text", element[name]["text"]["text"], 75)
        yield from length(f"/{name}/value", element[name]["value"], 2000)


def _icon_button(element: Json) -> Iterator[Fault]:
    """block-elements/icon-button-element."""
    yield from length("/text/text", element["text"]["text"], 75)


_KINDS: dict[str, Callable[[Json], Iterator[Fault]]] = {
    **dict.fromkeys(("checkboxes", "radio_buttons", "static_select", "multi_static_select", "overflow"), _options),
    "plain_text_input": _text_input,
    "number_input": _number_input,
    "file_input": _file_input,
    "feedback_buttons": _feedback,
    "icon_button": _icon_button,
}
