"""The prompt: history, completion, key bindings."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TextIO

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.input import Input, create_input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.key_binding.bindings.completion import generate_completions
from prompt_toolkit.styles import Style
from prompt_toolkit.validation import ValidationError, Validator

from adapters.console.live import Button
from bot.commandline import parser
from bot.models import CommandSpec, Option

_STYLE = Style.from_dict({"bottom-toolbar": "noreverse ansibrightblack", "prompt": "ansicyan bold"})


class CommandCompleter(Completer):
    """Completes commands, their flags and values, buttons, and `@file` anywhere."""

    def __init__(self, commands: Sequence[CommandSpec], buttons: Mapping[str, Button]) -> None:
        self._buttons = buttons  # grows while answers are shown
        self._commands = commands
        self._names = {name: spec for spec in commands for name in (spec.name, *spec.aliases)}
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Yield the completions at the cursor."""
        text = document.text_before_cursor
        words = text.split()
        word = "" if not words or text[-1].isspace() else words[-1]
        if text.startswith("/") and len(words) <= 1 and not text[-1].isspace():
            for name, spec in self._names.items():
                if name.startswith(text[1:].lower()):
                    yield Completion(f"/{name} ", -len(text), display=f"/{name}", display_meta=spec.description)
        elif text.startswith("#") and text == word:
            for name, button in reversed(list(self._buttons.items())):
                if name.startswith(text):
                    yield Completion(name, -len(text), display_meta=button.label)
        elif word.startswith("@"):
            yield from self._files(word[1:], complete_event)
        elif text.startswith("/") and (found := self._names.get(words[0][1:].lower())):
            yield from self._options(found, words, word, complete_event)

    def _options(
        self, spec: CommandSpec, words: list[str], word: str, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        flags = dict(parser.flags(spec))
        flag, equals, value = word.partition("=")
        if equals and flag in flags:
            yield from self._values(flags[flag], value, complete_event)
            return
        before = words[-2] if word and len(words) > 1 else words[-1]
        if before in flags:
            yield from self._values(flags[before], word, complete_event)
        elif word.startswith("-"):
            for name, option in flags.items():
                if name.startswith(word) and not {n for n, o in flags.items() if o is option} & set(words[:-1]):
                    yield Completion(f"{name} ", -len(word), display=name, display_meta=option.description)
        elif spec.prompt is None:
            offered: set[str] = set()  # two options may have the same value
            for option in spec.options:
                for completion in self._values(option, word, complete_event):
                    if completion.text not in offered:
                        offered.add(completion.text)
                        yield completion

    def _values(self, option: Option, word: str, complete_event: CompleteEvent) -> Iterable[Completion]:
        if option.kind == "file":
            yield from self._files(word, complete_event)
        for choice in (*option.choices, *option.suggestions):
            if choice.lower().startswith(word.lower()):
                yield Completion(f"{choice} ", -len(word), display=choice, display_meta=option.description)

    def _files(self, word: str, complete_event: CompleteEvent) -> Iterable[Completion]:
        yield from self._paths.get_completions(Document(word, len(word)), complete_event)


def open_keyboard(stdin: TextIO) -> Input:
    """Return input that stays in raw mode while something is printed; otherwise a Ctrl-D pressed then is lost."""
    keyboard = create_input(stdin)
    keyboard.cooked_mode = nullcontext  # type: ignore[method-assign]
    return keyboard


class _FileValidator(Validator):
    """Rejects a line that names a missing file, with a sentence below the prompt."""

    def __init__(self, missing_file: Callable[[str], str]) -> None:
        self._missing_file = missing_file

    def validate(self, document: Document) -> None:
        """Raise `ValidationError` for a missing file."""
        if problem := self._missing_file(document.text):
            raise ValidationError(len(document.text), problem)


def open_history(folder: Path | None) -> History:
    """Open the history file in the data folder, readable by its owner only; without a folder, one in memory."""
    if folder is None:
        return InMemoryHistory()
    path = folder / "console.history"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return FileHistory(path)


def make_prompt(
    commands: Sequence[CommandSpec],
    *,
    keys: Input,
    folder: Path | None,
    buttons: Mapping[str, Button],
    toolbar: Callable[[], str],
    interrupt: Callable[[], None],
    missing_file: Callable[[str], str],
) -> PromptSession[str]:
    """Return a prompt.

    `toolbar`: the text below it; `interrupt`: called on Ctrl-C; `missing_file`: what to say of a line that names a
    missing file, which is then not accepted; "" accepts it.
    """
    bindings = KeyBindings()

    @bindings.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None
        elif buffer.document.text_before_cursor.endswith("\\"):
            buffer.delete_before_cursor()
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    @bindings.add("tab")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state and len(buffer.complete_state.completions) == 1:
            buffer.apply_completion(buffer.complete_state.completions[0])  # the only one: Enter sends the line
        else:
            generate_completions(event)

    @bindings.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    @bindings.add("c-c")
    def _(event: KeyPressEvent) -> None:  # noqa: ARG001
        interrupt()

    return PromptSession(
        [("class:prompt", "› ")],
        multiline=True,
        prompt_continuation="  ",
        history=open_history(folder),
        completer=CommandCompleter(commands, buttons),
        complete_while_typing=True,
        complete_in_thread=True,
        auto_suggest=AutoSuggestFromHistory(),
        bottom_toolbar=lambda: toolbar() or None,
        validator=_FileValidator(missing_file),
        validate_while_typing=False,
        key_bindings=bindings,
        input=keys,
        style=_STYLE,
        reserve_space_for_menu=6,
    )


async def refresh_while_busy(prompt: PromptSession[str], is_busy: Callable[[], bool], *, interval: float) -> None:
    """Redraw the toolbar every `interval` seconds while `is_busy`, until cancelled."""
    was_busy = False
    while True:
        await asyncio.sleep(interval)
        if is_busy() or was_busy:
            prompt.app.invalidate()
        was_busy = is_busy()
