"""`schedule`: ask for something later, or again and again; list, pause, resume and delete schedules."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.commandline.mentions import Mention, link_mention
from bot.commandline.parser import parse
from bot.commands._base import Context, Parts, command
from bot.errors import UsageError
from bot.models import Action, Actions, CommandSpec, Event, Lane, Option, Text
from bot.ports import Schedule
from bot.schedules.phrases.forms import TooManyFields, UnclearTime, WrongInterval
from bot.schedules.phrases.reading import TimeIsOver, read_when
from bot.schedules.reminders import is_without_words
from bot.schedules.texts import change_action, describe, local_time, written
from bot.scoped_settings.names import COMMANDS_OFF, TIME_ZONE
from bot.scoped_settings.scopes import Scope
from bot.spending.money import money
from bot.spending.quotes import is_within

_ACTS = {
    "list": frozenset({"", "list", "show", "列出", "清單", "清单", "列表"}),
    "pause": frozenset({"pause", "暫停", "暂停"}),
    "resume": frozenset({"resume", "continue", "繼續", "继续", "恢復", "恢复"}),
    "delete": frozenset({"delete", "remove", "cancel", "刪除", "删除", "取消"}),
}
_ALL = ("all", "全部", "所有")
_NEXT_TIMES = 3  #: that a confirmation shows
_WITH_BUTTONS = 5  #: schedules of a list that have buttons


@command(
    CommandSpec(
        name="schedule",
        description="Ask for something later, or again and again; or list what is scheduled.",
        options=(
            Option(
                name="what",
                description="When, then a question or a command; or: list, pause ID, resume ID, delete ID",
                is_prompt=True,
            ),
        ),
        lane=Lane.FREE,
        private=True,
        takes_line=True,
        example="schedule every weekday 9:00 what is worth knowing today?",
    )
)
async def schedule(ctx: Context) -> Parts:
    """Schedule a request, or do what a word or a button says."""
    options, text = ctx.event.options, ctx.event.prompt.strip()
    word, _, rest = text.partition(" ")
    act = options.get("act") or next((name for name, words in _ACTS.items() if word.lower() in words), "")
    named = options.get("id") or rest.strip().strip("`#")
    if act == "zone":
        yield Text(await _set_zone(ctx, named))
    elif (act and not named) or (act == "list" and named.lower() in _ALL):
        text, actions = await _list(ctx, is_all=bool(named))
        yield Text(text)
        yield Actions(actions)
    elif act and act != "list" and (options.get("id") or len(rest.split()) == 1):
        yield Text(await _change(ctx, act, named))
    else:
        text, actions = await _add(ctx, text)
        yield Text(text)
        yield Actions(actions)


# -- adding


async def _add(ctx: Context, text: str) -> tuple[str, tuple[Action, ...]]:
    zone, is_known = ctx.zone()
    now = ctx.schedules.clock.now()
    try:
        found = read_when(text, zone, now)
    except TimeIsOver:
        raise UsageError(ctx.translate("schedule.over", now=f"{local_time(now, zone.key)} {zone.key}")) from None
    except WrongInterval:
        raise UsageError(ctx.translate("schedule.interval")) from None
    except UnclearTime as exc:
        typed = {"understood": exc.understood.replace("`", "'"), "rest": exc.rest.replace("`", "'")}
        key = "schedule.cron_fields" if isinstance(exc, TooManyFields) else "schedule.unclear"
        raise UsageError(ctx.translate(key, **typed)) from None
    if found is None:
        raise UsageError(ctx.translate("schedule.when"))
    when, asked = found
    request = await _request(ctx, asked)
    if ctx.schedules.is_too_frequent(when, zone):
        minutes = ctx.settings.bot_schedule_interval / 60
        raise UsageError(ctx.translate("schedule.too_frequent", minutes=f"{minutes:g}"))
    await _require_place(ctx)
    if not is_known:  # it is asked for once
        is_known = bool(await ctx.schedules.store.schedules(ctx.event.adapter, actor=ctx.event.actor.id))
    added = await ctx.schedules.add(when, zone, request)
    if added is None:
        settings = ctx.settings
        limits = {"most": settings.bot_schedules_per_person, "here": settings.bot_schedules_per_workspace}
        raise UsageError(ctx.translate("schedule.too_many", **limits))
    return _confirmation(ctx, added, is_known=is_known), _buttons(ctx, added, is_known=is_known)


async def _request(ctx: Context, text: str) -> Event:
    """Return the request of a schedule. Raises `UsageError` for one that can't be scheduled here."""
    event, locale = ctx.event, ctx.event.actor.locale
    if event.attachments:
        raise UsageError(ctx.translate("schedule.no_files"))
    parsed = parse(text, ctx.commands.specs, locale=locale)
    if parsed.rejection:
        raise UsageError(parsed.rejection)
    spec = ctx.commands.find_spec(parsed.command)
    if not text or spec is None:
        raise UsageError(ctx.translate("schedule.nothing"))
    if spec.name == "chat" and is_without_words(parsed.prompt):
        raise UsageError(ctx.translate("schedule.of_what"))
    if spec.kind is None or spec.secrets or parsed.files:
        allowed = ctx.join_list(f"`/{name}`" for name in ctx.commands.spending)
        raise UsageError(ctx.translate("schedule.not_this", command=spec.name, allowed=allowed))
    request = replace(
        event,
        command=spec.name,
        prompt=parsed.prompt,
        options=dict(parsed.options),
        inherited=(),
        replaces="",
        has_prior_messages=False,
        written_at=0.0,
    )
    refusal = ctx.policy.check(request, spec, ctx.effective)
    if refusal is not None:
        raise UsageError(refusal.text)
    if spec.name in ctx.effective.words(COMMANDS_OFF):
        raise UsageError(ctx.translate("policy.command_off", command=spec.name))
    await ctx.api.check_words(parsed.prompt)
    model = request.options.get("model") or ctx.effective.model(spec.kind)
    filled = replace(request, options={**ctx.effective.defaults_of(spec), **request.options})
    price = (await ctx.quotas.prices.current()).estimate(filled, spec, model)
    if not is_within(price, request, ctx.effective):
        raise UsageError(ctx.translate("schedule.too_expensive", price=money(price or 0)))
    # What was found out about the command holds today, and not for the requests: each is admitted anew.
    return replace(request, has_own_api=False, keeps_price=False, agreed=0, approved=0, is_message=False)


async def _require_place(ctx: Context) -> None:
    """Raise `UsageError` where the service can't write: nothing scheduled there would ever be shown."""
    event = ctx.event
    if event.location.is_private or not event.location.channel:
        return
    if await ctx.directory.channel_problem(event.location.channel, reply_to=event.reply_to):
        raise UsageError(ctx.translate("schedule.no_place"))


def _confirmation(ctx: Context, added: Schedule, *, is_known: bool) -> str:
    lines = [
        ctx.translate("schedule.added", when=written(added.when), request=describe(added.event)),
        _times(ctx, added, _NEXT_TIMES),
    ]
    if not is_known:
        lines.append(ctx.translate("schedule.zone_unknown", zone=added.zone))
    return "\n\n".join(lines)


def _times(ctx: Context, one: Schedule, count: int) -> str:
    times = ctx.schedules.next_times(one, count)
    shown = " · ".join(local_time(time, one.zone) for time in times)
    return ctx.translate("schedule.next", times=shown, zone=one.zone)


def _buttons(ctx: Context, one: Schedule, *, is_known: bool = True, number: str = "") -> tuple[Action, ...]:
    acts = ["resume" if one.due is None else "pause"] if one.cron else []
    locale = ctx.event.actor.locale
    actions = [change_action(one, act, locale, number=number) for act in (*acts, "delete")]
    if not is_known:
        options = {"act": "zone", "id": one.id}
        label = ctx.translate("schedule.button.zone")
        actions.append(Action(name="zone", label=label, command="schedule", options=options, prompts_for=(TIME_ZONE,)))
    return tuple(actions)


# -- listing and changing


async def _list(ctx: Context, *, is_all: bool) -> tuple[str, tuple[Action, ...]]:
    """Return one's own schedules; all those of the workspace's channels for an administrator."""
    store, event = ctx.schedules.store, ctx.event
    if is_all and not (ctx.policy.administers(event) and event.location.workspace):
        raise UsageError(ctx.translate("schedule.not_all"))
    if is_all:
        everybody = await store.schedules(event.adapter, workspace=event.location.workspace)
        found = [one for one in everybody if _may_change(ctx, one)]
    else:
        found = list(await store.schedules(event.adapter, actor=event.actor.id))
    if not found:
        return ctx.translate("schedule.none", example=ctx.example), ()
    lines: list[str] = [ctx.translate("schedule.all" if is_all else "schedule.yours")]
    actions: list[Action] = []
    for number, one in enumerate(found, 1):
        state = (
            ctx.translate(f"schedule.paused_state.{one.pause or 'asked'}") if one.due is None else _times(ctx, one, 1)
        )
        author = one.event.actor
        who = f"{link_mention(Mention('person', author.id), author.name)}, " if is_all else ""
        line = ctx.translate("schedule.line", when=written(one.when), request=describe(one.event), id=f"`{one.id}`")
        lines.append(f"{number}. {who}{line}\n   {state}")
        if number <= _WITH_BUTTONS:
            actions += _buttons(ctx, one, number=f"{number}")
    return "\n".join(lines), tuple(actions)


async def _find(ctx: Context, named: str) -> Schedule:
    """Return a schedule that the author may change, by its id or its number in their list. Raises `UsageError`."""
    store, event = ctx.schedules.store, ctx.event
    one = await store.find_schedule(event.adapter, named)
    if one is None and named.isdecimal():
        own = await store.schedules(event.adapter, actor=event.actor.id)
        one = next((each for number, each in enumerate(own, 1) if str(number) == named), None)
    if one is None or not _may_change(ctx, one):
        raise UsageError(ctx.translate("schedule.gone", id=named.replace("`", "'")))
    return one


def _may_change(ctx: Context, one: Schedule) -> bool:
    """Return whether the author may change a schedule: their own, or one of a place that they administer."""
    place = one.event.location
    is_direct = place.is_private or ctx.directory.is_direct(place.channel)
    is_here = place.workspace == ctx.event.location.workspace and not is_direct
    return one.event.actor.id == ctx.event.actor.id or (is_here and ctx.policy.administers(ctx.event))


async def _change(ctx: Context, act: str, named: str) -> str:
    one = await _find(ctx, named)
    times = ""
    if act == "delete":
        await ctx.schedules.store.delete_schedule(one)
    elif not one.cron:
        raise UsageError(ctx.translate("schedule.once_only"))
    elif act == "pause":
        if one.due is not None and not await ctx.schedules.pause(one):
            raise UsageError(ctx.translate("schedule.changed"))
    else:
        resumed = one if one.due is not None else await ctx.schedules.resume(one)
        if resumed is None:
            raise UsageError(ctx.translate("schedule.changed"))
        times = "\n\n" + _times(ctx, resumed, _NEXT_TIMES)
    is_so_already = act == ("pause" if one.due is None else "resume")
    if one.event.actor.id != ctx.event.actor.id and not is_so_already:
        await ctx.audit(f"schedule.{act}", subject=one.event.actor.id, before=f"{one.id}: {one.when}")
    return ctx.translate(f"schedule.done.{act}", when=written(one.when), request=describe(one.event)) + times


async def _set_zone(ctx: Context, named: str) -> str:
    """Set the author's time zone, and read the schedule anew in it."""
    setting = ctx.effective.registry[TIME_ZONE]
    value = setting.normalize(ctx.event.options.get(TIME_ZONE, ""))
    if problem := setting.error(value, ctx.event.actor.locale):
        raise UsageError(problem)
    one = await _find(ctx, named)
    await ctx.effective.set(TIME_ZONE, value, Scope.ME)
    moved = await ctx.schedules.move(one, ZoneInfo(value))
    if moved is None:
        raise UsageError(ctx.translate("schedule.changed"))
    return ctx.translate("schedule.zone_set", zone=value) + "\n\n" + _times(ctx, moved, _NEXT_TIMES)
