"""Readers of Slack's payloads, with any field missing, empty or null."""

import json
from typing import Any

import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.slack.connection.workspaces import Workspace
from adapters.slack.inbound import parse
from adapters.slack.ui.buttons import BUTTON, ActionButton
from adapters.slack.ui.modals import private_metadata, read_values
from simulators.slack import SlackSimulator
from tests.support.payloads import mutated
from tests.support.slack.adapter import RecordingCore, RunningAdapter

QUICK = settings(max_examples=150, deadline=None)
WORDS = st.text(max_size=20) | st.sampled_from(
    ["<@U0ADA>", "<!channel>", "<http://x|y>", "<#C1|c>", "&lt;", "<@|>", "<"]
)
TEXT = st.none() | WORDS


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with any of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


def many(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A list, or null."""
    return st.none() | st.lists(inner, max_size=3)


FILES = some(
    id=TEXT, name=TEXT, title=TEXT, mimetype=TEXT, mode=TEXT, size=st.none() | st.integers() | WORDS, url_private=TEXT
)
ELEMENTS = st.recursive(
    some(type=st.sampled_from(["text", "user", "link", "emoji"]), text=TEXT, url=TEXT, user_id=TEXT),
    lambda inner: some(type=st.sampled_from(["rich_text_section", "rich_text_list"]), elements=many(inner)),
    max_leaves=6,
)
BLOCKS = some(
    type=st.sampled_from(["section", "rich_text", "header", "image"]),
    text=TEXT | some(text=TEXT),
    fields=many(some(text=TEXT)),
    elements=many(ELEMENTS),
)
MESSAGES = some(
    type=st.sampled_from(["message", "app_mention"]),
    user=TEXT,
    text=TEXT,
    username=TEXT,
    bot_id=TEXT,
    bot_profile=st.none() | some(name=TEXT),
    blocks=many(BLOCKS),
    files=many(FILES),
    attachments=many(
        some(pretext=TEXT, title=TEXT, text=TEXT, is_share=st.booleans(), author_name=TEXT, files=many(FILES))
    ),
)
HERE = Workspace(team="T1", bot_user="U0MUSE", token="")


@given(MESSAGES)
@QUICK
def test_any_message_is_read(message: dict[str, Any]) -> None:
    """Text, mentions, quotations and files, without an error."""
    assert isinstance(parse.read_text(message, {}, bot_user="U0MUSE"), str)
    parse.is_mention(message, "U0MUSE")
    parse.is_for_others(message, "U0MUSE")
    parse.quote_forwarded(message, {}, (), HERE)
    parse.quote_message(message, {})
    assert all(file.name for file in parse.read_attachments(message, HERE))


@given(WORDS | st.dictionaries(st.sampled_from(["event", "action", "conversation", "asks"]), TEXT).map(json.dumps))
@QUICK
def test_any_value_is_a_button_or_none(value: str) -> None:
    """The value of a button may be another app's or an older version's."""
    found = ActionButton.decode(value)
    assert found is None or isinstance(found.event, str)
    signer = RecordingCore().signer("slack", "T1", "C1")
    assert ActionButton.of({"value": value, "action_id": f"{BUTTON}{value}"}, signer) is None


@given(
    st.dictionaries(
        WORDS,
        st.dictionaries(
            WORDS,
            some(
                type=st.sampled_from(["file_input", "plain_text_input", "static_select"]),
                value=TEXT,
                selected_option=st.none() | some(value=TEXT),
                files=many(FILES),
            ),
            max_size=2,
        ),
        max_size=3,
    ),
    TEXT | st.sampled_from(["[]", "null", '{"a": null}']),
)
@QUICK
def test_any_form_is_read(values: dict[str, Any], metadata: str | None) -> None:
    """Fields left empty, and metadata of another version."""
    found, _files = read_values({"state": {"values": values}}, str)
    assert all(isinstance(value, str) for value in found.values())
    signer = RecordingCore().signer("slack", "T1", person="U1")
    assert private_metadata({"private_metadata": metadata}, signer) is None


PAYLOADS = 150
#: Fields by which an envelope is told apart: Slack never leaves them out.
ALWAYS = frozenset({"type", "command", "callback_id", "team_id", "team", "api_app_id", "event", "ts"})


async def use_everything(slack: SlackSimulator) -> None:
    """Send a payload of every kind."""
    file = slack.ada.file("a.txt", b"hello")
    asked = slack.ada.mention("look", files=[file])
    slack.ada.direct("hello")
    slack.ada.edit(asked, f"<@{slack.team.bot.id}> look again")
    slack.ada.delete(slack.ada.mention("never mind"))
    slack.ada.slash("chat", "hello")
    slack.ada.message_shortcut("explain", asked)
    slack.ada.open_home()
    slack.ada.stop(asked)
    slack.ada.slash("image")
    await slack.ada.submit(await slack.ada.modal(), {"prompt": "a fox"})
    await slack.until_delivered()


async def test_any_payload_is_acknowledged(slack: SlackSimulator, core: RecordingCore) -> None:
    """Events, commands, shortcuts and forms of any shape; nothing ends the connection, and what follows is taken."""
    slack.people.subscribed.discard("file_shared")
    async with RunningAdapter(slack, core) as service:
        await use_everything(slack)
        known = [(one.kind, one.body) for one in slack.sender.deliveries]
        slack.sender.deliveries.clear()
        with structlog.testing.capture_logs():
            for seed in range(PAYLOADS):
                kind, body = known[seed % len(known)]
                told = mutated(body, seed, keep=ALWAYS, keeps_types=True)
                fixed = {"event_id": f"Ev{seed}", "authorizations": body.get("authorizations")}  # Bolt reads them
                slack.sender.send(kind, {**told, **fixed} if kind == "events_api" else told)
            await slack.until(lambda: all(one.is_acknowledged for one in slack.sender.deliveries))
        before = len(core.events)
        slack.ada.mention("still there?")
        assert (await core.wait_for_events(before + 1))[-1].prompt == "still there?"
        assert not service.running.done()
