"""What every adapter promises. A platform's tests subclass `AdapterContract` and give it a `Harness`."""

import asyncio
import re
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.errors import MediaError, StoreUnavailable
from bot.models import Answer, Attachment, CommandSpec, Event, Media, Option, Status
from bot.ports import Adapter, Draft

PROMPT = Option(name="prompt", description="What to say.", is_prompt=True, required=True)
COMMANDS = (
    CommandSpec(name="chat", description="Talk.", options=(PROMPT,), aliases=("ask",)),
    CommandSpec(
        name="image",
        description="Draw.",
        kind="image",
        options=(PROMPT, Option(name="style", description="Style.", kind="choice", choices=("anime", "photo"))),
    ),
    CommandSpec(name="stop", description="Stop what is running here."),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """One message that a person sees. An answer may be several."""

    text: str
    files: tuple[tuple[str, int], ...] = ()  #: names and sizes
    private: bool = False


class Harness(ABC):
    """A platform with one person on it, and the adapter connected to it."""

    adapter: Adapter

    def __init__(self, folder: Path) -> None:
        self.folder = folder  #: for files of a test
        self.events: list[Event] = []  #: what the sink kept
        self.is_failing = False  #: the sink raises `StoreUnavailable`

    async def sink(self, event: Event) -> None:
        """Given to `Adapter.run`."""
        if self.is_failing:
            raise StoreUnavailable("the disk is full")
        self.events.append(event)

    @abstractmethod
    async def say(self, text: str) -> bool:
        """The person sends a message. Returns when the adapter has dealt with it; True: as taken."""

    @abstractmethod
    async def shown(self) -> list[Shown]:
        """What the person sees of the service now, oldest first."""

    @abstractmethod
    async def restart(self, *, run: bool = True) -> None:
        """The process is replaced by a new one. Without `run` it only delivers."""

    @abstractmethod
    def reply_to(self) -> Mapping[str, str]:
        """Where an answer belongs, for an event that an earlier process received."""

    @abstractmethod
    async def attachment(self, name: str, content: bytes) -> Attachment:
        """A file that the person sent."""

    @abstractmethod
    async def remove(self, attachment: Attachment) -> None:
        """The person takes the file back."""

    async def draft(self, key: str, *, ref: str | None = None, private: bool = False) -> Draft:
        """The answer to an event of an earlier process."""
        return await self.adapter.draft(self.reply_to(), key=key, ref=ref, private=private)

    async def count(self, text: str) -> int:
        """How many messages show this text."""
        return sum(message.text.count(text) for message in await self.shown())


def media(folder: Path, name: str, size: int) -> Media:
    """A file of an answer."""
    path = folder / name
    path.write_bytes(b"\x89PNG\r\n\x1a\n".ljust(size, b"x"))
    return Media(name=name, content_type="image/png", size=size, path=path, width=8, height=8)


def long_markdown(size: int) -> str:
    """Headings, paragraphs, lists, fences and tables in two languages, every word of it numbered."""
    text, at = "", 0

    def word() -> str:
        nonlocal at
        at += 1
        return f"word{at}" if at % 3 else f"詞{at}"

    while len(text) < size:
        text += f"## {word()}\n\n{' '.join(word() for _ in range(60))}。\n\n- {word()}\n- {word()} {word()}\n\n"
        text += "```python\n" + "".join(f"{word()} = {word()}\n" for _ in range(20)) + "```\n\n"
        text += "| a | b |\n|---|---|\n" + "".join(f"| {word()} | {word()} |\n" for _ in range(10)) + "\n"
    return text


def words(text: str) -> list[str]:
    """The numbered words of `long_markdown`."""
    return re.findall(r"(?:word|詞)\d+", text)


class AdapterContract:
    """Laws of `bot.ports.Adapter` and `Draft`."""

    @pytest.fixture
    async def harness(self, tmp_path: Path) -> Harness:
        raise NotImplementedError

    # -- receiving

    async def test_event_is_complete(self, harness: Harness) -> None:
        """A message reaches the sink once, with every id filled."""
        assert await harness.say("hello there")
        (event,) = harness.events
        assert event.adapter == harness.adapter.name
        assert event.id
        assert event.conversation
        assert event.actor.id
        assert event.location.channel
        assert event.reply_to
        assert event.received_at.tzinfo is not None
        assert (event.command, event.prompt, event.rejection) == ("chat", "hello there", "")

    async def test_ids_are_unique_over_a_restart(self, harness: Harness) -> None:
        """Two messages never have the same id, not even with a restart between them."""
        await harness.say("one")
        await harness.restart()
        await harness.say("two")
        assert len({event.id for event in harness.events}) == len(harness.events) == 2

    async def test_not_kept_is_told(self, harness: Harness) -> None:
        """When the event can't be kept, it is not acknowledged as taken and the person is told."""
        harness.is_failing = True
        assert not await harness.say("hello there")
        assert not harness.events
        assert [message for message in await harness.shown() if message.text.strip()]

    async def test_reading_goes_on_after_a_failure(self, harness: Harness) -> None:
        """A message that could not be kept does not stop the next one."""
        harness.is_failing = True
        await harness.say("lost")
        harness.is_failing = False
        assert await harness.say("kept")
        assert harness.events[-1].prompt == "kept"

    async def test_answer_to_what_was_said(self, harness: Harness) -> None:
        """The answer to an event is shown where it was asked."""
        await harness.say("hello there")
        (event,) = harness.events
        draft = await harness.adapter.draft(event.reply_to, key=event.id, ref=None, private=False)
        await draft.finish(Answer(text="general answer"))
        assert await harness.count("general answer") == 1

    # -- one answer

    async def test_same_key_is_same_answer(self, harness: Harness) -> None:
        """The same key never opens a second answer."""
        key = uuid.uuid4().hex
        first = await harness.draft(key)
        await first.status(Status("working"))
        second = await harness.draft(key)
        assert second.ref == first.ref
        await second.finish(Answer(text="only answer"))
        assert await harness.count("only answer") == 1
        assert await harness.count("working") == 0

    async def test_same_key_at_the_same_time(self, harness: Harness) -> None:
        """Two tries that finish the same key at the same time show one answer."""
        key = uuid.uuid4().hex
        drafts = [await harness.draft(key) for _ in range(2)]
        await asyncio.gather(*(draft.finish(Answer(text="only answer")) for draft in drafts))
        assert await harness.count("only answer") == 1

    async def test_known_ref_after_a_restart(self, harness: Harness) -> None:
        """A reference kept by an earlier process finds the same answer again."""
        key = uuid.uuid4().hex
        draft = await harness.draft(key)
        await draft.status(Status("working"))
        ref = draft.ref
        await harness.restart()
        again = await harness.draft(key, ref=ref)
        assert again.ref == ref
        await again.finish(Answer(text="late answer"))
        assert await harness.count("late answer") == 1
        assert await harness.count("working") == 0

    async def test_finish_is_idempotent(self, harness: Harness) -> None:
        """Finishing twice, or again after a restart, shows one answer with its files once."""
        key = uuid.uuid4().hex
        answer = Answer(text="final words", media=(media(harness.folder, "fox.png", 100),))
        draft = await harness.draft(key)
        await draft.finish(answer)
        await draft.finish(answer)
        ref = draft.ref
        await harness.restart()
        await (await harness.draft(key, ref=ref)).finish(answer)
        assert await harness.count("final words") == 1
        assert sum(len(message.files) for message in await harness.shown()) == 1

    async def test_final_text_is_exact(self, harness: Harness) -> None:
        """After any writes the channel shows exactly the final text."""
        draft = await harness.draft(uuid.uuid4().hex)
        if harness.adapter.capabilities.shows_partial_text:
            await draft.write("The first")
            await draft.write("The first draft of")
        await draft.finish(Answer(text="The final text."))
        assert [message.text for message in await harness.shown()] == ["The final text."]

    async def test_statuses_do_not_remain(self, harness: Harness) -> None:
        """A status is gone when the answer is there."""
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.status(Status("painting it"))
        await draft.status(Status("still painting it", progress=0.5, elapsed=7.0))
        await draft.finish(Answer(text="Here it is."))
        assert await harness.count("painting") == 0
        assert await harness.count("Here it is.") == 1

    # -- what is shown

    async def test_media(self, harness: Harness) -> None:
        """Files are shown with their names and sizes, in order."""
        files = (media(harness.folder, "red-fox.png", 2345), media(harness.folder, "雪.png", 99))
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.finish(Answer(text="Two pictures.", media=files))
        shown = await harness.shown()
        assert [file for message in shown for file in message.files] == [("red-fox.png", 2345), ("雪.png", 99)]
        assert await harness.count("Two pictures.") == 1

    async def test_media_without_text(self, harness: Harness) -> None:
        """An answer may be a file alone."""
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.finish(Answer(media=(media(harness.folder, "fox.png", 100),)))
        assert [file for message in await harness.shown() for file in message.files] == [("fox.png", 100)]

    async def test_private_answers(self, harness: Harness) -> None:
        """A private answer is shown to the asker only."""
        draft = await harness.draft(uuid.uuid4().hex, private=True)
        await draft.finish(Answer(text="for you alone", private=True))
        (message,) = [message for message in await harness.shown() if "for you alone" in message.text]
        assert message.private

    async def test_long_text_arrives_whole(self, harness: Harness) -> None:
        """40,000 characters with fences and tables in two languages arrive whole and in order."""
        text = long_markdown(40_000)
        draft = await harness.draft(uuid.uuid4().hex)
        if harness.adapter.capabilities.shows_partial_text:
            await draft.write(text[:20_000])
        await draft.finish(Answer(text=text))
        assert words("\n".join(message.text for message in await harness.shown())) == words(text)

    async def test_delivery_without_run(self, harness: Harness) -> None:
        """A process that receives nothing can deliver."""
        await harness.restart(run=False)
        draft = await harness.draft(uuid.uuid4().hex)
        await draft.status(Status("working"))
        await draft.finish(Answer(text="delivered"))
        assert await harness.count("delivered") == 1

    # -- files that people send

    async def test_attachment_is_read(self, harness: Harness) -> None:
        """An attachment's bytes are those that were sent, in pieces of bounded size."""
        content = bytes(range(256)) * 4096
        pieces = [piece async for piece in harness.adapter.open(await harness.attachment("a.bin", content))]
        assert b"".join(pieces) == content
        assert max(map(len, pieces)) < len(content)

    async def test_attachment_that_is_gone(self, harness: Harness) -> None:
        """An attachment that can't be read any more is an error with a sentence."""
        attachment = await harness.attachment("a.txt", b"text")
        await harness.remove(attachment)
        with pytest.raises(MediaError, match=r".{10}"):
            [piece async for piece in harness.adapter.open(attachment)]
