"""The settings that may change while the service runs, each described once."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bot.i18n import LANGUAGES
from bot.models import KINDS, MEDIA_KINDS, CommandSpec, Kind, Option
from bot.ports import REPLY_MODES
from bot.scoped_settings import names
from bot.scoped_settings.access import ALWAYS_OPEN
from bot.scoped_settings.scopes import ADMINISTERED, SHARED, Scope
from bot.scoped_settings.setting import EVERYWHERE, OFF, ON, SWITCH, ScopedSetting
from bot.settings.api_endpoint import has_moderation
from bot.settings.core import Settings
from bot.settings.extra_parameters import extra_parameters
from bot.settings.groups.content import MODERATIONS, REDACTIONS
from bot.settings.groups.conversations import LINK_MODES
from bot.settings.groups.memory import MEMORIES

#: Days, where the service keeps for ever.
_LONGEST_RETENTION = 36500
#: Options of a command that are no matter of habit: the request itself, and what is counted before it is made.
_NO_HABIT = ("prompt", "model", "n")


def load_settings_registry(settings: Settings, specs: Iterable[CommandSpec]) -> Mapping[str, ScopedSetting]:
    """Return every setting by name. The environment bounds each."""
    commands = tuple(specs)
    found = [
        *(_model(kind, settings.models(kind)) for kind in KINDS if any(spec.kind == kind for spec in commands)),
        *(_fallbacks(kind, settings.fallbacks(kind)) for kind in KINDS if settings.fallbacks(kind)),
        *_own(settings, tuple(spec.name for spec in commands if spec.name not in ALWAYS_OPEN)),
        *(
            _default_of(spec, option)
            for spec in commands
            if spec.kind in MEDIA_KINDS
            for option in spec.options
            if option.kind in ("choice", "number", "integer") and option.name not in (*_NO_HABIT, "last")
        ),
        *(
            ScopedSetting(option=replace(option, name=f"{kind}.{option.name}"), parameter_of=kind, scopes=SHARED)
            for kind, option in extra_parameters(settings.bot_extra_parameters)
        ),
    ]
    return {setting.name: setting for setting in (*found, *_money(settings))}


def _model(kind: Kind, models: tuple[str, ...]) -> ScopedSetting:
    option = Option(
        name=f"model.{kind}", description=f"Model for {kind}", kind="choice", choices=models, default=models[0]
    )
    return ScopedSetting(option=option, model_of=kind)


def _fallbacks(kind: Kind, models: tuple[str, ...]) -> ScopedSetting:
    option = Option(
        name=f"fallback.{kind}", description=f"Models for {kind} that answer, in this order, where the chosen one fails"
    )
    option = replace(option, default=", ".join(models))
    return ScopedSetting(option=option, scopes=SHARED, words=(*models, names.NO_FALLBACK), fallback_of=kind)


def _default_of(spec: CommandSpec, option: Option) -> ScopedSetting:
    return ScopedSetting(option=replace(option, name=f"{spec.name}.{option.name}", short=""), command=spec)


def _own(settings: Settings, commands: tuple[str, ...]) -> Iterable[ScopedSetting]:
    """Yield the settings that belong to no command and no kind of content, in the order in which they are shown."""
    yield from _people(settings)
    yield from _model_input(settings)
    yield ScopedSetting(
        option=Option(
            name=names.BUTTONS,
            description="Buttons under answers",
            kind="choice",
            choices=("all", "few", "none"),
            default="all",
        )
    )
    yield from _administration(commands)
    yield from _content(settings)
    yield from _switches(settings)
    yield _links(settings)
    yield from _memory(settings)
    yield ScopedSetting(
        option=Option(
            name=names.GATHER_SECONDS,
            description="Seconds without a message of the same person, until theirs are answered as one; 0: at once",
            kind="number",
            minimum=0,
            maximum=30,
            default=f"{settings.bot_gather_seconds:g}",
        )
    )
    yield ScopedSetting(
        option=Option(
            name=names.RETENTION_DAYS,
            description="Days for which conversations and files are kept",
            kind="integer",
            minimum=1,
            maximum=settings.bot_retention_days or _LONGEST_RETENTION,
            default=str(settings.bot_retention_days or ""),
        ),
        scopes=(Scope.CHANNEL, Scope.WORKSPACE, Scope.SERVICE),
        is_bound=True,
    )
    yield ScopedSetting(
        option=Option(
            name=names.REPLY_MODE,
            description="Where mentions are answered: in a thread, or in place",
            kind="choice",
            choices=REPLY_MODES,
        ),
        scopes=ADMINISTERED,
    )


def _people(settings: Settings) -> Iterable[ScopedSetting]:
    """Yield the settings of a person's language and time; the person's own come before those of a place."""
    yield ScopedSetting(
        option=Option(
            name=names.LANGUAGE, description="Language of the service's own sentences", kind="choice", choices=LANGUAGES
        ),
        scopes=(Scope.CHANNEL, Scope.ME, Scope.WORKSPACE, Scope.SERVICE),
        is_own_first=True,
    )
    yield ScopedSetting(
        option=Option(
            name=names.TIME_ZONE,
            description="Time zone of schedules and their times, such as Asia/Taipei",
            default=settings.bot_time_zone,
        ),
        scopes=(Scope.CHANNEL, Scope.ME, Scope.WORKSPACE, Scope.SERVICE),
        is_own_first=True,
        is_zone=True,
    )


def _model_input(settings: Settings) -> Iterable[ScopedSetting]:
    """Yield the settings of what the model is sent, and of how long it answers."""
    yield ScopedSetting(
        option=Option(
            name=names.SYSTEM_PROMPT,
            description="First instruction to the model",
            default=settings.bot_system_prompt,
            is_prompt=True,
        ),
        scopes=SHARED,
    )
    yield ScopedSetting(
        option=Option(
            name=names.TEMPERATURE,
            description="How freely the model words its answers: 0 is strict, 2 is wild",
            kind="number",
            minimum=0,
            maximum=2,
        )
    )
    for name, description, least, most in (
        (names.ANSWER_TOKENS, "Length of a chat or code answer in tokens, at most", 1, settings.bot_answer_tokens),
        (names.CONTEXT_TURNS, "Earlier messages that are read along, at most", 2, settings.bot_context_turns),
        (names.CONTEXT_TOKENS, "Estimated tokens of these messages, at most", 200, settings.bot_context_tokens),
        (
            names.FILE_TOKENS,
            "Estimated tokens that are read from attached files; 0: none",
            0,
            settings.bot_attachment_tokens,
        ),
    ):
        option = Option(
            name=name, description=description, kind="integer", minimum=least, maximum=most, default=str(most)
        )
        yield ScopedSetting(option=option, scopes=SHARED)


def _administration(commands: tuple[str, ...]) -> Iterable[ScopedSetting]:
    """Yield the settings of what a place offers, and of who governs it."""
    yield ScopedSetting(
        option=Option(
            name=names.COMMANDS_OFF,
            description="Commands that are switched off, separated by commas",
        ),
        words=commands,
        scopes=ADMINISTERED,
        by_admins=True,
    )
    yield ScopedSetting(
        option=Option(
            name=names.MANAGERS,
            description="People and roles who may change settings, access and pauses, besides the administrators",
            kind="people",
        ),
        scopes=ADMINISTERED,
    )


def _content(settings: Settings) -> Iterable[ScopedSetting]:
    """Yield the settings of what is replaced or checked before the AI service gets it."""
    yield _bound(
        names.REDACTION,
        "Whether secrets and personal data are replaced before the AI service gets them",
        settings.bot_redaction,
        REDACTIONS,
    )
    if has_moderation(settings):
        yield _bound(
            names.MODERATION,
            "What the AI service's moderation endpoint checks: nothing, requests, or answers as well",
            settings.bot_moderation,
            MODERATIONS,
        )


def _links(settings: Settings) -> ScopedSetting:
    """Return the setting of pages that questions link to."""
    links = settings.bot_links
    return ScopedSetting(
        option=Option(
            name=names.LINKS,
            description="Read pages that questions link to: always, where the words ask for it, or never",
            kind="choice",
            choices=(OFF,) if links == OFF else LINK_MODES,
            default=links,
        ),
        scopes=SHARED,
    )


def _switches(settings: Settings) -> Iterable[ScopedSetting]:
    """Return the settings that are on or off."""
    can_stream = settings.aimodels_streaming or settings.needs_sandbox
    for name, description, default, choices, scopes in (
        (
            names.STREAMING,
            "Show chat answers while they are written",
            can_stream,
            SWITCH if can_stream else (OFF,),
            SHARED,
        ),
        (names.READ_FILES, "Read the files that are attached to requests", True, SWITCH, SHARED),
        (names.SPOILER, "Hide generated files until they are clicked", False, SWITCH, EVERYWHERE),
        (names.REACTION, "Put 👀 on a message as soon as it is taken", False, SWITCH, SHARED),
        (names.ANSWER_ALL, "Answer every message in the channel, without a mention", False, SWITCH, (Scope.CHANNEL,)),
    ):
        option = Option(
            name=name, description=description, kind="choice", choices=choices, default=ON if default else OFF
        )
        yield ScopedSetting(option=option, scopes=scopes)


def _memory(settings: Settings) -> Iterable[ScopedSetting]:
    """Return the settings of notes that the service remembers."""
    yield _bound(
        names.MEMORY, "Notes that the model gets: used and proposed, used, or neither", settings.bot_memory, MEMORIES
    )
    yield ScopedSetting(
        option=Option(
            name=names.MEMORY_AUTO,
            description="Remember without asking what you want to be remembered",
            kind="choice",
            choices=SWITCH,
            default=OFF,
        ),
        scopes=(Scope.ME,),
    )
    yield ScopedSetting(
        option=Option(
            name=names.MEMORY_OWN,
            description="Where people's own notes are used: everywhere, or in direct messages only",
            kind="choice",
            choices=("everywhere", "private"),
            default="everywhere",
        ),
        scopes=(Scope.CHANNEL, Scope.ME, Scope.WORKSPACE, Scope.SERVICE),
        is_bound=True,
    )


def _bound(name: str, description: str, least: str, choices: tuple[str, ...]) -> ScopedSetting:
    """Return a setting that no scope makes weaker than the operator or another scope has it."""
    allowed = choices[choices.index(least) :]
    option = Option(name=name, description=description, kind="choice", choices=allowed, default=least)
    return ScopedSetting(option=option, is_bound=True)


def _money(settings: Settings) -> Iterable[ScopedSetting]:
    """Yield the settings of quotes and approvals. A threshold of the environment can only be lowered."""
    scopes = (Scope.CHANNEL, Scope.WORKSPACE, Scope.SERVICE)
    for name, description, most in (
        (names.QUOTE_ABOVE, "Price above which a request first shows what it will cost", settings.bot_quote_above),
        (names.APPROVE_ABOVE, "Price above which an approver has to grant a request", settings.bot_approve_above),
    ):
        bound, default = (100_000.0, "") if most is None else (most, f"{most:g}")
        option = Option(name=name, description=description, kind="number", minimum=0, maximum=bound, default=default)
        yield ScopedSetting(option=option, scopes=scopes, by_admins=True)
    yield ScopedSetting(
        option=Option(
            name=names.APPROVERS,
            description="People and roles that grant requests; none: administrators",
            kind="people",
            default=", ".join(settings.bot_approvers),
        ),
        scopes=scopes,
        by_admins=True,
    )
    yield ScopedSetting(
        option=Option(name=names.APPROVAL_CHANNEL, description="Channel in which approvers are asked", kind="channel"),
        scopes=(Scope.CHANNEL, Scope.WORKSPACE),
        by_admins=True,
    )
    yield ScopedSetting(
        option=Option(
            name=names.APPROVAL_HOURS,
            description="Hours after which a request that nobody has decided on lapses",
            kind="number",
            minimum=0.1,
            maximum=720,
            default="24",
        ),
        scopes=scopes,
        by_admins=True,
    )
    yield ScopedSetting(
        option=Option(
            name=names.APPROVE_OWN,
            description="Approvers may grant their own requests",
            kind="choice",
            choices=("no", "yes"),
            default="no",
        ),
        scopes=scopes,
        by_admins=True,
    )
