"""The Markdown parser: blocks, inlines, lists, links, tables, and bounds on its work."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.markdown import (
    Alignment,
    Block,
    Code,
    CodeSpan,
    Emphasis,
    Heading,
    Image,
    Inline,
    LineBreak,
    Link,
    ListBlock,
    ListItem,
    Paragraph,
    Quote,
    Rule,
    Strike,
    Strong,
    Table,
    TextRun,
    display_width,
    is_safe_url,
    parse,
    plain_text,
    render_monospace,
)
from tests.support.hostile.work import is_linear

MARKS = st.text(st.sampled_from("*_~`#>-+1.)[](!|:\\<&; \n\tab中：」x"), max_size=200)
ANY = st.text(max_size=200)


def lines(*text: str) -> Paragraph:
    """Make a paragraph of plain lines."""
    found: list[Inline] = []
    for line in text:
        found += [LineBreak(), TextRun(line)] if found else [TextRun(line)]
    return Paragraph(tuple(found))


def bullets(*items: str | tuple[Block, ...]) -> ListBlock:
    """Make a bullet list."""
    blocks = ((lines(item),) if isinstance(item, str) else item for item in items)
    return ListBlock(ordered=False, items=tuple(map(ListItem, blocks)))


def words(blocks: tuple[Block, ...]) -> str:
    """Return all text of the blocks, in order."""
    found = ""
    for block in blocks:
        match block:
            case Paragraph(children) | Heading(_, children):
                found += plain_text(children)
            case Code(text, language):
                found += language + text
            case Quote(inner):
                found += words(inner)
            case ListBlock():
                found += "".join(words(item.blocks) for item in block.items)
            case Table():
                found += "".join(plain_text(cell) for row in (block.header, *block.rows) for cell in row)
            case _:
                pass
    return found


def test_every_kind_of_block() -> None:
    """Every kind of block is parsed, in order."""
    text = "# Title\n\npara\nline\n\n```py\nx = 1\n```\n\n> said\n\n3. three\n4. four\n\n---\n"
    text += "\n| a | b |\n|:-:|--:|\n| 1 | 2 |"
    assert parse(text) == (
        Heading(1, (TextRun("Title"),)),
        lines("para", "line"),
        Code("x = 1", "py"),
        Quote((lines("said"),)),
        ListBlock(ordered=True, items=(ListItem((lines("three"),)), ListItem((lines("four"),))), start=3),
        Rule(),
        Table(((TextRun("a"),), (TextRun("b"),)), ("center", "right"), (((TextRun("1"),), (TextRun("2"),)),)),
    )


def test_every_kind_of_inline() -> None:
    """Every kind of inline is parsed, with its nesting."""
    (found,) = parse("a **b _c_** ~~d~~ `e*` [f](https://g.h/i) ![j](https://k.l/m.png)\\\n\\* &lt;")
    assert found == Paragraph(
        (
            TextRun("a "),
            Strong((TextRun("b "), Emphasis((TextRun("c"),)))),
            TextRun(" "),
            Strike((TextRun("d"),)),
            TextRun(" "),
            CodeSpan("e*"),
            TextRun(" "),
            Link("https://g.h/i", (TextRun("f"),)),
            TextRun(" "),
            Image("https://k.l/m.png", "j"),
            LineBreak(),
            TextRun("* <"),
        )
    )


@pytest.mark.parametrize(
    ("markdown", "before", "bold", "after"),
    [
        ("**中文：**後文", "", "中文：", "後文"),
        ("前文**「引文」**後文", "前文", "「引文」", "後文"),
        ("前文**（注）**after", "前文", "（注）", "after"),
        ("是**`code`**的", "是", "code", "的"),
        ('使用**"quoted"**就好', "使用", '"quoted"', "就好"),
        ("これは**太字。**です", "これは", "太字。", "です"),
        ('이것은**"굵게"**입니다', "이것은", '"굵게"', "입니다"),
        ("plain **word** here", "plain ", "word", " here"),
    ],
)
def test_bold_next_to_cjk(markdown: str, before: str, bold: str, after: str) -> None:
    """Emphasis works next to Chinese, Japanese and Korean text and punctuation without spaces."""
    (block,) = parse(markdown)
    assert isinstance(block, Paragraph)
    (strong,) = (inline for inline in block.children if isinstance(inline, Strong))
    at = block.children.index(strong)
    assert plain_text(block.children[:at]) == before
    assert plain_text(strong.children) == bold
    assert plain_text(block.children[at + 1 :]) == after


@pytest.mark.parametrize("text", ["2 * 3 * 4", "snake_case_name", "a ** b ** c", "3*中 * 4"])
def test_marks_without_meaning_stay(text: str) -> None:
    """Stars and underscores that are no emphasis are literal text."""
    assert parse(text) == (lines(text),)


@pytest.mark.parametrize("indent", [2, 3, 4, 6])
@pytest.mark.parametrize("marker", ["-", "1.", "10.", "*"])
def test_lists_nest_whatever_the_indent(marker: str, indent: int) -> None:
    """An entry indented by two columns or more nests in the one above, with its content, for any marker."""
    pad = " " * indent
    (found,) = parse(f"{marker} a\n{pad}- b\n{pad}- c\n{pad}{pad}- d\n\n{pad}more\n{marker} e")
    assert isinstance(found, ListBlock)
    first, second = found.items
    assert second.blocks == (lines("e"),)
    assert first.blocks == (lines("a"), bullets("b", (lines("c"), bullets("d"))), lines("more"))


def test_code_within_a_list() -> None:
    """A fence below an entry belongs to it, even if the fence's lines are indented less."""
    (found,) = parse("1. a\n  ```sh\n  ls\nrm x\n    cd\n  ```\n2. b")
    assert found == ListBlock(
        ordered=True, items=(ListItem((lines("a"), Code("ls\nrm x\n  cd", "sh"))), ListItem((lines("b"),)))
    )


def test_code_keeps_its_indents() -> None:
    """Text in a fence that looks like a list keeps its columns."""
    code = "- a\n  1. b\n\t- c\n      - d"
    assert parse(f"```\n{code}\n```") == (Code(code),)


def test_tasks_have_their_state() -> None:
    """Entries of a task list have their state."""
    (found,) = parse("- [ ] open **now**\n- [x] done\n- [link](https://a.b)")
    assert isinstance(found, ListBlock)
    assert [item.is_done for item in found.items] == [False, True, None]
    assert [words(item.blocks) for item in found.items] == ["open now", "done", "link"]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("see https://a.b/c_d_e, please", "https://a.b/c_d_e"),
        ("(https://a.b/c(d))", "https://a.b/c(d)"),
        ("**https://a.b/c**", "https://a.b/c"),
        ("請看https://a.b/c，謝謝", "https://a.b/c"),
        ("<https://a.b/c>", "https://a.b/c"),
        ("a http://a.b?x=1&y=*2* b", "http://a.b?x=1&y=*2"),
    ],
)
def test_bare_urls_are_links(text: str, url: str) -> None:
    """A bare URL is a link, without the punctuation around it."""
    (block,) = parse(text)
    assert isinstance(block, Paragraph)
    inlines = [c for i in block.children for c in (i.children if isinstance(i, Strong) else (i,))]
    assert [inline for inline in inlines if isinstance(inline, Link)] == [Link(url, (TextRun(url),))]
    assert all(inline.is_bare for inline in inlines if isinstance(inline, Link))


@pytest.mark.parametrize("text", ["http://", "x://a.b", "nothttp://a.b", "`https://a.b`", "https:// a"])
def test_other_text_is_no_link(text: str) -> None:
    """Text that is no URL, and code, contain no links."""
    (block,) = parse(text)
    assert isinstance(block, Paragraph)
    assert not any(isinstance(inline, Link) for inline in block.children)


def test_safe_urls() -> None:
    """Only web and mail URLs are safe."""
    assert all(map(is_safe_url, ["https://a.b", "http://1.2.3.4/x", "mailto:a@b.c"]))
    assert not any(map(is_safe_url, ["javascript:x", "file:///a", "foo.md", "", "https://", "http://[a", "slack://x"]))


def test_tables_without_outer_bars() -> None:
    """A table needs no outer bars and no empty line in front of it; `<br>` breaks a line in a cell."""
    para, table = parse("Look:\na | b\n--- | ---\n1<br>2 |\n3 | `x`")
    assert para == lines("Look:")
    assert table == Table(
        ((TextRun("a"),), (TextRun("b"),)),
        ("", ""),
        (((TextRun("1"), LineBreak(), TextRun("2")), ()), ((TextRun("3"),), (CodeSpan("x"),))),
    )


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("| count | `ls | wc -l` |", ["count", "ls | wc -l"]),
        ("a | b | c", ["a", "b | c"]),
        ("| ``x ` | y`` | b | `c | d` |", ["x ` | y", "b | c | d"]),
        (r"| a \| b | c \| d | e |", ["a | b", "c | d | e"]),
        ("| `a | b | c", ["`a", "b | c"]),
        ("| a |", ["a", ""]),
    ],
)
def test_rows_with_more_cells_than_the_header_lose_nothing(row: str, cells: list[str]) -> None:
    """Bars in code are text where a row has too many cells; what is left over is part of the last cell."""
    (table,) = parse(f"| one | two |\n|-|-|\n{row}")
    assert isinstance(table, Table)
    assert [plain_text(cell) for cell in table.rows[0]] == cells


@pytest.mark.parametrize("text", ["#", ">", "<br>", "&nbsp;", "[]()", "# \n\n##", "> #"])
def test_text_that_is_nothing_but_marks_is_shown(text: str) -> None:
    """An answer that consists of marks, such as the one that begins a heading, is no empty message."""
    (shown,) = parse(text)
    assert isinstance(shown, Paragraph)
    assert plain_text(shown.children) == text.replace(" \n", "\n")


def test_open_fence_while_streaming() -> None:
    """An unclosed fence is a code block."""
    assert parse("Look:\n```python\nx = 1\n\ny") == (lines("Look:"), Code("x = 1\n\ny", "python"))


def test_html_is_text() -> None:
    """HTML is shown as text, never hidden."""
    assert parse("<b>x</b> <!-- y -->\n\n<div>z</div>") == (lines("<b>x</b> <!-- y -->"), lines("<div>z</div>"))


def test_definitions_stay() -> None:
    """A list of sources is shown, not parsed as link definitions."""
    (block,) = parse("[1]: https://a.b")
    assert words((block,)) == "[1]: https://a.b"


@settings(deadline=None)
@given(st.one_of(MARKS, ANY))
@example("![![![![x](y)](y)](y)](y)")
@example("[](")
@example("> " * 100 + "x")
@example("\ud800 **\udfff** [\ud800](\ud800) http://\ud800")
def test_any_text_is_some_tree(text: str) -> None:
    """Any text can be parsed, and all its letters are in the tree."""

    def letters(text: str) -> list[str]:
        return sorted(c for c in text if c in "ab中：」x")

    found = letters(words(parse(text)))
    assert all(found.count(c) <= text.count(c) for c in "ab中")
    if not set(text) & set("&[(<\t"):  # addresses of links, HTML's letters
        assert found == letters(text)


@pytest.mark.parametrize("unit", ["> ", "- ", "1. ", "> - ", "*", "[", "![", "**a", "\n  - a"])
def test_depth_loses_nothing(unit: str) -> None:
    """Text that is nested too deeply is still in the tree."""
    assert "needle" in words(parse(unit * 500 + "needle"))


def test_a_deep_list_loses_nothing() -> None:
    """Every level of a list is in the tree, deeper than lists are nested, too."""
    found = words(parse("\n".join("  " * n + "- " + f"needle{n}." for n in range(60))))
    assert all(f"needle{n}." in found for n in range(60))


@pytest.mark.parametrize(
    "unit",
    ["![", "[[a]", "[a](<b", "*a **a ", "a``", "> ", "http://a)", "|a\n|-\n", "中**。", "a\n", "|a|\n|-|\n|`|"],
)
def test_work_is_linear(unit: str) -> None:
    """The run time is linear in the length, for any kind of unclosed construct."""
    assert is_linear(parse, unit)


def test_monospace_table() -> None:
    """Columns are aligned, with double-width letters counted as two; a long cell wraps."""
    (table,) = parse("| 名稱 | n |\n|---|--:|\n| 狐 **狸** | 1,000 |\n| " + "word " * 6 + "| 2 |")
    assert isinstance(table, Table)
    assert render_monospace(table, limit=24).split("\n") == [
        "名稱             |     n",
        "-----------------+------",
        "狐 狸            | 1,000",
        "word word word   |     2",
        "word word word   |",
    ]


@settings(deadline=None)
@given(
    st.integers(1, 5).flatmap(
        lambda n: st.lists(st.lists(st.text("ab 中文。", max_size=30), min_size=n, max_size=n), min_size=1, max_size=4)
    ),
    st.integers(20, 90),
)
def test_monospace_loses_nothing(rows: list[list[str]], limit: int) -> None:
    """Every letter of every cell is shown, and no line is much wider than the limit."""
    cells = [tuple((TextRun(cell),) if cell else () for cell in row) for row in rows]
    left: Alignment = "left"
    table = Table(cells[0], (left,) * len(rows[0]), tuple(cells[1:]))
    shown = render_monospace(table, limit=limit)
    assert sorted(c for c in shown if c in "ab中文。") == sorted(
        c for row in rows for cell in row for c in cell if c != " "
    )
    assert all(display_width(line) <= max(limit, 9 * len(rows[0])) for line in shown.split("\n"))
