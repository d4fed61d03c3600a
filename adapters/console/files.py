"""The files that a message names: `@notes.txt` in its text, and the values of options that take a file."""

import mimetypes
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from bot.i18n import translate
from bot.models import Attachment, CommandSpec
from bot.values import valueclass

_NAMED = re.compile(r'(?<!\S)@(?:"([^"\n]+)"|(\S+))')
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_END = re.compile(r"(?<=.)(?:[.,;:!?)\]]+$|[^\x00-\x7f])")  # may follow a name without a space
_PLACED = re.compile(r"(?:\.{0,2}|~|[A-Za-z]:)[/\\]")
#: Endings that make a word a file name rather than the name of a person or a decorator.
_ENDING = re.compile(
    r"""(?ix)\.(?:txt|md|rst|log|csv|tsv|json|jsonl|xml|html?|ya?ml|toml|ini|cfg|conf|env|sql|py|ipynb|jsx?|tsx?|css
    |java|kt|swift|c|h|cc|cpp|hpp|cs|go|rs|rb|php|pl|sh|bat|ps1|lua|tex|pdf|docx?|xlsx?|pptx?|odt|png|jpe?g|gif|webp
    |svg|bmp|heic|tiff?|mp3|wav|ogg|flac|m4a|mp4|mov|webm|mkv|avi|zip|gz|tar|7z)$"""
)


@valueclass(frozen=True, slots=True)
class NamedFiles:
    """The files that a request names."""

    options: Mapping[str, str] = field(default_factory=dict)  #: a file's option holds its name alone
    attachments: tuple[Attachment, ...] = ()
    rejection: str = ""  #: the sentence about a named file that is missing, in the person's language


def find_files(prompt: str, options: Mapping[str, str], spec: CommandSpec | None, locale: str) -> NamedFiles:
    """Return the files that a request names. A word that may be something else, such as `@ada`, is left alone."""
    attachments: list[Attachment] = []
    problems: list[str] = []
    found = dict(options)
    for option in spec.options if spec else ():
        value = options.get(option.name, "")
        if option.kind != "file" or not value or value.startswith("https://"):
            continue
        if file := _file(value) or _file(value.removeprefix("@")):
            found[option.name] = file.name
            attachments.append(file)
        else:
            problems.append(translate("console.no_file", locale, name=value))
    for forms, is_sure in _names(prompt):
        if file := next(filter(None, map(_file, forms)), None):
            if file not in attachments:
                attachments.append(file)
        elif is_sure:
            name = next(filter(_ENDING.search, forms), forms[0].rstrip(".,;:!?)]"))
            problems.append(translate("console.folder" if _is_folder(name) else "console.not_sent", locale, name=name))
    return NamedFiles(found, tuple(attachments), problems[0] if problems else "")


def _names(prompt: str) -> Iterator[tuple[Sequence[str], bool]]:
    """Yield the possible names after each `@`, the longest first, and whether it can only be a file."""
    code = [match.span() for match in _CODE.finditer(prompt)]
    for match in _NAMED.finditer(prompt):
        word = match[2] or ""
        forms = [match[1]] if match[1] else [word, *(word[: end.start()] for end in reversed([*_END.finditer(word)]))]
        is_path = bool(match[1] or _PLACED.match(word) or any(map(_ENDING.search, forms)))
        yield forms, is_path and not any(start < match.start() < end for start, end in code)


def _file(name: str) -> Attachment | None:
    """Return the file of that name, None when there is none."""
    try:
        path = Path(name).expanduser().resolve()
        if not name or not path.is_file():
            return None
        size = path.stat().st_size
    except (OSError, RuntimeError, ValueError):  # no such home, too long a name, a null character
        return None
    kind = mimetypes.guess_type(path.name)[0] or ""
    return Attachment(name=path.name, content_type=kind, size=size, source={"path": str(path)})


def _is_folder(name: str) -> bool:
    try:
        return Path(name).expanduser().is_dir()
    except (OSError, RuntimeError, ValueError):
        return False
