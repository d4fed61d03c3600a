import asyncio
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.slack.outbound.layout import MAX_SIZE, layout_answer, render_fallback, split_parts
from adapters.slack.ui.blocks import estimate_size, render_blocks
from adapters.slack.ui.stream_markdown import neutralize, stable_prefix
from bot.models import Answer
from simulators.slack.blocks.blocks import validate
from simulators.slack.messages import words as visible_text
from simulators.slack.values import Json
from tests.contract.adapter_contract import long_markdown, words
from tests.support.hostile.work import count_calls, is_linear

HOSTILE = st.lists(
    st.sampled_from(
        [
            *"<>&@!#|*_~`[]() \n-1.:；中",
            *("<!channel>", "<!here|x>", "<!everyone>", "<!subteam^S0ABC>", "<@U0ADA12345>", "<#C0GENERAL>"),
            *("<http://evil.example|https://good.example>", "[https://good.example](http://evil.example)"),
            *("@channel", "@here", "https://a.example", "```\n", "| a | b |\n|---|---|\n", "# ", "> ", "- ", "word "),
        ]
    ),
    max_size=40,
).map("".join)


def elements(value: Any) -> list[Json]:
    """Every object in blocks."""
    if isinstance(value, list):
        return [found for part in value for found in elements(part)]
    if isinstance(value, dict):
        return [value, *(found for part in value.values() for found in elements(part))]
    return []


def only(markdown: str) -> list[Json]:
    """The elements of a text that is one rich_text block."""
    (block,) = render_blocks(markdown)
    assert block["type"] == "rich_text"
    found: list[Json] = block["elements"]
    return found


def section(*parts: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(parts)}


def text_run(text: str, **style: bool) -> Json:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


def test_styles_and_links() -> None:
    """Marks become styles, also within each other; a link leads where it says."""
    assert only("a **b _c_** ~~d~~ `e` [f](https://g.h) https://i.j") == [
        section(
            text_run("a "),
            text_run("b ", bold=True),
            text_run("c", bold=True, italic=True),
            text_run(" "),
            text_run("d", strike=True),
            text_run(" "),
            text_run("e", code=True),
            text_run(" "),
            {"type": "link", "url": "https://g.h", "text": "f"},
            text_run(" "),
            {"type": "link", "url": "https://i.j", "text": "https://i.j"},
        )
    ]


def test_cjk_next_to_marks() -> None:
    """Chinese needs no spaces around bold, and none are put in."""
    assert only("前文**中文：**後文") == [section(text_run("前文"), text_run("中文：", bold=True), text_run("後文"))]


def test_nested_lists() -> None:
    """Nested lists are indented; numbers continue after other blocks, code among them with its language."""
    found = only("3. a\n   - b\n     - c\n4. d\n   ```python\n   x = 1\n   ```\n5. e")
    lists = [e for e in found if e["type"] == "rich_text_list"]
    assert [(e["style"], e["indent"], e.get("offset"), visible_text([e])) for e in lists] == [
        ("ordered", 0, 2, "a"),
        ("bullet", 1, None, "b"),
        ("bullet", 2, None, "c"),
        ("ordered", 0, 3, "d"),
        ("ordered", 0, 4, "e"),
    ]
    (code,) = (e for e in found if e["type"] == "rich_text_preformatted")
    assert (code["language"], code["elements"]) == ("python", [text_run("x = 1")])


def test_tasks_and_quotes() -> None:
    """Tasks show their boxes; a quotation has a border whatever is in it."""
    assert visible_text(render_blocks("- [x] done\n- [ ] open")).split("\n") == ["☑ done", "☐ open"]
    found = only("> said\n>\n> more\n>\n> - item\n>\n> ```\n> code\n> ```")
    assert found[0] == {"type": "rich_text_quote", "elements": [text_run("said\n\nmore")]}
    assert [(e["type"], e["border"]) for e in found[1:]] == [("rich_text_list", 1), ("rich_text_preformatted", 1)]


def test_headings_are_headers_or_bold() -> None:
    """Headings of the first levels are headers; low or long ones are bold."""
    found = render_blocks(f"# Title :tada:\n\n### Small\n\n# {'long ' * 40}\n\n## [a](https://b.c)")
    assert found[0] == {"type": "header", "text": {"type": "plain_text", "text": "Title :tada:", "emoji": True}}
    assert [b["type"] for b in found] == ["header", "rich_text"]
    assert all(
        e["style"]["bold"] for e in elements(found[1]) if e.get("type") in {"text", "link"} and e["text"].strip()
    )


def test_first_table_is_a_table() -> None:
    """Slack accepts one table in a message; further ones are code blocks, wide characters counted as two."""
    table = "| 名稱 | n |\n|:--|--:|\n| 狐 | [1](https://a.b) |\n| | 22 |\n"
    native, text = render_blocks(f"{table}\n{table}")
    assert native["column_settings"] == [
        {"align": "left", "is_wrapped": True},
        {"align": "right", "is_wrapped": True},
    ]
    assert visible_text(native["rows"]).split("\n") == ["名稱", "n", "狐", "1", " ", "22"]
    assert visible_text([text]).split("\n") == ["名稱 |  n", "-----+---", "狐   |  1", "     | 22"]
    _, further, last = render_blocks(f"{table}\n{table}\nend", has_data_tables=True)
    assert (further["type"], further["caption"], further["page_size"]) == ("data_table", "名稱 · n", 2)
    assert further["rows"][0] == [{"type": "raw_text", "text": "名稱"}, {"type": "raw_text", "text": "n"}]
    assert visible_text([*further["rows"][1:], last]).split("\n") == ["狐", "1", " ", "22", "end"]


@pytest.mark.parametrize(("rows", "columns"), [(100, 3), (2, 21), (60, 12)])
def test_tables_beyond_the_limits_are_text(rows: int, columns: int) -> None:
    """A table with more rows, columns or text than Slack accepts is not lost."""
    cells = [
        [f"word{row * columns + column}" * (3 if rows == 60 else 1) for column in range(columns)] for row in range(rows)
    ]
    lines = ["|".join(row) for row in cells]
    found = render_blocks("\n".join([lines[0], "|".join(["---"] * columns), *lines[1:], lines[0]]))
    assert "table" not in {block["type"] for block in found}
    assert len(words(visible_text(found))) >= rows * columns


def test_names_of_emoji_are_emoji_except_in_code() -> None:
    """Names of emoji are emoji, except in code; times are none."""
    assert [e for e in elements(render_blocks("go :rocket: `:no:` 10:30:45")) if e.get("type") == "emoji"] == [
        {"type": "emoji", "name": "rocket"}
    ]


@pytest.mark.parametrize(
    ("markdown", "leads"),
    [
        ("[https://good.example](https://evil.example/x)", True),
        ("[good.example](https://evil.example)", True),
        ("[www.good.example](https://good.example/x)", False),
        ("[sub](https://evil.example)", False),
        ("[good.example](https://sub.good.example)", False),
        ("[README.md](https://good.example/README.md)", False),
        ("[10.0.0.1](https://evil.example)", True),
        ("[good.example](https://good.example.evil.example)", True),
    ],
)
def test_links_that_pretend_show_where_they_lead(markdown: str, leads: bool) -> None:
    """A link that shows another address than it leads to is followed by the one it leads to."""
    links = [e for e in elements(render_blocks(markdown)) if e.get("type") == "link"]
    assert [("text" not in link) for link in links] == [leads]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "slack://open", "file:///etc", "./a.md", "data:text/html,x"])
def test_only_web_and_mail_are_links(url: str) -> None:
    """Addresses that are not http or https are text."""
    assert not [e for e in elements(render_blocks(f"[x]({url})")) if e.get("type") == "link"]


def test_people_mentioned_on_purpose() -> None:
    """A text notifies only the people who are named on purpose."""
    found = elements(render_blocks("<@U0ADA> asked, <@U0BOB>", mentions=("U0ADA",)))
    assert [e["user_id"] for e in found if e.get("type") == "user"] == ["U0ADA"]


@settings(deadline=None)
@given(st.one_of(HOSTILE, st.text(max_size=200)))
@example("<!channel> <@U0ADA12345> @channel")
@example("| <!here> |\n|---|\n| <!channel> |")
@example("`<!channel>`\n```\n<!channel>\n```\n# <!channel>\n> <!channel>")
def test_nothing_calls_anybody(markdown: str) -> None:
    """For any text of a model: Slack accepts the blocks, nobody is notified, no link hides its address."""
    for is_plain in (False, True):
        found = render_blocks(markdown, is_plain=is_plain)
        if found:
            validate(found, surface="message")
        kinds = {e.get("type") for e in elements(found)}
        assert not kinds & {"user", "usergroup", "broadcast", "channel", "mrkdwn", "markdown", "image", "video"}
        for link in (e for e in elements(found) if e.get("type") == "link"):
            assert re.match(r"https?://|mailto:", link["url"])
            host = re.search(r"good\.example", link.get("text", ""))
            assert not host or "good.example" in link["url"]
    assert not re.search(r"<(?!/)", render_fallback(markdown))


@settings(deadline=None)
@given(st.one_of(HOSTILE, st.text(max_size=200)))
def test_streams_notify_nobody(markdown: str) -> None:
    """Streamed text contains no mention, command or Slack link, and looks the same."""
    streamed = neutralize(markdown)
    assert not re.search(r"<[@#!]|<https?:|@(channel|here|everyone)\b|\]\(\s*<?https?:", streamed, re.IGNORECASE)
    assert streamed.replace("\u2060", "") == markdown.replace("\u2060", "")


@settings(deadline=None)
@given(HOSTILE, st.integers(0, 40))
def test_previews_only_grow(markdown: str, at: int) -> None:
    """The streamed beginning of a text is the beginning of the whole streamed text."""
    assert neutralize(markdown).startswith(neutralize(stable_prefix(markdown[:at])))


@pytest.mark.parametrize("size", [40_000, 9_000])
def test_long_texts_are_messages_that_slack_takes(size: int) -> None:
    """Every piece is within Slack's limits, and the pieces are the whole in order."""
    text = long_markdown(size)
    found = split_parts(text)
    assert words("\n".join(visible_text(piece.blocks) for piece in found)) == words(text)
    assert all(estimate_size(piece.blocks) <= MAX_SIZE and validate(piece.blocks, surface="message") for piece in found)
    assert len(found) <= size / 4_000


@pytest.mark.parametrize(
    "text",
    [
        "# t\n\n" * 1_500,
        "---\n\n" * 1_500,
        "x" * 30_000,
        "中" * 30_000,
        "|a|b|\n|-|-|\n|c|d|\n\n" * 500,
        "**a** `b`\n" * 1_000,
    ],
    ids=["headings", "rules", "letters", "Chinese", "tables", "styles"],
)
def test_any_text_is_messages_that_slack_takes(text: str) -> None:
    """Many small blocks, or one that never ends, are within the limits, too."""
    found = split_parts(text)
    assert len(found) > 1
    assert all(estimate_size(piece.blocks) <= MAX_SIZE and validate(piece.blocks, surface="message") for piece in found)


@pytest.mark.parametrize("unit", ["*a **a ", "a``", "|\n|-|\n9", "~", "<@U1> "])
def test_work_grows_no_faster_than_the_text(unit: str) -> None:
    """Twice the text is about twice the work, for any kind of unclosed construct."""
    assert is_linear(render_blocks, unit)


def test_an_answer_that_comes_as_a_file_is_not_rendered_whole() -> None:
    """Of a text of a megabyte only the messages that are shown are made."""

    def work(size: int) -> int:
        answer = Answer(text=("word " * 30 + "\n\n") * (size // 152))
        return count_calls(lambda: asyncio.run(layout_answer(answer, "")))

    work(1_000)  # loads what is loaded once
    assert work(1_000_000) < 3 * work(200_000)


def test_fallback_is_short_and_escaped() -> None:
    """Notifications show the beginning of a text without Markdown marks, and nothing that Slack would parse."""
    assert render_fallback("**a** <b> & `c`\n\n- d") == "a &lt;b&gt; &amp; c\n• d"
    assert len(render_fallback("<" * 10_000)) <= 3_500


def test_fallback_mentions_people_on_purpose() -> None:
    """A notification looks like its message: it mentions the person by name and notifies nobody else."""
    visible_text = render_fallback("<@U0ADA> asked: `/image` <@U0BOB> <!here>", mentions=("U0ADA",))
    assert visible_text == "<@U0ADA> asked: /image &lt;@U0BOB&gt; &lt;!here&gt;"


@pytest.mark.parametrize("text", ["", " \n\n "])
def test_blank_text_has_no_parts(text: str) -> None:
    assert split_parts(text) == []
