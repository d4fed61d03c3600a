"""Validation against the JSON Schemas of the platforms' specifications."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One violation. `keyword` is JSON Schema's own, `unknown` a field that the schema does not have."""

    path: Path
    keyword: str
    expected: Any
    value: Any = None

    def __str__(self) -> str:
        if self.keyword == "unknown":
            return "is no field that is known here"
        if self.keyword == "required":
            return "is missing"
        return f"{self.value!r:.60} does not fit {self.keyword} {self.expected!r:.200}"


def _never(schema: Schema, value: Any, path: Path) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Validator:
    """Schemas by name. Objects take no fields that they don't declare.

    The keyword `maxTextLength` limits the `text` of an object.
    """

    schemas: Mapping[str, Schema]
    ignored: frozenset[str] = frozenset()  #: names of fields that may be in any object
    allows: Callable[[Schema, Any, Path], bool] = _never  #: values that are right whatever the schema says

    def problems(self, schema: Schema, value: Any, path: Path = ()) -> list[Problem]:
        """Return what is wrong with a value."""
        if self.allows(schema, value, path):
            return []
        if longest := schema.get("maxTextLength"):
            text = value.get("text") if isinstance(value, dict) else None
            if isinstance(text, str) and len(text) > longest:
                return [Problem((*path, "text"), "maxLength", longest, text)]
        if name := schema.get("$ref"):
            return self.problems(self.schemas[name], value, path)
        if choices := schema.get("anyOf"):
            return self._any_of(choices, value, path)
        if misfit := _misfit(schema, value):
            return [Problem(path, misfit, schema[misfit], value)]
        return [*_bounds(schema, value, path), *self._inside(schema, value, path)]

    def _any_of(self, choices: list[Schema], value: Any, path: Path) -> list[Problem]:
        """The problems with the choice that fits best: none, or those of the choices with the value's `type`."""
        kind = value.get("type") if isinstance(value, dict) else None
        same = choices if kind is None else [one for one in choices if self._may_have_type(one, kind)]
        if not same:
            return [Problem((*path, "type"), "anyOf", "one of the types that are allowed here", kind)]
        found = [self.problems(choice, value, path) for choice in same]
        return min(found, key=lambda one: (sum(problem.keyword == "unknown" for problem in one), len(one)))

    def _may_have_type(self, schema: Schema, kind: Any) -> bool:
        if name := schema.get("$ref"):
            return self._may_have_type(self.schemas[name], kind)
        if choices := schema.get("anyOf"):
            return any(self._may_have_type(choice, kind) for choice in choices)
        declared: Schema = schema.get("properties", {}).get("type", {})
        return "const" not in declared or bool(declared["const"] == kind)

    def _inside(self, schema: Schema, value: Any, path: Path) -> Iterator[Problem]:
        if isinstance(value, list):
            for number, item in enumerate(value):
                yield from self.problems(schema.get("items", {}), item, (*path, str(number)))
        elif isinstance(value, dict):
            fields: Schema = schema.get("properties", {})
            more = schema.get("additionalProperties")
            for name in schema.get("required", ()):
                if name not in value:
                    yield Problem((*path, name), "required", True)
            for name, item in value.items():
                if name in fields:
                    yield from self.problems(fields[name], item, (*path, name))
                elif isinstance(more, dict):
                    yield from self.problems(more, item, (*path, name))
                elif (fields or more is False) and name not in self.ignored:
                    yield Problem((*path, name), "unknown", None, item)


def _misfit(schema: Schema, value: Any) -> str:
    """The keyword by which a value is another than the schema's; "": none."""
    kinds = schema.get("type", [])
    if kinds and not any(_is(kind, value) for kind in ([kinds] if isinstance(kinds, str) else kinds)):
        return "type"
    if "const" in schema and value != schema["const"]:
        return "const"
    return "enum" if "enum" in schema and value not in schema["enum"] else ""


def _is(kind: str, value: Any) -> bool:
    if kind == "null":
        return value is None
    if kind in ("integer", "number"):
        return type(value) is int or (kind == "number" and type(value) is float)
    return isinstance(value, {"object": dict, "array": list, "string": str, "boolean": bool}[kind])


def _bounds(schema: Schema, value: Any, path: Path) -> Iterator[Problem]:
    if isinstance(value, str | list):
        low, high = ("minLength", "maxLength") if isinstance(value, str) else ("minItems", "maxItems")
        size = len(value)
    else:
        low, high, size = "minimum", "maximum", value
    if low in schema and size < schema[low]:
        yield Problem(path, low, schema[low], value)
    if high in schema and size > schema[high]:
        yield Problem(path, high, schema[high], value)
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield Problem(path, "pattern", schema["pattern"], value)
