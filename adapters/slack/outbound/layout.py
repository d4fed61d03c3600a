"""The messages of an answer: parts of text with their blocks, files, and which of them take the buttons."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from adapters.slack.connection.feature_gates import CHARTS, DATA_TABLES, PLANS
from adapters.slack.connection.web_api import WebApi
from adapters.slack.outbound.uploads import Upload, prepare_upload
from adapters.slack.types import Block
from adapters.slack.ui.blocks import BLOCKS, MENTION, escape, estimate_size, parse, render_blocks
from adapters.slack.ui.buttons import CONTEXT_ACTIONS
from adapters.slack.ui.charts import build_chart
from adapters.slack.ui.mentions import ANYBODY
from adapters.slack.ui.plans import build_plan
from bot import markdown as md
from bot.drawable import Plan
from bot.i18n import translate
from bot.markdown.split import iter_split
from bot.models import Answer, Media
from bot.values import valueclass

#: Event types in the metadata of an answer, and of the message that begins a command's thread.
ANSWER, PARENT = "channelmuse_answer", "channelmuse_request"
#: The size that all blocks of a message may have together. Slack has refused 13,200 characters of text alone, and less
#: where there are many elements.
MAX_SIZE = 11_500
#: Messages that an answer may take before it comes as a file.
MAX_PARTS = 12
_FIRST_TRY = 9_500  # characters of Markdown that are tried first for a part
_LEAST = 200  # characters of Markdown that are not split further
_LINE = 4  # characters that a line counts for besides its own
_RESERVED_BLOCKS = 3  # blocks of a message that are kept free for buttons and notes
_SURELY_ONE = 4000  # characters of a text that is one part without a closer look
_FALLBACK = 3_500  # characters of the text for notifications; an edit takes 4,000
_CUT_TOKEN = re.compile(r"(?:&[a-z]*|<@?\w*)\Z")  # an escape or a mention whose end was cut off
_CAPTION = 2500  # characters of a text that is shown with the files, in their message
#: Lines and characters from which code is shared as a file as well.
_LONG_LINES, _LONG_TEXT = 60, 4000
_SNIPPETS = 5  # files with code of one answer
#: Characters of a message without blocks; an edit takes 4,000.
_LONGEST_TEXT = 3_900
_SNIPPET_BYTES = 1_000_000  # that a snippet may have
#: A language's name in Markdown → its name in Slack, and a file's suffix.
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


# ------------------------------------------------------------------ text


@valueclass(frozen=True, slots=True)
class MessagePart:
    """One message of an answer's text."""

    markdown: str
    blocks: list[Block]


def split_parts(
    markdown: str, most: int | None = None, *, mentions: Collection[str] = (), has_data_tables: bool = False
) -> list[MessagePart]:
    """Return the messages that show a text, whole and in order; at most `most`: no others are made.

    `mentions`, `has_data_tables`: see `render_blocks`.
    """
    return list(islice(_fit(markdown, _FIRST_TRY, mentions, has_data_tables=has_data_tables), most))


def _fit(markdown: str, limit: int, mentions: Collection[str], *, has_data_tables: bool) -> Iterator[MessagePart]:
    is_surely_one = limit == _FIRST_TRY and len(markdown) <= _SURELY_ONE and bool(markdown.strip())
    for piece in [markdown] if is_surely_one else iter_split(markdown, limit, measure=_measure):
        blocks = render_blocks(piece, mentions=mentions, has_data_tables=has_data_tables)
        is_too_large = len(blocks) > BLOCKS - _RESERVED_BLOCKS or estimate_size(blocks) > MAX_SIZE
        if limit > _LEAST and is_too_large:
            yield from _fit(piece, min(limit, _measure(piece)) // 2, mentions, has_data_tables=has_data_tables)
        else:
            yield MessagePart(piece, blocks)


def _measure(markdown: str) -> int:
    return len(markdown) + _LINE * markdown.count("\n")


def split_growing(markdown: str) -> list[str]:
    """Return about the same parts of a growing text, `MAX_PARTS` at most, without rendering them."""
    if len(markdown) <= _SURELY_ONE:
        return [markdown]
    return list(islice(iter_split(markdown, _FIRST_TRY, measure=_measure), MAX_PARTS))


def _first_part(markdown: str) -> str:
    """Return a beginning of the text that surely fits into one message."""
    return next(iter_split(markdown, _FIRST_TRY // 2, measure=_measure), "")


def render_fallback(markdown: str, *, mentions: Collection[str] = ()) -> str:
    """Return the text that notifications, and clients without blocks, show: the first words, escaped.

    `mentions`: ids of the people whom the text may notify.
    """
    parts = MENTION.split(_to_plain_text(parse(markdown[:_FALLBACK])))
    escaped = "".join(
        f"<@{part}>" if number % 2 and part in mentions else escape(f"<@{part}>" if number % 2 else part)
        for number, part in enumerate(parts)
    )
    return escaped if len(escaped) <= _FALLBACK else _CUT_TOKEN.sub("", escaped[:_FALLBACK])


def _to_plain_text(tree: Sequence[md.Block]) -> str:
    lines: list[str] = []
    for block in tree:
        match block:
            case md.Paragraph(children) | md.Heading(_, children):
                lines.append(md.plain_text(children))
            case md.Code(content, _):
                lines.append(content)
            case md.Quote(inner):
                lines.append(_to_plain_text(inner))
            case md.ListBlock():
                lines += [f"• {_to_plain_text(item.blocks)}" for item in block.items]
            case md.Table():
                lines += [" | ".join(map(md.plain_text, row)) for row in (block.header, *block.rows)]
            case md.Rule():
                pass
    return "\n".join(lines)


# ------------------------------------------------------------------ answers


@valueclass(frozen=True, slots=True)
class AnswerLayout:
    """The messages of an answer: its texts, then one with the files."""

    texts: list[MessagePart]
    files: list[Upload]
    is_caption: bool  #: the one text is shown with the files

    @property
    def fingerprints(self) -> tuple[tuple[str, int], ...]:
        """Names and sizes of the files, by which they are recognised."""
        return tuple(file.fingerprint for file in self.files)


async def layout_answer(
    answer: Answer, locale: str, *, has_charts: bool = False, has_data_tables: bool = False, has_plans: bool = False
) -> AnswerLayout:
    """Return the messages of an answer. Raises `DeliveryRefused` when a file has gone from the disk.

    `has_charts`: a chart that Slack can draw is no file, but a block of the last text. `has_data_tables`: see
    `render_blocks`. `has_plans`: a plan is a block, with its note below.
    """
    if has_plans and answer.plan is not None:
        return await _layout_plan(answer, answer.plan)
    drawn = [build_chart(media.chart) if has_charts and media.chart is not None else None for media in answer.media]
    charts = [block for block in drawn if block is not None]
    media = await _uploads(media for media, block in zip(answer.media, drawn, strict=True) if block is None)
    links = [f"[{_escape_label(m.name)}]({m.url or m.source_url})" for m in answer.media if m.path is None or m.url]
    text = "\n\n".join(filter(None, (answer.text.strip("\n"), *links)))
    if media and not charts and len(text) <= _CAPTION and len(parts := split_parts(text)) <= 1:
        return AnswerLayout(parts, media, is_caption=True)
    mentions = ANYBODY if answer.private else ()
    layout = _layout_text(text, media, locale, mentions, has_data_tables=has_data_tables)
    if not charts:
        return layout
    *texts, last = layout.texts or [MessagePart(" ", [])]
    return replace(layout, texts=[*texts, replace(last, blocks=last.blocks + charts)])


async def _layout_plan(answer: Answer, plan: Plan) -> AnswerLayout:
    blocks = [build_plan(plan), *(render_blocks(plan.note) if plan.note else ())]
    return AnswerLayout([MessagePart(answer.text, blocks)], await _uploads(answer.media), is_caption=False)


async def layout_for(api: WebApi, answer: Answer, *, omitted: Collection[str] = ()) -> AnswerLayout:
    """Return the messages of an answer with the blocks that the workspace takes. Raises `DeliveryRefused`.

    `omitted`: features that it is to go without.
    """

    def takes(feature: str) -> bool:
        return feature not in omitted and api.is_enabled(feature)

    return await layout_answer(
        answer,
        api.target.locale,
        has_charts=bool(answer.media) and takes(CHARTS),
        has_data_tables=takes(DATA_TABLES),
        has_plans=answer.plan is not None and takes(PLANS),
    )


async def layout_as_file(answer: Answer) -> AnswerLayout:
    """Return the message of an answer whose text is a file. Raises `DeliveryRefused` as `layout_answer` does."""
    return AnswerLayout([], [whole_text(answer.text), *await _uploads(answer.media)], is_caption=True)


async def _uploads(media: Iterable[Media]) -> list[Upload]:
    return [await prepare_upload(one) for one in media if one.path is not None and not one.url]


def layout_without_files(answer: Answer, reason: str, locale: str) -> AnswerLayout:
    """Return the messages of an answer in a place that takes no files, with a sentence that says why."""
    media = [media for media in answer.media if media.path is not None and not media.url]
    links = [f"[{_escape_label(m.name)}]({m.source_url})" for m in media if (m.source_url or "").startswith("https:")]
    texts = split_parts(answer.text.strip("\n"), MAX_PARTS + 1)
    names = [_escape_label(m.name) for m in media] or (["answer.md"] if len(texts) > MAX_PARTS else [])
    if not names:  # the files were of text that is shown anyway
        return AnswerLayout(texts, [], is_caption=False)
    note = translate(f"slack.files.{reason}", locale, names=", ".join(names))
    *begin, last = texts[:MAX_PARTS] or [MessagePart("", [])]
    end = split_parts("\n\n".join(part for part in (last.markdown, note, *links) if part))
    return AnswerLayout([*begin, *end], [], is_caption=False)


def _layout_text(
    text: str, media: Sequence[Upload], locale: str, mentions: Collection[str], *, has_data_tables: bool
) -> AnswerLayout:
    texts = split_parts(text, MAX_PARTS + 1, mentions=mentions, has_data_tables=has_data_tables)
    files = list(media)
    if len(texts) > MAX_PARTS:
        files.append(whole_text(text))
        note = translate("slack.whole", locale)
        texts = [*split_parts(_first_part(text)), MessagePart(note, render_blocks(note))]
    elif not media:
        files += _extract_snippets(text)
    return AnswerLayout(texts, files, is_caption=False)


def whole_text(text: str) -> Upload:
    """Return a text as a file."""
    content = text.encode("utf-8", "replace")
    return Upload(name="answer.md", size=len(content), source=content)


def _escape_label(name: str) -> str:
    return name.replace("[", "(").replace("]", ")")


def _extract_snippets(text: str) -> list[Upload]:
    """Return the long code blocks of a text as files."""
    if text.count("\n") < _LONG_LINES and len(text) <= _LONG_TEXT:
        return []
    codes = _find_code(md.parse(text))
    long = [code for code in codes if code.text.count("\n") >= _LONG_LINES or len(code.text) > _LONG_TEXT]
    snippets = []
    for number, code in enumerate(long[:_SNIPPETS], start=1):
        language, suffix = _LANGUAGES.get(code.language.lower(), ("text", "txt"))
        content = (code.text + "\n").encode("utf-8", "replace")
        name = f"code.{suffix}" if len(long) == 1 else f"code-{number}.{suffix}"
        snippet = language if len(content) <= _SNIPPET_BYTES else ""
        snippets.append(Upload(name=name, size=len(content), source=content, snippet=snippet))
    return snippets


def _find_code(tree: Sequence[md.Block]) -> list[md.Code]:
    codes: list[md.Code] = []
    for block in tree:
        match block:
            case md.Code():
                codes.append(block)
            case md.Quote(inner) | md.ListItem(inner):
                codes += _find_code(inner)
            case md.ListBlock():
                for item in block.items:
                    codes += _find_code(item.blocks)
    return codes


def message_forms(markdown: str, blocks: list[Block], *, mentions: Collection[str] = ()) -> Iterator[Block]:
    """Yield `text` and `blocks` of a message, from the form it should have to the simplest.

    First `blocks` as they are; then rich text without tables, titles and links, as an address may be what Slack
    refuses; then the text alone, if it is short enough to be edited. `mentions`: ids of the people whom it may notify.
    """
    fallback = render_fallback(markdown, mentions=mentions) or " "
    yield {"text": fallback, "blocks": blocks}
    buttons = [block for block in blocks if block["type"] in ("actions", CONTEXT_ACTIONS)]
    plain: list[Block] = [without_links(block) for block in render_blocks(markdown, mentions=mentions, is_plain=True)]
    yield {"text": fallback, "parse": "none", "blocks": plain + buttons}
    text = fallback if mentions else escape(markdown)
    if text.strip() and len(text) <= _LONGEST_TEXT:
        yield {"text": text, "parse": "none", "blocks": []}


def without_links(value: Any) -> Any:
    """Return blocks with the words and addresses of their links as text."""
    if isinstance(value, list):
        return [without_links(part) for part in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") != "link":
        return {name: without_links(part) for name, part in value.items()}
    label, url = str(value.get("text") or ""), str(value["url"])
    style = {"style": value["style"]} if "style" in value else {}
    return {"type": "text", "text": f"{label} ({url})" if label and label != url else url, **style}


def is_same(before: list[Block], after: list[Block]) -> bool:
    """Whether two lists of blocks look the same; ids of blocks are new each time."""
    return bool(before) and [_without_id(block) for block in before] == [_without_id(block) for block in after]


def _without_id(block: Block) -> Block:
    return {name: value for name, value in block.items() if name != "block_id"}


def message_metadata(key: str, part: int, kind: str = ANSWER) -> Mapping[str, Any]:
    """Return the metadata by which a message of the answer `key` is found again."""
    return {"event_type": kind, "event_payload": {"key": key, "part": part}}
