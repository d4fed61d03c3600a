"""The chat for one person at a terminal. prompt_toolkit and Rich are imported only when it is opened."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.console.parse import Person, event, lacking, press_event, stop_event
from adapters.console.preview import Means, means
from bot.i18n import translate
from bot.models import CommandSpec, Event

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

_AGAIN = 5.0  # seconds within which a second Ctrl-C leaves

Ask = Callable[[Event], Awaitable[None]]


class Chat:
    """Reads messages at a prompt that stays usable while answers are written above it."""

    def __init__(self, conversation: str, person: Person, folder: Path | None, preview: str) -> None:
        from prompt_toolkit.output import create_output

        from adapters.console.live import LiveScreen
        from adapters.console.render import Renderer

        how: Means = means(os.environ) if preview == "auto" else preview  # type: ignore[assignment]
        self.screen = LiveScreen(Renderer(person.locale), create_output(), how)
        self._conversation = conversation
        self._person = person
        self._folder = folder
        self._armed = 0.0  # until when Ctrl-C leaves
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, ask: Ask, commands: Sequence[CommandSpec]) -> None:
        """Chat until the person leaves: with Ctrl-D when the running answers are done, with Ctrl-C twice at once."""
        from prompt_toolkit.patch_stdout import patch_stdout

        from adapters.console.prompt import Keys, session, ticking

        def interrupt() -> None:
            self._interrupt(prompt, talking, ask)

        prompt = session(
            commands,
            keys=Keys(sys.stdin),
            folder=self._folder,
            buttons=self.screen.buttons,
            toolbar=self.screen.toolbar,
            interrupt=interrupt,
            lacking=lambda text: lacking(text, commands, self._person),
        )
        await self.screen.welcome(self._conversation)
        with patch_stdout(raw=True):
            talking = asyncio.create_task(self._talk(prompt, ask, commands))
            ticker = asyncio.create_task(ticking(prompt, lambda: self.screen.is_busy))
            try:
                # While the running answers are waited for at the end, Ctrl-C is no key but a signal.
                with _on_signal(interrupt):
                    await asyncio.wait({talking})
                if not talking.cancelled():
                    talking.result()
            finally:
                tasks = (talking, ticker, *self._tasks)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _talk(self, prompt: "PromptSession[str]", ask: Ask, commands: Sequence[CommandSpec]) -> None:
        with prompt.input.raw_mode():  # between two prompts, too
            await self._read(prompt, ask, commands)
        self._armed = 0.0
        if self.screen.is_busy:
            await self.screen.notice(translate("console.leaving", self._person.locale))
        await self.screen.drained()

    async def _read(self, prompt: "PromptSession[str]", ask: Ask, commands: Sequence[CommandSpec]) -> None:
        while True:
            try:
                text = await prompt.prompt_async(handle_sigint=False)
            except EOFError:
                return
            self._armed = 0.0
            if text.strip():
                await ask(self._event(text.rstrip(), commands))

    def _event(self, text: str, commands: Sequence[CommandSpec]) -> Event:
        """What is asked: a button is pressed by its name."""
        button = self.screen.buttons.get(text.strip())
        if button is None:
            return event(text, commands, conversation=self._conversation, person=self._person)
        return press_event(
            event=button.event,
            action=button.action,
            shown=f"{text} {button.label}",
            conversation=self._conversation,
            person=self._person,
        )

    def _interrupt(self, prompt: "PromptSession[str]", talking: asyncio.Task[None], ask: Ask) -> None:
        """Ctrl-C: clear what is typed, else stop what runs; the second time, leave."""
        now = time.monotonic()
        typed = prompt.default_buffer
        if typed.text and not self.screen.is_busy:
            typed.reset()
        elif now < self._armed:
            talking.cancel()
        elif self.screen.is_busy:
            self._armed = now + _AGAIN
            self._spawn(self.screen.notice(translate("console.stop", self._person.locale)))
            self._spawn(ask(stop_event(conversation=self._conversation, person=self._person)))
        else:
            self._armed = now + _AGAIN
            self._spawn(self.screen.notice(translate("console.leave", self._person.locale)))

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@contextlib.contextmanager
def _on_signal(interrupt: Callable[[], None]) -> Iterator[None]:
    """Call it on SIGINT instead of what SIGINT does otherwise."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):  # where the platform has no signal handlers in event loops
        loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        with contextlib.suppress(NotImplementedError):
            loop.remove_signal_handler(signal.SIGINT)
