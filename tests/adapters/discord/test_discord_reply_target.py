"""The reply target as events record it."""

from dataclasses import replace

from adapters.discord.reply_target import ReplyTarget
from simulators.discord.values import OTHER


def test_reply_target_is_read_back() -> None:
    """A reply target is read as this version, a later one or an earlier one recorded it."""
    target = ReplyTarget(conversation="c1", channel=OTHER, user="2", message="3", thread_name="hello", spoiler="1")
    assert ReplyTarget.of({**target.to_reply_to(), "of a later version": "x"}) == target
    recorded = {"conversation": "c1", "channel": OTHER, "user": "2", "message": "3", "opens": "hello", "hidden": "1"}
    assert ReplyTarget.of({**recorded, "member": "1"}) == target
    assert ReplyTarget.of({**recorded, "limit": "17"}) == replace(target, can_post="", upload_limit="17")
