"""Bodies of acknowledgements, which Slack shows at once. Pure."""

from collections.abc import Mapping

from adapters.slack.connection.workspaces import Workspace
from adapters.slack.inbound.recent_threads import RecentThread
from adapters.slack.types import AckBody, Json
from adapters.slack.ui.blocks import escape
from bot.i18n import translate


def ephemeral(text: str) -> AckBody:
    """A text for the person alone."""
    return {"text": escape(text), "response_type": "ephemeral"}


def routed_to(thread: RecentThread, workspace: Workspace, channel: str, *, locale: str) -> AckBody:
    """A link to the thread that a command was applied to, as its answer comes there."""
    link, title = workspace.link(channel, thread.ts), escape(thread.title).replace("|", "/")
    text = escape(translate("slack.this_conversation", locale, conversation="{conversation}"))
    return {
        "text": text.replace("{conversation}", f"<{link}|{title}>" if title else f"<{link}>"),
        "response_type": "ephemeral",
    }


def view_errors(errors: Mapping[str, str]) -> AckBody:
    """Errors of a form, by block."""
    return {"response_action": "errors", "errors": dict(errors)}


def first_input(view: Json) -> str:
    """The block of a form at which a general error is shown."""
    return next((str(block["block_id"]) for block in view.get("blocks") or () if block.get("type") == "input"), "")
