import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.discord.ui.format import mark_spoilers, to_discord
from tests.support.discord.markdown import MARKDOWN

MENTION = re.compile(r"@(?:everyone|here)|<@[!&]?\d+>|<#\d+>", re.IGNORECASE)
INVITE = re.compile(r"discord(?:app)?\.(?:gg|com/invite)/\w", re.IGNORECASE)
CODE = re.compile(r"\\[\\`]|```.*?```|(`+)[^`].*?\1", re.DOTALL)  #: and marks that are none


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("# One\n\n## Two\n\n### Three\n\ntext", "# One\n## Two\n### Three\ntext"),
        ("#### Four *x*\n\ntext", "**Four *x***\ntext"),
        ("a **b** *c* ~~d~~ `e`", "a **b** *c* ~~d~~ `e`"),
        ("one\ntwo", "one\ntwo"),
        ("- a\n  - b\n- c", "- a\n  - b\n- c"),
        ("3. a\n4. b\n   - c", "3. a\n4. b\n   - c"),
        ("- [x] done\n- [ ] to do", "- ☑ done\n- ☐ to do"),
        ("> a\n>> b\n> - c", "> a\n> \n> b\n> - c"),
        ("```python\nx = '@everyone'\n```", "```python\nx = '@everyone'\n```"),
        ("````\n``````a\n````", "```\n``\u200b``\u200b``a\n```"),
        ("    indented", "```\nindented\n```"),
        ("~~~\na ``` b\n~~~", "```\na ``\u200b` b\n```"),
        ("1. a\n   ```\n   code\n   ```\n2. b", "1. a\n```\ncode\n```\n2. b"),
        ("above\n\n---\n\nbelow", f"above\n\n{'─' * 12}\n\nbelow"),
        ("![a cat](https://x.y/c.png)", "[a cat](<https://x.y/c.png>)"),
    ],
)
def test_markdown_becomes_discords_dialect(markdown: str, shown: str) -> None:
    """Markdown is written in Discord's dialect; constructs that Discord lacks stay readable."""
    assert to_discord(markdown) == shown


def test_tables_stand_in_line() -> None:
    """A table is a block of code whose columns stand in line, a Chinese letter being two columns wide."""
    table = "| name | n |\n|---|--:|\n| 狐狸 | 1 |\n| cat | 22 |"
    assert to_discord(table) == "```\nname |  n\n-----+---\n狐狸 |  1\ncat  | 22\n```"


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("[docs](https://a.b/c)", "[docs](<https://a.b/c>)"),
        ("https://a.b/c_d", "<https://a.b/c_d>"),
        ("[bank.com](https://bank.com/c)", "[bank.com](<https://bank.com/c>)"),
        ("[https://bank.com](https://bank.com/c)", "<https://bank.com/c>"),
        ("[https://bank.com](https://evil.com)", "https://bank.com (<https://evil.com>)"),
        ("[bank.com/login](https://evil.com)", "bank.com/login (<https://evil.com>)"),
        ("[run](javascript:alert)", "[run]\\(javascript:alert)"),
        ("[mail](mailto:a@b.c)", "mail (mailto:a@b.c)"),
        ("[join](https://discord.gg/abc)", "join (https://discord\u200b.gg/abc)"),
        ("join discord.gg/abc", "join discord\u200b.gg/abc"),
    ],
)
def test_links_lead_where_they_say(markdown: str, shown: str) -> None:
    """A link has no preview and leads where its words say; invitations lead nowhere."""
    assert to_discord(markdown) == shown


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        (r"2 \* 3 \* 4", r"2 \* 3 \* 4"),
        ("snake_case_name", "snake_case_name"),
        (r"\_not\_ so", r"\_not\_ so"),
        (r"\# no title", r"\# no title"),
        (r"\> no quote", r"\> no quote"),
        (r"1\. no list", r"1\. no list"),
        (r"a \| b || c", r"a | b \|\| c"),
        (r"C:\Users\x", r"C:\Users\x"),
        ("-# small", r"\-# small"),
    ],
)
def test_what_means_itself_stays_so(markdown: str, shown: str) -> None:
    """Characters that the Markdown means as themselves are not taken for marks by Discord."""
    assert to_discord(markdown) == shown


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("he is ||the **murderer**||.", "he is ||the **murderer**||."),
        ("||two\nlines||", "||two\nlines||"),
        ("`a || b` and a || b", "`a || b` and a \\|\\| b"),
        ("```\na ||b|| c\n```", "```\na ||b|| c\n```"),
        ("||never closed", "\\|\\|never closed"),
    ],
)
def test_spoilers_stay_hidden(markdown: str, shown: str) -> None:
    """A spoiler stays hidden; two bars that are none hide nothing."""
    assert to_discord(mark_spoilers(markdown)) == shown


@settings(max_examples=150, deadline=None)
@given(MARKDOWN)
def test_nobody_is_called(markdown: str) -> None:
    """No text outside of code mentions or invites anybody, for any Markdown."""
    text = CODE.sub("", to_discord(mark_spoilers(markdown)))
    assert not MENTION.search(text)
    assert not INVITE.search(text)


@settings(max_examples=150, deadline=None)
@given(MARKDOWN)
def test_fences_are_closed(markdown: str) -> None:
    """Every opened block of code is closed."""
    assert to_discord(mark_spoilers(markdown)).count("```") % 2 == 0


@settings(max_examples=80, deadline=None)
@given(st.lists(st.from_regex(r"[a-z]{1,8}|[狐狸貓犬]{1,3}", fullmatch=True), min_size=1, max_size=60), st.data())
def test_no_word_is_lost(words: list[str], data: st.DataObject) -> None:
    """Every word is there, in order, however it is marked up."""
    marks = st.sampled_from(
        ["{}", "**{}**", "*{}*", "`{}`", "~~{}~~", "||{}||", "[{}](https://a.b)", "\n- {}", "\n\n# {}\n\n"]
    )
    markdown = " ".join(data.draw(marks).format(word) for word in words)
    shown = to_discord(mark_spoilers(markdown)).replace("(<https://a.b>)", "")
    assert re.findall(r"[a-z]+|[狐狸貓犬]+", shown) == words
