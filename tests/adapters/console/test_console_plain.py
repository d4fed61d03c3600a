import asyncio
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.console.adapter import Console
from adapters.console.parse import Person
from bot.errors import DeliveryRefused, NothingAnswered, UsageError
from bot.models import Action, Answer, Event, Status
from bot.ports import ChannelSpan
from tests.contract.adapter_contract import COMMANDS


async def ask(console: Console, answer: Answer, *statuses: Status) -> list[Event]:
    """Run the console to its end, with these statuses and this answer to whatever is asked."""
    events: list[Event] = []
    answering: list[asyncio.Task[None]] = []

    async def sink(event: Event) -> bool:
        async def reply() -> None:
            draft = await console.draft(event.reply_to, key=event.id, ref=None, private=False)
            for status in statuses:
                await draft.status(status)
            await draft.finish(answer)

        events.append(event)
        answering.append(asyncio.create_task(reply()))
        return True

    with suppress(NothingAnswered):
        await console.run(sink, COMMANDS)
    await asyncio.gather(*answering)
    return events


def console(folder: Path, said: bytes, stdout: int) -> Console:
    """A console that is piped this."""
    (folder / "said").write_bytes(said)
    stdin = os.open(folder / "said", os.O_RDONLY)
    return Console(conversation="test", person=Person("Ann"), data_dir=folder, stdin=stdin, stdout=stdout)


async def printed(folder: Path, said: bytes, answer: Answer, *statuses: Status) -> tuple[str, list[Event]]:
    """Return the output for piped input, and the events."""
    stdout = os.open(folder / "out", os.O_WRONLY | os.O_CREAT)
    try:
        events = await ask(console(folder, said, stdout), answer, *statuses)
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


async def test_a_long_wait_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On the error output: the answers stay the only output."""
    statuses = Status("Thinking"), *[Status("I keep trying…", is_waiting=True)] * 2
    out, _ = await printed(tmp_path, b"one\n", Answer(text="Answer."), *statuses)
    assert out == "> one\nAnswer.\n\n"
    assert capsys.readouterr().err.count("I keep trying…") == 1


async def test_only_a_failure_hints_at_a_button(tmp_path: Path) -> None:
    """In plain lines a failed answer says how to try again; a good one is followed by nothing."""
    again = Action(name="again", label="Try again", command="retry", options={"event": "123"})
    good, _ = await printed(tmp_path, b"one\n", Answer(text="Answer.", actions=(again,)))
    assert good == "> one\nAnswer.\n\n"
    bad, _ = await printed(tmp_path, b"one\n", Answer(text="It failed.", actions=(again,), private=True))
    assert bad == "> one\nIt failed.\nTry again: /retry\n\n"


@pytest.mark.parametrize(
    "said",
    [
        "@missing.txt",
        "what is in @missing.txt?",
        "請看 @missing.txt，謝謝",
        "請看 @missing.txt的內容",
        "/image as in @sub/missing.py",
        '@"my notes"',
        "@./missing",
        "@~/missing",
    ],
)
async def test_a_file_that_is_not_there_is_said(tmp_path: Path, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked as if the file had been read: the line is answered with the file's name."""
    monkeypatch.chdir(tmp_path)
    _, events = await printed(tmp_path, said.encode(), Answer(text="x"))
    assert len(events) == 1
    missing = {"my notes", "missing.txt", "sub/missing.py", "./missing", "~/missing"}
    assert events[0].rejection.partition(":")[0].removeprefix("There is no file ") in missing


async def test_a_command_needs_no_slash(tmp_path: Path) -> None:
    """As in direct messages, where it can hardly mean anything else."""
    _, events = await printed(tmp_path, b"usage\nusage of drugs\n/usage\n", Answer(text="x"))
    assert [event.command for event in events] == ["usage", "chat", "usage"]


async def test_a_folder_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder's name is said to be one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    _, events = await printed(tmp_path, b"read @./sub", Answer(text="x"))
    assert "is a folder" in events[0].rejection


@pytest.mark.parametrize(
    "said",
    [
        "@ada what do you think?",
        "ask @ada.lovelace",
        "mail ada@example.com or @ada@example.com",
        "what does @app.route do?",
        "install @types/node",
        "use `@missing.txt` here",
        "fix this:\\\n```\\\n @import.css\\\n```",
        "@ alone",
    ],
)
async def test_a_word_that_may_be_something_else_is_text(tmp_path: Path, said: str) -> None:
    """People, decorators, packages and code pass as they are."""
    _, events = await printed(tmp_path, said.encode(), Answer(text="x"))
    assert [event.rejection for event in events] == [""]
    assert events[0].attachments == ()


async def test_files_are_found_by_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what may follow a name, in quotes where it has spaces, each once; an ending is not needed."""
    monkeypatch.chdir(tmp_path)
    for name in ("notes.txt", "my notes", "README", "筆記.md"):
        (tmp_path / name).write_text("x")
    said = '@notes.txt, @"my notes" and @README. Again: @notes.txt，以及 @筆記.md的內容'
    _, events = await printed(tmp_path, said.encode(), Answer(text="x"))
    assert [file.name for file in events[0].attachments] == ["notes.txt", "my notes", "README", "筆記.md"]
    assert events[0].rejection == ""


async def test_there_is_no_channel_to_catch_up_with(tmp_path: Path) -> None:
    """The terminal says so, and where it works."""
    span = ChannelSpan(limit=9, until=datetime.now(UTC))
    with pytest.raises(UsageError, match="In the terminal nobody else writes"):
        await console(tmp_path, b"", 1).read_channel({}, span, on_progress=lambda _: None)
