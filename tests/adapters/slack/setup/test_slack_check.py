"""Set-up: the manifest, `check`, and the errors of wrong settings."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.slack import create
from adapters.slack.adapter import Slack
from adapters.slack.setup.check import check_scopes
from adapters.slack.setup.manifest import EVENT_TYPES, SCOPES, build_manifest, render_manifest
from adapters.slack.setup.observed_events import FILE
from adapters.slack.shortcuts import COMMAND_FORM
from bot.__main__ import main
from bot.errors import SettingsError
from bot.models import CheckResult
from simulators.slack import Grant, SlackSimulator
from tests.support.slack.adapter import COMMANDS, RecordingCore, RunningAdapter, settings

ROOT = Path(__file__).parents[4]
#: Commands that Slack keeps for itself: a manifest with one of them is refused.
RESERVED = frozenset(
    (
        *("archive", "away", "call", "collapse", "dm", "dnd", "expand", "feed", "feedback", "invite", "join", "leave"),
        *("me", "msg", "mute", "open", "pro", "remind", "remove", "rename", "search", "shortcuts", "shrug", "star"),
        *("status", "topic", "unarchive", "who"),
    )
)


def _strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _strings(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner, path)
    elif isinstance(value, str):
        yield path, value


@pytest.mark.parametrize("url", [None, "https://muse.example.com/"])
def test_manifest_is_within_slacks_limits(url: str | None) -> None:
    """The manifest has every command and shortcut within Slack's limits, and fits the way Slack reaches the service."""
    built = build_manifest(COMMANDS, url=url, prefix="muse-")
    features, app_settings = built["features"], built["settings"]
    assert [c["command"] for c in features["slash_commands"]] == [f"/muse-{s.name}" for s in COMMANDS if not s.hidden]
    assert len(features["slash_commands"]) <= 50
    for kind in ("global", "message"):
        assert 0 < len([s for s in features["shortcuts"] if s["type"] == kind]) <= 5
    assert {s["callback_id"] for s in features["shortcuts"]} >= {f"{COMMAND_FORM}image", "explain", "animate"}
    assert len(features["agent_view"]["suggested_prompts"]) <= 4
    limits = {
        ".display_information.name": 35,
        ".display_information.description": 140,
        ".features.shortcuts.name": 24,
        ".features.shortcuts.description": 150,
        ".features.slash_commands.command": 32,
        ".features.slash_commands.description": 2000,
        ".features.agent_view.agent_description": 300,
    }
    assert [(p, s) for p, s in _strings(built) if not 0 < len(s) <= limits.get(p, 1000)] == []
    addresses = {s for _, s in _strings(built) if s.startswith("http")}
    assert app_settings["socket_mode_enabled"] is (url is None)
    if url is None:
        assert addresses == set()
    else:
        assert addresses == {"https://muse.example.com/slack/events", "https://muse.example.com/slack/oauth_redirect"}
    assert json.loads(render_manifest(COMMANDS, url=url, prefix="muse-")) == built


def test_manifest_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`manifest slack` prints the manifest and nothing else, with nothing configured."""
    monkeypatch.chdir(tmp_path)
    assert main(["manifest", "slack", "--url", "https://muse.example.com"]) == 0
    assert json.loads(capsys.readouterr().out)["settings"]["socket_mode_enabled"] is False


@pytest.mark.parametrize(
    "url", ["foo", "muse.example.com", "http://muse.example.com", "https://muse.example.com/?a=b", ""]
)
def test_an_address_that_slack_would_not_take_is_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In one sentence, in place of a manifest that Slack refuses or that leads nowhere."""
    assert main(["manifest", "slack", "--url", url]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "https://" in told.err


@pytest.mark.parametrize("name", ["slack.md", "slack.zh-Hant.md"])
def test_every_scope_is_documented(name: str) -> None:
    """The guide gives the purpose of each scope."""
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert [scope for scope in SCOPES if f"`{scope}`" not in text] == []


def test_no_command_is_slacks_own() -> None:
    """No slash command has a name that Slack reserves; with a prefix every command is one."""
    offered = {
        prefix: {
            one["command"] for one in build_manifest(COMMANDS, url=None, prefix=prefix)["features"]["slash_commands"]
        }
        for prefix in ("", "muse-")
    }
    assert RESERVED.isdisjoint(name.removeprefix("/") for name in offered[""])
    names = {spec.name for spec in COMMANDS if not spec.hidden}
    assert offered[""] == {f"/{name}" for name in names - RESERVED}
    assert offered["muse-"] == {f"/muse-{name}" for name in names}


def test_mentions_come_with_their_ids() -> None:
    """Slack escapes the text of the commands that ask for people, roles and channels."""
    commands = build_manifest(COMMANDS, url=None, prefix="")["features"]["slash_commands"]
    assert {one["command"] for one in commands if one["should_escape"]} >= {"/access", "/settings"}
    assert not next(one for one in commands if one["command"] == "/image")["should_escape"]


async def _run_checks(slack: SlackSimulator, **more: Any) -> list[CheckResult]:
    return [finding for finding in await Slack(settings(slack, **more)).check() if not finding.is_ok]


async def test_check_of_an_app_as_it_should_be(slack: SlackSimulator) -> None:
    """With exactly the scopes of the manifest nothing is wrong, in Socket Mode and in HTTP mode."""
    slack.token = slack.install(slack.team, *SCOPES)
    assert await _run_checks(slack) == []
    assert await _run_checks(slack, slack_app_token=None) == []


@pytest.mark.parametrize("scope", sorted(SCOPES))
async def test_check_names_each_missing_scope(slack: SlackSimulator, scope: str) -> None:
    """A scope that is missing is named with where to click."""
    slack.token = slack.install(slack.team, *(set(SCOPES) - {scope}))
    [finding] = await _run_checks(slack)
    assert scope in finding.subject
    assert "https://api.slack.com/apps/A0MUSE/oauth" in finding.text
    assert "Reinstall" in finding.text


async def test_check_names_tokens_that_do_not_work(slack: SlackSimulator) -> None:
    """A refused bot token, a refused app-level token and one without its scope are reported with what to do."""
    slack.grants[slack.app_token].scopes.clear()
    slack.revoke(slack.token)
    bot, app = await _run_checks(slack)
    assert "SLACK_BOT_TOKEN (token_revoked)" in bot.text
    assert "connections:write" in app.text
    [unknown] = await _run_checks(
        slack, slack_bot_token=slack.install(slack.team, *SCOPES), slack_app_token="xapp-1-A0MUSE-2-3"
    )
    assert "Enable Socket Mode" in unknown.text


async def test_check_notices_tokens_of_two_apps(slack: SlackSimulator) -> None:
    """A bot token of another app than the app-level token's is reported, as no event would ever come."""
    token = "xapp-1-A0OTHER-1-x"
    slack.grants[token] = Grant(token=token, team="", scopes={"connections:write"})
    slack.token = slack.install(slack.team, *SCOPES)
    [finding] = await _run_checks(slack, slack_app_token=token)
    assert "A0OTHER" in finding.text


async def test_check_compares_the_apps_settings(slack: SlackSimulator) -> None:
    """With a configuration token every event and setting that is missing is named."""
    slack.token = slack.install(slack.team, *SCOPES)
    token = "xoxe.xoxp-1-config"
    slack.grants[token] = Grant(token=token, team=slack.team.id, scopes={"app_configurations:read"})
    slack.manifest = build_manifest(COMMANDS, url=None, prefix="")
    assert await _run_checks(slack, slack_config_token=token) == []
    slack.manifest = {"settings": {"event_subscriptions": {"bot_events": ["app_mention"]}}}
    wrong = await _run_checks(slack, slack_config_token=token)
    named = " ".join(finding.subject for finding in wrong)
    for name in (*(set(EVENT_TYPES) - {"app_mention"}), "interactivity", "Socket Mode", "App Home", "agent view"):
        assert name in named
    assert all("https://api.slack.com/apps/A0MUSE/" in finding.text for finding in wrong)


async def test_check_lists_observed_events(slack: SlackSimulator, core: RecordingCore, tmp_path: Path) -> None:
    """Without a configuration token `check` lists the kinds of events that came, and those that never did."""
    slack.token = slack.install(slack.team, *SCOPES)
    adapter = Slack(settings(slack), folder=tmp_path)
    assert "no event has come" in (await adapter.check())[-1].text
    async with RunningAdapter(slack, core, folder=tmp_path):
        slack.ada.mention("hello")
        slack.ada.slash("/help")
        await slack.until_delivered()
    [result] = [f for f in await Slack(settings(slack), folder=tmp_path).check() if f.subject == "slack app settings"]
    known, never = result.text.split("Never received")
    for kind in ("app_mention", "message.channels", "slash commands"):
        assert kind in known
    assert "message.im" in never
    assert "app_uninstalled" not in never
    assert "hello" not in (tmp_path / FILE).read_text()


async def test_check_tells_whether_signed_requests_came(
    slack: SlackSimulator, core: RecordingCore, tmp_path: Path
) -> None:
    """In HTTP mode an accepted request proves address and signing secret; before one, the result says what to do."""
    slack.token = slack.install(slack.team, *SCOPES)

    async def check_text() -> str:
        findings = await Slack(settings(slack, http=True), folder=tmp_path).check()
        return next(finding.text for finding in findings if finding.subject == "slack HTTP mode")

    async with RunningAdapter(slack, core, http=True, folder=tmp_path):
        slack.sender.signature = "wrong"
        slack.ada.mention("hello")
        await slack.until_delivered()
        assert "Request URL" in await check_text()
        slack.sender.signature = "right"
        slack.ada.mention("hello")
        await slack.until_delivered()
    assert "signature came" in await check_text()


async def test_check_notices_that_only_mentions_come(
    slack: SlackSimulator, core: RecordingCore, tmp_path: Path
) -> None:
    """A mention comes as a message as well: where it never does, the app is not subscribed to messages."""
    slack.token = slack.install(slack.team, *SCOPES)
    async with RunningAdapter(slack, core, folder=tmp_path):
        slack.people.event(slack.team, {**slack.ada.say("hello").to_json(slack.url), "type": "app_mention"})
        await slack.until_delivered()
        record = tmp_path / FILE
        days = json.loads(record.read_text())
        record.write_text(json.dumps({kind: day for kind, day in days.items() if kind == "app_mention"}))
    wrong = [f for f in await Slack(settings(slack), folder=tmp_path).check() if not f.is_ok]
    assert [f.subject for f in wrong] == ["slack events"]
    assert "message.channels" in wrong[0].text


async def test_a_damaged_record_is_replaced(slack: SlackSimulator, core: RecordingCore, tmp_path: Path) -> None:
    """A damaged record is replaced, and keeps no event from being recorded."""
    (tmp_path / FILE).write_text("[not JSON")
    async with RunningAdapter(slack, core, folder=tmp_path):
        slack.ada.mention("hello")
        await core.wait_for_events(1)
        await slack.until_delivered()
    assert "app_mention" in json.loads((tmp_path / FILE).read_text())


async def test_check_of_credentials_for_many_workspaces(slack: SlackSimulator) -> None:
    """Client id and secret are proved without anybody installing anything."""
    many = {"slack_bot_token": None, "slack_client_id": slack.client_id}
    assert await _run_checks(slack, **many, slack_client_secret=slack.client_secret) == []
    [finding] = await _run_checks(slack, **many, slack_client_secret="wrong")
    assert "SLACK_CLIENT_SECRET" in finding.text


async def test_check_without_slack(slack: SlackSimulator) -> None:
    """When Slack can't be reached the result says that, not that the token is wrong."""
    for finding in await _run_checks(slack, slack_api_url="http://127.0.0.1:9/api"):
        assert "can't be reached" in finding.text


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"SLACK_BOT_TOKEN": "xoxp-1"}, "SLACK_BOT_TOKEN must begin with xoxb-"),
        ({"SLACK_BOT_TOKEN": "xoxb-1"}, "set SLACK_APP_TOKEN"),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN must begin with xapp-"),
        ({"SLACK_CLIENT_ID": "1.2"}, "SLACK_CLIENT_SECRET is not set"),
        ({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_COMMAND_PREFIX": "a b"}, "SLACK_COMMAND_PREFIX: must be letters"),
        ({"SLACK_API_URL": "slack.com"}, "SLACK_API_URL: must be an http:// or https:// address"),
    ],
)
def test_wrong_settings_say_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: dict[str, str], sentence: str
) -> None:
    """A setting that is missing, wrong or in the wrong place is refused with one sentence, without its value."""
    monkeypatch.chdir(tmp_path)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=sentence):
        create(data_dir=tmp_path, conversation=None)


def test_without_settings_there_is_no_slack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without settings there is no Slack adapter, and no error."""
    monkeypatch.chdir(tmp_path)
    assert create(data_dir=tmp_path, conversation=None) is None


def test_the_operator_reads_their_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings are in the language of the shell; the names of what to click are Slack's own, in English."""
    monkeypatch.setenv("LANG", "zh_TW.UTF-8")
    (finding,) = check_scopes(set(SCOPES) - {"im:history"}, "A1")
    assert finding.subject == "slack scope im:history"
    assert finding.text.startswith("缺少這個權限（接收私訊）：請開啟 https://api.slack.com/apps/A1/oauth")
    assert "Add an OAuth Scope" in finding.text
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    (finding,) = check_scopes(set(SCOPES) - {"im:history"}, "A1")
    assert finding.text.startswith("is missing to receive direct messages: open ")
