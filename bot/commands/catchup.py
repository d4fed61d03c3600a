"""`catchup`: what was said in a channel while somebody was away, with links to the messages."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.catchup.citations import cited_numbers, link_citations, remove_addresses
from bot.catchup.digest import Digest
from bot.catchup.request import MOST, CatchUpRequest, read_request
from bot.catchup.transcript import NumberedMessage, number_messages, pack
from bot.catchup.visits import Visits
from bot.commands._base import Context, Parts, command
from bot.commands._media import ReportStream
from bot.errors import UsageError
from bot.models import Actions, CommandSpec, Lane, Option, Status, Text
from bot.ports import ChannelHistory, ChannelSpan
from bot.scoped_settings.names import CONTEXT_TOKENS
from bot.values import valueclass

#: Messages among which one of the person's is looked for, and those that are read where there is none.
_LOOKED_BACK, _NEWCOMER = 1000, 200


@command(
    CommandSpec(
        name="catchup",
        description="What was said here while you were away: decisions, open questions, who does what.",
        options=(
            Option(
                name="span",
                description="since I was here, since yesterday, last 3 days, last 200 messages",
                suggestions=("since I was here", "since yesterday", "today", "last 7 days", "last 200 messages"),
                is_prompt=True,
            ),
            Option(name="model", description="Answer with this model, once", models="chat"),
        ),
        aliases=("catch-up",),
        lane=Lane.OWN,
        kind="chat",
        private=True,
        has_own_buttons=True,
        needs_no_form=True,
        prices_itself="always",
        example="catchup since yesterday",
    )
)
async def catchup(ctx: Context) -> Parts:
    """Read the channel, ask about an expensive digest, write it, and link what it cites."""
    visits = Visits(ctx.values)
    wanted = await _find_span(ctx, visits)
    yield Status(ctx.translate("catchup.reading"))
    channels, reply_to = ctx.channels, ctx.event.reply_to
    async with ReportStream[ChannelHistory, int](
        lambda report: channels.read_channel(reply_to, wanted.span, on_progress=report)
    ) as reading:
        async for count in reading:
            yield Status(ctx.translate("catchup.read", count=count))
        found = _select(ctx, wanted, reading.result)
    history, numbered = found.history, found.numbered
    if not numbered:
        await visits.note(ctx.event, found.until)
        yield Text("\n\n".join((found.heading, *_gaps(ctx, history, 0))))
        return
    digest = Digest(
        event=ctx.event,
        calls=ctx.calls,
        values=ctx.values,
        model=ctx.option("model") or ctx.effective.model("chat"),
        budget=ctx.effective.integer(CONTEXT_TOKENS),
        headings=ctx.translate("catchup.headings"),
    )
    pieces = pack([one.line for one in numbered], digest.budget)
    expected = digest.expected(pieces)
    question, note = await ctx.questions.ask(ctx.event, ctx.spec, ctx.effective, ctx.defaults, expected)
    if question is not None:
        yield Text(f"{found.heading}\n\n{question.text}")
        yield Actions(question.actions)
        return
    await ctx.quotas.require_money(ctx.event, expected)
    status = ctx.translate("catchup.writing", count=len(numbered))
    async with ReportStream[str, float](lambda report: digest.write(pieces, report)) as writing:
        async for done in writing:
            yield Status(status, progress=done)
        written = writing.result
    assert digest.usage is not None
    yield digest.usage
    text = await _link(ctx, written, numbered)
    await visits.note(ctx.event, found.until)
    yield Text("\n\n".join((found.heading, text, *_gaps(ctx, history, digest.left_out), *filter(None, (note,)))))


@valueclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """The messages that a person asks for."""

    asked: CatchUpRequest
    visited: datetime | None  #: when they last caught up there, where they ask for what came after
    span: ChannelSpan
    zone: ZoneInfo


@valueclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The messages that the answer is about."""

    history: ChannelHistory
    numbered: list[NumberedMessage]
    heading: str  #: says which they are
    until: datetime  #: up to which they were read


async def _find_span(ctx: Context, visits: Visits) -> _Wanted:
    """Return the messages that the request names. Raises `UsageError`, and `StoreError`."""
    zone, _ = ctx.zone()
    until = datetime.fromtimestamp(ctx.event.written_at, UTC) if ctx.event.written_at else ctx.event.received_at
    asked = read_request(ctx.event.prompt, until, zone)
    if asked is None:
        raise UsageError(ctx.translate("catchup.span", example=ctx.example))
    visited = await visits.last(ctx.event) if asked.kind == "here" else None
    most = _LOOKED_BACK if asked.kind == "here" and visited is None else min(asked.count, MOST)
    span = ChannelSpan(limit=most, since=asked.since or visited, until=until, until_own=asked.kind == "here")
    return _Wanted(asked=asked, visited=visited, span=span, zone=zone)


def _select(ctx: Context, wanted: _Wanted, read: ChannelHistory) -> _Found:
    """Return what was asked for of the messages that were read."""
    asked, zone, until = wanted.asked, wanted.zone, wanted.span.until
    history, since = _after_visit(read, asked, wanted.visited)
    if asked.kind == "last" and len(history.messages) == asked.count:
        history = replace(history, is_cut=False)  # it is what was asked for
    numbered = number_messages(history.messages, zone)
    heading = _heading(ctx, wanted, since, len(numbered))
    if history.read_until is not None:
        until = history.read_until
        heading = ctx.translate("catchup.part", count=len(numbered), time=_show(until, zone))
    return _Found(history=history, numbered=numbered, heading=f"**{heading}**", until=until)


def _after_visit(
    history: ChannelHistory, asked: CatchUpRequest, visited: datetime | None
) -> tuple[ChannelHistory, datetime | None]:
    """Return what came after the person was there, and when that was: their last message or their last catching up.

    None: they were not there as far back as was read; then these are the newest messages.
    """
    if asked.kind != "here":
        return history, asked.since
    times = [time for time in (history.own, visited) if time is not None]
    if not times:
        return replace(history, messages=history.messages[-_NEWCOMER:], is_cut=False), None
    since = max(times)
    is_cut = history.is_cut and history.own is None
    return replace(history, messages=tuple(one for one in history.messages if one.at > since), is_cut=is_cut), since


def _heading(ctx: Context, wanted: _Wanted, since: datetime | None, count: int) -> str:
    """Return which messages the answer is about: those since then; None: the newest."""
    key: str = wanted.asked.kind
    if key == "here":
        key = "new" if since is None else "visit" if since == wanted.visited else "own"
    time = _show(since, wanted.zone) if since is not None else ""
    if not count:
        key = "nothing.ever" if key in ("new", "last") else f"nothing.{key}"
    key = f"catchup.{key}"
    return ctx.translate(key, count=count, time=time)


def _show(time: datetime, zone: ZoneInfo) -> str:
    return f"{time.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}"


def _gaps(ctx: Context, history: ChannelHistory, left_out: int) -> list[str]:
    """Return what the answer does not cover."""
    gaps = [*history.limits]
    if history.is_cut:
        gaps.append(ctx.translate("catchup.cut", count=len(history.messages), most=MOST))
    if history.unread_replies:
        gaps.append(ctx.translate("catchup.replies", count=history.unread_replies))
    if left_out:
        gaps.append(ctx.translate("catchup.left_out"))
    return [f"*{gap}*" for gap in gaps]


async def _link(ctx: Context, text: str, numbered: list[NumberedMessage]) -> str:
    """Return the digest with links to the messages that it cites, and with no other address."""
    text = remove_addresses(text)
    cited = {number: numbered[number - 1].message.id for number in cited_numbers(text) if 0 < number <= len(numbered)}
    links = await ctx.channels.message_links(ctx.event.reply_to, [*dict.fromkeys(cited.values())])
    return link_citations(text, {number: links[name] for number, name in cited.items() if name in links})
