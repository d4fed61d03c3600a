"""The app manifest, made from the commands. Pure."""

import json
from collections.abc import Sequence
from typing import Any

from adapters.kit.message_actions import MESSAGE_ACTIONS
from adapters.slack.connection.http_paths import EVENTS, REDIRECT
from adapters.slack.shortcuts import COMMAND_FORM, GLOBAL_SHORTCUTS, suggested_prompts
from bot.commandline import parser
from bot.commandline.mentions import keeps_ids
from bot.i18n import describe_command, operator_text, translate
from bot.models import CommandSpec

#: The scopes of the bot token; what each is for is in the catalogue.
SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:write",
    "mpim:history",
    "mpim:read",
    "reactions:write",
    "usergroups:read",
    "users:read",
)
#: The events that the app subscribes to.
EVENT_TYPES = (
    "agent_session_stopped",
    "app_context_changed",
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "channel_id_changed",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "subteam_created",
    "subteam_members_changed",
    "subteam_updated",
    "tokens_revoked",
)
NAME = "Muse"
#: Slack's own slash commands that an app can't replace (https://slack.com/help/articles/201259356): without a prefix
#: a command of such a name is only typed.
_BUILT_IN = frozenset({"leave"})
_MAX_HINT = 200


def scope_purpose(scope: str) -> str:
    """Return what a scope is for, in the operator's language."""
    return operator_text(f"slack.scope.{scope.replace(':', '.')}")


def build_manifest(
    commands: Sequence[CommandSpec], *, url: str | None, prefix: str, locale: str = ""
) -> dict[str, Any]:
    """Return the manifest. `url`: the service's public address; None: Socket Mode. `locale`: of its sentences."""
    base = url.rstrip("/") if url else ""
    call = {"request_url": base + EVENTS} if base else {}
    return {
        "display_information": {
            "name": NAME,
            "description": translate("slack.about.short", locale),
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
                "agent_description": translate("slack.about", locale),
                "suggested_prompts": [
                    {
                        "title": translate(f"slack.prompt.{name}", locale),
                        "message": translate(f"slack.prompt.{name}.text", locale),
                    }
                    for name in suggested_prompts(commands)
                ],
            },
            "slash_commands": [
                _build_slash_command(spec, base, prefix, locale)
                for spec in commands
                if not spec.hidden and (prefix or spec.name not in _BUILT_IN)
            ],
            "shortcuts": _build_shortcuts(commands, locale),
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


def render_manifest(commands: Sequence[CommandSpec], *, url: str | None, prefix: str, locale: str = "") -> str:
    """Return the manifest as JSON."""
    return json.dumps(build_manifest(commands, url=url, prefix=prefix, locale=locale), ensure_ascii=False, indent=2)


def _build_slash_command(spec: CommandSpec, base: str, prefix: str, locale: str) -> dict[str, Any]:
    usage = parser.usage_line(spec, prefix="").removeprefix(spec.name).strip()
    return {
        "command": f"/{prefix}{spec.name}",
        "description": describe_command(spec, locale),
        **({"usage_hint": usage if len(usage) <= _MAX_HINT else usage[: _MAX_HINT - 1] + "…"} if usage else {}),
        "should_escape": keeps_ids(spec),  # then mentions come with their ids
        **({"url": base + EVENTS} if base else {}),
    }


def _build_shortcuts(commands: Sequence[CommandSpec], locale: str) -> list[dict[str, Any]]:
    by_name = {spec.name: spec for spec in commands}
    message_shortcuts = [
        {
            "name": translate(f"menu.{name}", locale),
            "type": "message",
            "callback_id": name,
            "description": translate(f"slack.shortcut.{name}.about", locale),
        }
        for name, action in MESSAGE_ACTIONS.items()
        if action.command in by_name
    ]
    global_shortcuts = [
        {
            "name": translate(f"slack.make.{name}", locale),
            "type": "global",
            "callback_id": f"{COMMAND_FORM}{name}",
            "description": describe_command(by_name[name], locale),
        }
        for name in GLOBAL_SHORTCUTS
        if name in by_name
    ]
    return message_shortcuts + global_shortcuts
