"""The console adapter: reads questions, shows answers."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from functools import partial
from pathlib import Path

from adapters.console.chat import Chat
from adapters.console.draft import ConsoleDraft, DeliveredAnswers, Screen
from adapters.console.parse import ADAPTER, Person, event
from adapters.console.plain import PlainScreen, read_messages
from adapters.console.render import continuation
from adapters.console.timing import Timing
from adapters.kit.per_key import PerKey
from bot.errors import DeliveryRefused, DownloadFailed, NothingAnswered, StoreError, UsageError, WrongContent
from bot.i18n import translate
from bot.models import Answer, Attachment, Capabilities, CheckResult, CommandSpec, Event, PriorMessages
from bot.ports import (
    AdapterServices,
    ChannelHistory,
    ChannelSpan,
    Confirm,
    NoChannels,
    NoDirectory,
    NoReactions,
    Sink,
    always_owned,
)

_EARLIER = 4  # turns shown when a conversation goes on
_PIECE = 256 * 1024


class Console(NoDirectory, NoChannels, NoReactions):
    """The terminal as a platform of one person.

    Piped: every line is a message; `run` returns when the input has ended and every question is answered.
    Interactive: a chat; `run` returns when the person leaves.
    """

    name = ADAPTER
    capabilities = Capabilities(
        max_upload=None,
        opens_files=True,
        can_edit=False,
        edit_interval=0.1,
        status_interval=1.0,
        lacks=frozenset({"spoiler", "reply_mode", "answer_all", "reaction"}),
    )
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
        timing: Timing | None = None,
    ) -> None:
        """`data_dir`: for the history and the keys of shown answers; None: in memory."""
        timing = timing or Timing()
        self.conversation = conversation
        self._services: AdapterServices | None = None
        self._person = person
        self._stdin = sys.stdin.fileno() if stdin is None else stdin
        self._stdout = sys.stdout.fileno() if stdout is None else stdout
        self._delivered = DeliveredAnswers(data_dir)
        self._drafts: PerKey[str, ConsoleDraft] = PerKey()
        self._chat = Chat(conversation, person, data_dir, preview, timing) if interactive else None
        self._plain = PlainScreen(person.locale, self._stdout, order_timeout=timing.order_timeout)
        self._screen: Screen = self._chat.screen if self._chat else self._plain

    def connected(self, services: AdapterServices) -> AbstractAsyncContextManager[None]:
        """Return an empty context: a terminal needs no connection."""
        self._services = services
        return nullcontext()

    async def run(self, sink: Sink, commands: Sequence[CommandSpec]) -> None:
        """Read until the input has ended and every question is answered, or the person leaves.

        Raises `NothingAnswered` when all of a piped input failed.
        """
        if self._chat is not None:
            turns = self._services.last_turns(ADAPTER, self.conversation, limit=_EARLIER) if self._services else None
            await self._chat.run(partial(self._ask, sink), commands, await turns if turns else ())
        else:
            await self._run_plain(sink, commands)

    async def _run_plain(self, sink: Sink, commands: Sequence[CommandSpec]) -> None:
        reading = asyncio.create_task(self._read(sink, commands))
        closed = asyncio.create_task(self._plain.output_closed.wait())
        try:
            await asyncio.wait({reading, closed}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                await reading
                await self._plain.wait_until_answered()
                if self._plain.all_failed:
                    raise NothingAnswered(translate("console.nothing_answered", self._person.locale))
        except asyncio.CancelledError:
            if self._plain.is_busy:
                print(translate("console.finishing", self._person.locale), file=sys.stderr, flush=True)  # noqa: T201
            raise
        finally:
            for task in (reading, closed):
                task.cancel()
            await asyncio.gather(reading, closed, return_exceptions=True)

    async def _read(self, sink: Sink, commands: Sequence[CommandSpec]) -> None:
        print(continuation(self.conversation, self._person.locale), file=sys.stderr)  # noqa: T201
        async for text in read_messages(self._stdin):
            await self._plain.wait_until_answered()  # a line may refer to the answers above it
            await self._ask(sink, event(text, commands, conversation=self.conversation, person=self._person))

    async def _ask(self, sink: Sink, asked: Event) -> None:
        """Record an event; when it is not recorded, say why in place of its answer."""
        self._screen.begin(asked.id, is_refused=bool(asked.rejection))
        try:
            if await sink(asked):
                return
            text = translate("request.refused_before", self._person.locale)
        except StoreError as exc:
            text = translate("console.not_kept", self._person.locale, reason=str(exc))
        draft = await self.draft(asked.reply_to, key=asked.id, ref=None, private=True)
        with suppress(DeliveryRefused):  # the output is closed, which ends `run`
            await draft.finish(Answer(text=text, private=True))

    async def draft(
        self,
        reply_to: Mapping[str, str],
        *,
        key: str,
        ref: str | None,  # noqa: ARG002
        private: bool,  # noqa: ARG002
        confirm: Confirm = always_owned,  # noqa: ARG002
    ) -> ConsoleDraft:
        """Return the answer of that key; everything in a terminal is private."""
        question = reply_to.get("question", "")
        return self._drafts.find_or_make(
            key, lambda: ConsoleDraft(self._screen, self._delivered, key=key, question=question)
        )

    async def open(self, attachment: Attachment) -> AsyncIterator[bytes]:
        """Read a file that a message names, in pieces. Raises `MediaError`."""
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

    async def read_prior_messages(self, reply_to: Mapping[str, str], *, limit: int) -> PriorMessages:  # noqa: ARG002
        """Return nothing: every message in a terminal is for the service."""
        return PriorMessages()

    async def read_channel(
        self,
        reply_to: Mapping[str, str],  # noqa: ARG002
        span: ChannelSpan,  # noqa: ARG002
        *,
        on_progress: Callable[[int], None],  # noqa: ARG002
    ) -> ChannelHistory:
        """Raise `UsageError`: nobody else writes here."""
        raise UsageError(translate("console.catchup", self._person.locale))

    async def place_beside(
        self,
        reply_to: Mapping[str, str],
        *,
        conversation: str,  # noqa: ARG002
        channel: str = "",  # noqa: ARG002
        person: str = "",  # noqa: ARG002
    ) -> Mapping[str, str]:
        """Return the same place: a terminal has one."""
        return reply_to

    async def place_again(
        self,
        reply_to: Mapping[str, str],
        *,
        conversation: str,  # noqa: ARG002
        heading: str = "",  # noqa: ARG002
    ) -> tuple[str, Mapping[str, str]]:
        """Return the same place: a terminal has one."""
        return self.conversation, reply_to

    def health(self) -> str:
        """Return "" while the output can be read, else a sentence."""
        return translate("console.unread", self._person.locale) if self._plain.output_closed.is_set() else ""

    async def check(self) -> Sequence[CheckResult]:
        """Return the conversation that would be opened."""
        text = translate("console.check", self._person.locale, name=self.conversation)
        return (CheckResult(subject=self.name, text=text, is_ok=True),)
