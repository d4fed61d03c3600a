"""Links that look as if they led to another address, in every platform's dialect."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.console.render import Renderer
from adapters.discord.ui.format import to_discord
from adapters.slack.ui.blocks import render_blocks
from bot.markdown import is_disguised

_ESCAPES = re.compile(r"\x1b\][^\x1b]*\x1b\\|\x1b\[[^m]*m")
EVIL = "https://evil.example/x"
DISGUISED = (
    *("Visit bank.com now", "(bank.com)", "bank.com.", "bank.com", "//bank.com", "https://bank.com", "192.168.1.1"),
    *("http://[2001:db8::1]", "bank\u200b.com", "bank\u2060.com", "ba\u00adnk.com", "bank\u2024com", "bank\u3002com"),
    *(
        "bank\uff0ecom",
        "bank\uff61com",
        "ｂａｎｋ.com",
        "b\u0430nk.com",
        "bank.md",
        "bank.py",
        "www.bank.com",
        "//localhost",
    ),
    *(
        "evil.example.bank.com",
        "http://3232235777",
        "https:\u2215\u2215bank.com",
        "bank\ufe0f.com",
        "bank\u034f.com",
        "bank\u2219com",
    ),
)
HONEST = (
    *(("the page", EVIL), ("evil.example", EVIL), ("https://evil.example/x", EVIL), ("www.evil.example", EVIL)),
    *(("example.com", "https://docs.example.com/a"), ("README.md", "https://good.example/a/README.md")),
    *(("10.0.0.1", "http://10.0.0.1/"), ("main.js", EVIL), ("Python 3.11", EVIL), ("and/or", EVIL)),
    *(("bücher.example", "https://xn--bcher-kva.example/"), ("a@good.example", "mailto:a@good.example")),
)


@pytest.mark.parametrize("label", DISGUISED)
def test_disguised_link_shows_where_it_leads(label: str) -> None:
    """The address is readable, and no link has only the label, on each platform."""
    assert is_disguised(label, EVIL)
    markdown = f"see [{label}]({EVIL})!" if "[" not in label else f"see [`{label}`]({EVIL})!"
    assert f"(<{EVIL}>)" in to_discord(markdown)
    assert "](" not in to_discord(markdown)
    blocks = json.dumps(render_blocks(markdown))
    assert f'"url": "{EVIL}"' in blocks
    assert f'"url": "{EVIL}", "text"' not in blocks
    drawn = Renderer("en", color_system="truecolor").markdown(markdown, 200)
    assert f"({EVIL})" in _ESCAPES.sub("", drawn)


@pytest.mark.parametrize(("label", "url"), HONEST)
def test_honest_link_stays(label: str, url: str) -> None:
    """A label that names the place it leads to, or no place, is no disguise."""
    assert not is_disguised(label, url)


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_label_and_address_are_judged(label: str, url: str) -> None:
    """No label and no address raises an error, and words around another address hide it from nobody."""
    assert is_disguised(label, url) in (True, False)
    assert is_disguised(f"{label} bank.com", EVIL) or label[-1:].isalnum() or label[-1:] in "-._"
