"""What Slack shows at once, as part of an acknowledgement. Pure."""

from collections.abc import Mapping

from adapters.slack.connection.bolt_app import Reply
from adapters.slack.inbound.interaction_events import Asker
from adapters.slack.inbound.parse import Json
from adapters.slack.inbound.recent_threads import Talk
from adapters.slack.ui.home_view import escaped
from bot.i18n import translate


def told(text: str) -> Reply:
    """A text for the asker alone."""
    return {"text": escaped(text), "response_type": "ephemeral"}


def taken(talk: Talk, asker: Asker) -> Reply:
    """Which conversation a command was taken to be about, as its answer comes there."""
    link, title = asker.workspace.link(asker.channel, talk.thread), escaped(talk.title).replace("|", "/")
    text = escaped(translate("slack.this_talk", asker.person.locale, talk="{talk}"))
    shown = f"<{link}|{title}>" if title else f"<{link}>"
    return {"text": text.replace("{talk}", shown), "response_type": "ephemeral"}


def wrong(errors: Mapping[str, str]) -> Reply:
    """What is wrong with a form, by block."""
    return {"response_action": "errors", "errors": dict(errors)}


def first(view: Json) -> str:
    """The block of a form that a general complaint is shown at."""
    return next((str(block["block_id"]) for block in view.get("blocks") or () if block.get("type") == "input"), "")
