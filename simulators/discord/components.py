"""Discord's rules for components: of old and new messages, and of modals."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from simulators.discord.commands import Places, resolve
from simulators.discord.errors import Form, server_error
from simulators.discord.values import Json

ROW, BUTTON, SELECT, INPUT, SECTION, TEXT, THUMBNAIL = 1, 2, 3, 4, 9, 10, 11
GALLERY, FILE, SEPARATOR, CONTAINER, LABEL, UPLOAD = 12, 13, 14, 17, 18, 19
RADIOS, CHECKBOXES, CHECKBOX = 21, 22, 23
SELECTS = (3, 5, 6, 7, 8)
#: Selects in which something is picked: what of.
PICKED_IN_FORM: Mapping[int, tuple[str, ...]] = {5: ("users",), 6: ("roles",), 7: ("users", "roles"), 8: ("channels",)}
LINK, PREMIUM = 5, 6
#: what may stand where: parent → children; 0 is the message
Allowed = Mapping[int, tuple[int, ...]]
LEGACY: Allowed = {0: (ROW,), ROW: (BUTTON, *SELECTS)}
V2: Allowed = {
    0: (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR, CONTAINER),
    CONTAINER: (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR),
    SECTION: (TEXT,),
    ROW: (BUTTON, *SELECTS),
}
MODAL: Allowed = {0: (LABEL, TEXT), LABEL: (INPUT, UPLOAD, RADIOS, CHECKBOXES, CHECKBOX, *SELECTS)}
#: components of a message, characters of its texts
MOST, CHARACTERS = 40, 4000
#: Bytes of texts, with some for each, above which Discord answers with an error of its own.
_PROCESSED, _EACH = 10170, 12


def every(components: list[Json]) -> Iterator[Json]:
    """Yield all components, nested ones too."""
    for one in components:
        yield one
        yield from every(one.get("components", ()))
        for inner in (one.get("accessory"), one.get("component")):
            if inner:
                yield from every([inner])


def media(components: list[Json]) -> Iterator[str]:
    """Yield the URLs of all files in components."""
    for one in every(components):
        yield from (item["media"]["url"] for item in one.get("items", ()))
        yield from (one[kind]["url"] for kind in ("media", "file") if kind in one)


def resolve_files(components: list[Json], files: list[Json]) -> tuple[list[Json], list[Json]]:
    """Return the components with their uploads filled in, and the files that none of them shows.

    Since April 2026 `attachments` holds "any attached files that are not referenced in embeds or components":
    https://docs.discord.com/developers/resources/message#message-object (discord-api-docs #8279). The file that a
    component shows is an unfurled media item:
    https://docs.discord.com/developers/components/reference#unfurled-media-item
    """
    resolved: list[Json] = json.loads(json.dumps(components))
    by_url = {f"attachment://{file['filename']}": file for file in files}
    shown: set[str] = set()
    for one in every(resolved):
        for holder, kind in ((one, "file"), (one, "media"), *((item, "media") for item in one.get("items", ()))):
            file = by_url.get(holder.get(kind, {}).get("url", ""))
            if file is not None:
                shown.add(file["id"])
                fields = {"attachment_id": file["id"], "content_type": file["content_type"], "loading_state": 2}
                holder[kind] = {"url": file["url"], "proxy_url": file["proxy_url"], **fields}
                if kind == "file":  # only a file component tells name and size
                    holder |= {"name": file["filename"], "size": file["size"]}
    return resolved, [file for file in files if file["id"] not in shown]


def as_sent(data: Any) -> Any:
    """Return what the bot receives for messages in the state's form, which lists every file under `attachments`."""
    if isinstance(data, list):
        return [as_sent(one) for one in data]
    if not isinstance(data, dict):
        return data
    sent = {name: as_sent(value) if value and isinstance(value, dict | list) else value for name, value in data.items()}
    if sent.get("components") and sent.get("attachments"):
        sent["components"], sent["attachments"] = resolve_files(sent["components"], sent["attachments"])
    return sent


def resolve_picked(data: Json, places: Places) -> Json:
    """Return the data of a submitted modal with the objects that are picked in it."""
    resolved = data.get("resolved", {})
    for one in every(data.get("components", [])):
        if one["type"] in PICKED_IN_FORM:
            resolved = resolve(resolved, one.get("values", []), one, PICKED_IN_FORM[one["type"]], places)
    return {**data, "resolved": resolved} if resolved else data


def texts(components: list[Json]) -> list[str]:
    """The texts in components."""
    return [one["content"] for one in every(components) if one["type"] == TEXT]


def check(form: Form, components: list[Json], allowed: Allowed, at: str, files: set[str]) -> None:
    """Record the errors of the components of a message or modal with these files."""
    seen: set[str] = set()
    is_v2 = allowed is V2
    if is_v2:
        _sums(form, components, at)
    elif allowed is LEGACY:
        form.length(at, components, 0, 5)
    else:
        form.length(at, components, 1, 5)
    for number, one in enumerate(components):
        _check(form, one, 0, allowed, f"{at}.{number}", seen)
    if is_v2:
        for url in media(components):
            if url.startswith("attachment://") and url.removeprefix("attachment://") not in files:
                form.wrong(at, "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND", f"{url} was not found")


def _sums(form: Form, components: list[Json], at: str) -> None:
    found = texts(components)
    if len(list(every(components))) > MOST:
        form.wrong(at, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", f"The max number of components is {MOST}")
    if sum(map(len, found)) > CHARACTERS:
        text = f"The total displayable text size exceeds maximum size of {CHARACTERS}"
        form.wrong(at, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", text)
    elif sum(len(text.encode()) + _EACH for text in found) > _PROCESSED:
        raise server_error()


def _check(form: Form, one: Json, parent: int, allowed: Allowed, at: str, seen: set[str]) -> None:
    kind = one.get("type", 0)
    if kind not in allowed[parent]:
        form.wrong(f"{at}.type", "UNION_TYPE_CHOICES", f'Value of field "type" must be one of {allowed[parent]}.')
        return
    if custom_id := one.get("custom_id"):
        form.length(f"{at}.custom_id", custom_id, 1, 100)
        if custom_id in seen:
            form.wrong(f"{at}.custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
        seen.add(custom_id)
    if kind in _FIELDS:
        _FIELDS[kind](form, one, at)
    for name, most in _CHILDREN.get(kind, {}).items():
        form.length(f"{at}.{name}", one.get(name, []), 1, most)
    for number, inner in enumerate(one.get("components", ())):
        _check(form, inner, kind, allowed, f"{at}.components.{number}", seen)
    for name, kinds in (("accessory", {kind: (BUTTON, THUMBNAIL)}), ("component", allowed)):
        if one.get(name):
            _check(form, one[name], kind, kinds, f"{at}.{name}", seen)


def _text(form: Form, one: Json, at: str) -> None:
    form.required(f"{at}.content", one.get("content"))


def _file(form: Form, one: Json, at: str) -> None:
    if not one["file"]["url"].startswith("attachment://"):
        form.wrong(f"{at}.file.url", "BASE_TYPE_CHOICES", "Must be an attachment reference")


def _input(form: Form, one: Json, at: str) -> None:
    form.required(f"{at}.custom_id", one.get("custom_id"))
    form.length(f"{at}.placeholder", one.get("placeholder"), 0, 100)
    form.length(f"{at}.value", one.get("value"), 0, 4000)


def _label(form: Form, one: Json, at: str) -> None:
    form.length(f"{at}.label", one.get("label", ""), 1, 45)
    form.length(f"{at}.description", one.get("description"), 0, 100)
    form.required(f"{at}.component", one.get("component"))


def _section(form: Form, one: Json, at: str) -> None:
    form.required(f"{at}.accessory", one.get("accessory"))


def _button(form: Form, one: Json, at: str) -> None:
    form.length(f"{at}.label", one.get("label"), 0, 80)
    if one.get("style") == LINK:
        form.required(f"{at}.url", one.get("url"))
        if one.get("custom_id"):
            text = "A custom id and url cannot both be specified"
            form.wrong(f"{at}.custom_id", "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", text)
    elif one.get("style") != PREMIUM:
        form.required(f"{at}.custom_id", one.get("custom_id"))
        if not one.get("label") and not one.get("emoji"):
            form.wrong(at, "BUTTON_COMPONENT_MISSING_LABEL", "A label or emoji is required")


def _select(form: Form, one: Json, at: str) -> None:
    form.required(f"{at}.custom_id", one.get("custom_id"))
    form.length(f"{at}.placeholder", one.get("placeholder"), 0, 150)
    if one["type"] == SELECT:
        _options(form, one, at, 1, 25)


def _radios(form: Form, one: Json, at: str) -> None:
    """https://docs.discord.com/developers/components/reference#radio-group."""
    form.required(f"{at}.custom_id", one.get("custom_id"))
    _options(form, one, at, 2, 10)
    if sum(bool(option.get("default")) for option in one.get("options", [])) > 1:
        form.wrong(f"{at}.options", "RADIO_GROUP_MULTIPLE_DEFAULTS", "Only one option can be selected by default")


def _checkboxes(form: Form, one: Json, at: str) -> None:
    """https://docs.discord.com/developers/components/reference#checkbox-group."""
    form.required(f"{at}.custom_id", one.get("custom_id"))
    _options(form, one, at, 1, 10)
    least, most = chosen_bounds(one)
    if not 0 <= least <= most <= len(one.get("options", [])):
        form.wrong(f"{at}.max_values", "BASE_TYPE_BAD_INT", "min_values and max_values must fit the options")
    if least == 0 and one.get("required", True):
        text = "min_values must be omitted or at least 1 if the component is required"
        form.wrong(f"{at}.min_values", "BASE_TYPE_BAD_INT", text)


def _checkbox(form: Form, one: Json, at: str) -> None:
    """https://docs.discord.com/developers/components/reference#checkbox: it can't be required."""
    form.required(f"{at}.custom_id", one.get("custom_id"))


def chosen_bounds(one: Json) -> tuple[int, int]:
    """Return how many options must and may be chosen in a checkbox group."""
    least, most = one.get("min_values"), one.get("max_values")
    if least is None:
        least = 1 if one.get("required", True) else 0
    return int(least), len(one.get("options", [])) if most is None else int(most)


def _options(form: Form, one: Json, at: str, least: int, most: int) -> None:
    options = one.get("options", [])
    form.length(f"{at}.options", options, least, most)
    values = [option.get("value") for option in options]
    if len(set(values)) < len(values):
        text = "The specified option value is already used"
        form.wrong(f"{at}.options", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", text)
    for number, option in enumerate(options):
        for name in ("label", "value"):
            form.length(f"{at}.options.{number}.{name}", option.get(name, ""), 1, 100)
        form.length(f"{at}.options.{number}.description", option.get("description"), 0, 100)


_CHILDREN = {ROW: {"components": 5}, SECTION: {"components": 3}, GALLERY: {"items": 10}}
_FIELDS: dict[int, Callable[[Form, Json, str], None]] = {
    BUTTON: _button,
    TEXT: _text,
    FILE: _file,
    INPUT: _input,
    LABEL: _label,
    RADIOS: _radios,
    CHECKBOXES: _checkboxes,
    CHECKBOX: _checkbox,
    SECTION: _section,
    **dict.fromkeys(SELECTS, _select),
}
