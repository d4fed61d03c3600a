"""Parameters of API requests other than the documented ones, which the operator allows with BOT_EXTRA_PARAMETERS."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import cast

from bot.i18n import operator_text
from bot.models import KINDS, Kind, Option

#: Parameters that the service itself sends: they have settings and options of their own.
_OWN = re.compile(
    "audio|duration|format|image|input|is_whole|job|language|max_completion_tokens|max_tokens|messages|model|n|on_job|"
    "on_progress|prompt|resolution|response_format|seconds|size|stream|stream_options|style|temperature"
)
_NUMBER = r"-?\d+(?:\.\d+)?"
_WORD = r"[\w-]+(?:\.[\w-]+)*"
_ENTRY = re.compile(
    rf"(?P<kind>{'|'.join(KINDS)})\.(?P<name>[a-z]\w{{0,39}})"
    rf"(?:=(?:(?P<low>{_NUMBER})\.\.(?P<high>{_NUMBER})|(?P<choices>{_WORD}(?:\|{_WORD})*)))?"
)


def validate_parameters(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Validate the form of BOT_EXTRA_PARAMETERS, and that no entry names a parameter of the service's own."""
    for entry in entries:
        found = _ENTRY.fullmatch(entry)
        if found is None or _OWN.fullmatch(found["name"]):
            raise ValueError(operator_text("setting.extra_parameters"))
    return entries


def extra_parameters(entries: Sequence[str]) -> Iterator[tuple[Kind, Option]]:
    """Yield kind and values of each parameter: `chat.top_p=0..1`, `chat.reasoning_effort=low|high`, `chat.seed`."""
    for entry in entries:
        found = _ENTRY.fullmatch(entry)
        assert found is not None, "validated by the settings"
        name, description = found["name"], f"Parameter {found['name']} of the API"
        if found["low"]:
            low, high = float(found["low"]), float(found["high"])
            option = Option(name=name, description=description, kind="number", minimum=low, maximum=high)
        elif found["choices"]:
            option = Option(
                name=name, description=description, kind="choice", choices=tuple(found["choices"].split("|"))
            )
        else:
            option = Option(name=name, description=description)
        yield cast("Kind", found["kind"]), option


def parameter_value(text: str) -> object:
    """Return a parameter's value as the API gets it: numbers, true, false and null as such, all else as a text."""
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, bool | int | float) and abs(value) < 1 << 53 else text
