"""Changes that administrators make, by a command or on a page: their words checked, and an entry in the audit log."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from bot.commandline.choices import nearest_choice
from bot.errors import UsageError
from bot.i18n import join_list, translate
from bot.models import CommandSpec
from bot.ports import AuditEntry, Directory
from bot.scoped_settings.access import ALWAYS_OPEN, PAUSED, AccessRule, parse_rule, rule_targets
from bot.scoped_settings.effective import EffectiveSettings
from bot.scoped_settings.names import MANAGERS
from bot.scoped_settings.scopes import Scope
from bot.scoped_settings.setting import ScopedSetting

_DURATION = re.compile(r"(\d{1,5})\s*([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}
#: How the actions begin whose entries have people's words, or are of a place's notes.
_OF_PLACES = ("settings.", "pause.", "memory.")


class Audit(Protocol):
    """Adds an act of somebody to the audit log. Raises `StoreError`."""

    async def __call__(
        self, action: str, *, subject: str = "", scope: str = "", before: str | None = None, after: str | None = None
    ) -> None:
        """Add one entry."""


async def change_setting(
    effective: EffectiveSettings, name: str, value: str | None, scope: Scope, audit: Audit
) -> None:
    """Set a value that has been checked, None: clear it; what concerns others is in the audit log.

    So is what nobody but administrators and managers may change in direct messages.
    """
    before = await effective.set(name, value, scope)
    is_audited = effective.concerns_others(scope) or (scope is not Scope.ME and _is_by_admins(effective.registry, name))
    if is_audited and before != value:
        await audit(
            "settings.clear" if value is None else "settings.set",
            subject=name,
            scope=scope.value,
            before=before,
            after=value,
        )


async def change_pause(effective: EffectiveSettings, reason: str | None, scope: Scope, audit: Audit) -> bool:
    """Pause a scope, None: end its pause; return whether it was paused."""
    value = None if reason is None else f"|{reason}"
    stored = await effective.set(PAUSED, value, scope)
    if stored != value and effective.concerns_others(scope):
        before = None if stored is None else stored.removeprefix("|")
        await audit("pause.end" if value is None else "pause.begin", scope=scope.value, before=before, after=reason)
    return stored is not None


def _is_by_admins(registry: Mapping[str, ScopedSetting], name: str) -> bool:
    return name == MANAGERS or ((setting := registry.get(name)) is not None and setting.by_admins)


def is_of_direct_messages(entry: AuditEntry, directory: Directory, registry: Mapping[str, ScopedSetting]) -> bool:
    """Return whether an entry has what people set for their direct messages, which no administrator reads."""
    is_theirs = entry.scope in (Scope.THREAD, Scope.CHANNEL) and entry.action.startswith(_OF_PLACES)
    return is_theirs and directory.is_direct(entry.channel) and not _is_by_admins(registry, entry.subject)


def read_target(word: str, specs: Sequence[CommandSpec], locale: str) -> str:
    """Return what an access rule is about. Raises `UsageError` with the nearest choice."""
    name = word.lower().lstrip("/")
    name = next((spec.name for spec in specs if name in spec.aliases), name)
    choices = rule_targets(specs)
    if name in choices:
        return name
    if name in ALWAYS_OPEN:
        raise UsageError(translate("access.always_open", locale, name=name))
    near = nearest_choice(name, choices)
    values = {"name": word[:40].replace("`", "'"), "near": near}
    allowed = join_list((f"`{one}`" for one in choices), locale)
    raise UsageError(translate("access.unknown_near" if near else "access.unknown", locale, allowed=allowed, **values))


def read_until(text: str, locale: str) -> datetime | None:
    """Return the end of a rule: the last second of a day in UTC, or a time from now. Raises `UsageError`."""
    text, now = text.strip().lower(), datetime.now(UTC)
    if not text:
        return None
    if (match := _DURATION.fullmatch(text)) is not None:
        end = now + timedelta(hours=int(match[1]) * _HOURS[match[2]])
    else:
        try:
            end = datetime.combine(date.fromisoformat(text), time(23, 59, 59), UTC)
        except ValueError:
            end = now
    if end <= now:
        raise UsageError(translate("access.until", locale, value=text[:40]))
    return end


async def change_rule(
    effective: EffectiveSettings, rule: AccessRule, until: datetime | None, audit: Audit, *, is_removed: bool
) -> AccessRule | None:
    """Set or clear an access rule; return the one that it replaces."""
    value = None if is_removed else rule.dumps()
    stored = await effective.set(rule.name, value, rule.scope, expires=until)
    before = None if stored is None else parse_rule(rule.scope, stored)
    if stored != value:
        await audit(
            "access.clear" if is_removed else "access.set",
            subject=f"{rule.what} {rule.subject}:{rule.id}",
            scope=rule.scope.value,
            before=None if before is None else before.verb,
            after=None if is_removed else rule.verb,
        )
    return before
