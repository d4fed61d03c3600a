"""Shared by the commands that change settings."""

from bot.commands._base import Context
from bot.control.scopes import Scope


async def set_and_audit(ctx: Context, name: str, value: str | None, scope: Scope) -> None:
    """Set a value, None: clear it; a change that concerns others is in the audit log, with before and after."""
    before = await ctx.effective.set(name, value, scope)
    if scope is not Scope.ME and before != value:
        action = "settings.clear" if value is None else "settings.set"
        await ctx.audit(action, subject=name, scope=scope.value, before=before, after=value)
