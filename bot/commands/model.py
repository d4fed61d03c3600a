"""`model`: show and choose the models used here."""

from difflib import get_close_matches

from bot.commands._base import Context, Parts, command
from bot.commands._settings import set_and_audit
from bot.errors import UsageError
from bot.i18n import kind_label
from bot.models import KINDS, CommandSpec, Kind, Option, Text
from bot.scoped_settings.scopes import Scope

#: the choice that undoes a choice
DEFAULT = "default"


@command(
    CommandSpec(
        name="model",
        description="Show the models used here, or choose another one.",
        options=(
            Option(name="kind", description="What the model is for", kind="choice", choices=KINDS),
            Option(name="name", description="The model to use from now on; default: undo the choice"),
            Option.switch("channel", "For the whole channel instead of this conversation"),
        ),
        example="model chat gpt-4-turbo",
    )
)
async def model(ctx: Context) -> Parts:
    """Show the models, or switch one."""
    name = ctx.option("name").strip()
    if not name:
        yield Text(await overview(ctx))
        return
    kind = chosen_kind(ctx, name)
    if name != DEFAULT and name not in ctx.settings.models(kind):
        raise UsageError(unknown(ctx, name, ctx.settings.models(kind)))
    whole_channel = ctx.is_on("channel")
    if whole_channel and not ctx.may_administer(Scope.CHANNEL):
        raise ctx.not_allowed("model.not_allowed", Scope.CHANNEL)
    setting, value = f"model.{kind}", None if name == DEFAULT else name
    await set_and_audit(ctx, setting, None if whole_channel else value, Scope.THREAD)
    if whole_channel:
        await set_and_audit(ctx, setting, value, Scope.CHANNEL)
    key = "model.set_channel" if whole_channel else "model.set"
    yield Text(ctx.translate(key, kind=kind_label(kind, ctx.event.actor.locale), model=ctx.effective.model(kind)))


async def overview(ctx: Context) -> str:
    """List the model in use for each kind, and the other allowed ones."""
    chosen = ctx.option("kind")
    lines = [ctx.translate("model.intro")]
    for kind in offered_kinds(ctx):
        if chosen in ("", kind):
            used = ctx.effective.model(kind)
            others = ctx.join_list(f"`{name}`" for name in ctx.settings.models(kind) if name != used)
            also = ctx.translate("model.also", models=others) if others else ""
            line = ctx.translate(
                "model.line", name=kind_label(kind, ctx.event.actor.locale), kind=kind, model=used, also=also
            )
            lines.append(line.rstrip())
    return "\n".join([*lines, "", ctx.translate("model.how")])


def offered_kinds(ctx: Context) -> list[Kind]:
    """Return the kinds that a command is offered for."""
    return [kind for kind in KINDS if any(spec.kind == kind for spec in ctx.commands.specs)]


def chosen_kind(ctx: Context, name: str) -> Kind:
    """Return the given kind, or the only one of the model. Raises `UsageError`."""
    chosen = ctx.option("kind")
    kinds = offered_kinds(ctx)
    fitting = [kind for kind in kinds if kind == chosen or (not chosen and name in ctx.settings.models(kind))]
    if fitting:
        return fitting[0]
    if name == DEFAULT:
        raise UsageError(ctx.translate("model.which_kind", kinds=ctx.join_list(kinds)))
    raise UsageError(unknown(ctx, name, [*kinds, *(model for kind in kinds for model in ctx.settings.models(kind))]))


def unknown(ctx: Context, name: str, allowed: "list[str] | tuple[str, ...]") -> str:
    """Return the sentence for an unknown model, with the allowed ones and a similar one."""
    near = get_close_matches(name.lower(), allowed, 1)
    key = "model.unknown_near" if near else "model.unknown"
    shown = ctx.join_list(f"`{model}`" for model in allowed)
    return ctx.translate(key, name=name.replace("`", "'"), near="".join(near), allowed=shown)
