import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from hypothesis import given
from hypothesis import strategies as st

from adapters.kit.reply_target import ReplyTargetFields, encrypt_secret
from bot.models import Actor, Event
from tests.support.core import RecordingCore


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(ReplyTargetFields):
    channel: str
    thread: str = ""
    member: str = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret(ReplyTargetFields):
    ENCRYPTED: ClassVar = "token"

    channel: str
    token: str = ""


@given(st.text(), st.text(), st.text())
def test_round_trip(channel: str, thread: str, member: str) -> None:
    """A target is read back as it was written, an empty field with another default included, and through JSON."""
    target = Target(channel=channel, thread=thread, member=member)
    assert Target.of(target.to_reply_to()) == target
    assert Target.of(json.loads(json.dumps(target.to_reply_to()))) == target


def test_empty_fields_are_left_out() -> None:
    assert Target(channel="C1", member="").to_reply_to() == {"channel": "C1"}


def test_other_versions_are_read() -> None:
    """Unknown names are ignored, and fields that an older version did not write are empty."""
    assert Target.of({"channel": "C1", "new": "x"}) == Target(channel="C1", member="")
    assert Target.of({}) == Target(channel="", member="")


async def test_a_secret_is_encrypted() -> None:
    """One field alone; one of an earlier version stays readable, and one whose key is gone is empty."""
    core = RecordingCore()
    target = Secret(channel="C1", token="of ada")
    event = Event(
        id="1",
        adapter="slack",
        conversation="c",
        actor=Actor(id="ada"),
        reply_to=target.to_reply_to(),
        received_at=datetime.now(UTC),
    )
    await encrypt_secret(core.sink, Secret, core)(event)
    written = core.events[0].reply_to
    assert written["channel"] == "C1"
    assert "of ada" not in written["token"]
    assert Secret.decrypt(written, core) == target
    assert Secret.decrypt(event.reply_to, core) == target
    core.has_keys = False
    assert Secret.decrypt(written, core) == Secret(channel="C1")
