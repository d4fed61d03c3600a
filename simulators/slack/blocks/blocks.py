"""Slack's rules for blocks. A violation is answered with `invalid_blocks` and the reasons."""

from collections.abc import Collection, Iterator
from typing import Any

from simulators.slack.blocks.elements import faults
from simulators.slack.blocks.rules import PLAIN, Fault, count, items, text_object, text_of
from simulators.slack.faults import ApiError
from simulators.slack.values import Json

MOST = {"message": 50, "modal": 100, "home": 100}
#: Characters that all blocks of a message may hold; measured by others, not documented.
LONGEST_MESSAGE = 13_200
LONGEST_MARKDOWN = 12_000
LONGEST_TABLE = 10_000

_ALLOWED = {
    "message": {
        *("actions", "alert", "card", "carousel", "context", "context_actions", "divider", "file", "header", "image"),
        *("markdown", "plan", "rich_text", "section", "table", "task_card", "video"),
    },
    "modal": {"actions", "alert", "context", "divider", "header", "image", "input", "rich_text", "section", "video"},
    "home": {"actions", "alert", "context", "divider", "header", "image", "input", "rich_text", "section", "video"},
}
_ACTIONS = {
    *("button", "checkboxes", "datepicker", "datetimepicker", "overflow", "radio_buttons", "timepicker"),
    *("static_select", "external_select", "users_select", "conversations_select", "channels_select"),
    *("multi_static_select", "multi_users_select", "workflow_button"),
}
_INPUTS = (_ACTIONS - {"button", "overflow", "workflow_button"}) | {
    *("plain_text_input", "number_input", "email_text_input", "url_text_input", "file_input", "rich_text_input"),
}
_RICH = {"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"}
_INLINE = {"text", "link", "emoji", "user", "usergroup", "channel", "broadcast", "color", "date", "team"}


def validate(blocks: Any, *, surface: str, files: Collection[str] = ()) -> list[Json]:
    """The blocks, each with a block id. Raises `ApiError` as Slack refuses them. `files`: ids that blocks may show."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise ApiError("invalid_blocks_format")
    faults = [f"{fault} [json-pointer:{where}]" for where, fault in _faults(blocks, surface, files)]
    if faults:
        messages = [f"[ERROR] {fault}" for fault in faults]
        raise ApiError("invalid_blocks", errors=faults, response_metadata={"messages": messages})
    if surface == "message" and size(blocks) > LONGEST_MESSAGE:
        raise ApiError("msg_blocks_too_long")
    return [{"block_id": f"b{number}", **block} for number, block in enumerate(blocks)]


def size(value: Any) -> int:
    """Characters of text in blocks."""
    if isinstance(value, list):
        return sum(size(part) for part in value)
    if isinstance(value, dict):
        return sum(
            len(part) if name == "text" and isinstance(part, str) else size(part) for name, part in value.items()
        )
    return 0


def _faults(blocks: list[Json], surface: str, files: Collection[str]) -> Iterator[Fault]:
    if len(blocks) > MOST[surface]:
        yield "/blocks", f"no more than {MOST[surface]} items allowed"
    ids: set[str] = set()
    tables = [block for block in blocks if block.get("type") == "table"]
    if len(tables) > 1:
        yield "/blocks", "only_one_table_allowed"
    markdown = sum(len(str(block.get("text", ""))) for block in blocks if block.get("type") == "markdown")
    if markdown > LONGEST_MARKDOWN:
        yield "/blocks", f"markdown blocks must hold less than {LONGEST_MARKDOWN + 1} characters together"
    for number, block in enumerate(blocks):
        where, kind, name = f"/blocks/{number}", block.get("type"), block.get("block_id")
        if kind not in _ALLOWED[surface]:
            yield where, f"unsupported type: {kind}"
            continue
        if name is not None:
            yield from text_of(f"{where}/block_id", name, 255)
            if name in ids:
                yield f"{where}/block_id", f"block_id {name} already exists"
            ids.add(name)
        for place, fault in _KINDS.get(kind, _nothing)(block, files):
            yield where + place, fault
        yield from _unique_actions(block, where)


def _unique_actions(block: Json, where: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for element in block.get("elements") or ():
        action = element.get("action_id") if isinstance(element, dict) else None
        if action is None:
            continue
        if action in seen:
            yield where, f"`action_id` {action} already exists in this block"
        seen.add(action)


def _nothing(block: Json, files: Collection[str]) -> Iterator[Fault]:
    return iter(())


def _section(block: Json, files: Collection[str]) -> Iterator[Fault]:
    if "text" not in block and "fields" not in block:
        yield "", "missing required field: text"
    if "text" in block:
        yield from text_object("/text", block["text"], 3000)
    if "fields" in block:
        yield from count("/fields", block["fields"], 10)
        for number, field in enumerate(items(block, "fields")):
            yield from text_object(f"/fields/{number}", field, 2000)
    if "accessory" in block:
        yield from _element("/accessory", block["accessory"], _ACTIONS | {"image"}, files)


def _header(block: Json, files: Collection[str]) -> Iterator[Fault]:
    yield from text_object("/text", block.get("text"), 150, PLAIN)


def _context(block: Json, files: Collection[str]) -> Iterator[Fault]:
    yield from count("/elements", block.get("elements"), 10)
    for number, element in enumerate(items(block, "elements")):
        if element.get("type") == "image":
            yield from _image(element, files, f"/elements/{number}")
        else:
            yield from text_object(f"/elements/{number}", element, 3000)


def _actions(block: Json, files: Collection[str]) -> Iterator[Fault]:
    yield from count("/elements", block.get("elements"), 25)
    for number, element in enumerate(items(block, "elements")):
        yield from _element(f"/elements/{number}", element, _ACTIONS, files)


def _context_actions(block: Json, files: Collection[str]) -> Iterator[Fault]:
    yield from count("/elements", block.get("elements"), 5)
    for number, element in enumerate(items(block, "elements")):
        yield from _element(f"/elements/{number}", element, {"feedback_buttons", "icon_button"}, files)


def _image(block: Json, files: Collection[str], where: str = "") -> Iterator[Fault]:
    yield from text_of(f"{where}/alt_text", block.get("alt_text"), 2000)
    file, url = block.get("slack_file"), block.get("image_url")
    if (file is None) == (url is None):
        yield where, "must have either image_url or slack_file"
    if url is not None:
        yield from text_of(f"{where}/image_url", url, 3000)
    if isinstance(file, dict) and file.get("id") not in files and "url" not in file:
        yield f"{where}/slack_file", "invalid slack file"
    if "title" in block:
        yield from text_object(f"{where}/title", block["title"], 2000, PLAIN)


def _input(block: Json, files: Collection[str]) -> Iterator[Fault]:
    yield from text_object("/label", block.get("label"), 2000, PLAIN)
    if "hint" in block:
        yield from text_object("/hint", block["hint"], 2000, PLAIN)
    yield from _element("/element", block.get("element"), _INPUTS, files)


def _markdown(block: Json, files: Collection[str]) -> Iterator[Fault]:
    yield from text_of("/text", block.get("text"), LONGEST_MARKDOWN)


def _table(block: Json, files: Collection[str]) -> Iterator[Fault]:
    yield from count("/rows", block.get("rows"), 100)
    if size(block.get("rows")) > LONGEST_TABLE:
        yield "/rows", f"must hold less than {LONGEST_TABLE + 1} characters"
    rows = block.get("rows")
    for number, row in enumerate(rows if isinstance(rows, list) else ()):
        yield from count(f"/rows/{number}", row, 20)
        for column, cell in enumerate(row if isinstance(row, list) else ()):
            where = f"/rows/{number}/{column}"
            kind = cell.get("type") if isinstance(cell, dict) else None
            if kind == "rich_text":
                for place, fault in _rich_text(cell, files):
                    yield where + place, fault
            elif kind not in {"raw_text", "raw_number"}:
                yield where, f"unsupported type: {kind}"
            elif not isinstance(cell.get("text"), str) or not cell["text"]:
                yield f"{where}/text", "must be more than 0 characters"
    if "column_settings" in block:
        yield from count("/column_settings", block["column_settings"], 20, 0)


def _rich_text(block: Json, files: Collection[str]) -> Iterator[Fault]:
    yield from count("/elements", block.get("elements"), 1000, 0)
    for number, element in enumerate(items(block, "elements")):
        yield from _rich(f"/elements/{number}", element)


def _rich(where: str, element: Json) -> Iterator[Fault]:
    kind = element.get("type")
    if kind not in _RICH:
        yield where, f"unsupported type: {kind}"
        return
    if kind == "rich_text_list":
        if element.get("style") not in {"bullet", "ordered"}:
            yield f"{where}/style", "must be bullet or ordered"
        if not 0 <= element.get("indent", 0) <= 8:
            yield f"{where}/indent", "must be between 0 and 8"
        for number, part in enumerate(items(element, "elements")):
            if part.get("type") != "rich_text_section":
                yield f"{where}/elements/{number}", f"unsupported type: {part.get('type')}"
            yield from _inline(f"{where}/elements/{number}", part)
    else:
        yield from _inline(where, element)


def _inline(where: str, element: Json) -> Iterator[Fault]:
    for number, part in enumerate(items(element, "elements")):
        if part.get("type") not in _INLINE:
            yield f"{where}/elements/{number}", f"unsupported type: {part.get('type')}"
        if part.get("type") == "text":
            yield from text_of(f"{where}/elements/{number}/text", part.get("text"), 40_000)
        if set(part.get("style") or ()) - {
            "bold",
            "italic",
            "strike",
            "code",
            "underline",
            "highlight",
            "client_highlight",
        }:
            yield f"{where}/elements/{number}/style", "invalid additional property"


def _task_card(block: Json, files: Collection[str]) -> Iterator[Fault]:
    yield from text_of("/task_id", block.get("task_id"), 255)
    yield from text_of("/title", block.get("title"), 3000)
    if block.get("status", "pending") not in {"pending", "in_progress", "complete", "error"}:
        yield "/status", "must be pending, in_progress, complete or error"


def _plan(block: Json, files: Collection[str]) -> Iterator[Fault]:
    yield from text_of("/title", block.get("title"), 3000)
    for number, task in enumerate(items(block, "tasks")):
        for place, fault in _task_card(task, files):
            yield f"/tasks/{number}{place}", fault


def _alert(block: Json, files: Collection[str]) -> Iterator[Fault]:
    yield from text_object("/text", block.get("text"), 200)


def _element(where: str, element: Any, allowed: Collection[str], files: Collection[str]) -> Iterator[Fault]:
    kind = element.get("type") if isinstance(element, dict) else None
    if kind not in allowed:
        yield where, f"unsupported type: {kind}"
    elif kind == "image":
        yield from _image(element, files, where)
    else:
        for place, fault in faults(element):
            yield where + place, fault


_KINDS = {
    "actions": _actions,
    "alert": _alert,
    "context": _context,
    "context_actions": _context_actions,
    "header": _header,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "plan": _plan,
    "rich_text": _rich_text,
    "section": _section,
    "table": _table,
    "task_card": _task_card,
}
