"""`help`: the list of commands, and the syntax of each."""

from difflib import get_close_matches

from bot.commandline.flags import flags, usage_line
from bot.commands._base import Context, Parts, command
from bot.errors import UsageError
from bot.i18n import describe_command, describe_example, describe_option
from bot.models import KINDS, CommandSpec, Lane, Option, Text
from bot.scoped_settings.scopes import ADMINISTERED


@command(
    CommandSpec(
        name="help",
        description="Show what I can do, or how one command works.",
        options=(Option(name="command", description="The command to explain"),),
        lane=Lane.FREE,
        private=True,
        example="help image",
    )
)
async def help_(ctx: Context) -> Parts:
    """List the commands, or explain one."""
    name = ctx.option("command").strip().lstrip("/").lower()
    if not name:
        yield Text(overview(ctx))
        return
    found = ctx.commands.find(name)
    if found is None:
        names = [name for spec in ctx.commands.specs for name in (spec.name, *spec.aliases)]
        near = get_close_matches(name, names, 1)
        key = "help.unknown_near" if near else "help.unknown"
        raise UsageError(ctx.translate(key, name=name.replace("`", "'"), near="".join(near)))
    yield Text(explanation(ctx, found.spec))


def overview(ctx: Context) -> str:
    """Every command that the author may use, with one line and an example, in groups."""
    specs, locale = ctx.commands.specs, ctx.event.actor.locale
    if not _may_administer(ctx):
        specs = tuple(spec for spec in specs if not spec.is_for_administrators)
    own = [spec for kind in KINDS for spec in specs if spec.kind == kind == spec.name]
    groups = {
        "help.create": [*own, *(spec for spec in specs if spec.kind is not None and spec not in own)],
        "help.conversation": [spec for spec in specs if spec.kind is None and not spec.private],
        "help.yours": [spec for spec in specs if spec.kind is None and spec.private],
    }
    lines = [ctx.translate("help.intro")]
    for key, group in groups.items():
        if group:
            lines.append(f"\n**{ctx.translate(key)}**")
            lines += [
                ctx.translate(
                    "help.line",
                    name=spec.name,
                    text=describe(ctx, spec),
                    example=describe_example(spec, locale) or spec.name,
                )
                for spec in group
            ]
    return "\n".join([*lines, "", ctx.translate("help.more")])


def _may_administer(ctx: Context) -> bool:
    try:
        return any(ctx.may_administer(scope, owns_dm=False) for scope in ADMINISTERED)
    except UsageError:  # roles that have not been read may matter
        return True


def explanation(ctx: Context, spec: CommandSpec) -> str:
    """One command with its options: their allowed values and defaults."""
    lines = [ctx.translate("help.title", name=spec.name, text=describe(ctx, spec)), "", f"`{usage_line(spec)}`", ""]
    names = {option.name: f"`{flag}`" for flag, option in reversed(flags(spec))}
    for option in spec.options:
        facts = []
        if option.choices:
            facts.append(ctx.join_list(f"`{choice}`" for choice in option.choices))
        if option.minimum is not None and option.maximum is not None:
            facts.append(ctx.translate("help.range", low=f"{option.minimum:g}", high=f"{option.maximum:g}"))
        if option.default:
            facts.append(ctx.translate("help.default", value=option.default))
        if option.required:
            facts.append(ctx.translate("help.required"))
        # In a list of facts the description is no sentence of its own.
        description = describe(ctx, spec, option)
        facts.insert(0, description.rstrip(".。") if facts else description)
        name = names.get(option.name, f"`{option.name}`")
        lines.append(ctx.translate("help.option", name=name, facts=ctx.translate("join.facts").join(facts)))
    if spec.aliases:
        lines += ["", ctx.translate("help.aliases", names=ctx.join_list(f"`/{alias}`" for alias in spec.aliases))]
    if example := describe_example(spec, ctx.event.actor.locale):
        lines += ["", ctx.translate("help.example", example=f"`/{example}`")]
    return "\n".join(lines)


def describe(ctx: Context, spec: CommandSpec, option: Option | None = None) -> str:
    """The description of a command or of its option, in the asker's language."""
    locale = ctx.event.actor.locale
    return describe_command(spec, locale) if option is None else describe_option(spec, option, locale)
