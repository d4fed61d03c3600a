"""Texts of `access`: the rules, and the rule that decides a refusal.

Only administrators of a scope read the ids in its rules.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.commandline.mentions import Mention, link_mention
from bot.commands._base import Context
from bot.errors import NotAllowed
from bot.models import Actor, CommandSpec
from bot.policy.explanations import explain_decision
from bot.scoped_settings.access import EVERYTHING, describe_rule
from bot.scoped_settings.names import COMMANDS_OFF
from bot.scoped_settings.scopes import ADMINISTERED


def list_rules(ctx: Context) -> str:
    """Return the rules that the author administers here; others that hold here are counted."""
    mine = [scope for scope in ADMINISTERED if ctx.may_administer(scope)]
    rules = ctx.effective.access_rules()
    shown = [rule for rule in rules if rule.scope in mine]
    lines = [f"- {describe_rule(rule, ctx.event.actor.locale)}" for rule in shown]
    if ctx.is_service_admin():
        where = ctx.translate("access.environment")
        lines += [f"- `{what}` {verb} `{whom}` ({where})" for what, verb, whom in ctx.policy.environment_rules()]
    parts = [ctx.translate("access.intro" if lines else "access.nothing")]
    if lines:
        parts.append("\n".join(lines))
    if len(rules) > len(shown):
        parts.append(ctx.translate("access.more", count=len(rules) - len(shown)))
    return "\n\n".join([*parts, ctx.translate("access.how")])


def list_closed_commands(ctx: Context) -> str:
    """Return which commands the author may not use here, each with the reason."""
    off = ctx.effective.words(COMMANDS_OFF)
    lines = []
    for spec in ctx.commands.specs:
        refusal = ctx.policy.check(ctx.event, spec, ctx.effective)
        if refusal is not None:
            lines.append(f"- {refusal.text}")
        elif spec.name in off:
            lines.append(f"- {ctx.translate('policy.command_off', command=spec.name)}")
    return "\n".join([ctx.translate("access.closed"), *lines]) if lines else ctx.translate("access.all_open")


async def explain(ctx: Context, what: str, subjects: Sequence[Mention]) -> str:
    """Return what decides that a person may, or may not, use something here: the author, or whom a manager names."""
    spec = _spec_of(ctx, what)
    who, actor = ctx.translate("access.you"), ctx.event.actor
    is_administered = any(ctx.may_administer(scope, owns_dm=False) for scope in ADMINISTERED)
    are_roles_known = True
    if subjects and str(subjects[0]) != f"person:{actor.id}":
        if not is_administered:
            raise NotAllowed(ctx.translate("access.not_allowed.why"))
        subject = subjects[0]
        who = link_mention(subject)
        found = await ctx.directory.find_actor(ctx.event.reply_to, subject.id) if subject.subject == "person" else None
        are_roles_known = found is not None or subject.subject == "role"
        roles = (subject.id,) if subject.subject == "role" else ()
        actor = found or Actor(id=subject.id if subject.subject == "person" else "", roles=roles)
        actor = replace(actor, locale=ctx.event.actor.locale)
    return explain_decision(
        ctx.policy,
        replace(ctx.event, actor=actor),
        spec,
        ctx.effective,
        who=who,
        may_read=ctx.may_administer,
        are_roles_known=are_roles_known,
    )


def _spec_of(ctx: Context, what: str) -> CommandSpec:
    name = "chat" if what == EVERYTHING else what.removeprefix("kind:")
    found = ctx.commands.find(name)
    return found.spec if found is not None else CommandSpec(name=name, description="")
