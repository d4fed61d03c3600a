"""Rules of the environment and of administrators that name a role which nobody can have."""

from collections.abc import Collection, Mapping, Sequence

from bot.commandline.mentions import find_mentions
from bot.i18n import join_list, operator_locale, operator_text
from bot.policy.rules import command_lists, general_lists, id_forms
from bot.ports import Adapter, KeyValues
from bot.scoped_settings.access import PREFIX, parse_rule
from bot.scoped_settings.names import APPROVERS, MANAGERS
from bot.scoped_settings.scopes import Scope
from bot.settings.approvers import listed_approvers
from bot.settings.core import Settings
from bot.spending.limits import LimitBook, Who


def named_roles(settings: Settings) -> frozenset[str]:
    """Return the roles that the lists and rules of the environment name, approvers among them."""
    rules = [general_lists(settings), *command_lists(settings.bot_command_rules, ()).values()]
    in_rules = frozenset(role for lists in rules for role in lists.roles)
    return in_rules | listed_approvers(settings.bot_approvers, "role")


async def roles_of_administrators(settings: Settings, values: KeyValues) -> frozenset[str]:
    """Return the roles that administrators have named: in rules, limits, and lists of people. Raises `StoreError`."""
    rules = [parse_rule(Scope.SERVICE, value) for value in (await values.find_by_prefix(PREFIX)).values()]
    found = {rule.id for rule in rules if rule.subject == "role"}
    found |= {limit.id for limit in await LimitBook(settings, values).rules() if limit.who is Who.ROLE}
    for name in (MANAGERS, APPROVERS):
        for value in (await values.find_values(name)).values():
            found |= {mention.id for mention in find_mentions(value) if mention.subject == "role"}
    return frozenset(found)


async def unmatched_roles(
    settings: Settings, adapters: Mapping[str, Adapter], by_administrators: Collection[str] = ()
) -> Sequence[str]:
    """Return sentences on named roles that no platform has; none: each may match somebody, or it can't be known.

    `by_administrators`: the roles that administrators have named while the service ran.
    """
    having = {name: adapter for name, adapter in adapters.items() if adapter.capabilities.has_roles}
    listed = [
        one
        for one in settings.bot_admins
        for name, adapter in having.items()
        if adapter.kind_of(one.removeprefix(f"{name}:")) == "role"
    ]
    of_environment, known = named_roles(settings).union(listed), set[str]()
    for name, adapter in having.items() if of_environment or by_administrators else ():
        ids = await adapter.role_ids()
        if ids is None:
            return ()
        known |= id_forms(name, ids)
    named = (("check.unmatched_roles", of_environment), ("check.unmatched_rules", frozenset(by_administrators)))
    return [
        operator_text(key, roles=join_list(unmatched, operator_locale()))
        for key, roles in named
        if having and (unmatched := sorted(roles - known))
    ]
