"""The reaction that says that a message was taken. It stays: the answer is below it."""

from adapters.discord.gateway.client import DiscordClient
from adapters.discord.gateway.errors import raise_delivery_errors
from adapters.discord.reply_target import ReplyTarget

_SEEN = "👀"


async def add_reaction(client: DiscordClient, target: ReplyTarget) -> None:
    """Put it on the message of a request. Safe to repeat. Raises `DeliveryError`."""
    if target.message:
        with raise_delivery_errors():
            await client.http.add_reaction(target.channel, target.message, _SEEN)
