import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from adapters.console import format as fmt
from adapters.console.parse import MessageAssembler, Person, event
from adapters.console.preview import detect_method, preview
from adapters.console.render import Renderer, finished_length
from bot.models import Action, Answer, Media
from tests.contract.adapter_contract import COMMANDS
from tests.support.hostile.work import is_linear

#: what Rich itself writes: colours, and links whose address has no control characters
OURS = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;[^;\x00-\x1f]*;[^\x00-\x1f\x7f-\x9f]*\x1b\\")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
HOSTILE = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(
            ["\x1b]0;evil\x07", "\x1b[2J", "\x9b5m", "\x1bP", "&#27;[31m", "[x](http://a\x1b]8)", "`\x07`", "\n```\n"]
        ),
    ),
    max_size=12,
).map("".join)


@settings(deadline=None)
@given(HOSTILE)
def test_model_output_can_not_steer_the_terminal(text: str) -> None:
    """Nothing that a terminal would obey survives, in plain lines and in drawn Markdown."""
    media = Media(name=text, content_type=text, size=1, path=Path("/tmp") / text.replace("\0", ""))
    answer = Answer(text=text, media=(media,), actions=(Action(name="a", label=text, command="x", prompt=text),))
    assert not CONTROL.search(fmt.format_answer(text, answer, ""))
    renderer = Renderer("", color_system="truecolor")
    for drawn in (renderer.markdown(text, 60), renderer.question(text, 60), renderer.media(media, 60)):
        assert not CONTROL.search(OURS.sub("", drawn))


@pytest.mark.parametrize("label", ["Visit bank.com now", "(bank.com)", "ban\u200bk.com", "https://bank.com"])
def test_links_that_pretend_show_where_they_lead(label: str) -> None:
    """In drawn Markdown a label that looks like another address has the link's own beside it; others stay short."""
    renderer = Renderer("")
    assert "(https://evil.example/x)" in OURS.sub("", renderer.markdown(f"[{label}](https://evil.example/x)", 200))
    assert "evil.example" not in OURS.sub("", renderer.markdown("[the page](https://evil.example/x)", 200))


@settings(deadline=None)
@given(st.text(st.sampled_from("ab `~\n-#")))
def test_finished_blocks_never_change(text: str) -> None:
    """A finished block stays finished, whatever is written after it."""
    ends = [finished_length(text[:at]) for at in range(len(text) + 1)]
    assert ends == sorted(ends)


@pytest.mark.parametrize("unit", ["*a **a ", "|a\n|-\n", "~"])
def test_work_grows_no_faster_than_the_text(unit: str) -> None:
    """Twice the text is about twice the work, for any kind of unclosed construct."""
    renderer = Renderer("")
    assert is_linear(lambda text: renderer.markdown(text, 80), unit)


def test_blocks_are_finished_one_by_one() -> None:
    """A paragraph is finished when the next block begins, a fence with its last line."""
    assert finished_length("One\nparagraph") == 0
    assert finished_length("One\n\n") == 0
    assert finished_length("One\n\nT") == len("One\n\n")
    assert finished_length("- a\n\n  more of a") == 0
    assert finished_length("```py\na\n\nb\n") == 0
    assert finished_length("```py\na\n\nb\n```\n") == len("```py\na\n\nb\n```\n")


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (2200, "2.2 kB"), (312_000, "312 kB"), (999_600, "1.0 MB")]
)
def test_a_size_is_short_and_has_its_unit(count: int, text: str) -> None:
    """A size is short and has its unit."""
    assert fmt.format_size(count) == text


def test_lines_become_messages() -> None:
    """A backslash continues a line, a block between quotation marks is one message, blank lines are none."""
    messages = MessageAssembler()
    lines = ["one", "", "two\\", "three", '"""', "a", "", "b", '"""', "last\\"]
    assert [m for line in lines for m in messages.feed(line)] == ["one", "two\nthree", "a\n\nb"]
    assert list(messages.end()) == ["last"]


def test_files_are_attached(tmp_path: Path) -> None:
    """`@path` attaches a file that is there, with or without punctuation after it; other words with @ are words."""
    file = tmp_path / "my notes.txt"
    file.write_text("hello")
    other = tmp_path / "a.png"
    other.write_bytes(b"12")
    made = event(f'@"{file}" and @{other}, @nobody a@{other}', COMMANDS, conversation="c", person=Person("Ann"))
    assert [(a.name, a.content_type, a.size) for a in made.attachments] == [
        ("my notes.txt", "text/plain", 5),
        ("a.png", "image/png", 2),
    ]


def test_code_is_highlighted() -> None:
    """A keyword has a colour that a name has not, in the language of the fence alone."""
    drawn = Renderer("", color_system="truecolor").markdown(
        "```python\nimport fox\n```\n\n```text\nimport fox\n```", 40
    )
    python, text = (line for line in drawn.splitlines() if "fox" in line)
    assert re.search(r"\x1b\[[0-9;]+mimport\x1b\[0m", python)
    assert not re.search(r"\x1b\[[0-9;]+mimport\x1b\[0m", text)


def test_files_can_be_clicked(tmp_path: Path) -> None:
    """The line of a file is a link to it, also where its path has to be quoted; that of a link leads to the link."""
    file = tmp_path / "my fox; 1.png"
    shown = Media(name="fox.png", content_type="image/png", size=1, path=file)
    linked = Media(name="film.mp4", content_type="video/mp4", size=1, path=file, url="https://muse.example/film.mp4")
    renderer = Renderer("", color_system="truecolor")
    links = [re.findall(r"\x1b\]8;[^;]*;([^\x1b]+)", renderer.media(media, 200)) for media in (shown, linked)]
    assert links == [[file.as_uri().replace(";", "%3B")], ["https://muse.example/film.mp4"]]


@pytest.mark.parametrize(
    ("environment", "locale"),
    [
        ({"LANG": "zh_TW.UTF-8"}, "zh-TW"),
        ({"LC_ALL": "en_GB", "LANG": "zh_TW"}, "en-GB"),
        ({"LANG": "C.UTF-8"}, ""),
        ({}, ""),
    ],
)
def test_language_of_the_terminal(environment: dict[str, str], locale: str) -> None:
    """The person's language is the environment's."""
    assert Person.from_environment(environment).locale == locale


@pytest.mark.parametrize(
    ("environment", "how"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "iterm"),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/x"}, "off"),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "iTerm.app"}, "blocks"),
        ({"TERM": "dumb"}, "off"),
    ],
)
def test_means_of_preview(environment: dict[str, str], how: str) -> None:
    """A terminal is sent only what it can show."""
    assert detect_method(environment) == how


def test_only_a_picture_has_a_preview(tmp_path: Path) -> None:
    """A picture is small in every form; what is no picture has no preview."""
    path = tmp_path / "a.png"
    Image.new("RGB", (2048, 2048), "red").save(path)
    assert preview(path, "kitty").startswith("\x1b_Ga=T,f=100")
    assert preview(path, "iterm").startswith("\x1b]1337;File=inline=1")
    assert preview(path, "blocks").count("\n") == 16
    assert preview(path, "off") == ""
    path.write_text("no picture")
    assert preview(path, "blocks") == ""


def test_times_and_people_are_shown_by_their_labels() -> None:
    """A terminal shows neither; its person's time zone is the machine's, or what the environment says."""
    assert (
        fmt.clean("due at [2026-11-27 09:00](time:1795770000), by [@Ann](person:U1)")
        == "due at 2026-11-27 09:00, by @Ann"
    )
    assert fmt.clean("[a page](https://example.com)") == "[a page](https://example.com)"
    assert Person.from_environment({"TZ": ":Asia/Taipei"}).time_zone == "Asia/Taipei"
