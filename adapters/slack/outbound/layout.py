"""What the messages of an answer are: pieces of text, files, and where the buttons go."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.slack.outbound.pieces import MOST, Piece, first, pieces
from adapters.slack.outbound.uploads import Upload, upload_of
from adapters.slack.ui.blocks import blocks
from bot.i18n import translate
from bot.markdown import Block, Code, ListBlock, ListItem, Quote, parse
from bot.models import Answer

#: Lines and characters from which code is shared as a file as well.
_LONG_LINES, _LONG_TEXT = 60, 4000
_SNIPPETS = 5  # files of one answer
_SNIPPET_BYTES = 1_000_000  # that a snippet may have
_CAPTION = 2500  # characters of a text that is shown with the files, in their message
#: The language as Markdown names it → as Slack names it, and a file's suffix.
_LANGUAGES = {
    "bash": ("shell", "sh"),
    "c": ("c", "c"),
    "c#": ("csharp", "cs"),
    "c++": ("cpp", "cpp"),
    "cpp": ("cpp", "cpp"),
    "csharp": ("csharp", "cs"),
    "css": ("css", "css"),
    "dart": ("dart", "dart"),
    "dockerfile": ("dockerfile", "dockerfile"),
    "go": ("go", "go"),
    "haskell": ("haskell", "hs"),
    "html": ("html", "html"),
    "java": ("java", "java"),
    "javascript": ("javascript", "js"),
    "js": ("javascript", "js"),
    "json": ("javascript", "json"),
    "julia": ("julia", "jl"),
    "kotlin": ("kotlin", "kt"),
    "lua": ("lua", "lua"),
    "markdown": ("markdown", "md"),
    "perl": ("perl", "pl"),
    "php": ("php", "php"),
    "powershell": ("powershell", "ps1"),
    "py": ("python", "py"),
    "python": ("python", "py"),
    "r": ("r", "r"),
    "ruby": ("ruby", "rb"),
    "rust": ("rust", "rs"),
    "scala": ("scala", "scala"),
    "sh": ("shell", "sh"),
    "sql": ("sql", "sql"),
    "swift": ("swift", "swift"),
    "ts": ("typescript", "ts"),
    "typescript": ("typescript", "ts"),
    "xml": ("xml", "xml"),
    "yaml": ("yaml", "yaml"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """An answer as messages: the texts, then one with the files."""

    texts: list[Piece]
    files: list[Upload]
    is_caption: bool  #: the one text is shown with the files

    @property
    def marks(self) -> tuple[tuple[str, int], ...]:
        """What the files are recognised by."""
        return tuple(file.mark for file in self.files)


async def plan(answer: Answer, locale: str) -> Plan:
    """The messages of an answer. Raises `DeliveryRefused` when a file is not on the disk any more."""
    media = [await upload_of(media) for media in answer.media if media.path is not None and not media.url]
    links = [f"[{_linked(m.name)}]({m.url or m.source_url})" for m in answer.media if m.path is None or m.url]
    text = "\n\n".join(part for part in (answer.text.strip("\n"), *links) if part)
    if media and len(text) <= _CAPTION and len(found := pieces(text)) <= 1:
        return Plan(found, media, is_caption=True)
    return written(text, media, locale)


def written(text: str, media: Sequence[Upload], locale: str) -> Plan:
    """The messages of a text that is not shown with its files."""
    texts = pieces(text)
    files = list(media)
    if len(texts) > MOST:
        whole = text.encode()
        files.append(Upload(name="answer.md", size=len(whole), source=whole))
        note = translate("slack.whole", locale)
        texts = [*pieces(first(text)), Piece(note, blocks(note))]
    elif not media:
        files += _snippets(text)
    return Plan(texts, files, is_caption=False)


def _linked(name: str) -> str:
    return name.replace("[", "(").replace("]", ")")


def _snippets(text: str) -> list[Upload]:
    """Long pieces of code as files."""
    if text.count("\n") < _LONG_LINES and len(text) <= _LONG_TEXT:
        return []
    long = [code for code in _codes(parse(text)) if code.text.count("\n") >= _LONG_LINES or len(code.text) > _LONG_TEXT]
    found = []
    for number, code in enumerate(long[:_SNIPPETS], start=1):
        language, suffix = _LANGUAGES.get(code.language.lower(), ("text", "txt"))
        content = (code.text + "\n").encode("utf-8", "replace")
        name = f"code.{suffix}" if len(long) == 1 else f"code-{number}.{suffix}"
        snippet = language if len(content) <= _SNIPPET_BYTES else ""
        found.append(Upload(name=name, size=len(content), source=content, snippet=snippet))
    return found


def _codes(tree: Sequence[Block]) -> list[Code]:
    found: list[Code] = []
    for block in tree:
        match block:
            case Code():
                found.append(block)
            case Quote(inner) | ListItem(inner):
                found += _codes(inner)
            case ListBlock():
                for item in block.items:
                    found += _codes(item.blocks)
            case _:
                pass
    return found
