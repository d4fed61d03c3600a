"""The fake is worth believing: the real clients run against it unmodified and are told what Slack tells."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ServerDisconnectedError
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from simulators.slack import SlackSimulator


@pytest.fixture
async def slack() -> AsyncIterator[SlackSimulator]:
    async with SlackSimulator() as slack:
        yield slack


@pytest.fixture
def client(slack: SlackSimulator) -> AsyncWebClient:
    return AsyncWebClient(token=slack.token, base_url=slack.api_url)


@asynccontextmanager
async def connected(slack: SlackSimulator, app: AsyncApp, **more: Any) -> AsyncIterator[None]:
    """A Bolt app on Socket Mode that takes every message event."""
    app.event("message")(_pass)
    handler: Any = AsyncSocketModeHandler(app, slack.app_token, **more)
    await handler.connect_async()
    try:
        yield
    finally:
        await handler.close_async()


async def _pass() -> None:
    pass


async def refused(call: Any) -> str:
    """The error that a call is refused with."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_a_bolt_app_on_socket_mode_answers_a_mention_in_its_thread(
    slack: SlackSimulator, client: AsyncWebClient
) -> None:
    """Bolt connects, acknowledges and posts as it does with Slack."""
    app = AsyncApp(client=client)

    @app.event("app_mention")
    async def hear(event: dict[str, Any], say: Any) -> None:
        await say("hello", thread_ts=event["ts"])

    async with connected(slack, app):
        question = slack.ada.mention("hi")
        [answer] = await slack.until(lambda: slack.from_bot(slack.general, thread=question.ts))
        assert answer.content == "hello"
        await slack.until(lambda: slack.sender.deliveries[0].is_acknowledged)


async def test_what_is_posted_edited_and_deleted_is_what_is_shown(
    slack: SlackSimulator, client: AsyncWebClient
) -> None:
    """A message goes through its life, and history and permalink tell of it."""
    posted = await client.chat_postMessage(
        channel="C0GENERAL", text="one", metadata={"event_type": "answer", "event_payload": {"event": "1"}}
    )
    await client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="two")
    [message] = slack.from_bot(slack.general)
    assert message.versions == ["one", "two"]
    history = await client.conversations_history(channel="C0GENERAL", include_all_metadata=True)
    assert history["messages"][0]["metadata"]["event_payload"] == {"event": "1"}
    assert (
        posted["ts"].replace(".", "")
        in (await client.chat_getPermalink(channel="C0GENERAL", message_ts=posted["ts"]))["permalink"]
    )
    await client.chat_delete(channel="C0GENERAL", ts=posted["ts"])
    assert slack.from_bot(slack.general) == []


async def test_the_conversations_of_the_bot_are_listed(slack: SlackSimulator, client: AsyncWebClient) -> None:
    """By kind, page by page, those that the bot is a member of; a kind whose scope is missing is refused."""
    slack.add_channel("archived").is_archived = True
    secret = slack.add_channel("secret", is_private=True)
    slack.ada.direct("hello")
    named = [one["name"] for one in (await client.users_conversations(exclude_archived=True))["channels"]]
    assert named == [channel.name for channel in slack.team.channels.values() if channel.kind == "channel"][:-1]
    page = await client.users_conversations(types="private_channel,public_channel", limit=1, exclude_archived=True)
    rest = await client.users_conversations(
        types="private_channel,public_channel", cursor=page["response_metadata"]["next_cursor"]
    )
    assert secret.id in [one["id"] for one in (*page["channels"], *rest["channels"])]
    slack.grants[slack.token].scopes.discard("im:read")
    assert await refused(client.users_conversations(types="public_channel,im")) == "missing_scope"
    assert await refused(client.users_conversations(types="rooms")) == "invalid_types"


async def test_a_stream_fills_and_is_over_once_stopped_or_too_old(
    slack: SlackSimulator, client: AsyncWebClient
) -> None:
    """Streams grow by appending, refuse what comes after their end, and can't be edited while they run."""
    question = slack.ada.mention("tell me")
    to: Any = {"recipient_team_id": slack.team.id, "recipient_user_id": slack.ada.id}
    place: Any = {"channel": "C0GENERAL", "thread_ts": question.ts}
    assert await refused(client.chat_startStream(**place)) == "missing_recipient_team_id"
    begun = await client.chat_startStream(**place, **to, markdown_text="one ")
    at = {"channel": "C0GENERAL", "ts": begun["ts"]}
    await client.chat_appendStream(**at, markdown_text="two")
    assert await refused(client.chat_update(**at, text="edit")) == "streaming_state_conflict"
    await client.chat_stopStream(**at)
    [message] = slack.from_bot(slack.general, thread=question.ts)
    assert (message.content, message.stream) == ("one two", "stopped")
    assert await refused(client.chat_appendStream(**at, markdown_text="!")) == "message_not_in_streaming_state"
    second = await client.chat_startStream(**place, **to, markdown_text="one ")
    slack.stream_lifetime = 0
    at = {"channel": "C0GENERAL", "ts": second["ts"]}
    assert await refused(client.chat_stopStream(**at)) == "message_not_in_streaming_state"


async def test_files_go_through_the_external_upload(slack: SlackSimulator, client: AsyncWebClient) -> None:
    """`files_upload_v2` puts a file into a thread; only who holds the token can read it."""
    question = slack.ada.mention("draw")
    content = bytes(range(256)) * 100
    await client.files_upload_v2(
        filename="a.bin", content=content, alt_txt="noise", channel="C0GENERAL", thread_ts=question.ts
    )
    [message] = slack.from_bot(slack.general, thread=question.ts)
    [file] = message.files
    assert (file.content, file.alt_txt) == (content, "noise")
    shown = (await client.files_info(file=file.id))["file"]
    assert shown["shares"]["public"] == {
        "C0GENERAL": [{"ts": message.ts, "channel_name": "C0GENERAL"}],
    }


async def test_a_pressed_button_a_form_and_a_command_reach_bolt(slack: SlackSimulator, client: AsyncWebClient) -> None:
    """A command opens a modal, the modal comes back filled in, and a button's ephemeral answer replaces its message."""
    app = AsyncApp(client=client)
    field = {
        "type": "input",
        "block_id": "what",
        "label": {"type": "plain_text", "text": "What"},
        "element": {"type": "plain_text_input", "action_id": "value"},
    }
    got: list[Any] = []

    @app.command("/draw")
    async def draw(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        view: Any = {"type": "modal", "callback_id": "form", "blocks": [field]}
        view |= {"title": {"type": "plain_text", "text": "Draw"}, "submit": {"type": "plain_text", "text": "Go"}}
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.view("form")
    async def form(ack: Any, view: dict[str, Any]) -> None:
        value = view["state"]["values"]["what"]["value"]["value"]
        got.append(value)
        await ack(response_action="errors", errors={"what": "no"}) if value == "bad" else await ack()

    @app.action("again")
    async def again(ack: Any, respond: Any) -> None:
        await ack()
        await respond("done", replace_original=True)

    async with connected(slack, app):
        slack.ada.slash("draw", "a cat")
        view = await slack.ada.modal()
        await slack.ada.submit(view, {"What": "bad"})
        assert view.errors == {"what": "no"}
        await slack.ada.submit(view, {"What": "a cat"})
        assert (got, view.is_closed) == (["bad", "a cat"], True)
        button = {"type": "button", "action_id": "again", "text": {"type": "plain_text", "text": "Again"}}
        await client.chat_postMessage(channel="C0GENERAL", text="a", blocks=[{"type": "actions", "elements": [button]}])
        [message] = slack.from_bot(slack.general)
        slack.ada.press(message, "Again")
        await slack.until(lambda: message.text == "done")


REFUSED = {
    "header": {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}},
    "section": {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}},
    "empty": {"type": "section", "text": {"type": "mrkdwn", "text": ""}},
    "unknown": {"type": "sectoin"},
    "button": {
        "type": "actions",
        "elements": [{"type": "button", "text": {"type": "plain_text", "text": "a"}, "value": "x" * 2001}],
    },
    "twice": {
        "type": "actions",
        "elements": [
            {"type": "button", "text": {"type": "plain_text", "text": "a"}, "action_id": "a"},
            {"type": "button", "text": {"type": "plain_text", "text": "b"}, "action_id": "a"},
        ],
    },
    "table": {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 21]},
    "markdown": {"type": "markdown", "text": "x" * 12_001},
    "input": {"type": "input", "label": {"type": "plain_text", "text": "a"}, "element": {"type": "plain_text_input"}},
}


@pytest.mark.parametrize("block", REFUSED.values(), ids=REFUSED)
async def test_blocks_that_break_a_rule_are_refused(
    slack: SlackSimulator, client: AsyncWebClient, block: dict[str, Any]
) -> None:
    """Nothing that Slack would refuse is shown."""
    assert await refused(client.chat_postMessage(channel="C0GENERAL", text="a", blocks=[block])) == "invalid_blocks"
    assert slack.from_bot(slack.general) == []


async def test_who_may_not_is_told_why(slack: SlackSimulator, client: AsyncWebClient) -> None:
    """Tokens, scopes, channels and lengths are checked."""
    secret = slack.add_channel("secret", is_private=True, members=[slack.ada.id])
    other = slack.add_channel("other", members=[slack.ada.id])
    old = slack.add_channel("old", is_archived=True)
    for channel, error in ((secret, "channel_not_found"), (other, "not_in_channel"), (old, "is_archived")):
        assert await refused(client.chat_postMessage(channel=channel.id, text="a")) == error
    assert await refused(client.api_call("chat.postMessage", json={"channel": "C0GENERAL"})) == "no_text"
    assert await refused(client.chat_postMessage(channel="C0GENERAL", markdown_text="x" * 12_001)) == "msg_too_long"
    assert await refused(AsyncWebClient(token="xoxb-1", base_url=slack.api_url).auth_test()) == "invalid_auth"
    poor = AsyncWebClient(token=slack.install(slack.team, "commands"), base_url=slack.api_url)
    assert await refused(poor.chat_postMessage(channel="C0GENERAL", text="a")) == "missing_scope"
    slack.revoke(slack.token)
    assert await refused(client.auth_test()) == "token_revoked"


async def test_faults_come_when_they_are_ordered(slack: SlackSimulator, client: AsyncWebClient) -> None:
    """A rate limit comes with Retry-After; a dropped connection may have had its effect."""
    slack.faults.limit("chat.*", 7)
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C0GENERAL", text="a")
    assert caught.value.response.headers["Retry-After"] == "7"
    client.retry_handlers.clear()
    slack.faults.drop("chat.postMessage", when="after")
    with pytest.raises(ServerDisconnectedError):
        await client.chat_postMessage(channel="C0GENERAL", text="a")
    assert len(slack.from_bot(slack.general)) == 1


async def test_a_deaf_or_refreshed_socket_loses_nothing(slack: SlackSimulator, client: AsyncWebClient) -> None:
    """What was not acknowledged comes again over the next socket."""
    app, heard = AsyncApp(client=client), asyncio.Event()

    @app.event("app_mention")
    async def hear() -> None:
        heard.set()

    async with connected(slack, app, ping_interval=0.1):
        await slack.until(lambda: slack.sockets.open)
        slack.sender.timeout = 0.2
        slack.sockets.stall()
        slack.ada.mention("hi")
        await slack.until(lambda: slack.sender.deliveries[0].tries >= 1)
        await slack.sockets.drop()
        async with asyncio.timeout(120):
            await heard.wait()
        await slack.sockets.disconnect()
        await slack.until(lambda: slack.sockets.connected >= 3)
