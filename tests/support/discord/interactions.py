"""Interactions as Discord sends them."""

from typing import Any

from simulators.discord.server import Wire
from simulators.discord.values import CHANNEL, ME, Json, snowflake

#: Types of interactions.
SLASH, PRESSED = 2, 3


def slash(name: str, /, **options: Any) -> Json:
    told = [{"name": k, "type": 3, "value": v} for k, v in options.items()]
    return {"id": snowflake(), "name": name, "type": 1, "options": told}


def pressed(wire: Wire, custom_id: str, *, flags: int = 0) -> tuple[Json, Json]:
    button = {"type": 2, "style": 2, "label": "Again", "custom_id": custom_id, "id": 2}
    row = {"type": 1, "id": 1, "components": [button]}
    message = wire.message(CHANNEL, "an answer", by=ME, components=[row], flags=flags)
    return {"component_type": 2, "custom_id": custom_id, "id": 2}, message
