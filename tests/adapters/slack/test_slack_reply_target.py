"""`Event.reply_to` of Slack's events, also of those that an earlier version recorded."""

from adapters.slack.reply_target import ReplyTarget


def test_a_target_is_read_as_it_was_written() -> None:
    """Every field survives, and unknown ones of a newer version are ignored."""
    target = ReplyTarget(conversation="c", team="T1", channel="C1", user="U1", thread="1.2", requested_at="5")
    assert ReplyTarget.of({**target.to_reply_to(), "invented": "later"}) == target
    assert target.owner == "T1"


def test_a_target_of_an_earlier_version() -> None:
    """The time of a request was recorded under another name."""
    written = {
        "conversation": "c",
        "team": "T1",
        "channel": "C1",
        "user": "U1",
        "asked": "5",
        "response_url": "https://x",
    }
    target = ReplyTarget.of(written)
    assert (target.requested_at, target.can_respond) == ("5", False)
