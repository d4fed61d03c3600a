"""Recorded incidents, each played again with the current code: what people see must be what they saw."""

import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.media.content import sniff
from bot.media.probe import read_header
from bot.subcommands.replay import CannotReplay, compare_messages, refuse_hidden_choice
from simulators.replay.recording import from_json
from simulators.replay.stand_ins import FileFacts, answer_file
from tests.support.service import quiet_logs

pytestmark = pytest.mark.usefixtures(quiet_logs.__name__)

FOLDER = Path(__file__).parent


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
def test_an_incident_ends_in_the_same_visible_answer(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Under the faults that happened; `python -m bot record export` wrote the file."""
    status = main(["replay", str(file)])
    assert (status, capsys.readouterr().out) == (0, "The same answer comes out.\n")


def test_a_file_chooses_no_other_setting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of somebody else names no database, address or page to use; a difference is told in words, status 1."""
    recorded = json.loads((FOLDER / "slack_lost_reply.json").read_text())
    sent = [step for step in recorded["steps"] if step["kind"] == "platform call"]
    changed = [
        step if step not in sent else json.loads(json.dumps(step).replace("xxxx", "yyyy")) for step in recorded["steps"]
    ]
    assert changed != recorded["steps"]
    event = recorded["payload"]["event"]
    mention = event.pop("blocks") and event["text"].partition(" ")[0]
    event["text"] = f"{mention} summarise https://127.0.0.1/page"  # where it is read, an answer says that it can't be
    file = tmp_path / "other.json"
    foreign = {"BOT_DATABASE_URL": "mysql://elsewhere", "AIMODELS_BASE_URL": "no address"}  # a start would fail
    foreign["BOT_LINKS"] = "on"
    settings = {**recorded["settings"], **foreign}
    file.write_text(json.dumps({**recorded, "texts": True, "steps": changed, "settings": settings}))
    assert main(["replay", str(file)]) == 1
    out = capsys.readouterr().out
    assert out.startswith('Message 1 differs at content.text: it was "X yyyyx ')
    assert "127.0.0.1" not in out


@pytest.mark.parametrize(
    "kind", ["image/png", "audio/wav", "audio/mpeg", "audio/flac", "audio/ogg", "audio/mp4", "video/mp4"]
)
def test_a_file_stands_in_with_the_size_and_length_of_another(kind: str) -> None:
    """A caption names them."""
    size = (0, 0) if kind.startswith("audio/") else (1280, 720)
    seconds = 0.0 if kind == "image/png" else 12.5
    made, content = answer_file("", FileFacts(kind, *size, seconds))
    found = read_header(io.BytesIO(content), made)
    assert (made, sniff(content[:64])) == (kind, kind)
    assert (found.width or 0, found.height or 0, round(found.duration or 0, 1)) == (*size, seconds)


def test_a_difference_is_shown_where_it_is() -> None:
    """Not the equal beginnings of two messages."""
    before = {"text": "x" * 500, "blocks": [{"elements": [{"label": "Again"}]}]}
    [said] = compare_messages([before], [{**before, "blocks": [{"elements": [{"label": "Stop"}, {"label": "Again"}]}]}])
    assert said == 'Message 1 differs at blocks[0].elements[0].label: it was "Again", and is now "Stop"'
    [said] = compare_messages([before], [{**before, "text": "x" * 499 + "y"}])
    assert said.endswith('xxx", and is now …' + "x" * 53 + 'y"')


def test_hidden_words_that_chose_a_command_are_no_difference() -> None:
    """The file is refused; where texts are kept, or a command was typed, another one is a difference."""
    recorded = from_json(json.loads((FOLDER / "slack_lost_reply.json").read_text()))
    typed = from_json(json.loads((FOLDER / "slack_sound.json").read_text()))
    with pytest.raises(CannotReplay, match="The words that chose the command catchup are not recorded"):
        refuse_hidden_choice(replace(recorded, command="catchup"), recorded, "message")
    refuse_hidden_choice(replace(recorded, command="catchup", has_texts=True), recorded, "message")
    refuse_hidden_choice(typed, recorded, "command")


def test_what_cannot_be_replayed_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No recording, a damaged one, one of another version or platform, a button without its message: status 2."""
    recorded = json.loads((FOLDER / "slack_lost_reply.json").read_text())
    call = next(step for step in recorded["steps"] if step["kind"] == "api call")
    odd: list[tuple[str, object]] = [("stream", {}), ("stream", 5), ("answered", "soon"), ("headers", [1])]
    for given, reason in (
        ({}, "is no recording"),
        ({**recorded, "version": 99}, "has version 99"),
        ({**recorded, "platform": "elsewhere"}, "no simulator of the platform"),
        ({**recorded, "payload": None}, "not recorded"),
        ({**recorded, "payload": {"type": "block_actions"}}, "or with a button of a message"),
        ({**recorded, "payload": {"type": "shortcut"}}, "began with something that can't be sent again"),
        ({**recorded, "payload": {"type": "message_action"}}, "is damaged"),
        ({**recorded, "steps": [{"kind": "platform call", "at": 1}]}, "is damaged"),
        ({**recorded, "payload": {"event": {"text": "hello"}}}, "is damaged"),
        *(
            ({**recorded, "steps": [{**call, name: value}]}, "is damaged")
            for name, value in (*odd, ("headers", {"a": 1}))
        ),
        ({**recorded, "settings": {"BOT_CHAT_MODELS": "a\0b"}}, "is damaged"),
        ("[" * 200_000, "can't be read"),
        ("{", "can't be read"),
        ("[1]", "is no recording"),
    ):
        file = tmp_path / "one.json"
        file.write_text(given if isinstance(given, str) else json.dumps(given))
        assert main(["replay", str(file)]) == 2
        error = capsys.readouterr().err
        assert reason in error
        assert error.count("\n") == 1


def test_without_the_simulators_a_replay_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in the container: one sentence, status 2."""
    monkeypatch.setitem(sys.modules, "simulators", None)
    monkeypatch.delitem(sys.modules, "bot.subcommands.replay", raising=False)
    assert main(["replay", str(tmp_path / "one.json")]) == 2
    assert "simulators is missing" in capsys.readouterr().err
