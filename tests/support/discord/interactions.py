"""Interactions as Discord sends them."""

from typing import Any

from adapters.discord.ui.buttons import ButtonIds, signer_of
from bot.ports import AdapterServices
from simulators.discord.server import DiscordSimulator
from simulators.discord.values import CHANNEL, ME, Json, snowflake

#: Types of interactions: a command, a button, a submitted modal.
SLASH, PRESSED, SUBMITTED = 2, 3, 5


def slash_command(name: str, /, **options: Any) -> Json:
    """Return the data of a slash command."""
    values = [{"name": key, "type": 3, "value": value} for key, value in options.items()]
    return {"id": snowflake(), "name": name, "type": 1, "options": values}


def button_id(
    core: AdapterServices,
    action: str,
    event: str,
    conversation: str,
    *,
    channel: str = CHANNEL,
    person: str = "",
    command: str = "",
    asks: tuple[str, ...] = (),
) -> str:
    """Return the id of a button as an answer in the channel has it."""
    signer = signer_of(core, channel, person=person)
    ids = ButtonIds(event=event, conversation=conversation, channel=channel, signer=signer)
    return ids.of(action, command=command, asks=asks)


def button_press(
    simulator: DiscordSimulator, custom_id: str, *, channel: str = CHANNEL, flags: int = 0
) -> tuple[Json, Json]:
    """Return the data of a pressed button, and its message, which is posted in the channel."""
    button = {"type": 2, "style": 2, "label": "Again", "custom_id": custom_id, "id": 2}
    row = {"type": 1, "id": 1, "components": [button]}
    message = simulator.message(channel, "an answer", by=ME, components=[row], flags=flags)
    return {"component_type": 2, "custom_id": custom_id, "id": 2}, message


def select_value(name: str, value: str) -> Json:
    """Return the component of a submitted modal in which that value is selected."""
    return {"type": 18, "id": 1, "component": {"type": 3, "id": 2, "custom_id": name, "values": [value]}}


def message_command(name: str, message: Json) -> Json:
    """Return the data of a message's context menu command."""
    resolved = {"messages": {message["id"]: message}}
    return {"id": snowflake(), "name": name, "type": 3, "target_id": message["id"], "resolved": resolved}
