"""The chat for one person at a terminal. prompt_toolkit and Rich are imported only when it is opened."""

import asyncio
import contextlib
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.console.parse import Person, event, missing_file, press_event, stop_event
from adapters.console.preview import PreviewMethod, detect_method
from adapters.console.timing import Timing
from bot.background import BackgroundTasks
from bot.i18n import translate
from bot.models import CommandSpec, Event, Turn

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

_BUTTON = re.compile(r"#\d+")  # what is typed to press one
Ask = Callable[[Event], Coroutine[Any, Any, None]]


class Chat:
    """Reads messages at a prompt that stays usable while answers are written above it."""

    def __init__(self, conversation: str, person: Person, folder: Path | None, preview: str, timing: Timing) -> None:
        from prompt_toolkit.output import create_output

        from adapters.console.live import LiveScreen
        from adapters.console.render import Renderer

        method: PreviewMethod = detect_method(os.environ) if preview == "auto" else preview  # type: ignore[assignment]
        self.screen = LiveScreen(
            Renderer(person.locale), create_output(), method, foreground_timeout=timing.foreground_timeout
        )
        self._conversation = conversation
        self._person = person
        self._folder = folder
        self._timing = timing
        self._leaves_until = 0.0  # time until which Ctrl-C leaves
        self._tasks = BackgroundTasks("terminal")

    async def run(self, ask: Ask, commands: Sequence[CommandSpec], earlier: Sequence[Turn] = ()) -> None:
        """Chat until the person leaves: by Ctrl-D, after the running answers; by Ctrl-C twice, at once.

        `earlier`: the last turns of the conversation, to be shown at the start.
        """
        from adapters.console.prompt import make_prompt, open_keyboard, refresh_while_busy

        def interrupt() -> None:
            self._interrupt(prompt, talking, ask)

        prompt = make_prompt(
            commands,
            keys=open_keyboard(sys.stdin),
            folder=self._folder,
            buttons=self.screen.buttons,
            toolbar=self.screen.toolbar,
            interrupt=interrupt,
            missing_file=lambda text: missing_file(text, commands, self._person),
        )
        await self.screen.welcome(self._conversation, earlier)
        with _printing_above_prompt():
            talking = asyncio.create_task(self._talk(prompt, ask, commands))
            ticker = asyncio.create_task(
                refresh_while_busy(prompt, lambda: self.screen.is_busy, interval=self._timing.toolbar_interval)
            )
            try:
                # At the end, while the running answers are awaited, Ctrl-C is a signal and not a key.
                with _on_signal(interrupt):
                    await asyncio.wait({talking})
                if not talking.cancelled():
                    talking.result()
            finally:
                for task in (talking, ticker):
                    task.cancel()
                await asyncio.gather(talking, ticker, return_exceptions=True)
                await self._tasks.close()

    async def _talk(self, prompt: "PromptSession[str]", ask: Ask, commands: Sequence[CommandSpec]) -> None:
        with prompt.input.raw_mode():  # between two prompts, too
            await self._read(prompt, ask, commands)
        self._leaves_until = 0.0
        if self.screen.is_busy:
            await self.screen.notice(translate("console.leaving", self._person.locale))
        await self.screen.wait_until_answered()

    async def _read(self, prompt: "PromptSession[str]", ask: Ask, commands: Sequence[CommandSpec]) -> None:
        while True:
            try:
                text = await prompt.prompt_async(handle_sigint=False)
            except EOFError:
                return
            self._leaves_until = 0.0
            if text.strip():
                await ask(self._event(text.rstrip(), commands))

    def _event(self, text: str, commands: Sequence[CommandSpec]) -> Event:
        """Return the event of a typed line, which may be the name of a button."""
        button = self.screen.buttons.get(text.strip())
        if button is None:
            typed = event(text, commands, conversation=self._conversation, person=self._person)
            if not _BUTTON.fullmatch(text.strip()):
                return typed
            return replace(typed, rejection=translate("console.no_button", self._person.locale, name=text.strip()))
        return press_event(
            event=button.event,
            action=button.action,
            shown=f"{text} {button.label}",
            conversation=self._conversation,
            person=self._person,
        )

    def _interrupt(self, prompt: "PromptSession[str]", talking: asyncio.Task[None], ask: Ask) -> None:
        """Handle Ctrl-C: clear the typed text, else stop the running answers; the second time, leave."""
        now = time.monotonic()
        typed = prompt.default_buffer
        if typed.text and not self.screen.is_busy:
            typed.reset()
        elif now < self._leaves_until:
            talking.cancel()
        elif self.screen.is_busy:
            self._leaves_until = now + self._timing.interrupt_window
            self._tasks.start(self.screen.notice(translate("console.stop", self._person.locale)))
            self._tasks.start(ask(stop_event(conversation=self._conversation, person=self._person)))
        else:
            self._leaves_until = now + self._timing.interrupt_window
            self._tasks.start(self.screen.notice(translate("console.leave", self._person.locale)))


@contextlib.contextmanager
def _printing_above_prompt() -> Iterator[None]:
    """Print above the prompt what the process prints; standard error only where it is the terminal, too."""
    from prompt_toolkit.patch_stdout import patch_stdout

    stderr = sys.stderr
    with patch_stdout(raw=True):
        if stderr is not None and not stderr.isatty():
            sys.stderr = stderr
        yield


@contextlib.contextmanager
def _on_signal(interrupt: Callable[[], None]) -> Iterator[None]:
    """Call `interrupt` on SIGINT, in place of the default."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # where the platform has no signal handlers in event loops
        loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        with contextlib.suppress(NotImplementedError):
            loop.remove_signal_handler(signal.SIGINT)
