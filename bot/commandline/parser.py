"""The text form of a request: `/image a red fox in snow --style anime -n 2`. Pure.

What counts as a flag:

- Text within backticks, fences and quotes is never looked at; a lone `--` ends the flags.
- A known flag with a fitting value is a flag wherever it stands.
- An unknown flag, or a known one with an unfitting value, is a problem at the beginning and in the run of flags at
  the end; elsewhere it is part of the prompt, as in `explain git log --oneline please`.
- The prompt is the text as it was typed, with the flags cut out.
"""

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.commandline.tokenizer import Word, split_words, unquote
from bot.i18n import join_list, translate
from bot.models import CommandSpec, Option

_COMMAND = re.compile(r"([^\W\d_][\w-]*)(?=\s|$)")
_BARE = re.compile(r"\s*([^\W\d_][\w-]*)(\s*[:：])?(?=\s|$|(?<=[:：]))")
#: Two hyphens, or what keyboards make of them: telephones a long dash, Chinese ones full-width hyphens.
_FLAG = re.compile(r"(--|—|––|－－)([^\W_][\w-]*)(=)?|(-)([^\W\d_])(=)?(?=\S|\s|$)")
_MEDIA = ("image", "audio", "video")
_SHOWN = 60  # characters of a wrong value that are repeated to the person


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a line of text asks for."""

    command: str = "chat"
    prompt: str = ""  #: with a problem: all that was typed after the command
    options: Mapping[str, str] = field(default_factory=dict)  #: by the options' full names
    rejection: str = ""  #: why it can't be understood and what is allowed, in the person's language
    files: tuple[str, ...] = ()  #: values of the options of kind "file"


@dataclass(frozen=True, slots=True)
class _Found:
    """Something that looks like a flag, with the value it would take."""

    start: int
    end: int
    flag: str  #: as typed, without the value
    option: Option | None  #: None: this command has no such flag
    value: str | None = None
    value_at: int = -1  #: where the value begins when it is a word of its own
    rejection: str = ""


def parse(
    text: str, specs: Sequence[CommandSpec], *, locale: str = "", prefix: str = "/", bare: bool = False
) -> Request:
    """Read one message. Text that does not start with `prefix` and a word is a chat prompt, untouched.

    `bare`: the text is a mention, where a command may be named without the prefix: `image a red fox`,
    `code: quicksort`, `help`. As people also just talk, it is taken as one only where that is what it must mean.
    """
    names = {name.lower(): spec for spec in specs for name in (spec.name, *spec.aliases)}
    match = _COMMAND.match(text, len(prefix)) if text.startswith(prefix) else None
    if match is None:
        return _bare(text, names, locale, prefix) if bare else Request(prompt=text)
    spec = names.get(match[1].lower())
    if spec is None:
        return Request(prompt=text, rejection=_unknown_command(match[1], names, specs, locale, prefix))
    return _Reader(spec, text[match.end() :], locale, prefix).request()


def flags(spec: CommandSpec) -> tuple[tuple[str, Option], ...]:
    """Every flag of a command with its option: `--style`, `-n`; the prompt is none."""
    found = []
    for option in spec.options:
        if not option.is_prompt:
            names = (option.name, option.short) if option.short and option.short != option.name else (option.name,)
            found += [(f"-{name}" if len(name) == 1 else f"--{name}", option) for name in names]
    return tuple(found)


def usage_line(spec: CommandSpec, *, prefix: str = "/") -> str:
    """How a command is written: `/image <prompt> [--size 512x512|1024x1024] [-n 1-4]`."""
    words = [prefix + spec.name]
    if spec.prompt is not None:
        words.append(f"<{spec.prompt.name}>" if spec.prompt.required else f"[{spec.prompt.name}]")
    for option in spec.options:
        if not option.is_prompt:
            word = f"{_flag_of(option)} {_values(option)}"
            words.append(word if option.required else f"[{word}]")
    return " ".join(words)


def check(option: Option, value: str, *, locale: str = "") -> str:
    """What is wrong with the value of an option that was filled in by itself, as in a form; "" when nothing is."""
    spec = CommandSpec(name="", description="", options=(option,))
    return _Reader(spec, "", locale, "")._check(option.name, option, value)[1]  # noqa: SLF001 - the same module's


def _flag_of(option: Option) -> str:
    name = option.short or option.name
    return f"-{name}" if len(name) == 1 else f"--{name}"


def _values(option: Option) -> str:
    if option.choices:
        return "|".join(option.choices)
    if option.minimum is not None and option.maximum is not None:
        return f"{option.minimum:g}-{option.maximum:g}"
    return f"<{option.kind if option.kind in {'number', 'integer', 'file'} else option.name}>"


def _unknown_command(
    name: str, names: Mapping[str, CommandSpec], specs: Sequence[CommandSpec], locale: str, prefix: str
) -> str:
    near = difflib.get_close_matches(name.lower(), names, 1)
    values = {"name": prefix + _short(name), "allowed": join_list((f"`{prefix}{spec.name}`" for spec in specs), locale)}
    return (
        translate("usage.command_near", locale, near=prefix + near[0], **values)
        if near
        else translate("usage.command", locale, **values)
    )


def _bare(text: str, names: Mapping[str, CommandSpec], locale: str, prefix: str) -> Request:
    """A command without the prefix, where the text can hardly mean anything else."""
    chat = Request(prompt=text)
    match = _BARE.match(text)
    spec = names.get(match[1].lower()) if match else None
    if match is None or spec is None:
        return chat
    rest = text[match.end() :]
    request = _Reader(spec, rest, locale, prefix).request()
    if match[2] and rest.strip() and spec.prompt is not None:  # `image: a fox`
        return request
    if not rest.strip():  # `help`
        return chat if request.rejection else request
    if spec.kind in _MEDIA:  # `image a fox`, but not `video or audio, which is bigger?`
        return chat if rest.rstrip().endswith(("?", "？")) else request
    if spec.prompt is None and not request.rejection and not request.prompt:  # `usage channel`
        return request
    return chat


class _Reader:
    """Reads what follows one command's name."""

    def __init__(self, spec: CommandSpec, rest: str, locale: str, prefix: str) -> None:
        self.spec = spec
        self.rest = rest
        self.locale = locale
        self.prefix = prefix
        self.nearest: dict[str, str] = {}  # what `_near` has found: comparing words is slow
        self.flags = {name.removeprefix("-").removeprefix("-").lower(): option for name, option in flags(spec)}

    def request(self) -> Request:
        words = list(split_words(self.rest))
        ended = next((i for i, word in enumerate(words) if word.is_plain and self._text(word) == "--"), len(words))
        found = list(self._find(words[:ended]))
        taken, problem = self._judge(found, words, ended)
        options = {item.option.name: item.value or "" for item in taken if item.option is not None}
        prompt = self._prompt(taken, words, ended)
        if not problem and self.spec.prompt is None:
            prompt, problem = self._positional(prompt, options)
        problem = problem or self._missing(prompt, options)
        named = {option.name for option in self.spec.options if option.kind == "file"}
        return Request(
            command=self.spec.name,
            prompt=self.rest.strip() if problem else prompt,
            options=options,
            rejection=problem,
            files=tuple(value for name, value in options.items() if name in named),
        )

    def _text(self, word: Word) -> str:
        return self.rest[word.start : word.end]

    def _find(self, words: Sequence[Word]) -> list[_Found]:
        """Everything that looks like a flag, in order."""
        found: list[_Found] = []
        skip = 0
        for index, word in enumerate(words):
            match = _FLAG.match(self._text(word)) if word.is_plain and index >= skip else None
            if match is None:
                continue
            name, equals = (match[2], match[3]) if match[2] else (match[5], match[6])
            option = self.flags.get(name.lower())
            if not equals and match.end() != word.end - word.start:
                continue  # `--this/that`, `-nothing`
            if option is None and (match[4] or match[1] != "--"):
                continue  # a minus or a dash of ordinary text
            flag = f"--{name}" if match[1] else f"-{name}"
            if equals:
                item = _Found(word.start, word.end, flag, option, self._text(word)[match.end() :])
            else:
                value = words[index + 1] if index + 1 < len(words) else None
                item = self._with_value(_Found(word.start, word.end, flag, option), value)
            skip = index + 1 + (item.end > word.end)
            found.append(self._settle(item))
        return found

    def _with_value(self, item: _Found, word: Word | None) -> _Found:
        """The flag with the next word as its value, if that word may be one."""
        if word is None or (word.is_plain and self._find([word])):
            return item
        value = self._text(word)
        # An unknown flag has a value where it must be meant as a flag: a near miss, or in a command that makes media.
        if item.option is None and not self._near(item.flag) and self.spec.kind not in _MEDIA:
            return item
        return replace(item, end=word.end, value=value, value_at=word.start)

    def _settle(self, item: _Found) -> _Found:
        """The flag with its value unquoted and checked."""
        if item.option is None:
            return item
        if not item.value:
            return replace(item, rejection=self._say("value", flag=item.flag, allowed=_values(item.option)))
        value, problem = self._check(item.flag, item.option, unquote(item.value))
        return replace(item, value=value, rejection=problem)

    def _judge(self, found: Sequence[_Found], words: Sequence[Word], ended: int) -> tuple[list[_Found], str]:
        """What is really a flag, and the first problem."""
        flagged = {at for item in found for at in (item.start, item.value_at)}
        prose = [word.start for word in words[:ended] if word.start not in flagged]
        first, last = (prose[0], prose[-1]) if prose else (len(self.rest), -1)
        taken = [item for item in found if item.option is not None and not item.rejection]
        for item in found:
            # A bad flag is a mistake where only flags stand: before the prompt's first word or after its last.
            if item.start < first or item.start > last:
                if item.option is None:
                    return taken, self._unknown_flag(item.flag)
                if item.rejection:
                    return taken, item.rejection
        return taken, ""

    def _prompt(self, taken: Sequence[_Found], words: Sequence[Word], ended: int) -> str:
        """The text as typed without the flags."""
        limit = words[ended].start if ended < len(words) else len(self.rest)
        pieces, at = [], 0
        for item in taken:
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
        if head.strip():  # `git checkout -- file`: the dashes are part of what is asked
            return head.lstrip() + self.rest[limit:]
        return self.rest[words[ended].end + 1 :]

    def _positional(self, prompt: str, options: dict[str, str]) -> tuple[str, str]:
        """Give the words of a command without a prompt to its options in order; returns what is left."""
        free = [option for option in self.spec.options if option.name not in options]
        words = [(prompt[word.start : word.end], word.end) for word in split_words(prompt)]
        end = 0
        for text, after in words:
            problem = ""
            for option in free:
                value, wrong = self._check(_flag_of(option), option, unquote(text))
                if not wrong:
                    options[option.name] = value
                    free.remove(option)
                    end = after
                    break
                problem = problem or wrong
            else:
                if problem:
                    return prompt, problem
                break
        return prompt[end:].strip(), ""

    def _missing(self, prompt: str, options: Mapping[str, str]) -> str:
        for option in self.spec.options:
            if option.required and not (prompt.strip() if option.is_prompt else options.get(option.name)):
                example = self.spec.example and self.prefix + self.spec.example
                return self._say(
                    "missing",
                    command=self.prefix + self.spec.name,
                    name=option.name if option.is_prompt else _flag_of(option),
                    usage=example or usage_line(self.spec, prefix=self.prefix),
                )
        return ""

    def _check(self, flag: str, option: Option, value: str) -> tuple[str, str]:
        """The value as the command wants it, and what is wrong with it."""
        if option.choices:
            canonical = {choice.lower(): choice for choice in option.choices}
            if value.lower() in canonical:
                return canonical[value.lower()], ""
            near = difflib.get_close_matches(value.lower(), canonical, 1, 0.5)
            allowed = join_list((f"`{choice}`" for choice in option.choices), self.locale)
            values = {"flag": flag, "value": _short(value), "allowed": allowed}
            if near:
                return value, self._say("choice_near", near=canonical[near[0]], **values)
            return value, self._say("choice", **values)
        if option.kind in {"integer", "number"}:
            return value, self._check_number(flag, option, value)
        return value, ""

    def _check_number(self, flag: str, option: Option, value: str) -> str:
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        whole = option.kind == "integer"
        if not math.isfinite(number) or (whole and not number.is_integer()):
            return self._say("integer" if whole else "number", flag=flag, value=_short(value))
        low, high = option.minimum, option.maximum
        if (low is None or number >= low) and (high is None or number <= high):
            return ""
        values = {"flag": flag, "value": _short(value)}
        if low is None or high is None:
            bound = low if high is None else high
            return self._say("minimum" if high is None else "maximum", bound=f"{bound:g}", **values)
        return self._say("range", low=f"{low:g}", high=f"{high:g}", **values)

    def _near(self, flag: str) -> str:
        if flag not in self.nearest:
            near = difflib.get_close_matches(flag.lstrip("-").lower(), self.flags, 1)
            self.nearest[flag] = _flag_of(self.flags[near[0]]) if near else ""
        return self.nearest[flag]

    def _unknown_flag(self, flag: str) -> str:
        command = self.prefix + self.spec.name
        if not self.flags:
            return self._say("no_flags", command=command, flag=_short(flag))
        allowed = join_list((f"`{known}`" for known, _ in flags(self.spec)), self.locale)
        values = {"command": command, "flag": _short(flag), "allowed": allowed}
        near = self._near(flag)
        return self._say("flag_near", near=near, **values) if near else self._say("flag", **values)

    def _say(self, key: str, **values: str) -> str:
        return translate(f"usage.{key}", self.locale, **values)


def _short(value: str) -> str:
    """A person's own words, fit to be repeated within backticks."""
    value = " ".join(value.replace("`", "'").split())
    return value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…"
