"""The answer to "why may this person not use that here?"."""

from collections.abc import Callable

from bot.i18n import join_list, translate
from bot.models import CommandSpec, Event
from bot.policy.access import find_refusing
from bot.policy.policy import Policy
from bot.scoped_settings.access import ALWAYS_OPEN, describe_rule
from bot.scoped_settings.effective import EffectiveSettings
from bot.scoped_settings.names import COMMANDS_OFF
from bot.scoped_settings.scopes import Scope


def explain_decision(
    policy: Policy,
    event: Event,
    spec: CommandSpec,
    effective: EffectiveSettings,
    *,
    who: str,
    may_read: Callable[[Scope], bool],
    are_roles_known: bool,
) -> str:
    """Return what decides that the event's person may, or may not, use a command there.

    `who`: the person, in the words of the reader; `may_read`: whether the reader administers a scope, and so may read
    its rules.
    """
    locale = event.actor.locale
    refusal = policy.check(event, spec, effective)
    if refusal is None:
        if spec.name in effective.words(COMMANDS_OFF) and spec.name not in ALWAYS_OPEN:
            return f"{who}: {translate('policy.command_off', locale, command=spec.name)}"
        key = "access.open" if are_roles_known else "access.open_but_roles"
        waits = [translate(f"settings.scope.{scope}", locale) for scope, _ in effective.paused() if spec.kind]
        paused = [translate("access.paused", locale, scopes=join_list(waits, locale))] if waits else []
        return "\n".join([translate(key, locale, who=who, command=spec.name), *paused])
    is_by_rule = policy.check(event, spec) is None
    refusing = find_refusing(effective.access_rules(), event, spec) if is_by_rule else None
    if refusing is None:
        by = translate("access.by_operator", locale)
    elif may_read(refusing.scope):
        by = translate("access.by", locale, rules="; ".join(describe_rule(rule, locale) for rule in refusing.rules))
    else:
        by = translate("access.by_scope", locale, scope=translate(f"settings.scope.{refusing.scope}", locale))
    return f"{who}: {refusal.text}\n{by}"
