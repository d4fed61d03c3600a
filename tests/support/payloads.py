"""Payloads: recorded from real platforms, which are not part of the repository, and with something wrong in them."""

import copy
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Name of the folder with the recordings, from the environment.
NAMED = os.environ.get("PLATFORM_PAYLOADS", "")
PAYLOADS = Path(NAMED) if NAMED else Path(__file__).parents[3] / "shared" / "payloads"
#: Whether there are recordings; a folder named in the environment must exist.
HAS_PAYLOADS = bool(NAMED) or PAYLOADS.is_dir()
#: What a field is replaced by.
WRONG: tuple[Any, ...] = (None, "", "x" * 3000, "\x00", 0, -1, 2**70, True, [], [None], {}, {"id": "1"}, [[]], "１")
Spot = tuple[Any, Any]  #: a container and one of its keys or indices


def recorded(name: str) -> dict[str, Any]:
    """Return the payloads of one file by name; empty without recordings."""
    return dict(json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))) if HAS_PAYLOADS else {}


def _spots(value: Any) -> Iterator[Spot]:
    if isinstance(value, dict | list):
        keys = list(value) if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield value, key
            yield from _spots(value[key])


def mutated(
    payload: dict[str, Any], seed: object, *, keep: frozenset[str] = frozenset(), keeps_types: bool = False
) -> dict[str, Any]:
    """Return a copy of a payload with one to three fields replaced or taken out, the same in every run.

    `keep`: fields that stay. `keeps_types`: a field is replaced by null or by a value of its own type.
    """
    chance = random.Random(str(seed))
    made = copy.deepcopy(payload)
    for _ in range(chance.randint(1, 3)):
        spots = [spot for spot in _spots(made) if spot[1] not in keep]
        if not spots:
            break
        container, key = chance.choice(spots)
        if chance.random() < 0.3:
            del container[key]
        else:
            old = type(container[key])
            wrong = [value for value in WRONG if not keeps_types or value is None or type(value) is old]
            container[key] = copy.deepcopy(chance.choice(wrong))
    return made
