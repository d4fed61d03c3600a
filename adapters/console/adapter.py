"""Lifecycle of the terminal: read what is asked, show what is answered."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from pathlib import Path
from weakref import WeakValueDictionary

from adapters.console.chat import Chat
from adapters.console.delivered import Delivered
from adapters.console.draft import ConsoleDraft, Screen
from adapters.console.parse import ADAPTER, Person, event
from adapters.console.plain import PlainScreen, read_messages
from bot.errors import DeliveryRefused, DownloadFailed, StoreError, WrongContent
from bot.i18n import translate
from bot.models import Answer, Attachment, Capabilities, CheckResult, CommandSpec, Event, PriorMessages
from bot.ports import AdapterServices, Sink

_PIECE = 256 * 1024


class Console:
    """The terminal as a platform of one person.

    Piped: every line is a message; `run` returns when input has ended and everything asked is answered.
    Interactive: a chat; `run` returns when the person leaves.
    """

    name = ADAPTER
    capabilities = Capabilities(max_text=None, max_upload=None, edit_interval=0.1, status_interval=1.0)
    routes: tuple[()] = ()

    def __init__(
        self,
        *,
        conversation: str,
        person: Person,
        data_dir: Path | None = None,
        interactive: bool = False,
        preview: str = "auto",
        stdin: int | None = None,
        stdout: int | None = None,
    ) -> None:
        self.conversation = conversation
        self._person = person
        self._stdin = sys.stdin.fileno() if stdin is None else stdin
        self._stdout = sys.stdout.fileno() if stdout is None else stdout
        self._delivered = Delivered(data_dir)
        self._drafts: WeakValueDictionary[str, ConsoleDraft] = WeakValueDictionary()
        self._chat = Chat(conversation, person, data_dir, preview) if interactive else None
        self._plain = PlainScreen(person.locale, self._stdout)
        self._screen: Screen = self._chat.screen if self._chat else self._plain

    def connected(self, desk: AdapterServices) -> AbstractAsyncContextManager[None]:  # noqa: ARG002
        """A terminal is there as it is."""
        return nullcontext()

    async def run(self, sink: Sink, commands: Sequence[CommandSpec]) -> None:
        """Read until the input ends and everything asked is answered, or the person leaves at once."""
        if self._chat is not None:
            await self._chat.run(partial(self._ask, sink), commands)
        else:
            await self._run_plain(sink, commands)

    async def _run_plain(self, sink: Sink, commands: Sequence[CommandSpec]) -> None:
        reading = asyncio.create_task(self._read(sink, commands))
        gone = asyncio.create_task(self._plain.gone.wait())
        try:
            await asyncio.wait({reading, gone}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                await reading
                await self._plain.drained()
        except asyncio.CancelledError:
            if self._plain.is_busy:
                print(translate("console.finishing", self._person.locale), file=sys.stderr, flush=True)  # noqa: T201
            raise
        finally:
            for task in (reading, gone):
                task.cancel()
            await asyncio.gather(reading, gone, return_exceptions=True)

    async def _read(self, sink: Sink, commands: Sequence[CommandSpec]) -> None:
        print(translate("console.conversation", self._person.locale, name=self.conversation), file=sys.stderr)  # noqa: T201
        async for text in read_messages(self._stdin):
            await self._plain.drained()  # each line may look back at what those above it have made
            await self._ask(sink, event(text, commands, conversation=self.conversation, person=self._person))

    async def _ask(self, sink: Sink, asked: Event) -> None:
        """Hand an event over; when it can't be kept, say so in its answer's place."""
        self._screen.ask(asked.id)
        try:
            await sink(asked)
        except StoreError as exc:
            text = translate("console.not_kept", self._person.locale, reason=str(exc))
            draft = await self.draft(asked.reply_to, key=asked.id, ref=None, private=True)
            try:
                await draft.finish(Answer(text=text, private=True))
            except DeliveryRefused:
                return  # `run` ends with the output

    async def draft(
        self,
        reply_to: Mapping[str, str],
        *,
        key: str,
        ref: str | None,  # noqa: ARG002
        private: bool,  # noqa: ARG002
    ) -> ConsoleDraft:
        """The answer of that key; everything in a terminal is private."""
        draft = self._drafts.get(key)
        if draft is None:
            draft = ConsoleDraft(self._screen, self._delivered, key=key, question=reply_to.get("question", ""))
            self._drafts[key] = draft
        return draft

    async def open(self, attachment: Attachment) -> AsyncIterator[bytes]:
        """Read a file named in a message, in pieces."""
        path = Path(attachment.source.get("path", ""))
        try:
            if await asyncio.to_thread(path.is_dir):
                raise WrongContent(translate("console.folder", self._person.locale, name=attachment.name))
            file = await asyncio.to_thread(path.open, "rb")
            with file:
                while piece := await asyncio.to_thread(file.read, _PIECE):
                    yield piece
        except OSError as exc:
            reason = exc.strerror or type(exc).__name__
            raise DownloadFailed(
                translate("console.gone", self._person.locale, name=attachment.name, reason=reason)
            ) from exc

    async def earlier(self, reply_to: Mapping[str, str], *, limit: int) -> PriorMessages:  # noqa: ARG002
        """Nothing is said here but to the service."""
        return PriorMessages()

    def health(self) -> str:
        """Whether somebody can still read the output."""
        return translate("console.unread", self._person.locale) if self._plain.gone.is_set() else ""

    async def check(self) -> Sequence[CheckResult]:
        """What the terminal would be opened as."""
        text = translate("console.check", self._person.locale, name=self.conversation)
        return (CheckResult(subject=self.name, text=text, is_ok=True),)
