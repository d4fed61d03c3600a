"""Text of a web page, without menus, advertisements and comments. Runs in a child process. Needs the extra `links`."""

from bot.isolation.child import Unparsable

#: Characters of a page's title that are kept.
_TITLE = 300


def extract_text(data: bytes, *, chars: int, seconds: float) -> tuple[str, bytes]:  # noqa: ARG001 - of every parser
    """Return "cut" or "whole", and the title and the article as Markdown, of `chars` characters at most.

    Raises `Unparsable`: "empty" where there is no article.
    """
    from trafilatura import extract
    from trafilatura.utils import load_html

    tree = load_html(data)
    if tree is None:
        raise Unparsable("empty")
    title = " ".join((tree.findtext(".//title") or "").split())[:_TITLE]
    text = extract(tree, output_format="markdown", include_comments=False, include_tables=True, fast=True) or ""
    if not text.strip():
        raise Unparsable("empty")
    if title and title not in text[: 2 * _TITLE]:
        text = f"# {title}\n\n{text}"
    return "cut" if len(text) > chars else "whole", text[:chars].encode("utf-8", "replace")
