"""Rules of administrators on who may use what, changed while the service runs; those of the environment are the bound.

In every scope that has rules on a request they must all agree: those on everything, on its kind and on its command.
"""

from collections.abc import Iterable, Sequence

from bot.commandline.mentions import Subject
from bot.models import CommandSpec, Event
from bot.policy.rules import Lists, names_unread_role
from bot.scoped_settings.access import ALWAYS_OPEN, EVERYTHING, AccessRule
from bot.scoped_settings.scopes import Scope
from bot.values import valueclass

_WIDEST_FIRST = (Scope.SERVICE, Scope.WORKSPACE, Scope.CHANNEL)


@valueclass(frozen=True, slots=True, kw_only=True)
class RefusingRules:
    """The rules that refuse a request."""

    scope: Scope
    what: str
    subject: Subject
    is_unread: bool  #: the platform has yet to read the roles of the person
    rules: Sequence[AccessRule]  #: those of this scope, on this and on that subject


def find_refusing(rules: Sequence[AccessRule], event: Event, spec: CommandSpec) -> RefusingRules | None:
    """Return the rules that refuse a request, of the widest scope first; None: it is not refused."""
    if not rules or spec.name in ALWAYS_OPEN:
        return None
    of_request = (EVERYTHING, f"kind:{spec.kind}", spec.name)
    for scope in _WIDEST_FIRST:
        for what in of_request:
            found = [rule for rule in rules if rule.scope is scope and rule.what == what]
            lists = lists_of(found)
            subject = lists.find_rejected_subject(event) if found else None
            if subject is not None:
                is_unread = subject == "role" and names_unread_role(event, lists.roles)
                deciding = [rule for rule in found if rule.subject == subject]
                return RefusingRules(scope=scope, what=what, subject=subject, is_unread=is_unread, rules=deciding)
    return None


def lists_of(rules: Iterable[AccessRule]) -> Lists:
    """Return rules as allow and deny lists."""
    allow: dict[Subject, frozenset[str]] = {}
    deny: dict[Subject, frozenset[str]] = {}
    for rule in rules:
        lists = allow if rule.allows else deny
        lists[rule.subject] = lists.get(rule.subject, frozenset()) | {rule.id}
    return Lists(allow, deny)
