"""Bodies that apps send outside of the Web API: answers to response URLs and acknowledgements with a payload."""

from collections.abc import Iterator
from typing import Any

from simulators.json_schema import Schema
from simulators.slack.spec.request_schemas import faults
from simulators.slack.values import Json

_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}
#: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses, and the type `RespondArguments` of
#: https://docs.slack.dev/tools/bolt-js/reference
MESSAGE: Schema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "text": _TEXT,
        "blocks": {"type": "array", "items": {"$ref": "KnownBlock"}},
        "attachments": {"type": "array", "items": {"$ref": "MessageAttachment"}},
        "response_type": {"enum": ["in_channel", "ephemeral"]},
        "metadata": {"$ref": "MessageMetadata"},
        "parse": _TEXT,
        "thread_ts": _TEXT,
        **dict.fromkeys(("replace_original", "delete_original", "mrkdwn", "link_names"), _FLAG),
        **dict.fromkeys(("unfurl_links", "unfurl_media"), _FLAG),
    },
}
#: https://docs.slack.dev/surfaces/modals#response_actions
_VIEW_ACTIONS: dict[str, Schema] = {
    "clear": {},
    "errors": {"errors": {"type": "object", "additionalProperties": _TEXT}},
    "push": {"view": {"$ref": "ModalView"}},
    "update": {"view": {"$ref": "ModalView"}},
}


def acknowledgement_faults(kind: str, sent: Json, response: Any) -> Iterator[str]:
    """Yield what is wrong with the payload of an acknowledgement of what was `sent`, a delivery of that `kind`."""
    if kind == "slash_commands" and isinstance(response, dict):
        yield from faults(MESSAGE, response, "")
    elif sent.get("type") == "view_submission" and response:
        action = response.get("response_action") if isinstance(response, dict) else None
        if action not in _VIEW_ACTIONS:
            yield f"must be a response_action: {response!r:.100}"
            return
        fields = {"response_action": _TEXT, **_VIEW_ACTIONS[action]}
        schema = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
        yield from faults(schema, response, "")
        inputs = {block.get("block_id") for block in sent["view"]["blocks"] if block.get("type") == "input"}
        for name in response.get("errors", {}):
            if name not in inputs:  # "the block_id of the input block": the same page
                yield f"no input block: {name}"
