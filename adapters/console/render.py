"""Answers rendered for a terminal: Markdown with highlighted code, clickable files. Rich is imported at use."""

import io
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.console import format as fmt
from adapters.kit.texts.titles import shorten
from bot.i18n import translate
from bot.markdown import is_disguised
from bot.models import Media, Turn

if TYPE_CHECKING:
    from markdown_it.token import Token
    from rich.console import Console, RenderableType

#: The script of the installed package.
PROGRAM = "channelmuse"
_LINES, _CHARACTERS = 5, 400  # of an earlier answer
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def continuation(conversation: str, locale: str) -> str:
    """Return the line that names a conversation and the command that continues it, as this process was started."""
    program = Path(sys.argv[0]).stem
    is_installed = program == PROGRAM
    command = (
        f"{program} --conversation {conversation}" if is_installed else f"make run ARGS='--conversation {conversation}'"
    )
    return translate("console.conversation", locale, name=conversation, command=command)


def finished_length(text: str) -> int:
    """Return the length of the finished blocks of a growing Markdown text, which later text can't change."""
    done = at = 0
    fence = ""
    after_blank = False
    for line in text.splitlines(keepends=True):
        if not line.endswith("\n"):
            # The last line is still growing, but its beginning may end the block before it.
            return at if after_blank and not fence and not line[0].isspace() else done
        match = _FENCE.match(line)
        if fence:
            if match and match[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
                done = at + len(line)
        else:
            if after_blank and not line[0].isspace():
                done = at
            fence = match[1] if match else ""
        after_blank = not line.strip()
        at += len(line)
    return done


class Renderer:
    """Renders into strings with colours for a terminal of a given width, in columns."""

    def __init__(self, locale: str, *, color_system: str = "auto") -> None:
        self.locale = locale
        self.color_system = color_system

    def markdown(self, text: str, width: int) -> str:
        """Render Markdown that consists of whole blocks."""
        from rich.markdown import Heading, Markdown

        class Left(Heading):
            """A heading that is not centred."""

            def __rich_console__(self, console: "Console", options: object) -> "Iterable[RenderableType]":
                self.text.justify = "left"
                yield self.text

        class Document(Markdown):
            elements = {**Markdown.elements, "heading_open": Left}  # noqa: RUF012

            def __init__(self, markup: str, code_theme: str) -> None:
                super().__init__(markup, code_theme=code_theme)
                for token in self.parsed:
                    token.children = _with_addresses(token.children) if token.children else token.children

        return self._draw(Document(fmt.clean(text).strip("\n"), code_theme="ansi_dark"), width)

    def question(self, text: str, width: int) -> str:
        """Render the question above an answer that does not follow it directly."""
        from rich.text import Text

        first, *more = fmt.clean(text).strip().split("\n")
        return self._draw(Text(f"› {first}{' …' if more else ''}", "dim", no_wrap=True, overflow="ellipsis"), width)

    def notice(self, text: str, width: int) -> str:
        """Render a message that is not an answer."""
        from rich.text import Text

        return self._draw(Text(fmt.clean(text), "dim"), width)

    def media(self, media: Media, width: int) -> str:
        """Render the line that says where a file is; a click opens it."""
        from rich.style import Style
        from rich.text import Text

        link = media.path.absolute().as_uri() if media.path and not media.url else media.url or media.source_url
        line = fmt.media_line(media, self.locale, folder=Path.cwd())
        style = Style(link=fmt.clean(link).replace(";", "%3B")) if link else Style()
        return self._draw(Text(line, style, overflow="fold"), width)

    def buttons(self, labels: Mapping[str, str], width: int) -> str:
        """Render the buttons of an answer: what to type for each, and its label."""
        return self.notice(" · ".join(f"{name} {label}" for name, label in labels.items()), width) if labels else ""

    def welcome(self, conversation: str, width: int) -> str:
        """Render the first lines, which say what to type."""
        return self.markdown(translate("console.welcome", self.locale), width) + "".join(
            self.notice(text, width)
            for text in (
                translate("console.keys", self.locale),
                continuation(conversation, self.locale),
            )
        )

    def earlier(self, turns: Sequence[Turn], width: int) -> str:
        """Render the last turns of a conversation, each shortened; "" without any."""
        if not turns:
            return ""
        lines = [
            self.question(turn.content, width) if turn.role == "user" else self.notice(_beginning(turn.content), width)
            for turn in turns
        ]
        return "".join([self.notice(translate("console.earlier", self.locale), width), *lines, "\n"])

    def _draw(self, renderable: "RenderableType", width: int) -> str:
        from rich.console import Console
        from rich.segment import Segment, Segments

        file = io.StringIO()
        console = Console(
            file=file,
            width=max(width, 20),
            force_terminal=True,
            color_system=self.color_system,  # type: ignore[arg-type]
            legacy_windows=False,
            emoji=False,
        )
        # Entities in Markdown may stand for control characters, so that the result is cleaned once more.
        lines = console.render_lines(renderable, pad=False)
        segments = [Segment(fmt.clean(text), style) for line in lines for text, style, _ in [*line, Segment("\n")]]
        console.print(Segments(segments), end="")
        return file.getvalue()


def _beginning(text: str) -> str:
    """Return the first lines of a text, with an ellipsis for the rest."""
    lines = text.strip().splitlines()
    rest = ["…"] if len(lines) > _LINES else []
    return shorten("\n".join([*lines[:_LINES], *rest]), _CHARACTERS)


def _with_addresses(tokens: "list[Token]") -> "list[Token]":
    """Return the tokens of a line with the address behind each link whose label is another one."""
    from markdown_it.token import Token

    shown: list[Token] = []
    start = 0
    for token in tokens:
        shown.append(token)
        if token.type == "link_open":
            start = len(shown)
        elif token.type == "link_close":
            url = str(shown[start - 1].attrs.get("href", ""))
            if is_disguised("".join(inner.content for inner in shown[start:-1]), url):
                shown.append(Token("text", "", 0, content=f" ({url})"))
    return shown
