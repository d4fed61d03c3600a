"""The message that begins the thread of a slash command or a form: who asked for what."""

from adapters.slack.connection.web_api import WebApi, is_refused_message
from adapters.slack.outbound.layout import PARENT, message_forms, message_metadata
from adapters.slack.types import Json
from adapters.slack.ui.blocks import render_blocks
from bot.errors import DeliveryRefused


async def post_parent(api: WebApi, key: str) -> Json:
    """Post it in the first form that Slack takes; return Slack's answer. Raises `DeliveryError`."""
    target = api.target
    blocks = render_blocks(target.parent, mentions=(target.user,))
    refusal: DeliveryRefused | None = None
    for form in message_forms(target.parent, blocks, mentions=(target.user,)):
        try:
            return await api.call(
                "chat.postMessage",
                channel=target.channel,
                metadata=message_metadata(key, 0, PARENT),
                unfurl_links=False,
                unfurl_media=False,
                **form,
            )
        except DeliveryRefused as exc:
            if not is_refused_message(exc):
                raise
            refusal = refusal or exc
    assert refusal is not None
    raise refusal
