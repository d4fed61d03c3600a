"""Answers for one person alone.

Slack does not tell whether an ephemeral message was sent, nor its text, so it can neither be found again nor edited.
After a crash between sending it and recording that, the person reads the same sentence twice; nobody else ever reads
it. An answer that has to be found again, such as files, goes to the person's direct messages instead.
"""

from contextlib import suppress
from dataclasses import replace

import aiohttp
import structlog

from adapters.kit.connection.environment_proxy import proxy_for
from adapters.kit.connection.fenced_connector import fenced
from adapters.kit.errors import NETWORK_ERRORS
from adapters.slack.connection.errors import unreachable
from adapters.slack.connection.web_api import FORBIDDEN_CHANNEL, WebApi, is_refused_message, refusal_code
from adapters.slack.outbound.layout import MessagePart, message_forms, split_parts
from adapters.slack.types import Block
from adapters.slack.ui.buttons import build_actions
from adapters.slack.ui.mentions import ANYBODY
from bot.errors import DeliveryDelayed, DeliveryError, DeliveryRefused
from bot.models import Answer

log = structlog.get_logger(__name__)

_OK = 200
_MAX_MESSAGES = 4  # a `response_url` may be used five times
#: Errors by which the person can't be reached in the channel.
_UNREACHABLE = FORBIDDEN_CHANNEL | {"messages_tab_disabled", "no_permission", "user_not_found", "thread_not_found"}


def can_show(answer: Answer) -> bool:
    """Return whether `post_ephemeral` can show an answer whole."""
    return not answer.media and len(split_parts(answer.text, _MAX_MESSAGES + 1, mentions=ANYBODY)) <= _MAX_MESSAGES


async def post_ephemeral(api: WebApi, answer: Answer, *, key: str, thread: str) -> bool:
    """Show an answer's text to the person alone, where they asked. False: they can't be reached there.

    Of a text for which `can_show` is false only the beginning is shown.

    Raises `DeliveryError`.
    """
    parts = split_parts(answer.text, _MAX_MESSAGES, mentions=ANYBODY)
    shown_in = thread if await _is_active(api, thread) else ""
    for number, part in enumerate(parts, start=1):
        is_last = number == len(parts)
        actions = answer.actions if is_last else ()
        buttons = build_actions(actions, api.target, api.services.core, key=key, thread=thread, is_ephemeral=True)
        if not await _post_part(api, part, buttons, shown_in):
            return False
    return True


async def delete_pressed_error(api: WebApi, answer: Answer) -> None:
    """Delete the private error whose button asked for this answer, while Slack allows it. A failure is ignored.

    After a refusal it stays: its button is still needed.
    """
    is_refusal = answer.private and not answer.is_failure
    if api.target.can_respond and not is_refusal:
        with suppress(DeliveryDelayed):
            await _respond(api, {"delete_original": True})


async def _is_active(api: WebApi, thread: str) -> bool:
    """Return whether a thread has a reply: Slack shows no ephemeral message in others. Raises `DeliveryDelayed`."""
    target = api.target
    if not thread or not target.channel:
        return False
    if target.message not in ("", thread):  # the question is a reply itself
        return True
    try:
        found = await api.call("conversations.replies", channel=target.channel, ts=thread, limit=2)
    except DeliveryRefused:
        return False
    return len(found.get("messages") or ()) > 1


async def _post_part(api: WebApi, part: MessagePart, buttons: list[Block], thread: str) -> bool:
    refusal: DeliveryRefused | None = None
    for form in message_forms(part.markdown, part.blocks + buttons):
        try:
            return await _post_form(api, form, thread)
        except DeliveryRefused as exc:
            if not is_refused_message(exc):
                raise
            refusal = refusal or exc
    log.warning("ephemeral message refused", reason=str(refusal))
    return False


async def _post_form(api: WebApi, form: Block, thread: str) -> bool:
    target = api.target
    if target.can_respond and not thread and await _respond(api, form):
        return True
    if not target.channel:
        return False
    try:
        await api.call("chat.postEphemeral", channel=target.channel, user=target.user, thread_ts=thread or None, **form)
    except DeliveryRefused as exc:
        if refusal_code(exc) not in _UNREACHABLE:
            raise
        return target.can_respond and await _respond(api, form)
    return True


async def _respond(api: WebApi, body: Block) -> bool:
    """Answer by the `response_url`. False: it no longer works."""
    session = (await api.client()).session
    assert session is not None
    url = api.target.response_url
    response_body = {"response_type": "ephemeral", "replace_original": False, **body}
    timeout = aiohttp.ClientTimeout(total=api.services.timing.response_timeout)
    try:
        with fenced(api.confirm):
            async with session.post(url, json=response_body, timeout=timeout, proxy=proxy_for(url)) as response:
                return response.status == _OK
    except NETWORK_ERRORS as exc:
        raise unreachable(exc) from exc


async def open_dm(api: WebApi) -> WebApi:
    """Return the same for the person's direct messages with the bot. Raises `DeliveryError`."""
    try:
        answer = await api.call("conversations.open", users=api.target.user)
    except DeliveryError as exc:
        raise DeliveryRefused(f"the person can't be reached in direct messages either ({refusal_code(exc)})") from exc
    channel = str((answer.get("channel") or {}).get("id") or "")
    target = replace(api.target, channel=channel, thread="", parent="", private="", is_dm="1", surface="")
    return replace(api, target=target)


async def post_sentence(api: WebApi, text: str, *, key: str, thread: str) -> None:
    """Show a sentence to the person alone where they asked, else in their direct messages. A refusal is logged.

    Raises `DeliveryDelayed`.
    """
    try:
        if not await post_ephemeral(api, Answer(text=text, private=True), key=key, thread=thread):
            direct = await open_dm(api)
            await direct.call("chat.postMessage", channel=direct.target.channel, text=text)
    except DeliveryRefused as exc:
        log.warning("person not told", reason=str(exc), code=refusal_code(exc))
