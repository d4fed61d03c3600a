"""Citations in a digest: numbers of messages, which become links; a model never writes an address itself. Pure."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

_CITATION = re.compile(r"\s?[\[［(（]\s*[#＃]\d{1,6}(?:[\s,，、;；&–-]*(?:and |和 ?)?[#＃]?\d{1,6})*\s*[\]］)）]")
_NUMBER = re.compile(r"\d{1,6}")
_MARKDOWN_LINK = re.compile(r"!?\[([^\]\n]{0,500})\]\(\s*<?[^)\n]{0,2000}\)")
_ADDRESS = re.compile(r"<?\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s<>\[\]()：；，。、！？「」『』《》【】（）…]{1,2000}>?")


def cited_numbers(text: str) -> list[int]:
    """Return the numbers that a text cites, in their order, each once."""
    found = (int(number) for match in _CITATION.finditer(text) for number in _NUMBER.findall(match[0]))
    return list(dict.fromkeys(found))


def remove_addresses(text: str) -> str:
    """Return a text without links: their words stay, of a bare address the name of its server."""
    text = _MARKDOWN_LINK.sub(r"\1", text)
    return _ADDRESS.sub(lambda match: _server(match[0].strip("<>")), text)


def _server(address: str) -> str:
    """Return the name of an address's server; "": it has none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # such as a fullwidth colon in the name
        return ""


def link_citations(text: str, links: Mapping[int, str]) -> str:
    """Replace the citations by links to the messages; those that lead nowhere are left out."""

    def replaced(match: re.Match[str]) -> str:
        numbers = dict.fromkeys(int(number) for number in _NUMBER.findall(match[0]))
        found = [f"[{number}]({links[number]})" for number in numbers if number in links]
        return f" ({', '.join(found)})" if found else ""

    return _CITATION.sub(replaced, text)
