"""Answers for the asker alone.

Slack forgets who was sent an ephemeral message and what it said, so that one can neither be found again nor edited.
After a crash between sending it and noting so, the asker reads the same sentence twice; nobody else ever reads it.
What must be found again, such as files, goes to the asker's direct messages instead.
"""

from dataclasses import replace

import aiohttp

from adapters.slack.connection.errors import NETWORK, code
from adapters.slack.connection.proxies import proxy_of
from adapters.slack.connection.web_api import SHUT_OUT, Sender, refusal
from adapters.slack.outbound.pieces import Piece, pieces
from adapters.slack.ui.answer_buttons import buttons
from adapters.slack.ui.blocks import fallback
from adapters.slack.ui.rich_text import Json
from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused
from bot.models import Answer

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_OK = 200
_MOST = 4  # messages: an address for responses may be used five times
_ELSEWHERE = SHUT_OUT | {"messages_tab_disabled", "no_permission", "user_not_found", "thread_not_found"}


async def whisper(sender: Sender, answer: Answer, *, key: str, thread: str) -> bool:
    """Show an answer's text to the asker alone, where it was asked. False: they can't be reached there.

    Raises `DeliveryError`.
    """
    found = pieces(answer.text)[:_MOST]
    for number, piece in enumerate(found, start=1):
        is_last = number == len(found)
        under = buttons(answer.actions, sender.address, key=key, thread=thread) if is_last else []
        if not await _say(sender, piece, under, thread):
            return False
    return True


async def _say(sender: Sender, piece: Piece, under: list[Json], thread: str) -> bool:
    address = sender.address
    body: Json = {"text": fallback(piece.markdown) or " ", "blocks": piece.blocks + under}
    if address.can_respond and not thread and await _respond(sender, body):
        return True
    if not address.channel:
        return False
    try:
        await sender.call(
            "chat.postEphemeral", channel=address.channel, user=address.user, thread_ts=thread or None, **body
        )
    except DeliveryRefused as exc:
        if refusal(exc) not in _ELSEWHERE:
            raise
        return address.can_respond and await _respond(sender, body)
    return True


async def _respond(sender: Sender, body: Json) -> bool:
    """Answer through the address that came with the interaction. False: it does not work any more."""
    address = sender.address
    client = await sender.outbox.workspaces.client(address.team, address.enterprise)
    assert client.session is not None
    told = {"response_type": "ephemeral", "replace_original": False, **body}
    url = address.response_url
    try:
        async with client.session.post(url, json=told, timeout=_TIMEOUT, proxy=proxy_of(url)) as response:
            return response.status == _OK
    except NETWORK as exc:
        raise DeliveryDelayed(f"Slack can't be reached: {type(exc).__name__}") from exc


async def direct(sender: Sender) -> Sender:
    """The same for the asker's direct messages with the bot. Raises `DeliveryError`."""
    try:
        told = await sender.call("conversations.open", users=sender.address.user)
    except DeliveryError as exc:
        name = code(exc.__cause__) if exc.__cause__ else ""
        raise DeliveryRefused(f"nor can the asker be told directly ({name})") from exc
    channel = str((told.get("channel") or {}).get("id") or "")
    address = replace(sender.address, channel=channel, thread="", parent="", private="", is_dm="1", surface="")
    return Sender(sender.outbox, address)
