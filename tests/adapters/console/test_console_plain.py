import asyncio
import os
from pathlib import Path

import pytest

from adapters.console.adapter import Console
from adapters.console.parse import Person
from bot.errors import DeliveryRefused
from bot.models import Action, Answer, Event
from tests.contract.adapter_contract import COMMANDS


async def ask(console: Console, answer: Answer) -> list[Event]:
    """Run the console to its end, with this answer to whatever is asked."""
    events: list[Event] = []
    answering: list[asyncio.Task[None]] = []

    async def sink(event: Event) -> None:
        async def reply() -> None:
            draft = await console.draft(event.reply_to, key=event.id, ref=None, private=False)
            await draft.finish(answer)

        events.append(event)
        answering.append(asyncio.create_task(reply()))

    await console.run(sink, COMMANDS)
    await asyncio.gather(*answering)
    return events


def console(folder: Path, said: bytes, stdout: int) -> Console:
    """A console that is piped this."""
    (folder / "said").write_bytes(said)
    stdin = os.open(folder / "said", os.O_RDONLY)
    return Console(conversation="test", person=Person("Ann"), data_dir=folder, stdin=stdin, stdout=stdout)


async def printed(folder: Path, said: bytes, answer: Answer) -> tuple[str, list[Event]]:
    """What is printed when this is piped, and what was asked."""
    stdout = os.open(folder / "out", os.O_WRONLY | os.O_CREAT)
    try:
        events = await ask(console(folder, said, stdout), answer)
    finally:
        os.close(stdout)
    return (folder / "out").read_text(), events


async def test_reader_that_leaves_ends_it_quietly(tmp_path: Path) -> None:
    """A closed pipe, as with `| head`, ends the run without an error."""
    reader, writer = os.pipe()
    os.close(reader)
    piped = console(tmp_path, b"one\ntwo\n", writer)
    await ask(piped, Answer(text="x"))
    assert piped.health()
    os.close(writer)


async def test_output_that_fails_is_told(tmp_path: Path) -> None:
    """An output that can't be written, like a full disk, refuses the answer instead of losing it silently."""
    reader, writer = os.pipe()
    with pytest.raises(DeliveryRefused):
        await ask(console(tmp_path, b"one\n", reader), Answer(text="x"))
    os.close(reader)
    os.close(writer)


async def test_wrong_bytes_and_long_lines_are_messages_too(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are replaced; a line of a megabyte is one message, and its echo is short."""
    said = b"bad \xff bytes\r\n" + b"x" * 1_000_000
    out, events = await printed(tmp_path, said, Answer(text="Answer."))
    assert [event.prompt for event in events] == ["bad \ufffd bytes", "x" * 1_000_000]
    assert out.startswith("> bad \ufffd bytes\nAnswer.\n\n")
    assert len(out) < 10_000


async def test_only_a_failure_hints_at_a_button(tmp_path: Path) -> None:
    """In plain lines a failed answer says how to try again; a good one is followed by nothing."""
    again = Action(name="again", label="Try again", command="retry", options={"event": "123"})
    good, _ = await printed(tmp_path, b"one\n", Answer(text="Answer.", actions=(again,)))
    assert good == "> one\nAnswer.\n\n"
    bad, _ = await printed(tmp_path, b"one\n", Answer(text="It failed.", actions=(again,), private=True))
    assert bad == "> one\nIt failed.\nTry again: /retry\n\n"
