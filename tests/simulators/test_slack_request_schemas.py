"""The simulator refuses what Slack's published types do not allow, and takes what they do."""

from typing import Any

import pytest
from slack_sdk.models.blocks import blocks

from simulators.slack.blocks.blocks import validate
from simulators.slack.faults import ApiError
from simulators.slack.spec.bodies import acknowledgement_faults
from simulators.slack.spec.request_schemas import check_arguments, validator
from simulators.slack.web_api.calls import METHODS
from simulators.slack.web_api.views import checked

PLAIN: dict[str, Any] = {"type": "plain_text", "text": "x"}
OPTION: dict[str, Any] = {"text": PLAIN, "value": "x"}
BUTTON: dict[str, Any] = {"type": "button", "action_id": "a", "text": PLAIN}
SELECT: dict[str, Any] = {"type": "static_select", "action_id": "a", "options": [OPTION]}
INPUT: dict[str, Any] = {
    "type": "input",
    "block_id": "b",
    "label": PLAIN,
    "element": {"type": "plain_text_input", "action_id": "a"},
}
SERIES: dict[str, Any] = {"name": "x", "data": [{"label": "a", "value": 1.5}]}
CHART: dict[str, Any] = {
    "type": "data_visualization",
    "title": "x",
    "chart": {"type": "bar", "series": [SERIES], "axis_config": {"categories": ["a"]}},
}
MODAL: dict[str, Any] = {"type": "modal", "title": PLAIN, "submit": PLAIN, "blocks": [INPUT]}
SUBMISSION: dict[str, Any] = {"type": "view_submission", "view": MODAL}


def text(length: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": "x" * length}


def rich(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(parts)}]}


def test_every_method_has_a_schema_and_every_schema_its_source() -> None:
    """No method of the simulator takes arguments unchecked."""
    schemas = validator().schemas
    assert METHODS.keys() == {name for name in schemas if "." in name}
    nameless = {name for name, schema in schemas.items() if "source" not in schema and schema.get("type") == "object"}
    assert nameless == {"FileUploadComplete"}
    sources = [schema["source"] for schema in schemas.values() if "source" in schema]
    assert all(source.startswith("https://docs.slack.dev/") for source in sources)


def models(kind: Any) -> dict[str, set[str]]:
    """The fields of the SDK's models that derive from one, by type."""
    found: dict[str, set[str]] = {}
    for model in kind.__subclasses__():
        given: Any = model.attributes
        if isinstance(model.type, str):
            found[model.type] = set(given.__get__(object.__new__(model)) if isinstance(given, property) else given)
        found |= models(model)
    return found


def test_the_schemas_know_the_fields_of_the_sdks_blocks() -> None:
    """What `slack_sdk` builds, the schemas have."""
    known: dict[str, set[str]] = {}
    for schema in validator().schemas.values():
        for form in schema.get("anyOf", [schema]):
            if kind := form.get("properties", {}).get("type", {}).get("const"):
                known.setdefault(kind, set()).update(form["properties"])
    built = models(blocks.Block)
    assert {"section", "table", "rich_text", "markdown", "task_card"} <= built.keys() & known.keys()
    assert {kind: built[kind] - known[kind] for kind in built.keys() & known.keys() if built[kind] - known[kind]} == {}


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ({"type": "divider", "colour": "red"}, "invalid additional property: colour [json-pointer:/blocks/0]"),
        ({"type": "section"}, "missing required field: text"),
        ({"type": "section", "text": PLAIN, "title": "x"}, "invalid additional property: title"),
        ({"type": "section", "text": text(3001)}, "at most 3000 characters [json-pointer:/blocks/0/text/text]"),
        ({"type": "section", "fields": [text(2001)]}, "at most 2000 characters"),
        ({"type": "section", "fields": [PLAIN] * 11}, "no more than 10 items"),
        ({"type": "section", "text": PLAIN, "accessory": INPUT["element"]}, "unsupported type: plain_text_input"),
        ({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, "plain_text"),
        ({"type": "header", "text": text(151)}, "at most 150 characters"),
        ({"type": "context", "elements": [PLAIN] * 11}, "no more than 10 items"),
        ({"type": "context", "elements": [BUTTON]}, "unsupported type: button"),
        ({"type": "actions", "elements": []}, "no fewer than 1 items"),
        ({"type": "actions", "elements": [BUTTON, BUTTON]}, "`action_id` a already exists"),
        ({"type": "actions", "elements": [{**BUTTON, "text": text(76)}]}, "at most 75 characters"),
        ({"type": "actions", "elements": [{**BUTTON, "value": "x" * 2001}]}, "at most 2000 characters"),
        ({"type": "actions", "elements": [{**BUTTON, "style": "loud"}]}, "enum"),
        ({"type": "actions", "elements": [{**SELECT, "options": [OPTION] * 101}]}, "no more than 100 items"),
        (
            {"type": "actions", "elements": [{**SELECT, "initial_option": {**OPTION, "value": "y"}}]},
            "one of the options",
        ),
        ({"type": "image", "alt_text": "x"}, "missing required field"),
        ({"type": "image", "alt_text": "x" * 2001, "image_url": "https://a.example"}, "at most 2000 characters"),
        ({"type": "image", "alt_text": "x", "slack_file": {"id": "F1"}}, "invalid slack file"),
        ({"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 21]}, "no more than 20 items"),
        ({"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * 101}, "no more than 100 items"),
        ({"type": "table", "rows": [[{"type": "raw_text", "text": ""}]]}, "at least 1 characters"),
        ({"type": "table", "rows": [[BUTTON]]}, "unsupported type: button"),
        ({**CHART, "title": "x" * 51}, "at most 50 characters"),
        ({**CHART, "chart": {**CHART["chart"], "series": [SERIES, SERIES]}}, "unique names"),
        ({**CHART, "chart": {**CHART["chart"], "axis_config": {"categories": ["a", "b"]}}}, "for each category"),
        ({**CHART, "chart": {**CHART["chart"], "series": [{**SERIES, "name": "x" * 21}]}}, "at most 20 characters"),
        ({"type": "markdown", "text": "x" * 12_001}, "at most 12000 characters"),
        (rich({"type": "text", "txt": "x"}), "invalid additional property: txt"),
        (rich({"type": "text", "text": "x", "style": {"loud": True}}), "invalid additional property: loud"),
        (rich({"type": "link", "text": "x"}), "missing required field: url"),
        (rich({"type": "button"}), "unsupported type: button"),
        (INPUT, "unsupported type: input"),
        ({"type": "task_card", "task_id": "x", "title": "x", "status": "late"}, "enum"),
        ({"type": "video", "title": PLAIN, "video_url": "https://a.example", "alt_text": "x"}, "thumbnail_url"),
    ],
)
def test_a_block_that_slack_refuses_is_refused(block: dict[str, Any], reason: str) -> None:
    """Unknown and missing fields, lengths, counts, choices, and elements in blocks that don't take them."""
    with pytest.raises(ApiError, match="invalid_blocks") as caught:
        validate([block], surface="message")
    assert reason in str(caught.value.answer["errors"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"title": text(25)}, "at most 24 characters"),
        ({"submit": None}, "must fit"),
        ({"size": "big"}, "invalid additional property: size"),
        ({"private_metadata": "x" * 3001}, "at most 3000 characters"),
        ({"callback_id": "x" * 256}, "at most 255 characters"),
        ({"blocks": [{"type": "markdown", "text": "x"}]}, "unsupported type: markdown"),
        ({"blocks": [{**INPUT, "element": BUTTON}]}, "unsupported type: button"),
        ({"blocks": [{**INPUT, "label": text(2001)}]}, "at most 2000 characters"),
    ],
)
def test_a_view_that_slack_refuses_is_refused(change: dict[str, Any], reason: str) -> None:
    """Titles, buttons, metadata and blocks of a modal."""
    assert checked(MODAL, kind="modal")["blocks"]
    with pytest.raises(ApiError) as caught:
        checked({**MODAL, **change}, kind="modal")
    assert reason in str(caught.value.answer["response_metadata"])


@pytest.mark.parametrize(
    ("method", "arguments", "reason"),
    [
        ("chat.postMessage", {"text": "x"}, "missing required field: channel"),
        ("chat.postMessage", {"channel": "C1", "test": "x"}, "invalid additional property: test"),
        ("chat.postMessage", {"channel": "C1", "text": 5}, "string"),
        ("chat.postEphemeral", {"channel": "C1", "text": "x", "metadata": {}}, "invalid additional property: metadata"),
        ("chat.startStream", {"channel": "C1", "markdown_text": "x"}, "missing required field: thread_ts"),
        ("chat.appendStream", {"channel": "C1", "ts": "1.2", "chunks": [{"type": "text"}]}, "unsupported type: text"),
        ("chat.appendStream", {"channel": "C1", "ts": "1.2", "chunks": [{"type": "markdown_text"}]}, "field: text"),
        ("assistant.threads.setStatus", {"channel_id": "C1", "thread_ts": "1.2"}, "missing required field: status"),
        ("assistant.threads.setSuggestedPrompts", {"channel_id": "C1", "prompts": [{"title": "x"}]}, "field: message"),
        ("files.completeUploadExternal", {"files": [{"id": "F1", "alt_txt": "x"}]}, "property: alt_txt"),
        ("files.getUploadURLExternal", {"filename": "x", "length": "long"}, "number"),
        ("conversations.replies", {"channel": "C1", "ts": "1.2", "limit": "many"}, "number"),
        ("views.publish", {"view": {}}, "missing required field: user_id"),
    ],
)
def test_arguments_that_a_method_does_not_have_are_refused(method: str, arguments: Any, reason: str) -> None:
    """Unknown, missing and mistyped ones."""
    with pytest.raises(ApiError, match="invalid_arguments") as caught:
        check_arguments(method, arguments)
    assert reason in str(caught.value.answer["response_metadata"])


def test_arguments_of_forms_are_texts() -> None:
    """A form's numbers and booleans, and the workspace that the SDK adds."""
    check_arguments("files.getUploadURLExternal", {"filename": "x", "length": "5", "alt_txt": "x"})
    check_arguments("users.info", {"user": "U1", "include_locale": "true", "team_id": "T1"})
    with pytest.raises(ApiError, match="invalid_arguments"):
        check_arguments("users.info", {"user": "U1", "include_locale": "perhaps"})


@pytest.mark.parametrize(
    ("kind", "sent", "response", "reason"),
    [
        ("slash_commands", {}, {"text": "x", "response_type": "public"}, "response_type"),
        ("slash_commands", {}, {"test": "x"}, "invalid additional property: test"),
        ("interactive", SUBMISSION, {"response_action": "reopen"}, "response_action"),
        ("interactive", SUBMISSION, {"response_action": "errors", "errors": {"c": "x"}}, "no input block: c"),
        ("interactive", SUBMISSION, {"response_action": "update", "view": {"type": "modal"}}, "missing required field"),
    ],
)
def test_acknowledgements_that_slack_refuses_are_refused(kind: str, sent: Any, response: Any, reason: str) -> None:
    """Answers to slash commands and to submitted modals."""
    assert reason in str([*acknowledgement_faults(kind, sent, response)])
    assert not [*acknowledgement_faults("interactive", SUBMISSION, {"response_action": "errors", "errors": {"b": "x"}})]
    assert not [*acknowledgement_faults("slash_commands", {}, {"text": "x", "response_type": "ephemeral"})]
