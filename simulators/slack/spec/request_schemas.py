"""Validation of arguments, blocks and views against `requests.json`, which is made from Slack's published types.

Stricter than Slack in one point: an argument that a method does not have is refused, where Slack ignores it. A misspelt
argument has no effect there, which is a mistake of the sender.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from simulators.json_schema import Problem, Schema, Validator
from simulators.slack.faults import ApiError
from simulators.slack.values import Json

#: Arguments with rules and errors of their own: `simulators.slack.blocks`, `simulators.slack.web_api.views`.
_CHECKED_ELSEWHERE = {"blocks", "view"}
#: Slack's SDK adds the workspace to every call for an installation that names one.
#: https://docs.slack.dev/enterprise/developing-for-enterprise-orgs
_ANYWHERE = {"team_id": {"type": "string"}}
_BOOLEANS = {"true", "false", "1", "0"}


@cache
def validator() -> Validator:
    """The validator of Slack's types."""
    schemas: dict[str, Json] = json.loads((Path(__file__).parent / "requests.json").read_text(encoding="utf-8"))
    return Validator(schemas)


def check_arguments(method: str, params: Json) -> None:
    """Check the arguments of a method. Raises `ApiError`."""
    schema = validator().schemas[method]
    fields: Schema = _ANYWHERE | schema["properties"]
    given = {
        name: None if name in _CHECKED_ELSEWHERE and name in fields else _from_form(fields.get(name, {}), value)
        for name, value in params.items()
        if value is not None
    }
    unchecked = {**schema, "properties": {n: {} if n in _CHECKED_ELSEWHERE else field for n, field in fields.items()}}
    problems = [problem for problem in validator().problems(unchecked, given) if not _is_too_long(problem)]
    if found := [_described(problem) for problem in problems]:
        raise ApiError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {fault}" for fault in found]})


def _is_too_long(problem: Problem) -> bool:
    """Whether a text is too long, which methods answer with an error of its own, such as `msg_too_long`."""
    return problem.keyword == "maxLength" and len(problem.path) == 1


def _from_form(schema: Schema, value: Any) -> Any:
    """The value of an argument; a form has numbers and booleans as texts."""
    kinds = {one.get("type") for one in (schema, *schema.get("anyOf", ()))}
    if isinstance(value, str) and "boolean" in kinds and value.lower() in _BOOLEANS:
        return value.lower() in {"true", "1"}
    if isinstance(value, str) and "number" in kinds and value.isdecimal():
        return int(value)
    return value


def faults(schema: Schema, value: Any, where: str) -> Iterator[str]:
    """Yield the violations of a value as Slack describes them. `where`: JSON pointer to the value."""
    for problem in validator().problems(schema, value):
        yield _described(problem, where)


def _described(problem: Problem, where: str = "") -> str:
    path = problem.path[:-1] if problem.keyword in ("required", "unknown") else problem.path
    pointer = "/".join((where, *path)) if path or where else "/"
    return f"{_message(problem)} [json-pointer:{pointer}]"


def _message(problem: Problem) -> str:
    limit, name = problem.expected, problem.path[-1] if problem.path else ""
    messages = {
        "required": f"missing required field: {name}",
        "unknown": f"invalid additional property: {name}",
        "anyOf": f"unsupported type: {problem.value}",
        "maxLength": f"must be at most {limit} characters",
        "minLength": f"must be at least {limit} characters",
        "maxItems": f"no more than {limit} items allowed",
        "minItems": f"no fewer than {limit} items allowed",
    }
    return messages.get(problem.keyword) or f"must fit {problem.keyword} {limit}"
