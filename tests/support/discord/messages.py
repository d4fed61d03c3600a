"""The parts of the bot's messages."""

from adapters.discord.ui.buttons import BUTTON_ID
from bot.models import Action
from simulators.discord.components import every, texts
from simulators.discord.values import Json

AGAIN = Action(name="again", label="Again", command="retry")


def buttons_of(message: Json) -> list[Json]:
    """Return the buttons under a message."""
    return [component for component in every(message["components"]) if component["type"] == 2]


def actions_of(message: Json) -> list[str]:
    """Return the actions of the buttons under a message."""
    found = (BUTTON_ID.fullmatch(button["custom_id"]) for button in buttons_of(message))
    return [match["action"] for match in found if match]


def text_of(message: Json) -> str:
    """Return all text of a message."""
    return "\n".join([message["content"], *texts(message["components"])]).strip("\n")
