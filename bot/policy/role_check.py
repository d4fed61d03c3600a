"""Rules of the environment that name a role which nobody can have."""

from collections.abc import Mapping

from bot.i18n import join_list, operator_locale, operator_text
from bot.policy.rules import command_lists, general_lists, id_forms
from bot.ports import Adapter
from bot.settings.approvers import listed_approvers
from bot.settings.core import Settings


def named_roles(settings: Settings) -> frozenset[str]:
    """Return the roles that the lists and rules of the environment name, approvers among them."""
    rules = [general_lists(settings), *command_lists(settings.bot_command_rules, ()).values()]
    in_rules = frozenset(role for lists in rules for role in lists.roles)
    return in_rules | listed_approvers(settings.bot_approvers, "role")


async def unmatched_roles(settings: Settings, adapters: Mapping[str, Adapter]) -> str:
    """Return a sentence on the named roles that no platform has; "": each may match somebody, or it can't be known."""
    named, known = set(named_roles(settings)), set[str]()
    for name, adapter in adapters.items() if named else ():
        if not adapter.capabilities.has_roles:
            continue
        ids = await adapter.role_ids()
        if ids is None:
            return ""
        known |= id_forms(name, ids)
    unmatched = sorted(named - known)
    if not unmatched or not any(adapter.capabilities.has_roles for adapter in adapters.values()):
        return ""
    return operator_text("check.unmatched_roles", roles=join_list(unmatched, operator_locale()))
