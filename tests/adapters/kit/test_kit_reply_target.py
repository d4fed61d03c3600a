import json
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from adapters.kit.reply_target import ReplyTargetFields


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(ReplyTargetFields):
    channel: str
    thread: str = ""
    member: str = "1"


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
