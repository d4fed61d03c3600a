"""The app manifest, made from the commands: everything that Slack is to know of the app. Pure."""

import json
from collections.abc import Sequence
from typing import Any

from adapters.kit.message_actions import MESSAGE_ACTIONS
from adapters.slack.connection.http_endpoints import EVENTS, REDIRECT
from adapters.slack.inbound.assistant import PROMPTS
from adapters.slack.inbound.interaction_events import ANYWHERE
from adapters.slack.ui.modals import MAKE
from bot.commandline import parser
from bot.i18n import translate
from bot.models import CommandSpec

#: All that the app may do, and what for.
SCOPES = {
    "app_mentions:read": "to hear mentions",
    "assistant:write": "to suggest prompts and show what it is doing in the messages tab",
    "channels:history": "to hear what is said in its threads of public channels",
    "chat:write": "to answer",
    "commands": "to offer slash commands and shortcuts",
    "files:read": "to read attached files",
    "files:write": "to show pictures, sounds and videos",
    "groups:history": "to hear what is said in its threads of private channels",
    "im:history": "to hear direct messages",
    "im:write": "to tell somebody alone what can't be shown where it was asked",
    "mpim:history": "to hear what is said in its threads of group messages",
    "users:read": "to know people's names, languages and administrators",
}
#: All that Slack tells the app.
EVENT_TYPES = (
    "agent_session_stopped",
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "tokens_revoked",
)
NAME = "Muse"
_MAX_HINT = 200


def manifest(commands: Sequence[CommandSpec], *, url: str | None, prefix: str) -> dict[str, Any]:
    """The manifest. `url`: where Slack reaches this service; None: Socket Mode."""
    base = url.rstrip("/") if url else ""
    call = {"request_url": base + EVENTS} if base else {}
    return {
        "display_information": {
            "name": NAME,
            "description": translate("slack.about.short"),
            "background_color": "#1d3557",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": NAME, "always_online": True},
            "agent_view": {
                "agent_description": translate("slack.about"),
                "suggested_prompts": [
                    {"title": translate(f"slack.prompt.{name}"), "message": translate(f"slack.prompt.{name}.text")}
                    for name in PROMPTS
                ],
            },
            "slash_commands": [_slash(spec, base, prefix) for spec in commands if not spec.hidden],
            "shortcuts": _shortcuts([spec.name for spec in commands]),
        },
        "oauth_config": {
            "scopes": {"bot": sorted(SCOPES)},
            **({"redirect_urls": [base + REDIRECT]} if base else {}),
        },
        "settings": {
            "event_subscriptions": {**call, "bot_events": list(EVENT_TYPES)},
            "interactivity": {"is_enabled": True, **call},
            "org_deploy_enabled": bool(base),
            "socket_mode_enabled": not base,
            "token_rotation_enabled": False,
        },
    }


def describe(commands: Sequence[CommandSpec], *, url: str | None, prefix: str) -> str:
    """The manifest as JSON."""
    return json.dumps(manifest(commands, url=url, prefix=prefix), ensure_ascii=False, indent=2)


def _slash(spec: CommandSpec, base: str, prefix: str) -> dict[str, Any]:
    usage = parser.usage_line(spec, prefix="").removeprefix(spec.name).strip()
    return {
        "command": f"/{prefix}{spec.name}",
        "description": translate(f"command.{spec.name}.description"),
        **({"usage_hint": usage if len(usage) <= _MAX_HINT else usage[: _MAX_HINT - 1] + "…"} if usage else {}),
        "should_escape": False,
        **({"url": base + EVENTS} if base else {}),
    }


def _shortcuts(commands: Sequence[str]) -> list[dict[str, Any]]:
    of_messages = [
        {
            "name": translate(f"slack.shortcut.{name}"),
            "type": "message",
            "callback_id": name,
            "description": translate(f"slack.shortcut.{name}.about"),
        }
        for name, action in MESSAGE_ACTIONS.items()
        if action.command in commands
    ]
    of_anywhere = [
        {
            "name": translate(f"slack.make.{name}"),
            "type": "global",
            "callback_id": f"{MAKE}{name}",
            "description": translate(f"command.{name}.description"),
        }
        for name in ANYWHERE
        if name in commands
    ]
    return of_messages + of_anywhere
