"""Digests of a channel's messages, by what decisions, questions and promises look like. Numbers stay as they are."""

import re
from collections.abc import Sequence

_ORDER = re.compile(r"(?i)\bsummarise a channel of a team chat\b")
_LINE = re.compile(
    r"^\[#(?P<number>\d{1,6})\] \S+ \S+ \S+ (?P<name>[^\n:]{1,60}?)(?: \((?:app|this bot)\))?"
    r"(?: in reply to #(?P<parent>\d{1,6})| in a thread)?: (?P<text>[^\n]*)$",
    re.MULTILINE,
)
_NOTE = re.compile(r"^- (?P<kind>decision|question|task|news): (?P<text>[^\n]*)$", re.MULTILINE)
_KINDS = ("decision", "question", "task", "news")
_HEADINGS = re.compile(r"## [^,.\n]+")
_DECISION = re.compile(
    r"(?i)\b(?:decided|decision|agreed|approved|settled|let's|let’s|we(?:'ll| will| go with))\b|"
    r"決定|决定|同意|定案|就這麼|就这么|通過|通过"
)
_QUESTION = re.compile(r"[?？]\W*$|[嗎吗]\W*$")
_TASK = re.compile(
    r"(?i)\bi(?:'ll|’ll| will| can do| am going to)\b|\b[A-Z]?[a-z]+ will\b|\bto-?do\b|"
    r"\bby (?:mon|tues|wednes|thurs|fri|satur|sun)day\b|我來|我来|我會|我会|負責|负责|交給|交给"
)
_MOST, _NEWS = 25, 3  # lines, and those of news where there is nothing else


def channel_digest(system: str, texts: Sequence[str]) -> str | None:
    """Return notes or the digest, as the last of the texts asks; None: it is about something else."""
    if not _ORDER.search(system) or not texts:
        return None
    *given, request = texts
    source = "\n".join(given)
    notes = [(note["kind"], note["text"]) for note in _NOTE.finditer(source)] or _take_notes(source)
    headings = _HEADINGS.findall(request)
    if not headings:
        return "\n".join(f"- {kind}: {text}" for kind, text in notes[:_MOST]) or "- news: small talk"
    parts = []
    for kind, heading in zip(_KINDS, headings, strict=False):
        lines = [f"- {text}" for of_kind, text in notes if of_kind == kind]
        if lines:
            parts.append("\n".join((heading.strip(), *lines[:_MOST])))
    return "\n\n".join(parts) or f"{headings[-1].strip()}\n- …"


def _take_notes(source: str) -> list[tuple[str, str]]:
    lines = list(_LINE.finditer(source))
    answered = {line["parent"] for line in lines}
    notes = []
    for line in lines:
        text = f"{line['name']}: {line['text']} [#{line['number']}]"
        if _QUESTION.search(line["text"]):
            notes.append(("news" if line["number"] in answered else "question", text))
        elif _DECISION.search(line["text"]):
            notes.append(("decision", text))
        elif _TASK.search(line["text"]):
            notes.append(("task", text))
    if not notes:
        longest = sorted(lines, key=lambda line: len(line["text"]), reverse=True)[:_NEWS]
        notes = [("news", f"{one['name']}: {one['text']} [#{one['number']}]") for one in lines if one in longest]
    return notes
