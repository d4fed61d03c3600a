"""Parser of typed requests: `/image a red fox in snow --style anime -n 2`. Pure.

Rules for flags:

- Text within backticks, fences and quotes holds no flags; a lone `--` ends the flags.
- A known flag with a valid value is a flag anywhere in the text.
- An unknown flag, or a known one with an invalid value, is an error at the beginning and among the flags at the end;
  elsewhere it belongs to the prompt, as in `explain git log --oneline please`.
- A switch needs no value at the beginning and at the end. The prompt is the text as typed, without the flags.
"""

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from bot.commandline.choices import find_command, is_named, is_switch, nearest_choice, written_forms
from bot.commandline.flags import flag_name, flags, usage_line, value_hint
from bot.commandline.mentions import read_mention
from bot.commandline.secrets import exposes_secret, refuse_secret
from bot.commandline.tokenizer import Word, split_words, unquote
from bot.i18n import describe_example, join_list, translate
from bot.models import MEDIA_KINDS, CommandSpec, Option
from bot.values import valueclass

__all__ = ["Request", "flags", "parse", "usage_line", "validate_option"]

_COMMAND = re.compile(r"([^\W\d_][\w-]*)(?=\s|$)")
_BARE = re.compile(r"\s*([^\W\d_][\w-]*)(\s*[:：])?(?=\s|$|(?<=[:：]))")
#: Two hyphens, or their substitutes: phones type a long dash, Chinese keyboards full-width hyphens.
_FLAG = re.compile(r"(--|—|––|－－)([^\W_][\w-]*)(=)?|(-)([^\W\d_])(=)?(?=\S|\s|$)")
#: A command's name alone, with what people add to it.
_POLITE = re.compile(
    r"\s*(?:(?:please|pls)\s+)?(?P<name>[^\W\d_][\w-]*)(?:,?\s+(?:please|pls|now))?[\s!！.。~]*", re.IGNORECASE
)
_MAX_ECHO = 60  # characters of an invalid value that an error message repeats


@valueclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A parsed line of text."""

    command: str = "chat"
    prompt: str = ""  #: if rejected: everything typed after the command
    options: Mapping[str, str] = field(default_factory=dict)  #: values by the options' full names
    rejection: str = ""  #: the error and the allowed values, in the person's language; "": valid
    files: tuple[str, ...] = ()  #: values of the options of kind "file"


@valueclass(frozen=True, slots=True)
class _FlagMatch:
    """A word that looks like a flag, with its value."""

    start: int
    end: int
    flag: str  #: as typed, without the value
    option: Option | None  #: None: the command has no such flag
    value: str | None = None
    value_at: int = -1  #: index of the value if it is a separate word, else -1
    is_bare: bool = False  #: a switch without a value
    rejection: str = ""


def parse(
    text: str, specs: Sequence[CommandSpec], *, locale: str = "", prefix: str = "/", bare: bool = False
) -> Request:
    """Parse one message. Text that does not start with `prefix` and a word is an unchanged chat prompt.

    `bare`: the text is a mention, in which the prefix may be missing: `image a red fox`, `code: quicksort`, `help`.
    Such text counts as a command only if it can hardly be ordinary conversation.
    """
    if prefix and text.strip() == prefix:
        return Request(prompt=text, rejection=translate("usage.no_name", locale, prefix=prefix))
    match = _COMMAND.match(text, len(prefix)) if text.startswith(prefix) else None
    if match is None:
        return _parse_without_prefix(text, specs, locale, prefix) if bare else Request(prompt=text)
    spec = find_command(match[1], specs)
    if spec is None:
        names = [name for spec in specs for name in (spec.name, *spec.aliases)]
        near = next(iter(difflib.get_close_matches(match[1].lower(), names, 1)), "")
        if (nearest := find_command(near, specs)) is not None and nearest.secrets:
            return _CommandReader(nearest, text[match.end() :], locale, prefix).request()
        return Request(prompt=text, rejection=_unknown_command(match[1], near, locale, prefix))
    return _CommandReader(spec, text[match.end() :], locale, prefix).request()


def validate_option(option: Option, value: str, *, locale: str = "") -> str:
    """Return the error in a single option's value, such as a form field; "" if it is valid."""
    spec = CommandSpec(name="", description="", options=(option,))
    return _CommandReader(spec, "", locale, "")._validate(option.name, option, value)[1]  # noqa: SLF001 - the same module's


def _unknown_command(name: str, near: str, locale: str, prefix: str) -> str:
    values = {"name": prefix + _shorten(name), "near": prefix + near, "prefix": prefix}
    return translate("usage.command_near" if near else "usage.command", locale, **values)


def _parse_without_prefix(text: str, specs: Sequence[CommandSpec], locale: str, prefix: str) -> Request:
    """Parse a command without the prefix, if the text can hardly mean anything else."""
    chat = Request(prompt=text)
    polite = _POLITE.fullmatch(text)  # `stop!`, `please stop`
    match = _BARE.match(polite["name"] if polite else text)
    spec = find_command(match[1], specs) if match else None
    if match is None or spec is None:
        return chat
    rest = "" if polite else text[match.end() :]
    request = _CommandReader(spec, rest, locale, prefix).request()
    is_own_name = is_named(spec, match[1])  # `限制：300字` is no request for limits
    if spec.secrets or (match[2] and rest.strip() and spec.prompt is not None and (is_own_name or spec.kind)):
        return request  # `image: a fox`
    if not rest.strip():  # `help`
        return chat if request.rejection else request
    is_question = rest.rstrip().endswith(("?", "？"))
    if spec.kind in MEDIA_KINDS and is_own_name:  # `image a fox`, but not `video or audio, which is bigger?`
        return chat if is_question else request
    if request.prompt:  # `code quicksort --language rust`
        is_command = spec.kind is not None and not is_question
    else:  # `usage channel`, `shots --drop 2`
        is_command = _is_certain(request, spec, rest, specs)
    return request if is_command and request.options and not request.rejection else chat


def _is_certain(request: Request, spec: CommandSpec, rest: str, specs: Sequence[CommandSpec]) -> bool:
    """Return whether words are surely the values of options: `help image`, but not `help me` or `forget that`."""

    def is_value(option: Option, value: str) -> bool:
        is_mention = value.startswith("@") or read_mention(value) is not None
        is_command = option.name == "command" and find_command(value, specs) is not None
        return option.kind not in {"text", "person", "file"} or is_mention or is_command

    has_dashes = any(_FLAG.match(word) for word in rest.split())
    given = [(option, request.options[option.name]) for option in spec.options if option.name in request.options]
    return has_dashes or all(is_value(*each) for each in given)


class _CommandReader:
    """Parses the text behind a command's name."""

    def __init__(self, spec: CommandSpec, rest: str, locale: str, prefix: str) -> None:
        self.spec = spec
        self.rest = rest
        self.locale = locale
        self.prefix = prefix
        self.nearest_flags: dict[str, str] = {}  # comparing words is slow
        self.flags = {name.removeprefix("-").removeprefix("-").lower(): option for name, option in flags(spec)}

    def request(self) -> Request:
        words = [] if self.spec.takes_line else split_words(self.rest)
        ended = next((i for i, word in enumerate(words) if word.is_plain and self._text(word) == "--"), len(words))
        found = list(self._find(words[:ended]))
        accepted, rejection = self._select_flags(found, words, ended)
        options = {item.option.name: item.value or "" for item in accepted if item.option is not None}
        prompt = self._prompt(accepted, words, ended)
        if not rejection and self.spec.prompt is None:
            prompt, rejection = self._assign_words(prompt, options)
        rejection = rejection or self._find_missing(prompt, options)
        if exposes_secret(self.spec, prompt, options, rejection):
            return Request(command=self.spec.name, rejection=refuse_secret(self.spec, self.locale, self.prefix))
        return Request(
            command=self.spec.name,
            prompt=self.rest.strip() if rejection else prompt,
            options=options,
            rejection=rejection,
            files=tuple(options[one.name] for one in self.spec.options if one.kind == "file" and one.name in options),
        )

    def _text(self, word: Word) -> str:
        return self.rest[word.start : word.end]

    def _find(self, words: Sequence[Word]) -> list[_FlagMatch]:
        """Return every word that looks like a flag, in order."""
        found: list[_FlagMatch] = []
        skip = 0
        for index, word in enumerate(words):
            match = _FLAG.match(self._text(word)) if word.is_plain and index >= skip else None
            if match is None:
                if word.is_plain and index >= skip and (assigned := self._find_assigned(word)) is not None:
                    found.append(self._check_value(assigned))
                continue
            name, equals = (match[2], match[3]) if match[2] else (match[5], match[6])
            option = self.flags.get(name.lower())
            if not equals and match.end() != word.end - word.start:
                continue  # `--this/that`, `-nothing`
            if option is None and (match[4] or match[1] != "--"):
                continue  # a minus sign or a dash in ordinary text
            flag = f"--{name}" if match[1] else f"-{name}"
            if equals:
                item = _FlagMatch(word.start, word.end, flag, option, self._text(word)[match.end() :])
            else:
                value = words[index + 1] if index + 1 < len(words) else None
                item = self._with_value(_FlagMatch(word.start, word.end, flag, option), value)
            skip = index + 1 + (item.end > word.end)
            found.append(self._check_value(item))
        return found

    def _find_assigned(self, word: Word) -> _FlagMatch | None:
        """Return `size=512x512` in a request for media as the flag that it stands for."""
        name, equals, value = self._text(word).partition("=")
        option = self.flags.get(name.lower()) if equals and value and self.spec.kind in MEDIA_KINDS else None
        return None if option is None else _FlagMatch(word.start, word.end, f"--{name}", option, value)

    def _with_value(self, item: _FlagMatch, word: Word | None) -> _FlagMatch:
        """Take the next word as the flag's value, if it can be one."""
        if word is None or (word.is_plain and self._find([word])):
            return item
        value = self._text(word)
        if item.option and is_switch(item.option.choices) and self._validate("", item.option, unquote(value))[1]:
            return item
        # An unknown flag takes a value only if it is surely meant as a flag: misspelt, or in a media command.
        if item.option is None and not self._nearest_flag(item.flag) and self.spec.kind not in MEDIA_KINDS:
            return item
        return replace(item, end=word.end, value=value, value_at=word.start)

    def _check_value(self, item: _FlagMatch) -> _FlagMatch:
        """Unquote and validate the flag's value."""
        if item.option is None:
            return item
        if not item.value and is_switch(item.option.choices):
            return replace(item, value="yes", is_bare=True)
        if not item.value:
            return replace(item, rejection=self._translate("value", flag=item.flag, allowed=value_hint(item.option)))
        value, rejection = self._validate(item.flag, item.option, unquote(item.value))
        return replace(item, value=value, rejection=rejection)

    def _select_flags(
        self, found: Sequence[_FlagMatch], words: Sequence[Word], ended: int
    ) -> tuple[list[_FlagMatch], str]:
        """Return the valid flags and the first error."""
        flagged = {at for item in found for at in (item.start, item.value_at)}
        prose = [word.start for word in words[:ended] if word.start not in flagged]
        first, last = (prose[0], prose[-1]) if prose else (len(self.rest), -1)
        # Only before the prompt's first word and after its last an invalid flag is an error, and a bare one a flag.
        outside = [item for item in found if item.start < first or item.start > last]
        accepted = [one for one in found if one.option and not one.rejection and (one in outside or not one.is_bare)]
        wrong = next((item for item in outside if item.option is None or item.rejection), None)
        if wrong is None:
            return accepted, ""
        return accepted, wrong.rejection or self._unknown_flag(wrong.flag)

    def _prompt(self, accepted: Sequence[_FlagMatch], words: Sequence[Word], ended: int) -> str:
        """Return the text as typed, without the flags."""
        limit = words[ended].start if ended < len(words) else len(self.rest)
        pieces, at = [], 0
        for item in accepted:
            end = item.end
            while end < limit and self.rest[end] in " \t":
                end += 1
            piece = self.rest[at : item.start]
            if end >= limit or self.rest[end] in "\r\n":
                piece = piece.rstrip(" \t")
            pieces.append(piece)
            at = end
        head = "".join([*pieces, self.rest[at:limit]])
        if ended == len(words):
            return head.strip()
        if head.strip():  # `git checkout -- file`: the dashes belong to the prompt
            return head.lstrip() + self.rest[limit:]
        return self.rest[words[ended].end + 1 :]

    def _assign_words(self, prompt: str, options: dict[str, str]) -> tuple[str, str]:
        """Assign the words of a command without a prompt to its options in order; return the rest and an error."""
        free = [option for option in self.spec.options if option.name not in options]
        words = [(prompt[word.start : word.end], word.end) for word in split_words(prompt)]
        end = 0
        for text, after in words:
            rejection = ""
            for option in free:
                value, error = self._validate(flag_name(option), option, unquote(text))
                if not error:
                    options[option.name] = value
                    free.remove(option)
                    end = after
                    break
                rejection = rejection or error
            else:
                if rejection:
                    return prompt, rejection
                break
        return prompt[end:].strip(), ""

    def _find_missing(self, prompt: str, options: Mapping[str, str]) -> str:
        for option in self.spec.options:
            if option.required and not (prompt.strip() if option.is_prompt else options.get(option.name)):
                example = describe_example(self.spec, self.locale)
                usage = self.prefix + example if example else usage_line(self.spec, prefix=self.prefix)
                if option.is_prompt:
                    return translate("prompt.missing", self.locale, example=usage)
                command = self.prefix + self.spec.name
                return self._translate("missing", command=command, name=flag_name(option), usage=usage)
        return ""

    def _validate(self, flag: str, option: Option, value: str) -> tuple[str, str]:
        """Return the canonical value and its error."""
        if option.choices:
            canonical = written_forms(option.choices)
            if value.lower() in canonical:
                return canonical[value.lower()], ""
            allowed = join_list((f"`{choice}`" for choice in option.choices), self.locale)
            values = {"flag": flag, "value": _shorten(value), "allowed": allowed}
            if near := nearest_choice(value.lower(), canonical):
                return value, self._translate("choice_near", near=canonical[near], **values)
            return value, self._translate("choice", **values)
        if option.kind in {"integer", "number"}:
            return value, self._validate_number(flag, option, value)
        return value, ""

    def _validate_number(self, flag: str, option: Option, value: str) -> str:
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        whole = option.kind == "integer"
        if not math.isfinite(number) or (whole and not number.is_integer()):
            return self._translate("integer" if whole else "number", flag=flag, value=_shorten(value))
        low, high = option.minimum, option.maximum
        if (low is None or number >= low) and (high is None or number <= high):
            return ""
        values = {"flag": flag, "value": _shorten(value)}
        if low is None or high is None:
            bound = low if high is None else high
            return self._translate("minimum" if high is None else "maximum", bound=f"{bound:g}", **values)
        return self._translate("range", low=f"{low:g}", high=f"{high:g}", **values)

    def _nearest_flag(self, flag: str) -> str:
        if flag not in self.nearest_flags:
            near = difflib.get_close_matches(flag.lstrip("-").lower(), self.flags, 1)
            self.nearest_flags[flag] = flag_name(self.flags[near[0]]) if near else ""
        return self.nearest_flags[flag]

    def _unknown_flag(self, flag: str) -> str:
        command = self.prefix + self.spec.name
        if not self.flags:
            return self._translate("no_flags", command=command, flag=_shorten(flag))
        allowed = join_list((f"`{known}`" for known, _ in flags(self.spec)), self.locale)
        values = {"command": command, "flag": _shorten(flag), "allowed": allowed}
        near = self._nearest_flag(flag)
        return self._translate("flag_near", near=near, **values) if near else self._translate("flag", **values)

    def _translate(self, key: str, **values: str) -> str:
        return translate(f"usage.{key}", self.locale, **values)


def _shorten(value: str) -> str:
    """Shorten typed text for quoting within backticks."""
    value = " ".join(value.replace("`", "'").split())
    return value if len(value) <= _MAX_ECHO else value[: _MAX_ECHO - 1] + "…"
