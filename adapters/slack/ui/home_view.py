"""The App Home as blocks: what the bot can do, and what one person is shown of themselves. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adapters.slack.inbound.interaction_events import ANYWHERE
from bot.i18n import catalogue, language_of, translate
from bot.models import KINDS, CommandSpec, Kind, Profile, UsageRow

#: What is in front of the `action_id` of everything on the home.
HOME = "home:"
#: `action_id` of a button that opens a command's form, and of a choice of what is preferred.
MAKE, PREFER = f"{HOME}make:", f"{HOME}prefer:"
#: The choice that is none.
DEFAULT = "default"
_MAX_TEXT, _MAX_OPTION, _MAX_OPTIONS, _MAX_BLOCKS = 3000, 75, 100, 100

Block = dict[str, Any]


def view(
    profile: Profile, commands: Sequence[CommandSpec], *, prefix: str, locale: str, links: Mapping[str, str]
) -> dict[str, Any]:
    """The whole home. `prefix`: what slash commands begin with, slash included; `links`: where events are answered."""
    locale = profile.language or locale
    blocks = [
        *_about(commands, prefix, locale),
        *_used("slack.home.usage", profile.usage, locale),
        *([_lines(profile.limits)] if profile.limits else []),
        *_preferences(profile, locale),
        *_recent(profile, locale, links),
        *(_used("slack.home.everybody", profile.everybody, locale) if profile.everybody else []),
    ]
    return {"type": "home", "blocks": blocks[:_MAX_BLOCKS]}


def unreadable(locale: str) -> dict[str, Any]:
    """What is shown while nothing can be read."""
    return {"type": "home", "blocks": [_section(translate("slack.home.unreadable", locale))]}


def _about(commands: Sequence[CommandSpec], prefix: str, locale: str) -> list[Block]:
    known = catalogue(language_of(""))
    lines = []
    for spec in commands:
        key = f"command.{spec.name}.description"
        lines.append(f"`{prefix}{spec.name}`  {escaped(translate(key, locale) if key in known else spec.description)}")
    names = {spec.name for spec in commands}
    buttons = [_button(f"{MAKE}{name}", translate(f"slack.make.{name}", locale)) for name in ANYWHERE if name in names]
    return [
        _section(escaped(translate("slack.about", locale))),
        *([{"type": "actions", "elements": buttons}] if buttons else []),
        _header(translate("slack.home.commands", locale)),
        _section("\n".join(lines)),
        _section(escaped(translate("slack.home.in_threads", locale))),
    ]


def _used(title: str, rows: Sequence[UsageRow], locale: str) -> list[Block]:
    """Usage by kind, summed over the days and models."""
    lines = []
    for kind in KINDS:
        of_kind = [row for row in rows if row.kind == kind]
        if of_kind:
            values = {
                "kind": translate(f"slack.home.kind.{kind}", locale),
                "requests": sum(row.requests for row in of_kind),
                "tokens": sum(row.prompt_tokens + row.completion_tokens for row in of_kind),
                "items": sum(row.items for row in of_kind),
                "cost": f"{sum(row.cost for row in of_kind):.2f}",
            }
            key = "slack.home.used_words" if kind in ("chat", "code") else "slack.home.used_files"
            lines.append(escaped(translate(key, locale, **values)))
    return [_header(translate(title, locale)), _lines(lines or [escaped(translate("slack.home.unused", locale))])]


def _preferences(profile: Profile, locale: str) -> list[Block]:
    languages = [(tag, name) for tag, name in profile.languages]
    blocks = [
        _header(translate("slack.home.preferences", locale)),
        _select("language", translate("slack.home.language", locale), languages, profile.language, locale),
    ]
    for kind in KINDS:
        models = profile.choices.get(kind, ())
        if len(models) > 1:
            blocks.append(_model(kind, models, profile.models.get(kind, ""), locale))
    return blocks


def _model(kind: Kind, models: Iterable[str], chosen: str, locale: str) -> Block:
    label = translate("slack.home.model", locale, kind=translate(f"slack.home.kind.{kind}", locale))
    return _select(f"model.{kind}", label, [(model, model) for model in models], chosen, locale)


def _select(name: str, label: str, choices: Sequence[tuple[str, str]], chosen: str, locale: str) -> Block:
    options = [_option(DEFAULT, translate("slack.home.default", locale)), *(_option(*choice) for choice in choices)]
    initial = next((option for option in options if option["value"] == chosen), options[0])
    return {
        "type": "section",
        "block_id": name,
        "text": {"type": "plain_text", "text": label},
        "accessory": {
            "type": "static_select",
            "action_id": f"{PREFER}{name}",
            "options": options[:_MAX_OPTIONS],
            "initial_option": initial,
        },
    }


def _option(value: str, text: str) -> Block:
    return {"text": {"type": "plain_text", "text": text[:_MAX_OPTION]}, "value": value[:_MAX_OPTION]}


def _recent(profile: Profile, locale: str, links: Mapping[str, str]) -> list[Block]:
    if not profile.recent:
        return []
    lines = []
    for event, media in profile.recent:
        link = links.get(event) or media.url
        name = f"<{link}|{escaped(media.name)}>" if link else f"`{escaped(media.name)}`"
        about = " ".join(media.description.split())
        lines.append(f"{name}  {escaped(about)}" if about else name)
    return [_header(translate("slack.home.recent", locale)), _lines(lines)]


def escaped(text: str) -> str:
    """Text that means nothing to Slack."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _lines(lines: Sequence[str]) -> Block:
    return _section("\n".join(f"• {line}" for line in lines))


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:_MAX_TEXT]}}


def _button(action_id: str, label: str) -> Block:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": label, "emoji": False}}
