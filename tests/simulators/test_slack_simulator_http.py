"""The fake over HTTP: signed requests with their retries, OAuth, response URLs, limits."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth import AuthorizeUrlGenerator
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient
from yarl import URL

from simulators.slack import SlackSimulator


@pytest.fixture
async def slack() -> AsyncIterator[SlackSimulator]:
    async with SlackSimulator() as slack:
        yield slack


@pytest.fixture
def client(slack: SlackSimulator) -> AsyncWebClient:
    return AsyncWebClient(token=slack.token, base_url=slack.api_url)


@asynccontextmanager
async def served(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """A web server that gives everything to the handler; its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    finally:
        await runner.cleanup()


async def test_bolt_believes_right_signatures_only(slack: SlackSimulator, client: AsyncWebClient) -> None:
    """What is signed is heard; a wrong, a missing and an old signature are refused."""
    app = AsyncApp(client=client, signing_secret=slack.signing_secret, process_before_response=True)
    heard: list[str] = []

    @app.event("app_mention")
    async def hear(event: dict[str, Any]) -> None:
        heard.append(event["text"])

    @app.command("/draw")
    async def draw(ack: Any) -> None:
        await ack("drawing")

    bolt: Any = app.server()
    async with served(bolt.handle_post_requests) as slack.sender.url:
        slack.people.subscribed = {"app_mention"}
        for signature in ("right", "wrong", "missing", "old"):
            slack.sender.signature = signature
            slack.ada.mention(signature)
            await slack.until_delivered()
        slack.sender.signature = "right"
        command = slack.ada.slash("draw")
        await slack.until_delivered()
    assert [d.statuses for d in slack.sender.deliveries] == [[200], [401] * 4, [401] * 4, [401] * 4, [200]]
    assert heard == [f"<@{slack.team.bot.id}> right"]
    assert command.response == "drawing"


async def test_what_is_not_acknowledged_comes_three_times_more(slack: SlackSimulator) -> None:
    """Retries carry their number and reason, the same event id, and end when they are told to."""
    seen: list[tuple[str | None, str | None, str]] = []

    async def fail(request: web.Request) -> web.Response:
        body = await request.json()
        seen.append(
            (request.headers.get("X-Slack-Retry-Num"), request.headers.get("X-Slack-Retry-Reason"), body["event_id"])
        )
        return web.Response(status=500, headers={"X-Slack-No-Retry": "1"} if "stop" in body["event"]["text"] else {})

    slack.people.subscribed = {"app_mention"}
    async with served(fail) as slack.sender.url:
        slack.ada.mention("hi")
        await slack.until_delivered()
        assert [number for number, *_ in seen] == [None, "1", "2", "3"]
        assert {reason for _, reason, _ in seen[1:]} == {"http_error"}
        assert len({event for *_, event in seen}) == 1
        slack.ada.mention("stop")
        await slack.until_delivered()
    assert len(seen) == 5


async def test_a_response_url_is_good_for_five_answers(slack: SlackSimulator) -> None:
    """Answers are for the asker alone unless said otherwise; the sixth is refused."""
    command = slack.ada.slash("draw")
    webhook = AsyncWebhookClient(command.body["response_url"])
    assert (await webhook.send(text="for you")).status_code == 200
    assert (await webhook.send(text="for all", response_type="in_channel")).status_code == 200
    assert [m.text for m in slack.from_bot(slack.general)] == ["for all"]
    assert [m.text for m in slack.ada.sees()] == ["for you", "for all"]
    assert [m.text for m in slack.bob.sees()] == ["for all"]
    statuses = [(await webhook.send(text="again")).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 404]


async def test_oauth_gives_a_token_once_and_renews_it(slack: SlackSimulator) -> None:
    """The consent page leads to a code, the code to a token, the refresh token to the next; each works once."""
    slack.consent.rotates = True
    other = slack.add_team("T0OTHER", "Other")
    slack.consent.team = other
    url = AuthorizeUrlGenerator(
        client_id=slack.client_id,
        scopes=["chat:write", "commands"],
        redirect_uri="https://bot.example/back",
        authorization_url=f"{slack.url}/oauth/v2/authorize",
    ).generate("state-1")
    async with aiohttp.ClientSession() as session, session.get(url, allow_redirects=False) as page:
        target = URL(page.headers["Location"])
    assert target.query["state"] == "state-1"
    client = AsyncWebClient(base_url=slack.api_url)
    who: Any = {"client_id": slack.client_id, "client_secret": slack.client_secret}
    code: Any = {"code": target.query["code"], "redirect_uri": "https://bot.example/back"}
    given = await client.oauth_v2_access(**who, **code)
    assert given["team"] == {"id": "T0OTHER", "name": "Other"}
    with pytest.raises(SlackApiError, match="code_already_used"):
        await client.oauth_v2_access(**who, **code)
    renewed = await client.oauth_v2_access(**who, grant_type="refresh_token", refresh_token=given["refresh_token"])
    with pytest.raises(SlackApiError, match="invalid_refresh_token"):
        await client.oauth_v2_access(**who, grant_type="refresh_token", refresh_token=given["refresh_token"])
    shown = await AsyncWebClient(token=renewed["access_token"], base_url=slack.api_url).auth_test()
    assert shown["team_id"] == "T0OTHER"
    slack.grants[renewed["access_token"]].expires_at = time.time() - 1
    with pytest.raises(SlackApiError, match="token_expired"):
        await AsyncWebClient(token=renewed["access_token"], base_url=slack.api_url).auth_test()


async def test_an_organisation_s_token_speaks_for_its_workspaces(slack: SlackSimulator) -> None:
    """One token of a Grid organisation posts in the channel of any of its workspaces, and of no other."""
    one, two = (slack.add_team(f"T0GRID{n}", f"Grid{n}", enterprise="E0GRID") for n in (1, 2))
    channel = slack.add_channel("hall", team=two, id="C0HALL")
    slack.add_channel("den", team=one, id="C0DEN")
    grant = slack.consent.grant("", "E0GRID", two.bot.id, {"chat:write"})
    client = AsyncWebClient(token=grant.token, base_url=slack.api_url)
    await client.chat_postMessage(channel="C0HALL", text="hello")
    assert [m.text for m in slack.from_bot(channel)] == ["hello"]
    with pytest.raises(SlackApiError):
        await client.chat_postMessage(channel="C0GENERAL", text="hello")


async def test_slack_s_limits_are_counted_by_workspace_and_method(
    slack: SlackSimulator, client: AsyncWebClient
) -> None:
    """One method's calls are counted; another method and another workspace have counts of their own."""
    slack.limits.enabled = True
    slack.limits.per_window["auth.test"] = 2
    other = AsyncWebClient(token=slack.install(slack.add_team("T0B", "B")), base_url=slack.api_url)
    await client.auth_test()
    await client.auth_test()
    with pytest.raises(SlackApiError) as caught:
        await client.auth_test()
    assert int(caught.value.response.headers["Retry-After"]) >= 1
    await other.auth_test()
    await client.team_info()


async def test_a_trigger_opens_one_modal_and_not_for_long(slack: SlackSimulator, client: AsyncWebClient) -> None:
    """A `trigger_id` is used up by one modal, and after three seconds by none."""
    view: Any = {"type": "modal", "title": {"type": "plain_text", "text": "A"}, "blocks": [{"type": "divider"}]}
    slack.sender.timeout = 0.01
    trigger = slack.ada.shortcut("make").body["trigger_id"]
    await client.views_open(trigger_id=trigger, view=view)
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await client.views_open(trigger_id=trigger, view=view)
    slack.trigger_lifetime = 0
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        await client.views_open(trigger_id=slack.ada.shortcut("make").body["trigger_id"], view=view)
    view["title"]["text"] = "x" * 25
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await client.views_open(trigger_id=slack.ada.shortcut("make").body["trigger_id"], view=view)


async def test_a_file_is_for_those_who_hold_the_token(slack: SlackSimulator) -> None:
    """Without the token one gets a page to sign in, with status 200, as at Slack."""
    question = slack.ada.upload("notes.txt", b"secret", "look")
    url = question.files[0].to_json(slack.url, slack.team.id)["url_private"]
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as page:
            assert (page.status, page.content_type) == (200, "text/html")
        async with session.get(url, headers={"Authorization": f"Bearer {slack.token}"}) as page:
            assert (page.content_type, await page.read()) == ("text/plain", b"secret")
    assert [given for _, given in slack.storage.downloads] == [False, True]
