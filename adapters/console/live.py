"""The live terminal: answers above the prompt as they are written, what is running below it."""

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path

from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.output import Output

from adapters.console import format as fmt
from adapters.console.preview import Means, preview
from adapters.console.render import Renderer, complete
from bot.i18n import translate
from bot.models import Action, Answer, Status

_PATIENCE = 20.0  # seconds without a sign of life after which an answer half shown no longer holds up others
_TOOLBAR = 3  # running answers shown
_BAR = 12  # columns of a progress bar


@dataclass(slots=True)
class _Running:
    """A question without its whole answer."""

    since: float
    status: str = ""
    progress: float | None = None
    shown: str = ""  #: the beginning of the answer that is on the screen
    heard: float = 0.0


@dataclass(frozen=True, slots=True)
class Button:
    """A button that was shown."""

    event: str  #: whose answer it is under
    action: str  #: its name there
    label: str


class LiveScreen:
    """Shows one answer at a time, block by block; others wait their turn, and the prompt stays usable."""

    def __init__(self, renderer: Renderer, output: Output, previews: Means) -> None:
        self.locale = renderer.locale
        self._renderer = renderer
        self._output = output
        self._previews = previews
        self.buttons: dict[str, Button] = {}  #: by what is typed to press them: `#1`
        self._running: dict[str, _Running] = {}
        self._floor = ""  # whose answer is half on the screen
        self._last = ""  # what the newest line on the screen belongs to
        self._changed = asyncio.Condition()
        self._writing = asyncio.Lock()

    @property
    def is_busy(self) -> bool:
        """Whether something asked is unanswered."""
        return bool(self._running)

    def ask(self, key: str) -> None:
        """A question was typed."""
        self._begun(key)
        self._last = key

    async def forget(self, key: str) -> None:
        """Nothing more will come for this question."""
        async with self._changed:
            self._running.pop(key, None)
            if self._floor == key:
                self._floor = ""
            self._changed.notify_all()

    async def drained(self) -> None:
        """Return when everything asked is answered."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._running)

    async def status(self, key: str, status: Status) -> None:
        """Show below the prompt what is being done."""
        running = self._begun(key)
        running.status = fmt.clean(status.text).replace("\n", " ")
        running.progress = status.progress

    async def write(self, key: str, question: str, text: str) -> None:
        """Show the blocks that are finished, unless another answer is half on the screen."""
        running = self._begun(key)
        running.progress = None
        running.status = fmt.clean(text[-200:]).rstrip().rpartition("\n")[2] or running.status
        end = complete(text)
        if self._floor in {"", key} and end > len(running.shown) and text.startswith(running.shown):
            self._floor = key
            await self._block(key, question, text[len(running.shown) : end], end="\n")
            running.shown = text[:end]

    async def show(self, key: str, question: str, answer: Answer) -> None:
        """Show what is missing of the answer, then its files."""
        await self._take_floor(key)
        running = self._begun(key)
        if not answer.text.startswith(running.shown):  # it was begun again, and came out differently
            running.shown = ""
            await self.notice(translate("console.again", self.locale))
        rest = answer.text[len(running.shown) :]
        if rest.strip():
            await self._block(key, question, rest.rstrip())
        elif not running.shown:
            await self._head(key, question)
        width = self._width()
        for media in answer.media:
            picture = await self._preview(media.path) if media.content_type.startswith("image/") else ""
            await self._print(picture + self._renderer.media(media, width))
        labels = {self._button(key, action): fmt.clean(action.label) for action in answer.actions}
        await self._print(self._renderer.buttons(labels, width) + "\n")

    def _button(self, key: str, action: Action) -> str:
        name = f"#{len(self.buttons) + 1}"
        self.buttons[name] = Button(key, action.name, action.label)
        return name

    async def notice(self, text: str) -> None:
        """Tell the person something that is no answer."""
        await self._print(self._renderer.notice(text, self._width()))

    async def welcome(self, conversation: str) -> None:
        """Say what to type."""
        await self._print(self._renderer.welcome(conversation, self._width()) + "\n")

    def toolbar(self) -> str:
        """What is running, for how long and how far; "" when nothing is."""
        lines = []
        now = time.monotonic()
        for running in list(self._running.values())[:_TOOLBAR]:
            text = running.status or translate("console.waiting", self.locale)
            line = f" {fmt.elapsed(now - running.since)} "
            if running.progress is not None:
                full = round(min(max(running.progress, 0), 1) * _BAR)
                line += f"{'━' * full}{'╌' * (_BAR - full)} {running.progress:.0%} "
            room = max(self._width() - len(line) - 2, 10)
            lines.append(line + (text if len(text) <= room else text[: room - 1] + "…"))
        if len(self._running) > _TOOLBAR:
            lines.append(" " + translate("console.more", self.locale, count=len(self._running) - _TOOLBAR))
        return "\n".join(lines)

    def _begun(self, key: str) -> _Running:
        running = self._running.setdefault(key, _Running(time.monotonic()))
        running.heard = time.monotonic()
        return running

    async def _take_floor(self, key: str) -> None:
        async with self._changed:
            while self._floor not in {"", key} and self._floor in self._running:
                left = self._running[self._floor].heard + _PATIENCE - time.monotonic()
                if left <= 0:
                    break
                try:
                    async with asyncio.timeout(left):
                        await self._changed.wait()
                except TimeoutError:
                    continue
            self._floor = key

    async def _head(self, key: str, question: str) -> None:
        """Say which question this answers, unless it is the newest thing on the screen."""
        if self._last != key:
            self._last = key
            if question:
                await self._print(self._renderer.question(question, self._width()))

    async def _block(self, key: str, question: str, text: str, end: str = "") -> None:
        await self._head(key, question)
        await self._print(self._renderer.markdown(text, self._width()) + end)

    async def _preview(self, path: Path | None) -> str:
        if path is None:
            return ""
        true_colour = os.environ.get("COLORTERM") in {"truecolor", "24bit"}
        return await asyncio.to_thread(preview, path, self._previews, true_colour=true_colour)

    def _width(self) -> int:
        return min(self._output.get_size().columns, 120)

    async def _print(self, text: str) -> None:
        if not text:
            return

        def write() -> None:
            self._output.write_raw(text)
            self._output.flush()

        async with self._writing:
            # Cancelled halfway, it would leave the terminal to nobody: every later one would wait for ever.
            await asyncio.shield(run_in_terminal(write))
