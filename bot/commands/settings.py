"""`settings`: show what holds here and where it comes from; change it for a thread, a channel or more."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from bot.commandline.mentions import Mention, find_mentions, link_mention
from bot.commands._base import Context, Parts, command
from bot.commands._settings import change_button, set_and_audit
from bot.commands._tables import table_code, table_row
from bot.errors import UsageError
from bot.models import CommandSpec, Lane, Option, Text
from bot.scoped_settings.effective import EffectiveValue
from bot.scoped_settings.forms import FOR, NAME, VALUE
from bot.scoped_settings.names import HERE, MANAGERS
from bot.scoped_settings.scopes import Scope, namespaces_of
from bot.scoped_settings.setting import ScopedSetting


@command(
    CommandSpec(
        name="settings",
        description="Show the settings that hold here and where they come from, or change one.",
        options=(
            Option(
                name=VALUE,
                description="Name and new value; left out: show the settings",
                is_prompt=True,
                has_mentions=True,
                is_completed=True,
            ),
            Option(name=NAME, description="The setting; left out: the first word of the value", is_completed=True),
            Option(
                name=FOR,
                description="How far the change reaches",
                kind="choice",
                choices=tuple(scope.value for scope in Scope),
            ),
            Option.switch("clear", "Go back to what holds without this value"),
        ),
        lane=Lane.FREE,
        private=True,
        example="settings image.size 512x512 --for channel",
    )
)
async def settings(ctx: Context) -> Parts:
    """Show all settings, show one, or set or clear one."""
    name, value = ctx.option(NAME).strip(), ctx.event.prompt.strip()
    if not name:
        name, _, value = value.partition(" ")
    if not name:
        yield Text(await _overview(ctx))
        yield change_button(ctx, (NAME, VALUE, FOR))
        return
    setting = _find(ctx, name)
    written = value.strip() or ctx.event.options.get(setting.name, "").strip()
    value = setting.normalize(written)
    clears = ctx.is_on("clear")
    if not value and not clears:
        yield Text(await _details(ctx, setting))
        yield change_button(ctx, (setting.name, FOR, "clear"), {NAME: setting.name})
        return
    scope = _scope(ctx, setting)
    if setting.is_place and not clears:
        value = await _place(ctx, setting, written)
    problem = "" if clears else setting.error(value, ctx.event.actor.locale)
    if problem:
        raise UsageError(problem)
    await set_and_audit(ctx, setting.name, None if clears else value, scope)
    yield Text(await _confirmation(ctx, setting, scope, is_cleared=clears))


async def _place(ctx: Context, setting: ScopedSetting, written: str) -> str:
    """Return the id of the channel that a value names. Raises `UsageError` where the service can't write there."""
    here = ctx.event.location.channel
    named = [mention.id for mention in find_mentions(written) if mention.subject == "channel"]
    channel = here if written.lower() == HERE else next(iter(named), "")
    if not channel:
        raise UsageError(ctx.translate("settings.here", name=setting.name))
    problem = await ctx.directory.channel_problem(channel, reply_to=ctx.event.reply_to)
    if problem:
        raise UsageError(ctx.translate(f"settings.channel.{problem}"))
    return channel


def _find(ctx: Context, name: str) -> ScopedSetting:
    offered = _offered(ctx)
    written = name.lower().replace("-", "_")
    setting = offered.get(written)
    if setting is None and written in ctx.effective.lacking:
        raise UsageError(ctx.translate("settings.not_on_platform", name=written))
    if setting is None:
        near = get_close_matches(written, offered, 1)
        key = "settings.unknown_near" if near else "settings.unknown"
        shown = name.replace("`", "'")
        raise UsageError(ctx.translate(key, name=shown, near="".join(near), names=_codes(ctx, sorted(offered))))
    return setting


def _offered(ctx: Context) -> Mapping[str, ScopedSetting]:
    """Return the settings that mean something on this platform."""
    lacking = ctx.effective.lacking
    return {name: setting for name, setting in ctx.effective.registry.items() if name not in lacking}


def _scope(ctx: Context, setting: ScopedSetting) -> Scope:
    """Return the scope to change: the given one, else the nearest that the author may change. Raises `UsageError`."""
    here, given = _reach(ctx, setting), ctx.option(FOR)
    if given and given not in here:
        is_elsewhere = given in setting.scopes
        key = f"settings.no_{given}_here" if is_elsewhere else "settings.no_scope"
        raise UsageError(ctx.translate(key, name=setting.name, scopes=_codes(ctx, here)))
    mine = [each for each in here if _may_change(ctx, setting, each)]
    scope = Scope(given) if given else (mine or here)[0]
    if scope not in mine:
        instead = ctx.translate("settings.instead", scopes=_codes(ctx, mine)) if mine else ""
        refusal = ctx.not_allowed(f"settings.not_allowed.{scope}", scope)
        raise UsageError(f"{refusal} {instead}".rstrip())
    return scope


def _reach(ctx: Context, setting: ScopedSetting) -> Sequence[Scope]:
    """Return the scopes in which a setting can be set here, the nearest first; of a time zone one's own."""
    place = ctx.event.location
    has_thread = bool(place.thread) or place.is_private
    found = [
        scope
        for scope in namespaces_of(ctx.event)
        if scope in setting.scopes and (scope is not Scope.THREAD or has_thread)
    ]
    return sorted(found, key=lambda scope: scope is not Scope.ME) if setting.is_zone else found


def _may_change(ctx: Context, setting: ScopedSetting, scope: Scope) -> bool:
    """Return whether the author may change a value: their own, a thread's, or one that they administer.

    Only administrators name managers. Some settings are nobody's own in their direct messages either.
    """
    if setting.name == MANAGERS:
        return ctx.is_administrator(scope, owns_dm=False)
    if setting.by_admins:
        return ctx.may_administer(scope, owns_dm=False)
    return scope in (Scope.ME, Scope.THREAD) or ctx.may_administer(scope)


async def _overview(ctx: Context) -> str:
    heads = [ctx.translate(f"settings.{column}") for column in ("name", "value", "from")]
    lines = [table_row(heads), "|---|---|---|"]
    for name in _offered(ctx):
        value = ctx.effective.find(name)
        lines.append(table_row([f"`{name}`", table_code(value.text), _origin(ctx, value.scope)]))
    return f"{ctx.translate('settings.intro')}\n\n" + "\n".join(lines) + f"\n\n{ctx.translate('settings.how')}"


async def _details(ctx: Context, setting: ScopedSetting) -> str:
    value, locale = ctx.effective.find(setting.name), ctx.event.actor.locale
    option = setting.option
    lines = [f"`{setting.name}`: {setting.describe(locale)}"]
    lines.append(_holds(ctx, setting, value))
    allowed = option.choices or setting.words
    if allowed:
        lines.append(ctx.translate("settings.allowed", values=_codes(ctx, allowed)))
    elif option.minimum is not None and option.maximum is not None:
        lines.append(ctx.translate("settings.between", low=f"{option.minimum:g}", high=f"{option.maximum:g}"))
    lines.append(ctx.translate("settings.reach", scopes=_codes(ctx, _reach(ctx, setting))))
    return "\n".join(f"- {line}" if at else line for at, line in enumerate(lines))


async def _confirmation(ctx: Context, setting: ScopedSetting, scope: Scope, *, is_cleared: bool) -> str:
    value = ctx.effective.find(setting.name)
    key = "settings.cleared" if is_cleared else "settings.set"
    done = ctx.translate(key, name=setting.name, scope=ctx.translate(f"settings.scope.{scope}"))
    return ctx.translate("settings.done", done=done, holds=_holds(ctx, setting, value))


def _holds(ctx: Context, setting: ScopedSetting, value: EffectiveValue) -> str:
    key = "settings.holds" if value.text else "settings.holds_nothing"
    return ctx.translate(key, value=_shown(setting, value.text), origin=_origin(ctx, value.scope))


def _shown(setting: ScopedSetting, text: str) -> str:
    """Return a value; people, roles and channels by name, where the platform knows it."""
    if setting.is_place and text:
        return link_mention(Mention("channel", text))
    named = find_mentions(text) if setting.is_of_people else ()
    return " ".join(map(link_mention, named)) or table_code(text, longest=1000)


def _origin(ctx: Context, scope: Scope | None) -> str:
    return ctx.translate(f"settings.scope.{scope}" if scope else "settings.scope.default")


def _codes(ctx: Context, words: Iterable[str]) -> str:
    return ctx.join_list(f"`{word}`" for word in words)
