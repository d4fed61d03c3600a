"""`duel`: the same question to several models, unnamed; `/duel ranking` says which are liked best here."""

import hashlib

from bot.commands._base import Context, Parts, command
from bot.duel.duel import FEWEST, MOST, Duel, Entrant
from bot.duel.duels import question_to, ranking_place
from bot.duel.ranking import DuelScore, ranking
from bot.errors import UsageError
from bot.models import Action, Actions, CommandSpec, Kind, Option, Text
from bot.spending.money import money
from bot.spending.quotes import is_within

_KINDS: tuple[Kind, ...] = ("chat", "code", "image")
_RANKING = frozenset({"ranking", "rankings", "排名", "排行", "排行榜"})
_ENOUGH = 10  #: duels of a model before it is proposed
_BETTER = 0.5  #: share of wins that the lower end of its interval has to be above for that


@command(
    CommandSpec(
        name="duel",
        description="Ask several models the same, unnamed, and vote; ranking: which are liked best here.",
        options=(
            Option(name="prompt", description="The question; or: ranking", is_prompt=True, required=True),
            Option(name="kind", description="What they make", kind="choice", choices=_KINDS, default="chat"),
            Option(name="models", description="Two to four models with commas between; left out: those in use here"),
        ),
        example="duel explain recursion to a child",
        is_shared=True,
    )
)
async def duel(ctx: Context) -> Parts:
    """Have the models answer, or show the ranking."""
    kind = next(kind for kind in _KINDS if kind == ctx.option("kind"))
    if ctx.prompt().lower() in _RANKING:
        async for part in _show_ranking(ctx, kind):
            yield part
        return
    event = ctx.event
    entrants = tuple(Entrant(model=model) for model in _in_order(event.id, _models(ctx, kind)))
    begun = Duel(
        id=event.id,
        kind=kind,
        prompt=ctx.prompt(),
        entrants=entrants,
        locale=event.actor.locale,
        channel=ranking_place(event),
    )
    await ctx.api.check_words(begun.prompt)  # the board repeats them
    await _check_price(ctx, begun)
    answer = await ctx.duels.begin(begun, event)
    yield Text(answer.text)


async def _check_price(ctx: Context, duel: Duel) -> None:
    """Raise `UsageError` for what may not be spent without a question, which has no place in a duel."""
    spec, prices = ctx.commands.find_spec(duel.kind), await ctx.quotas.prices.current()
    assert spec is not None
    requests = [(question_to(duel, number, one, ctx.event), one.model) for number, one in enumerate(duel.entrants)]
    costs = [prices.estimate(asked, spec, model) for asked, model in requests]
    total = sum(cost for cost in costs if cost is not None)
    if not is_within(total, ctx.event, ctx.effective):
        raise UsageError(ctx.translate("duel.too_expensive", price=money(total)))


def _models(ctx: Context, kind: Kind) -> list[str]:
    """Return the models that are named, else the one in use and others that are allowed. Raises `UsageError`."""
    if not ctx.commands.offers(kind):
        raise UsageError(ctx.translate("duel.kind_off", kind=kind))
    allowed, named = ctx.settings.models(kind), ctx.option("models").replace("、", ",").replace("，", ",").split(",")
    models = list(dict.fromkeys(filter(None, (name.strip().strip("`") for name in named))))
    if unknown := [name for name in models if name not in allowed]:
        raise UsageError(
            ctx.translate("duel.unknown", name=unknown[0].replace("`", "'"), allowed=ctx.join_list(allowed))
        )
    if not models:
        used = ctx.effective.model(kind)
        models = [used, *(name for name in allowed if name != used)][:FEWEST]
    if not FEWEST <= len(models) <= MOST:
        if len(allowed) < FEWEST:
            raise UsageError(ctx.translate("duel.one_model", kind=kind, setting=f"BOT_{kind.upper()}_MODELS"))
        raise UsageError(ctx.translate("duel.count", fewest=FEWEST, most=MOST))
    return models


def _in_order(event: str, models: list[str]) -> list[str]:
    """Return the models in an order that says nothing of them, and is the same after a crash."""
    return sorted(models, key=lambda model: hashlib.sha256(f"{event}\0{model}".encode(errors="replace")).digest())


async def _show_ranking(ctx: Context, kind: Kind) -> Parts:
    scores = ranking(duel for duel in await ctx.duels.in_channel(ctx.event) if duel.kind == kind)
    if not scores:
        yield Text(ctx.translate("duel.no_ranking", kind=kind))
        return
    lines = [
        ctx.translate("duel.ranking", kind=kind),
        "",
        f"| {ctx.translate('duel.columns')} |",
        "| --- | --- | --- |",
    ]
    for one in scores:
        interval = f"{one.share:.0%} ({one.low:.0%} – {one.high:.0%})"
        lines.append(f"| `{one.model}` | {one.wins:g} / {one.duels} | {interval} |")
    lines += ["", ctx.translate("duel.interval")]
    best = scores[0]
    if _is_better(best) and best.model in ctx.settings.models(kind) and best.model != ctx.effective.model(kind):
        lines += ["", ctx.translate("duel.propose", model=best.model)]
        options = {"kind": kind, "name": best.model, "channel": "yes"}
        label = ctx.translate("duel.button.use", model=best.model)
        yield Actions((Action(name="use", label=label, command="model", options=options),))
    yield Text("\n".join(lines))


def _is_better(one: DuelScore) -> bool:
    return one.duels >= _ENOUGH and one.low > _BETTER
