"""The reaction that says that a message was taken. It stays: the answer is below it."""

from adapters.slack.connection.feature_gates import REACTIONS
from adapters.slack.connection.web_api import WebApi, refusal_code
from bot.errors import DeliveryRefused

_EYES = "eyes"


async def add_reaction(api: WebApi) -> None:
    """Put it on the message of a request. Raises `DeliveryError`; not again for a while where the scope is missing."""
    target = api.target
    if not target.message or not api.is_enabled(REACTIONS):
        return
    try:
        await api.call("reactions.add", channel=target.channel, timestamp=target.message, name=_EYES, best_effort=True)
    except DeliveryRefused as exc:
        if refusal_code(exc) == "already_reacted":
            return
        if refusal_code(exc) == "missing_scope":
            api.disable(REACTIONS)
        raise
