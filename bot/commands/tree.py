"""`tree`: the family of the files made in this conversation."""

import asyncio
from collections.abc import Iterator, Sequence

from bot.commands._base import Context, Parts, command
from bot.commands._tables import table_code
from bot.family.changes import Changes
from bot.family.origins import FamilyFile, read_family
from bot.media.drawing.canvas import can_write
from bot.media.drawing.tree import TreeRow, draw_tree
from bot.models import KINDS, CommandSpec, Kind, Text
from bot.spending.money import exact_money

_LONGEST_PROMPT = 160  # characters


@command(
    CommandSpec(
        name="tree",
        description="Show which picture, sound or video made here came from which.",
        example="tree",
    )
)
async def tree(ctx: Context) -> Parts:
    """List the files with what made them, and draw the tree."""
    family = await read_family(ctx.journal, ctx.event.adapter, ctx.event.conversation)
    if not family:
        yield Text(ctx.translate("tree.nothing"))
        return
    ordered = list(_ordered(family))
    places = {file.number: place for place, (file, _) in enumerate(ordered)}
    blind = await _blind(ctx, family)
    last = await Changes(ctx.journal, ctx.commands.spending).find(ctx.event)
    lines = [f"{'  ' * depth}- **{file.number}** {_describe(ctx, file, blind)}" for file, depth in ordered]
    yield Text(f"**{ctx.translate('tree.title')}**\n\n" + "\n".join(lines))
    rows = [
        TreeRow(
            depth,
            places[file.parents[0]] if depth else None,
            str(file.number),
            _label(file, blind),
            is_current=last is not None and file.ref == last[1],
        )
        for file, depth in ordered
    ]
    picture = await asyncio.to_thread(draw_tree, rows)
    described = "; ".join(_alternative(ctx, file) for file, _ in ordered)
    yield await ctx.spool.write(
        "tree.png", picture, content_type="image/png", event=ctx.event.id, description=described
    )


async def _blind(ctx: Context, family: Sequence[FamilyFile]) -> frozenset[str]:
    """Return the events whose models are not to be named: people still vote on what they made."""
    return frozenset([file.job.event.id for file in family if await ctx.duels.is_blind(file.job.event)])


def _model(file: FamilyFile, blind: frozenset[str]) -> str:
    origin = file.media.origin
    return "?" if origin is None or file.job.event.id in blind else origin.model


def _label(file: FamilyFile, blind: frozenset[str]) -> str:
    """Return what the picture says of a file: its kind and prompt, or model where the prompt can't be written.

    And what it was made from besides its parent.
    """
    others = "".join(f" + {number}" for number in file.parents[1:])
    prompt = " ".join(file.media.description.split())
    made = f": {prompt}" if prompt and can_write(prompt) else f" {_model(file, blind)}"
    return f"{_kind(file)}{made}{others}"


def _ordered(family: Sequence[FamilyFile]) -> Iterator[tuple[FamilyFile, int]]:
    """Yield each file after its first parent, with its depth."""
    children: dict[int | None, list[FamilyFile]] = {}
    for file in family:
        children.setdefault(file.parents[0] if file.parents else None, []).append(file)
    waiting = [(file, 0) for file in reversed(children.get(None, []))]
    while waiting:
        file, depth = waiting.pop()
        yield file, depth
        waiting += [(child, depth + 1) for child in reversed(children.get(file.number, []))]


def _describe(ctx: Context, file: FamilyFile, blind: frozenset[str]) -> str:
    """Return what is said of a file: its kind, prompt, model, options, cost and maker; several parents, too."""
    origin = file.media.origin
    assert origin is not None
    facts = [_model(file, blind), *origin.options.values()]
    if origin.cost:
        facts.append(ctx.translate("media.cost", cost=exact_money(origin.cost)))
    facts.append(file.job.event.actor.name or file.job.event.actor.id)
    kind = ctx.translate(f"tree.{_kind(file)}")
    prompt, made_with = (table_code(t, longest=_LONGEST_PROMPT) for t in (file.media.description, " · ".join(facts)))
    more = f" ← {', '.join(map(str, file.parents))}" if len(file.parents) > 1 else ""
    return f"{kind}: {prompt} · {made_with}{more}"


def _alternative(ctx: Context, file: FamilyFile) -> str:
    """Return what the picture shows of a file, in words."""
    kind = ctx.translate(f"tree.{_kind(file)}")
    if not file.parents:
        return ctx.translate("tree.root", number=file.number, kind=kind)
    parents = ctx.join_list(map(str, file.parents))
    return ctx.translate("tree.child", number=file.number, kind=kind, parents=parents)


def _kind(file: FamilyFile) -> Kind:
    """Return the kind of a file by its content."""
    family = file.media.content_type.partition("/")[0]
    return next((kind for kind in KINDS if kind == family), "image")
