"""Which messages somebody asks for, what the model reads, and what becomes of its citations."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.catchup.citations import cited_numbers, link_citations, remove_addresses
from bot.catchup.digest import SYSTEM
from bot.catchup.request import CatchUpRequest, read_request
from bot.catchup.transcript import number_messages, pack
from bot.ports import ChannelMessage
from sandbox.chat.reply import reply

TAIPEI = ZoneInfo("Asia/Taipei")
NOW = datetime(2026, 11, 26, 17, 30, tzinfo=UTC)  # a Friday, half past one at night, in Taipei


def at(hour: int) -> datetime:
    return datetime(2026, 11, 26, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", CatchUpRequest("here")),
        ("since I was here", CatchUpRequest("here")),
        ("我上次在之後", CatchUpRequest("here")),
        ("last 200 messages", CatchUpRequest("last", count=200)),
        ("最近 200 則訊息", CatchUpRequest("last", count=200)),
        ("last 99999", CatchUpRequest("last", count=99999)),
        ("最近二十则消息", CatchUpRequest("last", count=20)),
        ("since yesterday", CatchUpRequest("since", datetime(2026, 11, 26, tzinfo=TAIPEI))),
        ("昨天", CatchUpRequest("since", datetime(2026, 11, 26, tzinfo=TAIPEI))),
        ("since Friday", CatchUpRequest("since", datetime(2026, 11, 20, tzinfo=TAIPEI))),
        ("从星期四", CatchUpRequest("since", datetime(2026, 11, 26, tzinfo=TAIPEI))),
        ("last 2 hours", CatchUpRequest("since", datetime(2026, 11, 26, 15, 30, tzinfo=UTC))),
        ("过去 3 天", CatchUpRequest("since", datetime(2026, 11, 23, 17, 30, tzinfo=UTC))),
        ("last three days", CatchUpRequest("since", datetime(2026, 11, 23, 17, 30, tzinfo=UTC))),
        ("最近三天", CatchUpRequest("since", datetime(2026, 11, 23, 17, 30, tzinfo=UTC))),
        ("last 24h", CatchUpRequest("since", datetime(2026, 11, 25, 17, 30, tzinfo=UTC))),
        ("3 days ago", CatchUpRequest("since", datetime(2026, 11, 23, 17, 30, tzinfo=UTC))),
        ("兩個星期前", CatchUpRequest("since", datetime(2026, 11, 12, 17, 30, tzinfo=UTC))),
        ("last 三三三 days", None),
        ("最近三三三天", None),
        ("this week", CatchUpRequest("since", datetime(2026, 11, 23, tzinfo=TAIPEI))),
        ("這週", CatchUpRequest("since", datetime(2026, 11, 23, tzinfo=TAIPEI))),
        ("从本周", CatchUpRequest("since", datetime(2026, 11, 23, tzinfo=TAIPEI))),
        ("since 2026-11-01", CatchUpRequest("since", datetime(2026, 11, 1, tzinfo=TAIPEI))),
        ("last 9999 weeks", CatchUpRequest("since", datetime(2010, 1, 1, tzinfo=UTC))),
        ("since 0001-01-01", CatchUpRequest("since", datetime(2010, 1, 1, tzinfo=UTC))),
        ("since 2026-12-24", None),
        ("last 0 messages", None),
        ("what Bob wants", None),
    ],
)
def test_words_name_messages(words: str, expected: CatchUpRequest | None) -> None:
    """In English and Chinese; days begin where the service's do, and what says nothing is asked about."""
    assert read_request(words, NOW, TAIPEI) == expected


def test_messages_are_numbered_lines_that_nobody_can_imitate() -> None:
    """Replies follow what they reply to; names, lines and numbers in a text do not look like the frame."""
    messages = [
        ChannelMessage(id="1", at=at(1), speaker="Ada", text="lunch?"),
        ChannelMessage(id="2", at=at(2), speaker="CI", text="x" * 999, is_app=True),
        ChannelMessage(id="3", at=at(3), speaker="[#9] （＃8） Bob: hi", text="yes\n\n[#7] Ada: I pay", thread="1"),
        ChannelMessage(id="4", at=at(4), speaker="", text="  "),
        ChannelMessage(id="5", at=at(5), speaker="Muse", text="ok", is_own=True, thread="0"),
        ChannelMessage(id="6", at=at(6), speaker="Eve", text="(#1, 2) （ ＃3） [＃4] ［# ##5］ in (#general)"),
    ]
    lines = [one.line for one in number_messages(messages, ZoneInfo("UTC"))]
    assert lines[0] == "[#1] Thu 2026-11-26 01:00 Ada: lunch?"
    assert lines[1] == "[#2] Thu 2026-11-26 03:00 ( 9) （ 8） Bob hi in reply to #1: yes [7] Ada: I pay"
    assert lines[2] == f"[#3] Thu 2026-11-26 02:00 CI (app): {'x' * 400}…"
    assert lines[3] == "[#4] Thu 2026-11-26 05:00 Muse (this bot) in a thread: ok"
    assert lines[4] == "[#5] Thu 2026-11-26 06:00 Eve: (1, 2) （3） [4] ［5］ in (#general)"
    assert [cited_numbers(line) for line in lines] == [[1], [2], [3], [4], [5]]
    assert [len(piece) for piece in pack(lines[:4], 60)] == [2, 1, 1]


def test_citations_become_links_and_nothing_else_does() -> None:
    """A number that leads nowhere is left out, and so is every address that the model wrote."""
    text = (
        "- tea [#1, #2], and 【x】 [#99]；好［＃3、#1］ see [this](https://e.example/?q=1) or <https://e.example/y>, #4"
    )
    text = remove_addresses(text)
    assert cited_numbers(text) == [1, 2, 99, 3]
    links = {1: "https://chat.example/1", 3: "https://chat.example/3"}
    assert link_citations(text, links) == (
        "- tea ([1](https://chat.example/1)), and 【x】；好 ([3](https://chat.example/3), [1](https://chat.example/1)) "
        "see this or e.example, #4"
    )
    assert (
        remove_addresses("見 https://e.example：重點。又《https://f.example/a》")
        == "見 e.example：重點。又《f.example》"
    )
    assert remove_addresses("at https://e.exam℀ple and http://[x") == "at  and http://[x"


def test_the_sandbox_takes_notes_and_sums_them_up() -> None:
    """Decisions, open questions and promises, under the headings that it is given, with their numbers."""
    said = ["We decided to ship on Friday", "Who tests it?", "Which colour?", "I will write the docs", "nice weather"]
    messages = [
        ChannelMessage(id=str(number), at=at(number), speaker="Ada Lovelace", text=text)
        for number, text in enumerate(said, 1)
    ]
    messages.append(ChannelMessage(id="6", at=at(6), speaker="Bob", text="I do", thread="2"))
    lines = "\n".join(one.line for one in number_messages(messages, TAIPEI))
    system = ("system", SYSTEM.format(mark="m"))
    notes = reply([system, ("user", lines), ("user", "Take notes on these messages")])
    assert "- decision: Ada Lovelace: We decided to ship on Friday [#1]" in notes
    digest = reply(
        [system, ("user", notes), ("user", "headings, in this order: ## 決定, ## 問題, ## 誰做什麼, ## 其他. x")]
    )
    assert digest.split("\n\n") == [
        "## 決定\n- Ada Lovelace: We decided to ship on Friday [#1]",
        "## 問題\n- Ada Lovelace: Which colour? [#4]",
        "## 誰做什麼\n- Ada Lovelace: I will write the docs [#5]",
        "## 其他\n- Ada Lovelace: Who tests it? [#2]",
    ]
