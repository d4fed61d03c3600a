"""The declaration of a command."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, Self

from bot.models.kinds import Kind
from bot.values import valueclass


class Lane(StrEnum):
    """The queue of a command: which earlier events must end before it starts."""

    CONVERSATION = "conversation"  #: after all earlier events of the conversation that read its history
    OWN = "own"  #: after the person's earlier events of the same command in the conversation; for slow media
    FREE = "free"  #: at once; for commands that must work while others run


@valueclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of a command."""

    name: str
    description: str
    kind: Literal["text", "choice", "choices", "integer", "number", "file", "person", "people", "channel"] = "text"
    choices: tuple[str, ...] = ()  #: allowed values; of kind "choices" several, with commas between
    suggestions: tuple[str, ...] = ()  #: values to suggest while typing; others are allowed too
    suggests_commands: bool = False  #: the suggestions become the commands, and kinds of them, that rules can name
    models: Kind | None = None  #: the choices become the allowed models of this kind
    sizes: Kind | None = None  #: the choices become the sizes that the models of this kind make, where these are known
    default: str = ""
    required: bool = False
    is_prompt: bool = False  #: receives the free text of the message, in a form several lines; at most one per command
    minimum: float | None = None  #: inclusive
    maximum: float | None = None  #: inclusive
    is_secret: bool = False  #: sealed before it is stored; not taken from a message, which others can read
    is_picture: bool = False  #: of kind "file": other files are of no use
    short: str = ""  #: one letter: `-n 2`
    is_completed: bool = False  #: values are suggested while it is typed: see `AdapterServices.completions`
    has_mentions: bool = False  #: mentions in it keep their ids: see `bot.commandline.mentions`

    @classmethod
    def switch(cls, name: str, description: str) -> Self:
        """Return an option that is off unless its name is given: `--clear`."""
        return cls(name=name, description=description, kind="choice", choices=("no", "yes"), default="no")


@valueclass(frozen=True, slots=True, kw_only=True)
class CommandSpec:
    """Name, description and options of a command: the one source for flags, slash commands, forms and help."""

    name: str  #: without large letters, as the aliases
    description: str  #: one sentence, at most 100 characters
    options: tuple[Option, ...] = ()
    aliases: tuple[str, ...] = ()
    lane: Lane = Lane.CONVERSATION
    kind: Kind | None = None  #: the API that it uses; None: none
    requires: tuple[Kind, ...] = ()  #: kinds whose commands it uses: where one of these is off, it is not offered
    private: bool = False  #: the answer is visible to the author only, if the platform supports it
    private_with: tuple[str, ...] = ()  #: options with which it is private as well
    has_own_buttons: bool = False  #: it can't be used without those under its answer, which settings leave as they are
    example: str = ""  #: a complete command line without the leading slash
    needs_no_form: bool = False  #: it is complete without its prompt
    is_shared: bool = False  #: its answer is for everybody, as that of a command that uses an API is
    prices_itself: Literal["", "with sounds", "always"] = ""  #: what it costs is known once it runs: it asks then
    takes_line: bool = False  #: its text may contain another command's line: words like flags belong to the text
    is_for_administrators: bool = False  #: it answers nobody else, to whom the list of commands does not show it
    hidden: bool = False  #: invoked by buttons only: neither listed nor typed

    def is_private(self, options: Mapping[str, str]) -> bool:
        """Return whether the answer to a request with these options is visible to the author only."""
        return self.private or (bool(self.private_with) and any(options.get(name) for name in self.private_with))

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the options whose values are secret."""
        return frozenset(option.name for option in self.options if option.is_secret)

    @property
    def prompt(self) -> Option | None:
        """The option that receives the free text, if there is one."""
        return next((option for option in self.options if option.is_prompt), None)

    def option(self, name: str) -> Option | None:
        """Return the option of that name or one-letter name."""
        return next((o for o in self.options if name and name in (o.name, o.short)), None)
