"""`access`: show, explain and change the rules on who may use what."""

from collections.abc import Sequence

from bot.commandline.choices import nearest_choice
from bot.commandline.mentions import Mention, read_mention, split_mentions
from bot.commands._access import explain, list_closed_commands, list_rules
from bot.commands._base import Context, Parts, command
from bot.commands._settings import administered_scopes, change_button
from bot.errors import UsageError
from bot.models import CommandSpec, Lane, Option, Text
from bot.scoped_settings.access import EVERYTHING, AccessRule, describe_rule
from bot.scoped_settings.changes import change_rule, read_target, read_until
from bot.scoped_settings.scopes import ADMINISTERED, Scope

_ACTIONS = ("show", "why", "allow", "deny", "clear")


@command(
    CommandSpec(
        name="access",
        description="Show who may use what here, explain a refusal, or change the rules.",
        options=(
            Option(
                name="whom",
                description="Mentions of people, roles and channels; here: this channel; workspace: this one",
                is_prompt=True,
                has_mentions=True,
            ),
            Option(
                name="do",
                description="What to do; left out: the first word",
                kind="choice",
                choices=_ACTIONS,
            ),
            Option(
                name="what",
                description="A command, a kind such as kind:image, or all; left out: the next word",
                suggests_commands=True,
            ),
            Option(name="who", description="The person or role that it is about", kind="people"),
            Option(name="channel", description="The channel that it is about", kind="channel"),
            Option(name="until", description="When the rule ends: 2026-12-31, 12h, 3d or 2w; left out: never"),
            Option(
                name="for",
                description="How far the rule reaches; left out: as near as possible",
                kind="choice",
                choices=tuple(scope.value for scope in ADMINISTERED),
            ),
        ),
        lane=Lane.FREE,
        private=True,
        example="access deny video @Bob --until 3d",
    )
)
async def access(ctx: Context) -> Parts:
    """Show the rules, explain one refusal, or set or clear rules."""
    words = list(split_mentions(ctx.event.prompt))
    action = _read_action(ctx, words)
    if action == "show":
        is_administered = _administers_any(ctx)
        yield Text(list_rules(ctx) if is_administered else list_closed_commands(ctx))
        if is_administered:
            yield change_button(ctx, ("do", "what", "who", "channel", "until", "for"))
        return
    what = read_target(ctx.option("what") or _next_what(words), ctx.commands.specs, ctx.event.actor.locale)
    picked = (ctx.option("who"), ctx.option("channel"))
    subjects = [_subject(ctx, word) for word in (*words, *split_mentions(" ".join(picked)))]
    yield Text(await (explain(ctx, what, subjects) if action == "why" else _change_rules(ctx, action, what, subjects)))


def _read_action(ctx: Context, words: list[str]) -> str:
    """Return what is to be done, which may be the first of the words: it is taken from them. Raises `UsageError`."""
    action = ctx.option("do") or (words.pop(0).lower() if words else "show")
    if action in _ACTIONS:
        return action
    values = {"flag": "do", "value": action[:40].replace("`", "'"), "near": nearest_choice(action, _ACTIONS)}
    key = "usage.choice_near" if values["near"] else "usage.choice"
    raise UsageError(ctx.translate(key, allowed=ctx.join_list(f"`{one}`" for one in _ACTIONS), **values))


async def _change_rules(ctx: Context, action: str, what: str, subjects: Sequence[Mention]) -> str:
    """Set or clear a rule for each of the subjects; return what was done, a line each. Raises `UsageError`."""
    if not subjects:
        raise UsageError(ctx.translate("access.missing"))
    locale = ctx.event.actor.locale
    until = read_until(ctx.option("until"), locale)
    rules = [
        AccessRule(
            scope=_scope(ctx, subject),
            what=what,
            subject=subject.subject,
            id=subject.id,
            allows=action == "allow",
            until=None if until is None else until.timestamp(),
        )
        for subject in subjects
    ]
    clears = action == "clear"
    before = [await change_rule(ctx.effective, rule, until, ctx.audit, is_removed=clears) for rule in rules]
    if clears and not any(before):
        raise UsageError(ctx.translate("access.no_such_rule"))
    done = [rule for rule in before if rule is not None] if clears else rules
    key = "access.cleared" if clears else "access.set"
    return "\n".join(ctx.translate(key, rule=describe_rule(rule, locale)) for rule in done)


def _administers_any(ctx: Context) -> bool:
    return any(ctx.may_administer(scope) for scope in administered_scopes(ctx))


def _next_what(words: list[str]) -> str:
    """Take the next word, if it does not name whom a rule is about."""
    return words.pop(0) if words and read_mention(words[0]) is None else EVERYTHING


def _subject(ctx: Context, word: str) -> Mention:
    """Return whom a word names. Raises `UsageError`."""
    location = ctx.event.location
    if word.lower() == "here" and location.channel:
        return Mention("channel", location.channel)
    if word.lower() == "workspace" and location.workspace:
        return Mention("workspace", location.workspace)
    found = read_mention(word)
    if found is None:
        raise UsageError(ctx.translate("access.nobody", name=word[:40].replace("`", "'")))
    return found


def _scope(ctx: Context, subject: Mention) -> Scope:
    """Return how far a rule reaches. Raises `UsageError` where the author does not administer that."""
    given, here = ctx.option("for"), administered_scopes(ctx)
    if given:
        scope = Scope(given)
    elif subject.subject == "workspace":
        scope = Scope.SERVICE
    else:
        is_wider = subject.subject == "channel" and Scope.WORKSPACE in here
        scope = Scope.WORKSPACE if is_wider else here[0]
    if scope not in here:
        scopes = ctx.join_list(f"`{one}`" for one in here)
        raise UsageError(ctx.translate("settings.no_scope", name="access", scopes=scopes))
    if not ctx.may_administer(scope):
        raise ctx.not_allowed(f"access.not_allowed.{scope}", scope)
    return scope
