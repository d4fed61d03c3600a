"""Allow and deny lists, for all commands or for one.

One matching entry of a list is enough; the lists of all subjects must agree. An entry is an id, or `adapter:id` if
the same id exists on two platforms.
"""

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from bot.commandline.mentions import Subject
from bot.errors import SettingsError
from bot.i18n import join_list, operator_locale, operator_text
from bot.models import Event
from bot.settings.core import Settings
from bot.values import valueclass

SUBJECTS: tuple[Subject, ...] = ("workspace", "channel", "person", "role")
_PLURALS: dict[Subject, str] = {
    "person": "people",
    "role": "roles",
    "channel": "channels",
    "workspace": "workspaces",
}
_RULE = re.compile(r"(?P<command>[\w-]+)(?P<negated>!?)=(?P<subject>person|role|channel|workspace):(?P<id>\S+)")


@valueclass(frozen=True, slots=True)
class Lists:
    """Allowed and denied ids by subject; without an allow list everybody is allowed."""

    allow: Mapping[Subject, frozenset[str]]
    deny: Mapping[Subject, frozenset[str]]

    def find_rejected_subject(self, event: Event) -> Subject | None:
        """Return the first subject of the event that the lists reject."""
        if not (self.allow or self.deny):
            return None
        for subject in SUBJECTS:
            ids = _ids(event, subject)
            allowed, denied = self.allow.get(subject, frozenset()), self.deny.get(subject, frozenset())
            if ids & denied or (allowed and not ids & allowed):
                return subject
            if subject == "role" and names_unread_role(event, denied):
                return subject
        return None

    @property
    def roles(self) -> frozenset[str]:
        """The roles that the lists name."""
        return self.allow.get("role", frozenset()) | self.deny.get("role", frozenset())


def general_lists(settings: Settings) -> Lists:
    """Return the lists that apply to every command."""
    values = settings.model_dump(include={f"bot_{way}_{_PLURALS[s]}" for way in ("allow", "deny") for s in SUBJECTS})

    def lists(way: str) -> Mapping[Subject, frozenset[str]]:
        return MappingProxyType({s: frozenset(ids) for s in SUBJECTS if (ids := values[f"bot_{way}_{_PLURALS[s]}"])})

    return Lists(lists("allow"), lists("deny"))


def command_lists(rules: Collection[str], commands: Collection[str]) -> Mapping[str, Lists]:
    """Parse rules into the lists of each command. Raises `SettingsError` for an invalid rule.

    `commands`: the names that rules may use; empty: any.
    """
    found: dict[str, tuple[dict[Subject, set[str]], dict[Subject, set[str]]]] = {}
    for rule in rules:
        match = _RULE.fullmatch(rule)
        if match is None:
            raise SettingsError(operator_text("setting.rule", rule=repr(rule)))
        name = match["command"]
        if commands and name not in commands:
            known = join_list(sorted(commands), operator_locale())
            raise SettingsError(operator_text("setting.rule_command", rule=repr(rule), commands=known))
        allow, deny = found.setdefault(name, ({}, {}))
        subject = next(s for s in SUBJECTS if s == match["subject"])
        (deny if match["negated"] else allow).setdefault(subject, set()).add(match["id"])
    return {name: Lists(_frozen(allow), _frozen(deny)) for name, (allow, deny) in found.items()}


def _frozen(lists: dict[Subject, set[str]]) -> Mapping[Subject, frozenset[str]]:
    return {subject: frozenset(ids) for subject, ids in lists.items()}


def names_unread_role(event: Event, roles: Collection[str]) -> bool:
    """Whether one of the roles may be the author's, as their platform has yet to read it."""
    start = event.actor.unread_roles
    return bool(start) and any(role.removeprefix(f"{event.adapter}:").startswith(start) for role in roles)


def _ids(event: Event, subject: Subject) -> set[str]:
    """Return the entries that match the event's person, roles, channel or workspace."""
    plain: tuple[str, ...]
    if subject == "person":
        plain = (event.actor.id,)
    elif subject == "role":
        plain = event.actor.roles
    else:
        plain = (event.location.channel,) if subject == "channel" else (event.location.workspace,)
    return id_forms(event.adapter, plain)


def id_forms(adapter: str, ids: Collection[str]) -> set[str]:
    """Return the entries of a list that match one of these ids: the id itself, and `adapter:id`."""
    return {form for one in ids if one for form in (one, f"{adapter}:{one}")}
