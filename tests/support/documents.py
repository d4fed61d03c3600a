"""The documents, their blocks of code and the shell commands in them."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Every document that people read; the changelog tells of the past.
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "bench/*.md", "sdk/*/*.md", "simulators/*.md")
    for path in ROOT.glob(pattern)
    if path.name != "CHANGELOG.md"
)
#: A document in English → the same in Traditional Chinese.
TRANSLATED = {path: twin for path in DOCUMENTS if (twin := path.with_suffix(".zh-Hant.md")).exists()}

_FENCE = re.compile(r"^( *)(`{3,})(\w*)\n(.*?)^\1\2$", re.MULTILINE | re.DOTALL)
_SEPARATORS = {"|", "||", "&&", ";", "&"}
_ASSIGNMENT = re.compile(r"(\w+)=(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """One program with its arguments, as typed."""

    document: Path
    line: str
    variables: dict[str, str]
    words: tuple[str, ...]
    reads: tuple[str, ...]  #: files that are redirected into it

    @property
    def program(self) -> str:
        return self.words[0] if self.words else ""

    @property
    def arguments(self) -> tuple[str, ...]:
        return self.words[1:]

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}: {shlex.join(self.words)}"


def blocks(document: Path, *languages: str) -> Iterator[str]:
    """Yield the fenced blocks of these languages, without the indentation of the fence."""
    for indent, _, language, body in _FENCE.findall(document.read_text(encoding="utf-8")):
        if language in languages:
            yield re.sub(f"^{indent}", "", body, flags=re.MULTILINE)


def lines(document: Path) -> Iterator[str]:
    """Yield what is to be typed: the lines of the console blocks without their comments."""
    for block in blocks(document, "console"):
        typed = block.splitlines()
        if any(line.startswith("$ ") for line in typed):  # what follows a line without a prompt is its output
            typed = [line.removeprefix("$ ") for line in typed if line.startswith("$ ")]
        yield from (command for line in typed if (command := line[: _comment(line)].strip()))


def _comment(line: str) -> int:
    """Return where the comment of a line begins."""
    quote = ""
    for index, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "#" and (index == 0 or line[index - 1].isspace()):
            return index
    return len(line)


def commands(document: Path) -> Iterator[Command]:
    """Yield every command of the console blocks; a pipe or a list has several."""
    for line in lines(document):
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
        lexer.whitespace_split = True
        lexer.commenters = ""
        yield from _split(document, line, list(lexer))


def _split(document: Path, line: str, tokens: Sequence[str]) -> Iterator[Command]:
    words: list[str] = []
    variables: dict[str, str] = {}
    reads: list[str] = []
    target = ""
    for token in (*tokens, ";"):
        if token in _SEPARATORS:
            if words or variables:
                yield Command(document, line, variables, tuple(words), tuple(reads))
            words, variables, reads = [], {}, []
        elif token in {"<", ">", ">>"}:
            target = token
        elif target:
            reads += [token] if target == "<" else []
            target = ""
        elif not words and (assignment := _ASSIGNMENT.fullmatch(token)):
            variables[assignment[1]] = assignment[2]
        else:
            words.append(token)
