"""`limits`: what one may still use; administrators set limits for people, roles, channels and workspaces."""

from collections.abc import AsyncIterator, Mapping, Sequence

from bot.commandline.mentions import link_mention, read_mention, split_mentions
from bot.commands._base import Context, Parts, command
from bot.commands._settings import change_button
from bot.commands._tables import table_code, table_row
from bot.errors import UsageError
from bot.i18n import kind_label
from bot.limits import Measure, Period
from bot.models import KINDS, CommandSpec, Lane, Option, Text
from bot.policy.quota import describe_amount, format_duration
from bot.scoped_settings.names import HERE
from bot.scoped_settings.scopes import ADMINISTERED, Scope
from bot.spending.limit_changes import change_limit, read_amount
from bot.spending.limits import LimitRule, Who
from bot.spending.prices import describe_price


@command(
    CommandSpec(
        name="limits",
        description="Show what you may still use and when there is more; administrators set limits.",
        options=(
            Option(name="amount", description="The limit to set; left out: show limits", is_prompt=True),
            Option(
                name="of",
                description="What is limited; sound and video in seconds",
                kind="choice",
                choices=tuple(measure.value for measure in Measure),
            ),
            Option(
                name="per",
                description="For how long",
                kind="choice",
                choices=tuple(period.value for period in Period),
                default="day",
            ),
            Option(
                name="for",
                description="everybody, each person or each channel; or a mention of one, or of a role",
                suggestions=tuple(who.value for who in Who if who is not Who.ROLE),
                default="everybody",
                has_mentions=True,
            ),
            Option(name="who", description="Only this person, or each member of this role", kind="people"),
            Option(name="channel", description="Only this channel", kind="channel"),
            Option(
                name="in",
                description="Where it holds: in this workspace or server, or in the whole service",
                kind="choice",
                choices=("workspace", "service"),
                default="workspace",
            ),
            Option.switch("clear", "Take the limit away"),
        ),
        lane=Lane.FREE,
        private=True,
        example="limits 10 --of pictures --per day --for person",
    )
)
async def limits(ctx: Context) -> Parts:
    """Show the person's limits, to administrators those of others, too; or set or clear one."""
    amount, clears = ctx.event.prompt.strip(), ctx.is_on("clear")
    if not amount and not clears:
        yield Text("\n\n".join([part async for part in _overview(ctx)]))
        if any(_administers(ctx, scope) for scope in ADMINISTERED):
            yield change_button(ctx, ("amount", "of", "per", "who", "channel", "for", "in", "clear"))
        return
    rule = _rule(ctx, amount, clears=clears)
    if not _may_set(ctx, rule):
        raise ctx.not_allowed(f"settings.not_allowed.{ctx.option('in')}", Scope(ctx.option("in")))
    locale = ctx.event.actor.locale
    rule = await change_limit(ctx.quotas.limits, rule, ctx.audit, is_removed=clears, locale=locale)
    words = _words(ctx, rule, await _names(ctx, [rule]))
    yield Text(ctx.translate("limits.cleared" if clears else "limits.set", **words))


def _rule(ctx: Context, amount: str, *, clears: bool) -> LimitRule:
    if not ctx.option("of"):
        measures = ctx.join_list(f"`{measure}`" for measure in Measure)
        raise UsageError(ctx.translate("limits.which", measures=measures, example=ctx.example))
    measure = Measure(ctx.option("of"))
    who, named = _who(ctx)
    is_of_service = ctx.option("in") == "service"
    return LimitRule(
        adapter="" if is_of_service else ctx.event.adapter,
        workspace="" if is_of_service else ctx.event.location.workspace,
        who=who,
        id=named,
        measure=measure,
        period=Period(ctx.option("per")),
        amount=0 if clears else read_amount(measure, amount, ctx.event.actor.locale),
    )


def _who(ctx: Context) -> tuple[Who, str]:
    """Return for whom a limit holds, and the id of the only one; "": of each. Raises `UsageError`."""
    given, here = ctx.option("who") or ctx.option("channel") or ctx.option("for"), ctx.event.location.channel
    if given.strip().lower() == HERE and here:
        return Who.CHANNEL, here
    words = split_mentions(given)
    mention = read_mention(words[0]) if len(words) == 1 else None
    subject = given.strip().lower() if mention is None else mention.subject
    if subject not in tuple(Who) or (subject == Who.ROLE and mention is None):
        raise UsageError(ctx.translate("limits.whom"))
    return Who(subject), "" if mention is None else mention.id


async def _overview(ctx: Context) -> AsyncIterator[str]:
    standings = await ctx.quotas.standings(ctx.event)
    locale, now = ctx.event.actor.locale, ctx.quotas.now()
    lines = []
    for standing in standings:
        limit = standing.limit
        is_whole = ctx.policy.sees_use(ctx.event, limit) and not standing.used
        back = "–" if is_whole else format_duration((standing.ends - now).total_seconds(), locale)
        subject = ctx.translate(f"limits.subject.{limit.subject}")
        left = ctx.policy.describe_left(ctx.event, standing)
        lines.append(table_row([describe_amount(limit, locale), subject, left, back]))
    heads = [ctx.translate(f"limits.{column}") for column in ("limit", "for", "left", "back")]
    yield _table(heads, lines) if lines else ctx.translate("limits.none")
    if not any(_administers(ctx, scope) for scope in ADMINISTERED):
        return
    rules = [rule for rule in await ctx.quotas.limits.rules() if _is_shown(ctx, rule)]
    if rules:
        names = await _names(ctx, rules)
        lines = [f"- {ctx.translate('limits.rule', **_words(ctx, rule, names))}" for rule in rules]
        yield "\n".join([f"**{ctx.translate('limits.rules')}**", "", *lines])
    yield f"**{ctx.translate('limits.prices')}**\n\n{await _prices(ctx)}"
    yield ctx.translate("limits.how", example=ctx.example)


async def _prices(ctx: Context) -> str:
    prices, locale, lines = await ctx.quotas.prices.current(), ctx.event.actor.locale, []
    offered = {spec.kind for spec in ctx.commands.specs}
    for kind in (kind for kind in KINDS if kind in offered):
        for model in ctx.settings.models(kind):
            shown = describe_price(prices, kind, model, locale)
            lines.append(table_row([kind_label(kind, locale), table_code(model), shown]))
    return _table([ctx.translate(f"limits.{column}") for column in ("kind", "model", "price")], lines)


def _administers(ctx: Context, scope: Scope) -> bool:
    return ctx.may_administer(scope, owns_dm=False)


def _may_set(ctx: Context, rule: LimitRule) -> bool:
    """Return whether the author may set a limit: of the service, of the workspace, or of this channel alone."""
    if not rule.adapter:
        return ctx.is_service_admin()
    is_of_channel = rule.who is Who.CHANNEL and rule.id == ctx.event.location.channel
    return _administers(ctx, Scope.WORKSPACE) or (is_of_channel and _administers(ctx, Scope.CHANNEL))


def _is_shown(ctx: Context, rule: LimitRule) -> bool:
    here = (ctx.event.adapter, ctx.event.location.workspace)
    if ctx.is_service_admin():
        return True
    is_here = (rule.adapter, rule.workspace) == here
    return (is_here or not rule.adapter) if _administers(ctx, Scope.WORKSPACE) else (is_here and _may_set(ctx, rule))


async def _names(ctx: Context, rules: Sequence[LimitRule]) -> Mapping[str, str]:
    """Return the names of the people whose use is limited, as far as they are known."""
    return await ctx.reports.names(ctx.event.adapter, {rule.id for rule in rules if rule.who is Who.PERSON})


def _words(ctx: Context, rule: LimitRule, names: Mapping[str, str]) -> Mapping[str, str]:
    """Return what a limit is, for whom and where; a platform shows people, roles and channels as mentions."""
    named = read_mention(rule.whom) if rule.id else None
    name = table_code(rule.id) if named is None else link_mention(named, names.get(rule.id, ""))
    return {
        "limit": describe_amount(rule.to_limit(), ctx.event.actor.locale),
        "whom": ctx.translate(f"limits.whom.{'one_' if rule.id else ''}{rule.who}", name=name),
        "where": ctx.translate("limits.in.workspace" if rule.adapter else "limits.in.service"),
    }


def _table(heads: list[str], lines: list[str]) -> str:
    return "\n".join([table_row(heads), "|" + "---|" * len(heads), *lines])
