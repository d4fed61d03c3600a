"""The App Home as blocks: what the bot can do, and a person's usage, preferences and files. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from adapters.slack.shortcuts import GLOBAL_SHORTCUTS
from adapters.slack.types import Block
from adapters.slack.ui.blocks import escape
from bot.i18n import choice_label, describe_command, kind_label, translate
from bot.models import KINDS, MEDIA_KINDS, CommandSpec, Option
from bot.ports import Profile, UsageRow

#: Prefixes of the `action_id` of a button that opens a command's form, and of the choice of a preference.
OPEN_FORM, PREFERENCE = "home:make:", "home:prefer:"
#: The value of the choice that clears a preference.
DEFAULT = "default"
LANGUAGE = "language"  #: the preference whose values are languages
_MAX_TEXT, _MAX_OPTION, _MAX_OPTIONS, _MAX_BLOCKS = 3000, 75, 100, 100


def build_home(
    profile: Profile, commands: Sequence[CommandSpec], *, prefix: str, locale: str, links: Mapping[str, str]
) -> Block:
    """Return the App Home.

    `prefix`: of slash commands, slash included. `links`: the address of the answer, by event id.
    """
    locale = profile.language or locale
    blocks = [
        *_build_about(commands, prefix, locale),
        *_build_usage("slack.home.usage", profile.usage, locale),
        *_build_lines(profile.limits),
        *_build_preferences(profile, locale),
        *_build_recent(profile, locale, links),
        *(_build_usage("slack.home.everybody", profile.everybody, locale) if profile.everybody else []),
    ]
    return {"type": "home", "blocks": blocks[:_MAX_BLOCKS]}


def build_error(locale: str) -> Block:
    """Return the App Home while the database can't be read."""
    return {"type": "home", "blocks": [_build_section(translate("slack.home.unreadable", locale))]}


def _build_about(commands: Sequence[CommandSpec], prefix: str, locale: str) -> list[Block]:
    lines = [f"`{prefix}{spec.name}`  {escape(describe_command(spec, locale))}" for spec in commands]
    names = {spec.name for spec in commands}
    buttons = [
        _build_button(f"{OPEN_FORM}{name}", translate(f"slack.make.{name}", locale))
        for name in GLOBAL_SHORTCUTS
        if name in names
    ]
    return [
        _build_section(escape(translate("slack.about", locale))),
        *([{"type": "actions", "elements": buttons}] if buttons else []),
        _build_header(translate("slack.home.commands", locale)),
        *_build_sections(lines),
        _build_section(escape(translate("slack.home.in_threads", locale))),
    ]


def _build_usage(title: str, rows: Sequence[UsageRow], locale: str) -> list[Block]:
    """Usage by kind, summed over the days and models."""
    lines = []
    for kind in KINDS:
        of_kind = [row for row in rows if row.kind == kind]
        if of_kind:
            values = {
                "kind": kind_label(kind, locale),
                "requests": sum(row.requests for row in of_kind),
                "tokens": sum(row.prompt_tokens + row.completion_tokens for row in of_kind),
                "items": sum(row.items for row in of_kind),
                "cost": f"{sum(row.cost for row in of_kind):.2f}",
            }
            key = "slack.home.used_words" if kind not in MEDIA_KINDS else "slack.home.used_files"
            lines.append(escape(translate(key, locale, **values)))
    return [
        _build_header(translate(title, locale)),
        *_build_lines(lines or [escape(translate("slack.home.unused", locale))]),
    ]


def _build_preferences(profile: Profile, locale: str) -> list[Block]:
    """One field for each setting that the person can choose: a list of its values, or a number."""
    return [
        _build_header(translate("slack.home.preferences", locale)),
        *(
            _build_select(option, value, locale) if option.choices else _build_number(option, value)
            for option, value in profile.settings
            if len(option.choices) > 1 or option.kind in ("integer", "number")
        ),
    ]


def _build_number(option: Option, value: str) -> Block:
    bounds = {"min_value": option.minimum, "max_value": option.maximum}
    return {
        "type": "input",
        "block_id": option.name,
        "dispatch_action": True,
        "optional": True,
        "label": {"type": "plain_text", "text": option.description},
        "element": {
            "type": "number_input",
            "action_id": f"{PREFERENCE}{option.name}",
            "is_decimal_allowed": option.kind == "number",
            **{name: f"{bound:g}" for name, bound in bounds.items() if bound is not None},
            **({"initial_value": value} if value else {}),
        },
    }


def _build_select(option: Option, chosen: str, locale: str) -> Block:
    is_language = option.name == LANGUAGE
    options = [
        _build_option(DEFAULT, translate("slack.home.default", locale)),
        *(
            _build_option(choice, translate("language.name", choice) if is_language else choice_label(choice, locale))
            for choice in option.choices
        ),
    ]
    initial = next((each for each in options if each["value"] == chosen), options[0])
    return {
        "type": "section",
        "block_id": option.name,
        "text": {"type": "plain_text", "text": option.description},
        "accessory": {
            "type": "static_select",
            "action_id": f"{PREFERENCE}{option.name}",
            "options": options[:_MAX_OPTIONS],
            "initial_option": initial,
        },
    }


def _build_option(value: str, text: str) -> Block:
    return {"text": {"type": "plain_text", "text": text[:_MAX_OPTION]}, "value": value[:_MAX_OPTION]}


def _build_recent(profile: Profile, locale: str, links: Mapping[str, str]) -> list[Block]:
    if not profile.recent:
        return []
    lines = []
    for event, media in profile.recent:
        link = links.get(event) or media.url
        name = f"<{link}|{escape(media.name)}>" if link else f"`{escape(media.name)}`"
        about = " ".join(media.description.split())
        lines.append(f"{name}  {escape(about)}" if about else name)
    return [_build_header(translate("slack.home.recent", locale)), *_build_lines(lines)]


def _build_header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _build_lines(lines: Iterable[str]) -> list[Block]:
    return _build_sections(f"• {line}" for line in lines)


def _build_sections(lines: Iterable[str]) -> list[Block]:
    """Return sections of whole lines; a line is cut only where it alone is longer than a section may be."""
    texts: list[str] = []
    for line in lines:
        if texts and len(texts[-1]) + len(line) < _MAX_TEXT:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line)
    return [_build_section(text) for text in texts]


def _build_section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:_MAX_TEXT]}}


def _build_button(action_id: str, label: str) -> Block:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": label, "emoji": False}}
