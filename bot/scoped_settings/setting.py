"""One setting that may change while the service runs: its values, and where it may be set. Pure."""

from bot.commandline.choices import nearest_choice, written_forms
from bot.commandline.mentions import find_mentions, read_mention, split_mentions, without_ids
from bot.commandline.parser import validate_option
from bot.commandline.time_zones import find_zone
from bot.i18n import describe_option, describe_setting, join_list, kind_label, translate
from bot.models import CommandSpec, Kind, Option
from bot.scoped_settings.scopes import Scope
from bot.values import valueclass

ON, OFF = SWITCH = ("on", "off")
EVERYWHERE = tuple(Scope)


@valueclass(frozen=True, slots=True, kw_only=True)
class ScopedSetting:
    """One setting: its values, where it may be set, and its value where nobody has set it."""

    option: Option  #: name, description, values and bounds; `default` is the service's own value, "" is none
    scopes: tuple[Scope, ...] = EVERYWHERE
    command: CommandSpec | None = None  #: the command whose option this is the default of
    model_of: Kind | None = None  #: the kind whose model this is
    parameter_of: Kind | None = None  #: the kind whose requests have it as a parameter other than the documented ones
    fallback_of: Kind | None = None  #: the kind whose fallback models these are
    words: tuple[str, ...] = ()  #: the value is a list of these words; (): it is no list
    is_bound: bool = False  #: not the nearest value decides but the strictest: the last choice, the least number
    is_own_first: bool = False  #: a person's own value decides before every other
    is_zone: bool = False  #: the value is a time zone
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
        return self.option.is_prompt or (self.parameter_of is not None and self.option.kind == "text")

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
        if self.is_zone:
            return find_zone(value) or value
        value = without_ids(value)
        return written_forms(self.option.choices).get(value.lower(), value) if self.option.choices else value

    def error(self, value: str, locale: str = "") -> str:
        """Return what is wrong with a value, in a sentence; "" if nothing is."""
        if self.is_of_people:
            mentions = [read_mention(word) for word in split_mentions(value)]
            is_wrong = any(mention is None or mention.subject not in ("person", "role") for mention in mentions)
            return translate("settings.people", locale, name=self.name) if is_wrong or not mentions else ""
        if self.is_zone and find_zone(value) is None:
            return translate("settings.zone", locale, value=value.replace("`", "'"))
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
