"""Shared by the commands that change settings."""

from collections.abc import Mapping, Sequence

from bot.commands._base import Context
from bot.errors import UsageError
from bot.models import Action, Actions, Option
from bot.scoped_settings.changes import change_setting
from bot.scoped_settings.scopes import ADMINISTERED, Scope, namespaces_of


async def set_and_audit(ctx: Context, name: str, value: str | None, scope: Scope) -> None:
    """Set a value, None: clear it; a change that concerns others is in the audit log, with before and after.

    Raises `UsageError` for words that no request to the AI API may have.
    """
    setting = ctx.effective.registry.get(name)
    if value is not None and setting is not None and setting.has_words:
        await ctx.api.check_words(value)
    await change_setting(ctx.effective, name, value, scope, ctx.audit)


def change_button(ctx: Context, fields: tuple[str, ...], options: Mapping[str, str] | None = None) -> Actions:
    """Return the button that opens a form with these options of the command, and of settings."""
    label = ctx.translate("settings.change")
    action = Action(name="set", label=label, command=ctx.spec.name, options=options or {}, prompts_for=fields)
    return Actions((action,))


def scope_option() -> Option:
    """Return the option that says how far a command of administrators reaches."""
    return Option(
        name="for",
        description="How far it reaches; left out: this channel",
        kind="choice",
        choices=tuple(scope.value for scope in ADMINISTERED),
    )


def administered_scopes(ctx: Context) -> Sequence[Scope]:
    """Return the scopes that administrators change here, the nearest first."""
    return [scope for scope in namespaces_of(ctx.event) if scope in ADMINISTERED]


def scope_to_administer(ctx: Context) -> Scope:
    """Return the scope that `scope_option` names. Raises `UsageError` where the author does not administer it."""
    scope = Scope(ctx.option("for") or Scope.CHANNEL)
    here = administered_scopes(ctx)
    if scope not in here:
        scopes = ctx.join_list(f"`{one}`" for one in here)
        raise UsageError(ctx.translate("settings.no_scope", name=ctx.spec.name, scopes=scopes))
    if not ctx.may_administer(scope):
        raise ctx.not_allowed(f"pause.not_allowed.{scope}", scope)
    return scope
