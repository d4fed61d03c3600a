"""The settings that may change while the service runs, each described once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bot.commandline.choices import nearest_choice, written_forms
from bot.commandline.mentions import find_mentions, read_mention, split_mentions, without_ids
from bot.commandline.parser import validate_option
from bot.control.access import ALWAYS_OPEN
from bot.control.scopes import ADMINISTERED, SHARED, Scope
from bot.i18n import LANGUAGES, describe_option, describe_setting, join_list, kind_label, translate
from bot.models import KINDS, MEDIA_KINDS, CommandSpec, Kind, Option
from bot.ports import REPLY_MODES
from bot.settings.api_endpoint import has_moderation, needs_sandbox
from bot.settings.core import MODERATIONS, REDACTIONS, Settings
from bot.settings.extra_parameters import extra_parameters

LANGUAGE = "language"
SYSTEM_PROMPT = "system_prompt"
TEMPERATURE = "temperature"
ANSWER_TOKENS = "answer_tokens"
CONTEXT_TURNS = "context_turns"
CONTEXT_TOKENS = "context_tokens"
FILE_TOKENS = "file_tokens"
BUTTONS = "buttons"
COMMANDS_OFF = "commands_off"
MANAGERS = "managers"
REDACTION = "redaction"
STREAMING = "streaming"
READ_FILES = "read_files"
SPOILER = "spoiler"
REPLY_MODE = "reply_mode"
ANSWER_ALL = "answer_all"
RETENTION_DAYS = "retention_days"
ON, OFF = SWITCH = ("on", "off")
MODERATION = "moderation"
#: The word that switches fallback models off.
NO_FALLBACK = "none"
QUOTE_ABOVE = "quote_above"
APPROVE_ABOVE = "approve_above"
APPROVERS = "approvers"
APPROVAL_CHANNEL = "approval_channel"
APPROVAL_HOURS = "approval_hours"
APPROVE_OWN = "approve_own"

#: What is typed for the channel in which a setting is set.
HERE = "here"

_EVERYWHERE = tuple(Scope)
#: Days, where the service keeps for ever.
_LONGEST_RETENTION = 36500
#: Options of a command that are no matter of habit: the request itself, and what is counted before it is made.
_NO_HABIT = ("prompt", "model", "n")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopedSetting:
    """One setting: its values, where it may be set, and its value where nobody has set it."""

    option: Option  #: name, description, values and bounds; `default` is the service's own value, "" is none
    scopes: tuple[Scope, ...] = _EVERYWHERE
    command: CommandSpec | None = None  #: the command whose option this is the default of
    model_of: Kind | None = None  #: the kind whose model this is
    parameter_of: Kind | None = None  #: the kind whose requests have it as a parameter beside the documented ones
    fallback_of: Kind | None = None  #: the kind whose fallback models these are
    words: tuple[str, ...] = ()  #: the value is a list of these words; (): it is no list
    is_bound: bool = False  #: not the nearest value decides but the strictest: the last choice, the least number
    is_own_first: bool = False  #: a person's own value decides before every other
    by_admins: bool = False  #: only administrators and managers may change it: nobody else in direct messages either

    @property
    def name(self) -> str:
        """The name that people type."""
        return self.option.name

    @property
    def is_of_people(self) -> bool:
        """Whether the value is a list of mentions of people and roles."""
        return self.option.kind == "people"

    @property
    def is_place(self) -> bool:
        """Whether the value is the id of a channel, given as a mention or as `HERE`."""
        return self.option.kind == "channel"

    @property
    def has_words(self) -> bool:
        """Whether the value is people's own words, which the AI API gets."""
        return self.name == SYSTEM_PROMPT or (self.parameter_of is not None and self.option.kind == "text")

    def describe(self, locale: str = "") -> str:
        """Return one sentence on the setting."""
        if self.model_of is not None:
            return translate("settings.model", locale, kind=kind_label(self.model_of, locale))
        if self.parameter_of is not None:
            kind = kind_label(self.parameter_of, locale)
            return translate("settings.parameter", locale, kind=kind, name=self.name.partition(".")[2])
        if self.fallback_of is not None:
            return translate("settings.fallback", locale, kind=kind_label(self.fallback_of, locale))
        if self.command is None:
            return describe_setting(self.name, locale) or self.option.description
        option = self.command.option(self.name.partition(".")[2])
        assert option is not None
        return describe_option(self.command, option, locale)

    def is_stricter(self, value: str, than: str) -> bool:
        """Return whether a value of a bound is stricter than another."""
        choices = self.option.choices
        return choices.index(value) > choices.index(than) if choices else not than or float(value) < float(than)

    def normalize(self, value: str) -> str:
        """Return a value as it is kept: a choice as the setting names it, and mentions without the names in them."""
        if self.is_of_people:
            return " ".join(dict.fromkeys(str(read_mention(word) or word) for word in split_mentions(value)))
        if self.is_place:
            return next((mention.id for mention in find_mentions(value) if mention.subject == "channel"), value)
        value = without_ids(value)
        return written_forms(self.option.choices).get(value.lower(), value) if self.option.choices else value

    def error(self, value: str, locale: str = "") -> str:
        """Return what is wrong with a value, in a sentence; "" if nothing is."""
        if self.is_of_people:
            mentions = [read_mention(word) for word in split_mentions(value)]
            is_wrong = any(mention is None or mention.subject not in ("person", "role") for mention in mentions)
            return translate("settings.people", locale, name=self.name) if is_wrong or not mentions else ""
        unknown = [word for word in split_list(value) if word not in self.words] if self.words else []
        if unknown:
            allowed = join_list((f"`{word}`" for word in self.words), locale)
            near = nearest_choice(unknown[0].lower(), self.words)
            values = {"flag": self.name, "value": unknown[0].replace("`", "'"), "allowed": allowed, "near": near}
            return translate("usage.choice_near" if near else "usage.choice", locale, **values)
        return validate_option(self.option, value, locale=locale)


def split_list(value: str) -> list[str]:
    """Return the words of a list that was typed with commas or spaces."""
    return value.replace(",", " ").split()


def load_settings_registry(settings: Settings, specs: Iterable[CommandSpec]) -> Mapping[str, ScopedSetting]:
    """Return every setting by name. What the environment allows is the bound of each."""
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
    return ScopedSetting(option=option, scopes=SHARED, words=(*models, NO_FALLBACK), fallback_of=kind)


def _default_of(spec: CommandSpec, option: Option) -> ScopedSetting:
    return ScopedSetting(option=replace(option, name=f"{spec.name}.{option.name}", short=""), command=spec)


def _own(settings: Settings, commands: tuple[str, ...]) -> Iterable[ScopedSetting]:
    yield ScopedSetting(
        option=Option(
            name=LANGUAGE, description="Language of the service's own sentences", kind="choice", choices=LANGUAGES
        ),
        scopes=(Scope.CHANNEL, Scope.ME, Scope.WORKSPACE, Scope.SERVICE),
        is_own_first=True,
    )
    yield ScopedSetting(
        option=Option(
            name=SYSTEM_PROMPT,
            description="First instruction to the model",
            default=settings.bot_system_prompt,
            is_prompt=True,
        ),
        scopes=SHARED,
    )
    yield ScopedSetting(
        option=Option(
            name=TEMPERATURE,
            description="How freely the model words its answers: 0 is strict, 2 is wild",
            kind="number",
            minimum=0,
            maximum=2,
        )
    )
    for name, description, least, most in (
        (ANSWER_TOKENS, "Length of a chat or code answer in tokens, at most", 1, settings.bot_answer_tokens),
        (CONTEXT_TURNS, "Earlier messages that are read along, at most", 2, settings.bot_context_turns),
        (CONTEXT_TOKENS, "Estimated tokens of these messages, at most", 200, settings.bot_context_tokens),
        (FILE_TOKENS, "Estimated tokens that are read from attached files; 0: none", 0, settings.bot_attachment_tokens),
    ):
        option = Option(
            name=name, description=description, kind="integer", minimum=least, maximum=most, default=str(most)
        )
        yield ScopedSetting(option=option, scopes=SHARED)
    yield ScopedSetting(
        option=Option(
            name=BUTTONS,
            description="Buttons under answers",
            kind="choice",
            choices=("all", "few", "none"),
            default="all",
        )
    )
    yield ScopedSetting(
        option=Option(
            name=COMMANDS_OFF,
            description="Commands that are switched off, separated by commas",
        ),
        words=commands,
        scopes=ADMINISTERED,
        by_admins=True,
    )
    yield ScopedSetting(
        option=Option(
            name=MANAGERS,
            description="People and roles who may change settings, access and pauses, beside the administrators",
            kind="people",
        ),
        scopes=ADMINISTERED,
    )
    yield _bound(
        REDACTION,
        "Whether secrets and personal data are replaced before the AI service gets them",
        settings.bot_redaction,
        REDACTIONS,
    )
    if has_moderation(settings):
        yield _bound(
            MODERATION,
            "What the AI service's moderation endpoint checks: nothing, requests, or answers as well",
            settings.bot_moderation,
            MODERATIONS,
        )
    yield from _switches(settings)
    yield ScopedSetting(
        option=Option(
            name=RETENTION_DAYS,
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
            name=REPLY_MODE,
            description="Where mentions are answered: in a thread, or in place",
            kind="choice",
            choices=REPLY_MODES,
        ),
        scopes=ADMINISTERED,
    )


def _switches(settings: Settings) -> Iterable[ScopedSetting]:
    """Return the settings that are on or off."""
    can_stream = settings.aimodels_streaming or needs_sandbox(settings)
    for name, description, default, choices, scopes in (
        (STREAMING, "Show chat answers while they are written", can_stream, SWITCH if can_stream else (OFF,), SHARED),
        (READ_FILES, "Read the files that are attached to requests", True, SWITCH, SHARED),
        (SPOILER, "Hide generated files until they are clicked", False, SWITCH, _EVERYWHERE),
        (ANSWER_ALL, "Answer every message in the channel, without a mention", False, SWITCH, (Scope.CHANNEL,)),
    ):
        option = Option(
            name=name, description=description, kind="choice", choices=choices, default=ON if default else OFF
        )
        yield ScopedSetting(option=option, scopes=scopes)


def _bound(name: str, description: str, least: str, choices: tuple[str, ...]) -> ScopedSetting:
    """Return a setting that no scope makes weaker than the operator or another scope has it."""
    allowed = choices[choices.index(least) :]
    option = Option(name=name, description=description, kind="choice", choices=allowed, default=least)
    return ScopedSetting(option=option, is_bound=True)


def _money(settings: Settings) -> Iterable[ScopedSetting]:
    """Yield the settings of quotes and approvals. A threshold of the environment can only be lowered."""
    scopes = (Scope.CHANNEL, Scope.WORKSPACE, Scope.SERVICE)
    for name, description, most in (
        (QUOTE_ABOVE, "Price above which a request first shows what it will cost", settings.bot_quote_above),
        (APPROVE_ABOVE, "Price above which an approver has to grant a request", settings.bot_approve_above),
    ):
        bound, default = (100_000.0, "") if most is None else (most, f"{most:g}")
        option = Option(name=name, description=description, kind="number", minimum=0, maximum=bound, default=default)
        yield ScopedSetting(option=option, scopes=scopes, by_admins=True)
    yield ScopedSetting(
        option=Option(
            name=APPROVERS,
            description="People and roles that grant requests; none: administrators",
            kind="people",
            default=", ".join(settings.bot_approvers),
        ),
        scopes=scopes,
        by_admins=True,
    )
    yield ScopedSetting(
        option=Option(name=APPROVAL_CHANNEL, description="Channel in which approvers are asked", kind="channel"),
        scopes=(Scope.CHANNEL, Scope.WORKSPACE),
        by_admins=True,
    )
    yield ScopedSetting(
        option=Option(
            name=APPROVAL_HOURS,
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
            name=APPROVE_OWN,
            description="Approvers may grant their own requests",
            kind="choice",
            choices=("no", "yes"),
            default="no",
        ),
        scopes=scopes,
        by_admins=True,
    )
