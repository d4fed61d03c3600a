"""Prompts of pictures with a change applied, where a request's system prompt orders that."""

import re

ORDER = re.compile(r"^You rewrite prompts\b")
_REQUEST = re.compile(r"\s*prompt:\s*(.*?)\s*^change:\s*(.*?)\s*", re.IGNORECASE | re.DOTALL | re.MULTILINE)
#: What a change begins with that says nothing about the picture.
_LEAD = re.compile(
    r"^(?:please|now|but|and|make (?:it|him|her|them)|turn it into|add|the same(?: picture| one)?|again"
    r"|請|请|再(?:來|来|做|畫|画)?一?[次張张個个遍]|再|但是?|不過|不过|把它|同樣的|同样的)[,，]?\s*",
    re.IGNORECASE,
)


def rewrite(request: str) -> str | None:
    """Return the prompt of a request `Prompt: …` and `Change: …` with its change; None: it is no such request."""
    found = _REQUEST.fullmatch(request)
    if found is None:
        return None
    prompt, change = found.groups()
    while (shorter := _LEAD.sub("", change)) != change and shorter:
        change = shorter
    return f"{prompt.rstrip(' .。')}, {change.rstrip(' .!。！')}"
