"""Checks of the configuration: what is right, and what to click for what is not."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.kit.connection.environment_proxy import proxy_for
from adapters.slack.connection.channel_problem import channel_problem
from adapters.slack.connection.errors import API_ERRORS, error_code, log_reason
from adapters.slack.settings import APPS, Settings
from adapters.slack.setup.manifest import EVENT_TYPES, SCOPES, scope_purpose
from adapters.slack.setup.observed_events import (
    CHANNEL_ID_CHANGED,
    COMMANDS,
    GROUP_EVENTS,
    INTERACTIVITY,
    SHORTCUTS,
    UNINSTALL_EVENTS,
)
from bot.i18n import join_list, operator_locale, operator_text
from bot.models import CheckResult
from bot.ports import ChannelProblem

SUBJECT = "slack"
_APP_ID = 2  # where an app-level token has the app's id, between dashes
_FIELDS = ("slash_commands", "shortcuts")
#: Events that prove nothing by not having come.
_SELDOM = (*UNINSTALL_EVENTS, *GROUP_EVENTS, CHANNEL_ID_CHANGED)
#: Kinds of messages in channels; a mention is also sent as one of them.
_CHANNEL_MESSAGES = ("message.channels", "message.groups", "message.mpim")


async def run_checks(settings: Settings, api: str, *, last_seen: Mapping[str, str]) -> list[CheckResult]:
    """Return every result, good ones included. Asks Slack; costs nothing and shows nothing to anybody.

    `last_seen`: kinds of events that the service has received, each with the day of the last.
    """
    async with _client(api) as client:
        app = app_id(settings)
        found: list[CheckResult] = []
        if settings.slack_bot_token is not None:
            found += await _check_token(client, settings.slack_bot_token.get_secret_value().strip(), app)
        else:
            found.append(await _check_credentials(client, settings))
        if settings.slack_app_token is not None:
            found.append(await _check_socket_mode(client, settings.slack_app_token.get_secret_value().strip(), app))
        else:
            found.append(_check_http_mode(app, last_seen))
        found += await _check_app_settings(client, settings, app, last_seen)
        return found


async def find_groups(settings: Settings, api: str) -> frozenset[str] | None:
    """Return the ids of the user groups that have members; None: of many workspaces, or where Slack does not tell."""
    if settings.slack_bot_token is None:
        return None
    async with _client(api) as client:
        try:
            token = settings.slack_bot_token.get_secret_value().strip()
            answer = await client.usergroups_list(token=token, include_users=True)
        except API_ERRORS:
            return None
    return frozenset(str(group["id"]) for group in answer["usergroups"] if group.get("users"))


async def find_channel_problem(settings: Settings, api: str, channel: str) -> ChannelProblem:
    """Return why the bot can't write in a channel; "": it can, or it is of one of many workspaces."""
    if settings.slack_bot_token is None:
        return ""
    async with _client(api) as client:
        client.token = settings.slack_bot_token.get_secret_value().strip()
        return await channel_problem(client, channel)


def _check_http_mode(app: str, last_seen: Mapping[str, str]) -> CheckResult:
    """Requests that are not signed with the secret are rejected, so events that came prove the secret."""
    if last_seen:
        text = operator_text("slack.check.http_proved", day=max(last_seen.values()))
    else:
        text = operator_text("slack.check.http_unproved", page=_page(app, "event-subscriptions"))
    return CheckResult(subject=f"{SUBJECT} HTTP mode", text=text, is_ok=True)


@asynccontextmanager
async def _client(api: str) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(base_url=f"{api}/", session=session, timeout=10)
        client.proxy = proxy_for(api)
        yield client


def app_id(settings: Settings) -> str:
    """Return the app's id, which is part of its app-level token; "" without one."""
    token = settings.slack_app_token.get_secret_value() if settings.slack_app_token is not None else ""
    parts = token.strip().split("-")
    return parts[_APP_ID] if len(parts) > _APP_ID else ""


def _page(app: str, name: str) -> str:
    if app:
        return f"{APPS}/{app}/{name}"
    return operator_text("slack.check.page", apps=APPS, name=name.replace("-", " ").title())


# ------------------------------------------------------------------ one token


async def _check_token(client: AsyncWebClient, token: str, app: str) -> list[CheckResult]:
    try:
        answer = await client.auth_test(token=token)
    except API_ERRORS as exc:
        return [_refused(exc, "SLACK_BOT_TOKEN", _page(app, "install-on-team"))]
    text = operator_text("slack.check.token", user=answer["user"], team=answer["team"])
    found = [CheckResult(subject=SUBJECT, text=text, is_ok=True)]
    headers = {name.lower(): value for name, value in (answer.headers or {}).items()}
    granted = {scope.strip() for scope in str(headers.get("x-oauth-scopes", "")).split(",")} - {""}
    found += check_scopes(granted, app)
    if app and "users:read" in granted:
        found += await _check_same_app(client, token, str(answer.get("bot_id") or ""), app)
    return found


def check_scopes(granted: Iterable[str], app: str) -> list[CheckResult]:
    """Return the scopes that are missing, and those that are granted and not needed."""
    granted = set(granted)
    missing = [scope for scope in SCOPES if scope not in granted]
    where = _page(app, "oauth")
    found = [
        CheckResult(
            subject=f"{SUBJECT} scope {scope}",
            text=operator_text("slack.check.scope", purpose=scope_purpose(scope), page=where, scope=scope),
            is_ok=False,
        )
        for scope in missing
    ]
    if not missing:
        text = operator_text("slack.check.scopes", count=len(SCOPES))
        found.append(CheckResult(subject=f"{SUBJECT} scopes", text=text, is_ok=True))
    if more := sorted(granted - set(SCOPES)):
        scopes = join_list(more, operator_locale())
        text = operator_text("slack.check.scopes_more", scopes=scopes, page=where)
        found.append(CheckResult(subject=f"{SUBJECT} scopes", text=text, is_ok=True))
    return found


async def _check_same_app(client: AsyncWebClient, token: str, bot: str, app: str) -> list[CheckResult]:
    try:
        answer = await client.bots_info(token=token, bot=bot)
    except API_ERRORS:
        return []
    of = str(answer["bot"].get("app_id") or app)
    if of == app:
        return []
    text = operator_text("slack.check.two_apps", bot=of, app=app, apps=APPS)
    return [CheckResult(subject=f"{SUBJECT} tokens", text=text, is_ok=False)]


def _refused(exc: Exception, setting: str, where: str) -> CheckResult:
    if not isinstance(exc, SlackApiError) or not error_code(exc):
        text = operator_text("slack.check.unreachable", reason=type(exc).__name__)
        return CheckResult(subject=SUBJECT, text=text, is_ok=False)
    text = operator_text("slack.check.refused", setting=setting, reason=log_reason(exc), page=where)
    return CheckResult(subject=SUBJECT, text=text, is_ok=False)


# ------------------------------------------------------------------ Socket Mode, many workspaces


async def _check_socket_mode(client: AsyncWebClient, token: str, app: str) -> CheckResult:
    subject = f"{SUBJECT} Socket Mode"
    try:
        await client.apps_connections_open(app_token=token)
    except SlackApiError as exc:
        if error_code(exc) == "missing_scope":
            text = operator_text("slack.check.no_connections", page=_page(app, "general"))
        else:
            pages = {"page": _page(app, "socket-mode"), "tokens": _page(app, "general")}
            text = operator_text("slack.check.no_socket", reason=log_reason(exc), **pages)
        return CheckResult(subject=subject, text=text, is_ok=False)
    except API_ERRORS as exc:
        return _refused(exc, "SLACK_APP_TOKEN", _page(app, "general"))
    return CheckResult(subject=subject, text=operator_text("slack.check.socket"), is_ok=True)


async def _check_credentials(client: AsyncWebClient, settings: Settings) -> CheckResult:
    """Ask for a token with an invalid code: Slack's error tells whether the credentials are right."""
    secret = settings.slack_client_secret
    subject = f"{SUBJECT} installing"
    try:
        await client.oauth_v2_access(
            client_id=settings.slack_client_id,
            client_secret=secret.get_secret_value() if secret is not None else "",
            code="check",
        )
    except SlackApiError as exc:
        if error_code(exc) == "invalid_code":
            return CheckResult(subject=subject, text=operator_text("slack.check.installable"), is_ok=True)
        text = operator_text("slack.check.credentials_refused", reason=log_reason(exc), apps=APPS)
        return CheckResult(subject=subject, text=text, is_ok=False)
    except API_ERRORS as exc:
        return _refused(exc, "SLACK_CLIENT_ID", APPS)
    return CheckResult(subject=subject, text=operator_text("slack.check.credentials"), is_ok=True)


# ------------------------------------------------------------------ the app's settings


async def _check_app_settings(
    client: AsyncWebClient, settings: Settings, app: str, last_seen: Mapping[str, str]
) -> list[CheckResult]:
    """Check events and settings: with an app configuration token, else by the events that came."""
    if settings.slack_config_token is None or not app:
        return check_observed_events(last_seen, app)
    try:
        answer = await client.api_call(
            "apps.manifest.export",
            params={"app_id": app},
            headers={"Authorization": f"Bearer {settings.slack_config_token.get_secret_value().strip()}"},
        )
    except API_ERRORS as exc:
        return [_refused(exc, "SLACK_CONFIG_TOKEN", operator_text("slack.check.config_tokens", apps=APPS))]
    return compare_manifest(answer["manifest"], app, is_socket=settings.slack_app_token is not None)


def check_observed_events(last_seen: Mapping[str, str], app: str) -> list[CheckResult]:
    """Conclude the app's settings from the events that came. That a kind never came proves little."""
    subject = f"{SUBJECT} app settings"
    more = operator_text("slack.check.more", apps=APPS)
    if not last_seen:
        text = operator_text("slack.check.no_events", more=more)
        return [CheckResult(subject=subject, text=text, is_ok=True)]
    where = _page(app, "event-subscriptions")
    kinds = (*EVENT_TYPES, COMMANDS, SHORTCUTS, INTERACTIVITY)
    locale = operator_locale()
    known = join_list((f"{kind} ({last_seen[kind]})" for kind in kinds if kind in last_seen), locale)
    missing = join_list((kind for kind in kinds if kind not in last_seen and kind not in _SELDOM), locale)
    text = operator_text("slack.check.events", known=known or operator_text("slack.check.nothing"))
    if missing:
        text = operator_text("slack.check.events_missing", events=text, missing=missing, more=more)
    found = [CheckResult(subject=subject, text=text, is_ok=True)]
    if "app_mention" in last_seen and not any(kind in last_seen for kind in _CHANNEL_MESSAGES):
        text = operator_text("slack.check.no_messages", page=where, events=join_list(_CHANNEL_MESSAGES, locale))
        found.append(CheckResult(subject=f"{SUBJECT} events", text=text, is_ok=False))
    return found


def compare_manifest(manifest: Mapping[str, Any], app: str, *, is_socket: bool) -> list[CheckResult]:
    """Return what the app's settings lack. `manifest`: as Slack exports it."""
    features, app_settings = manifest.get("features") or {}, manifest.get("settings") or {}
    subscribed = set((app_settings.get("event_subscriptions") or {}).get("bot_events") or ())
    where = _page(app, "event-subscriptions")
    wrong = [
        (f"event {name}", operator_text("slack.check.unsubscribed", page=where, event=name))
        for name in EVENT_TYPES
        if name not in subscribed
    ]
    home = features.get("app_home") or {}
    if not (app_settings.get("interactivity") or {}).get("is_enabled"):
        wrong.append(("interactivity", operator_text("slack.check.off", page=_page(app, "interactive-messages"))))
    if bool(app_settings.get("socket_mode_enabled")) is not is_socket:
        key = "slack.check.socket_on" if is_socket else "slack.check.socket_off"
        wrong.append(("Socket Mode", operator_text(key, page=_page(app, "socket-mode"))))
    if not home.get("home_tab_enabled") or not home.get("messages_tab_enabled"):
        wrong.append(("App Home", operator_text("slack.check.tabs", page=_page(app, "app-home"))))
    if home.get("messages_tab_read_only_enabled"):
        wrong.append(("App Home", operator_text("slack.check.readonly", page=_page(app, "app-home"))))
    if not features.get("agent_view"):
        wrong.append(("agent view", operator_text("slack.check.off", page=_page(app, "app-assistant"))))
    paste = operator_text("slack.check.none", page=_page(app, "app-manifest"))
    wrong += [(field.replace("_", " "), paste) for field in _FIELDS if not features.get(field)]
    if not wrong:
        text = operator_text("slack.check.fine")
        return [CheckResult(subject=f"{SUBJECT} app settings", text=text, is_ok=True)]
    return [CheckResult(subject=f"{SUBJECT} {name}", text=text, is_ok=False) for name, text in wrong]
