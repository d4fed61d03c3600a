"""Rules of administrators on who may use what, as they are stored: each in the scope in which it holds."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache

from bot.commandline.mentions import Mention, Subject, link_mention
from bot.i18n import translate
from bot.models import KINDS, CommandSpec
from bot.scoped_settings.scopes import Scope
from bot.values import valueclass

#: How the names of the stored values begin.
PREFIX = "access:"
EVERYTHING = "all"
#: Name of the value that pauses a scope, the reason after "|".
PAUSED = "paused:"
#: Commands that no rule of an administrator closes and nobody can switch off: they help, end or undo something.
ALWAYS_OPEN = ("help", "settings", "access", "pause", "resume", "stop", "cancel", "leave", "forget")
_PARSED = 5000  # rules in memory


def rule_targets(specs: Iterable[CommandSpec]) -> tuple[str, ...]:
    """Return what rules can be about: everything, a kind of commands, a command."""
    names = sorted(spec.name for spec in specs if spec.name not in ALWAYS_OPEN)
    return (EVERYTHING, *(f"kind:{kind}" for kind in KINDS), *names)


@valueclass(frozen=True, slots=True, kw_only=True)
class AccessRule:
    """One rule: a person, a role, a channel or a workspace may, or may not, use something."""

    scope: Scope  #: where it holds
    what: str  #: `EVERYTHING`, `kind:image`, or the name of a command
    subject: Subject
    id: str
    allows: bool  #: with a rule that allows, only those that such rules name may
    until: float | None = None  #: seconds since 1970; None: until it is cleared

    @property
    def name(self) -> str:
        """The name of the stored value: one for each subject, so that a later rule replaces an earlier one."""
        return f"{PREFIX}{self.what}:{self.subject}:{self.id}"

    @property
    def verb(self) -> str:
        """Whether it allows or denies, and until when, as the audit log has it."""
        until = "" if self.until is None else f" until {datetime.fromtimestamp(self.until, UTC):%Y-%m-%d %H:%M} UTC"
        return f"{'allow' if self.allows else 'deny'}{until}"

    def dumps(self) -> str:
        """Return the value to store; the scope is where it is stored."""
        fields = {"what": self.what, "subject": self.subject, "id": self.id, "allows": self.allows}
        return json.dumps(fields if self.until is None else {**fields, "until": self.until})


@lru_cache(_PARSED)
def parse_rule(scope: Scope, value: str) -> AccessRule:
    """Return a rule that is stored in a scope."""
    return AccessRule(scope=scope, **json.loads(value))


def describe_rule(rule: AccessRule, locale: str) -> str:
    """Return one rule in a line; a platform shows whom it is about by name."""
    scope = translate(f"settings.scope.{rule.scope}", locale)
    return f"`{rule.what}` {rule.verb} {link_mention(Mention(rule.subject, rule.id))} ({scope})"
