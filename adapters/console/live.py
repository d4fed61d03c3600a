"""The live terminal: growing answers above the prompt, running questions below it."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.output import Output

from adapters.console import format as fmt
from adapters.console.preview import PreviewMethod, preview
from adapters.console.render import Renderer, finished_length
from adapters.kit.texts import progress
from adapters.kit.texts.titles import shorten
from bot.i18n import translate
from bot.models import Action, Answer, Status, Turn, is_picture
from bot.values import valueclass

_TOOLBAR = 3  # running questions shown
_BAR = 12  # columns of a progress bar


@dataclass(slots=True)
class _Running:
    """A question whose answer is not complete."""

    since: float  #: when it was asked, in seconds of the monotonic clock
    status: str = ""
    progress: float | None = None
    shown: str = ""  #: the beginning of the answer that is on the screen
    last_sign: float = 0.0  #: time of the last status or text, same clock


@valueclass(frozen=True, slots=True)
class Button:
    """A button of an answer on the screen."""

    event: str  #: id of the event that was answered
    action: str  #: the action's name
    label: str


class LiveScreen:
    """Shows one answer at a time, block by block; others wait, and the prompt stays usable.

    `foreground_timeout`: seconds without a sign of life after which an unfinished answer no longer delays others.
    """

    def __init__(
        self, renderer: Renderer, output: Output, previews: PreviewMethod, *, foreground_timeout: float
    ) -> None:
        self.locale = renderer.locale
        self._renderer = renderer
        self._output = output
        self._previews = previews
        self._foreground_timeout = foreground_timeout
        self.buttons: dict[str, Button] = {}  #: by the text that presses them: `#1`
        self._running: dict[str, _Running] = {}
        self._foreground = ""  # key of the answer that is partly on the screen
        self._last = ""  # key of the question or answer at the bottom of the screen
        self._changed = asyncio.Condition()
        self._writing = asyncio.Lock()

    @property
    def is_busy(self) -> bool:
        """Whether a question is unanswered."""
        return bool(self._running)

    def begin(self, key: str, *, is_refused: bool = False) -> None:  # noqa: ARG002
        """Note that a question was typed."""
        self._track(key)
        self._last = key

    async def discard(self, key: str) -> None:
        """Stop waiting for the answer to a question."""
        async with self._changed:
            self._running.pop(key, None)
            if self._foreground == key:
                self._foreground = ""
            self._changed.notify_all()

    async def wait_until_answered(self) -> None:
        """Return when every question is answered."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._running)

    async def status(self, key: str, status: Status) -> None:
        """Show below the prompt what is being done."""
        running = self._track(key)
        running.status = fmt.clean(status.text).replace("\n", " ")
        running.progress = status.progress

    async def write(self, key: str, question: str, text: str) -> None:
        """Show the finished blocks, unless another answer is partly on the screen."""
        running = self._track(key)
        running.progress = None
        running.status = fmt.clean(text[-200:]).rstrip().rpartition("\n")[2] or running.status
        end = finished_length(text)
        if self._foreground in {"", key} and end > len(running.shown) and text.startswith(running.shown):
            self._foreground = key
            await self._block(key, question, text[len(running.shown) : end], end="\n")
            running.shown = text[:end]

    async def show(self, key: str, question: str, answer: Answer) -> None:
        """Show the rest of the answer, then its files and buttons."""
        await self._take_foreground(key)
        running = self._track(key)
        if not answer.text.startswith(running.shown):  # generated again, with another text
            running.shown = ""
            await self.notice(translate("console.again", self.locale))
        rest = answer.text[len(running.shown) :]
        if rest.strip():
            await self._block(key, question, rest.rstrip())
        elif not running.shown:
            await self._head(key, question)
        width = self._width()
        for media in answer.media:
            picture = await self._preview(media.path) if is_picture(media.content_type) else ""
            await self._print(picture + self._renderer.media(media, width))
        labels = {self._button(key, action): fmt.clean(action.label) for action in answer.actions}
        await self._print(self._renderer.buttons(labels, width) + "\n")

    def _button(self, key: str, action: Action) -> str:
        name = f"#{len(self.buttons) + 1}"
        self.buttons[name] = Button(key, action.name, action.label)
        return name

    async def notice(self, text: str) -> None:
        """Print a message that is not an answer."""
        await self._print(self._renderer.notice(text, self._width()))

    async def welcome(self, conversation: str, earlier: Sequence[Turn] = ()) -> None:
        """Print what to type, and the last turns of a conversation that goes on."""
        width = self._width()
        await self._print(self._renderer.welcome(conversation, width) + "\n" + self._renderer.earlier(earlier, width))

    def toolbar(self) -> str:
        """Return a line for each running question, with time and progress; "" when there is none."""
        lines = []
        now = time.monotonic()
        for running in list(self._running.values())[:_TOOLBAR]:
            text = running.status or translate("console.waiting", self.locale)
            line = f" {progress.elapsed(now - running.since)} "
            if running.progress is not None:
                bar = progress.bar(running.progress, _BAR, full="━", empty="╌")
                line += f"{bar} {progress.percentage(running.progress)} "
            room = max(self._width() - len(line) - 2, 10)
            lines.append(line + shorten(text, room))
        if len(self._running) > _TOOLBAR:
            lines.append(" " + translate("console.more", self.locale, count=len(self._running) - _TOOLBAR))
        return "\n".join(lines)

    def _track(self, key: str) -> _Running:
        running = self._running.setdefault(key, _Running(time.monotonic()))
        running.last_sign = time.monotonic()
        return running

    async def _take_foreground(self, key: str) -> None:
        async with self._changed:
            while self._foreground not in {"", key} and self._foreground in self._running:
                left = self._running[self._foreground].last_sign + self._foreground_timeout - time.monotonic()
                if left <= 0:
                    break
                try:
                    async with asyncio.timeout(left):
                        await self._changed.wait()
                except TimeoutError:
                    continue
            self._foreground = key

    async def _head(self, key: str, question: str) -> None:
        """Print the question of an answer, unless it is directly above."""
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
            # Cancelled halfway, it would block the terminal: every later write would wait for ever.
            await asyncio.shield(run_in_terminal(write))
