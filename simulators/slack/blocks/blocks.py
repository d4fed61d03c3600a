"""Slack's rules for blocks. A violation is answered with `invalid_blocks` and the reasons.

Fields, types, lengths and counts are checked against Slack's published types (`simulators/slack/spec`). Here are the
rules that types can't express, each with the page that states it.
"""

import json
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import Any

from simulators.slack.blocks.elements import element_faults
from simulators.slack.blocks.rules import Fault, at_least_one, length, within
from simulators.slack.faults import ApiError
from simulators.slack.spec.request_schemas import faults
from simulators.slack.values import Json

#: https://docs.slack.dev/reference/block-kit/blocks
MOST = {"message": 50, "modal": 100, "home": 100}
#: Characters that all blocks of a message may hold; measured by others, not documented.
LONGEST_MESSAGE = 13_200
#: All markdown blocks of a payload: https://docs.slack.dev/reference/block-kit/blocks/markdown-block
LONGEST_MARKDOWN = 12_000
#: All cells: https://docs.slack.dev/reference/block-kit/blocks/table-block
LONGEST_TABLE = 10_000

#: Charts of a message; measured by others, not documented.
MOST_CHARTS = 2

#: Where blocks may be, the column "Available in surfaces" of https://docs.slack.dev/reference/block-kit/blocks
_ALLOWED = {
    "message": {
        *("actions", "alert", "card", "carousel", "context", "context_actions", "divider", "file", "header", "image"),
        *(
            "data_table",
            "data_visualization",
            "markdown",
            "plan",
            "rich_text",
            "section",
            "table",
            "task_card",
            "video",
        ),
    },
    "modal": {"actions", "alert", "context", "divider", "header", "image", "input", "rich_text", "section", "video"},
    "home": {"actions", "alert", "context", "divider", "header", "image", "input", "rich_text", "section", "video"},
}


def validate(blocks: Any, *, surface: str, files: Collection[str] = ()) -> list[Json]:
    """The blocks, each with a block id. Raises `ApiError` as Slack refuses them. `files`: ids that blocks may show."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise ApiError("invalid_blocks_format")
    found = list(_faults(blocks, surface, files))
    if found:
        messages = [f"[ERROR] {fault}" for fault in found]
        raise ApiError("invalid_blocks", errors=found, response_metadata={"messages": messages})
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


def _faults(blocks: list[Json], surface: str, files: Collection[str]) -> Iterator[str]:
    if len(blocks) > MOST[surface]:
        yield f"no more than {MOST[surface]} items allowed [json-pointer:/blocks]"
    if sum(block.get("type") == "table" for block in blocks) > 1:  # one a message, says the table block's page
        yield "only_one_table_allowed [json-pointer:/blocks]"
    if sum(block.get("type") == "data_visualization" for block in blocks) > MOST_CHARTS:
        yield f"no more than {MOST_CHARTS} items allowed [json-pointer:/blocks]"
    if sum(len(str(block.get("text", ""))) for block in blocks if block.get("type") == "markdown") > LONGEST_MARKDOWN:
        yield f"must be at most {LONGEST_MARKDOWN} characters [json-pointer:/blocks]"
    names: set[str] = set()
    for number, block in enumerate(blocks):
        where, kind, name = f"/blocks/{number}", block.get("type"), block.get("block_id")
        if kind not in _ALLOWED[surface]:
            yield f"unsupported type: {kind} [json-pointer:{where}]"
            continue
        if name is not None and name in names:  # "unique for each message": every block's page
            yield f"block_id {name} already exists [json-pointer:{where}/block_id]"
        names.add(str(name))
        mistyped = _mistyped(json.dumps(block), where)
        yield from mistyped
        if not mistyped:
            yield from (f"{fault} [json-pointer:{where}{place}]" for place, fault in _block_faults(block, files))


@lru_cache(maxsize=512)
def _mistyped(block: str, where: str) -> tuple[str, ...]:
    """Return what is wrong with the types of a block; an answer that grows is sent with the same ones again."""
    return tuple(faults({"$ref": "KnownBlock"}, json.loads(block), where))


def _block_faults(block: Json, files: Collection[str]) -> Iterator[Fault]:
    """The faults of a block whose fields and types are right."""
    if "block_id" in block:
        yield from length("/block_id", block["block_id"], 255)
    yield from _unique_actions(block)
    yield from _KINDS.get(block["type"], _nothing)(block)
    for place, part in within(block):
        if part.get("type") == "image" and "slack_file" in part:
            file = part["slack_file"]
            if file.get("id") not in files and "url" not in file:
                yield f"{place}/slack_file", "invalid slack file"
        elif part is not block:
            yield from ((place + deeper, fault) for deeper, fault in element_faults(part))


def _unique_actions(block: Json) -> Iterator[Fault]:
    """`action_id` "should be unique among all other action_ids in the containing block": every element's page."""
    seen: set[str] = set()
    for element in block.get("elements") or ():
        action = element.get("action_id")
        if action in seen:
            yield "", f"`action_id` {action} already exists in this block"
        if action is not None:
            seen.add(action)


def _nothing(block: Json) -> Iterator[Fault]:
    return iter(())


def _section(block: Json) -> Iterator[Fault]:
    """https://docs.slack.dev/reference/block-kit/blocks/section-block."""
    if "text" not in block and "fields" not in block:
        yield "", "missing required field: text"
    if "fields" in block:
        yield from at_least_one("/fields", block["fields"])
    for number, field in enumerate(block.get("fields", ())):
        yield from length(f"/fields/{number}/text", field["text"], 2000)


def _elements(block: Json) -> Iterator[Fault]:
    """An empty list is refused: "no fewer than 1 items allowed"."""
    yield from at_least_one("/elements", block["elements"])


def _image(block: Json) -> Iterator[Fault]:
    """https://docs.slack.dev/reference/block-kit/blocks/image-block."""
    yield from length("/alt_text", block["alt_text"], 2000)
    if "image_url" in block:
        yield from length("/image_url", block["image_url"], 3000)


def _markdown(block: Json) -> Iterator[Fault]:
    yield from length("/text", block["text"], LONGEST_MARKDOWN)


def _table(block: Json) -> Iterator[Fault]:
    """https://docs.slack.dev/reference/block-kit/blocks/table-block."""
    yield from at_least_one("/rows", block["rows"])
    if size(block["rows"]) > LONGEST_TABLE:
        yield "/rows", f"must be at most {LONGEST_TABLE} characters"
    for number, row in enumerate(block["rows"]):
        yield from at_least_one(f"/rows/{number}", row)
        if len(row) > 20:
            yield f"/rows/{number}", "no more than 20 items allowed"
        for column, cell in enumerate(row):
            if cell["type"] != "rich_text":
                yield from length(f"/rows/{number}/{column}/text", cell["text"], LONGEST_TABLE)


def _data_table(block: Json) -> Iterator[Fault]:
    """https://docs.slack.dev/reference/block-kit/blocks/data-table-block."""
    rows = block["rows"]
    if not 2 <= len(rows) <= 101:
        yield "/rows", "must have between 2 and 101 items"
        return
    if len({len(row) for row in rows}) > 1:
        yield "/rows", "must have the same number of values in all rows"
    if any(cell["type"] == "rich_text" for cell in rows[0]):
        yield "/rows/0", "unsupported type: rich_text"
    if size(rows) > LONGEST_TABLE:
        yield "/rows", f"must be at most {LONGEST_TABLE} characters"
    yield from length("/caption", block["caption"], 3000)
    for number, row in enumerate(rows):
        yield from at_least_one(f"/rows/{number}", row)
        if len(row) > 20:
            yield f"/rows/{number}", "no more than 20 items allowed"
        for column, cell in enumerate(row):
            if cell["type"] == "raw_text":
                yield from length(f"/rows/{number}/{column}/text", cell["text"], LONGEST_TABLE)


def _chart(block: Json) -> Iterator[Fault]:
    """https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block."""
    chart = block["chart"]
    if chart["type"] == "pie":
        for number, segment in enumerate(chart["segments"]):
            if segment["value"] <= 0:
                yield f"/chart/segments/{number}/value", "must be greater than 0"
        return
    categories, names = chart["axis_config"]["categories"], [series["name"] for series in chart["series"]]
    if len(set(names)) < len(names):
        yield "/chart/series", "must have unique names"
    for number, series in enumerate(chart["series"]):
        if sorted(point["label"] for point in series["data"]) != sorted(categories):
            yield f"/chart/series/{number}/data", "must have one data point for each category"


def _rich_text(block: Json) -> Iterator[Fault]:
    """https://docs.slack.dev/reference/block-kit/blocks/rich-text-block."""
    for place, part in within(block):
        if part.get("type") == "rich_text_list" and not 0 <= part.get("indent", 0) <= 8:
            yield f"{place}/indent", "must be between 0 and 8"
        if part.get("type") == "text":
            yield from length(f"{place}/text", part["text"], 40_000)


def _alert(block: Json) -> Iterator[Fault]:
    """https://docs.slack.dev/reference/block-kit/blocks/alert-block."""
    yield from length("/text/text", block["text"]["text"], 200)


def _task_card(block: Json) -> Iterator[Fault]:
    """https://docs.slack.dev/reference/block-kit/blocks/task-card-block."""
    yield from length("/task_id", block["task_id"], 255)
    yield from length("/title", block["title"], 3000)


def _plan(block: Json) -> Iterator[Fault]:
    """https://docs.slack.dev/reference/block-kit/blocks/plan-block: its tasks are task cards, each with its own id."""
    yield from length("/title", block["title"], 3000)
    seen: set[str] = set()
    for number, task in enumerate(block.get("tasks", ())):
        yield from ((f"/tasks/{number}{place}", fault) for place, fault in _task_card(task))
        if task["task_id"] in seen:
            yield f"/tasks/{number}/task_id", f"`task_id` {task['task_id']} already exists in this block"
        seen.add(task["task_id"])


_KINDS: dict[str, Callable[[Json], Iterator[Fault]]] = {
    "actions": _elements,
    "alert": _alert,
    "context": _elements,
    "context_actions": _elements,
    "data_table": _data_table,
    "data_visualization": _chart,
    "image": _image,
    "markdown": _markdown,
    "plan": _plan,
    "rich_text": _rich_text,
    "section": _section,
    "table": _table,
    "task_card": _task_card,
}
