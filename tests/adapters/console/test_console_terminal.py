import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.console.terminal import READY, Terminal
from tests.support.forked import command_line


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    terminal.until(READY)
    yield terminal
    terminal.close()


def test_chat_beside_a_slow_picture(terminal: Terminal) -> None:
    """A chat is answered while a picture is painted; Ctrl-C stops the picture and keeps the chat; Ctrl-D leaves."""
    terminal.type("/image a fox\r")
    terminal.until("50%")
    terminal.type("hello\r")
    answer = terminal.until("The end of hello.")
    assert "x = 1" in answer
    assert "**" not in answer
    terminal.type("\x03")
    terminal.until("It was stopped.")
    terminal.type("again\r")
    terminal.until("The end of again.")
    assert terminal.leaves() == 0
    assert "\x1b]0;" not in terminal.raw
    assert "\x1b[5m" not in terminal.raw


def test_an_answer_is_shown_as_it_is_written(terminal: Terminal) -> None:
    """A block is on the screen before the answer ends; below it the line that grows, and for how long."""
    terminal.type("slowly\r")
    told = terminal.until("The sec")
    assert re.search(r" \d+:\d\d .*The sec$", told)
    if "The first block." not in told:  # the two are drawn one after the other, in either order
        terminal.until("The first block.")


def test_second_interrupt_leaves(terminal: Terminal) -> None:
    """Ctrl-C with nothing running says how to leave; the second one leaves."""
    terminal.type("\x03")
    terminal.until("Ctrl-C again leaves.")
    terminal.type("\x03")
    assert terminal.ends() == 0


def test_interrupts_beside_a_running_answer_leave(terminal: Terminal) -> None:
    """Ctrl-C twice at once leaves, whatever is running, and leaves the terminal as it was."""
    terminal.type("/image a fox\r")
    terminal.until("50%")
    terminal.type("\x03\x03")
    assert terminal.ends() == 0
    assert terminal.raw.count("\x1b[?2004h") == terminal.raw.count("\x1b[?2004l")


def test_a_key_pressed_while_something_is_printed_counts(terminal: Terminal) -> None:
    """Ctrl-D leaves once what runs is answered, whenever it is pressed; what was typed before it is asked."""
    terminal.type("much\r")
    terminal.until("One of many.")
    terminal.type("hello\r")
    terminal.until("One of many.")
    terminal.type("\x04")
    terminal.until("The end of much.")
    terminal.until("The end of hello.")
    assert terminal.ends() == 0


def test_interrupt_clears_what_is_typed_first(terminal: Terminal) -> None:
    """Ctrl-C on a line begun only empties it."""
    terminal.type("never asked\x03")
    terminal.type("asked\r")
    assert "Answer to never" not in terminal.until("The end of asked.")


def test_leaving_waits_for_answers_until_interrupted(terminal: Terminal) -> None:
    """Ctrl-D waits for what is running, without a prompt; Ctrl-C then stops it, and that is the end."""
    terminal.type("/image a fox\r")
    terminal.until("50%")
    terminal.type("\x04")
    terminal.until("Leaving when")
    terminal.type("\x03")
    terminal.until("It was stopped.")
    assert terminal.ends() == 0


def test_button_is_pressed_by_its_number(terminal: Terminal) -> None:
    """An answer's buttons are numbered, and typing the number presses the button."""
    terminal.type("hello\r")
    terminal.until("#1 More · #2 Less")
    terminal.type("#2\r")
    terminal.until("Pressed less of hello.")


def test_lines_and_history(terminal: Terminal, tmp_path: Path) -> None:
    """Alt-Enter begins a new line of the same message, and the history is its owner's alone."""
    terminal.type("one\x1b\rtwo\r")
    terminal.until("The end of one")
    assert terminal.leaves() == 0
    history = tmp_path / "console.history"
    assert "+one\n+two\n" in history.read_text()
    assert history.stat().st_mode & 0o077 == 0


def test_a_line_that_names_a_missing_file_stays(terminal: Terminal, tmp_path: Path) -> None:
    """A line that names a missing file stays at the prompt, with a sentence, to be corrected."""
    (tmp_path / "there.txt").write_text("x")
    terminal.type(f"read @{tmp_path}/ther.txt\r")
    terminal.until("There is no file")
    terminal.type("\x1b[D" * 4 + "e\r")
    assert terminal.until("The end of read").count("Answer") == 1
    terminal.until("there.txt")


def test_the_only_completion_is_taken_by_one_tab(terminal: Terminal) -> None:
    """Tab takes what alone is offered, and Enter then sends the line."""
    terminal.type("/image a fox --style an")
    terminal.until("Style.")
    terminal.type("\t\r")
    terminal.until("50%")


def test_a_number_without_a_button_is_no_question(terminal: Terminal) -> None:
    """It is answered with one sentence."""
    terminal.type("#999\r")
    terminal.until("There is no button #999 here")


def test_a_redirected_log_stays_off_the_terminal(tmp_path: Path) -> None:
    """With standard error in a file, nothing of it is printed between the answers."""
    terminal = Terminal(tmp_path, stderr=tmp_path / "log")
    try:
        terminal.until(READY)
        terminal.type("hello\r")
        terminal.until("The end of hello.")
        assert terminal.leaves() == 0
        assert "a line for the log" not in terminal.raw
        assert "a line for the log" in (tmp_path / "log").read_text()
    finally:
        terminal.close()


def test_a_conversation_that_goes_on_shows_where_it_was(tmp_path: Path) -> None:
    """The last questions and answers stand above the prompt."""
    command = ("--conversation", "bees")
    done = command_line.bot(*command, environment=os.environ, folder=tmp_path, text="my name is Ada\n")
    assert done.returncode == 0
    terminal = Terminal(tmp_path, *command)
    try:
        terminal.until("The end of this conversation")
        terminal.until("my name is Ada")
        terminal.until("Nice to meet you, Ada.")
        terminal.until(READY)
        assert terminal.leaves() == 0
    finally:
        terminal.close()


def test_a_file_is_verified_at_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file that a message names, `/verify` says whether it was made here, and from what."""
    monkeypatch.setenv("BOT_CONTENT_CREDENTIALS", "true")
    terminal = Terminal(tmp_path, "--conversation", "test")
    terminal.until(READY)
    terminal.type("/image a fox --size 512x512\r")
    terminal.until("image/png")
    [picture] = tmp_path.rglob("*.png")
    terminal.type(f"/verify @{picture}\r")
    terminal.until("made here on 20")
    terminal.until("a fox")
    assert terminal.leaves() == 0
    terminal.close()


def test_a_film_at_the_terminal(tmp_path: Path) -> None:
    """A plan, the film that a button makes of it, and what commands change: a take, the music; each below the other."""
    terminal = Terminal(tmp_path, "--conversation", "test")
    terminal.until(READY)
    terminal.type("/film a fox --duration 4 --shots 4 --resolution 640x360\r")
    assert "Nothing is made until" in terminal.until("#4 Cancel")
    terminal.type("#1\r")
    terminal.until("picture ✓ · clip ✓")
    terminal.until("video/mp4")
    for change, said in (("--again 1", "making this shot again"), ('--music "a drum"', "music")):
        terminal.type(f"/shots {change}\r")
        terminal.until(said)
        terminal.until("video/mp4")
    assert terminal.leaves() == 0
    terminal.close()
