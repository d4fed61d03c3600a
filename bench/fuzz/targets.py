"""The parsers, each with inputs to begin with."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache


@cache
def _specs() -> object:
    from aimodels.reference import MODELS
    from bot.commands import load_commands

    return load_commands({kind: (model,) for kind, model in MODELS.items()}).specs


def fuzz_markdown(data: bytes) -> None:
    """Convert a model's Markdown to the dialects of both platforms."""
    from adapters.discord.ui.format import mark_spoilers, to_discord
    from adapters.slack.ui.blocks import render_blocks

    text = data.decode("utf-8", "surrogatepass" if data[:1] == b"\xed" else "replace")
    to_discord(mark_spoilers(text))
    render_blocks(text)


def fuzz_split(data: bytes) -> None:
    """Cut a long answer into Discord's messages."""
    from adapters.discord.outbound.layout import MAX_TEXT, split_text, utf16_length

    for page in split_text(data.decode("utf-8", "replace") * 4):
        assert 0 < utf16_length(page) <= MAX_TEXT


def fuzz_commands(data: bytes) -> None:
    """Parse a command line as people type it."""
    from bot.commandline.parser import parse
    from bot.errors import UsageError

    with suppress(UsageError):
        parse(data.decode("utf-8", "replace"), _specs())  # type: ignore[arg-type]


def fuzz_answers(data: bytes) -> None:
    """Parse an answer of the AI API, or of a server in its place."""
    from aimodels import parsing
    from aimodels.errors import ApiError
    from aimodels.wire.sse import EventParser

    for read in (parsing.parse_chat, parsing.parse_code):
        for flavor in ("aimodels", "openai"):
            with suppress(ApiError):
                read(data, flavor)
    with suppress(ApiError):
        for event in EventParser().feed(data):
            parsing.parse_chunk(event)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "markdown": fuzz_markdown,
    "split": fuzz_split,
    "commands": fuzz_commands,
    "answers": fuzz_answers,
}
#: Inputs to begin with, one for each target.
SEEDS: Mapping[str, tuple[bytes, ...]] = {
    "markdown": (
        b"# a\n- [x](https://b.c) **d** `e`\n| a | b |\n|---|---|\n| 1 | 2 |\n",
        b"```py\nx\n```\n||s|| <@1> @everyone",
    ),
    "split": (b"word " * 90, b"```\n" + b"line\n" * 90 + b"```"),
    "commands": (b'/image a fox --style anime -n 2 -- "x"', "/video 海 --duration 5".encode()),
    "answers": (
        b'{"data": {"choices": [{"message": {"content": "a"}}]}}',
        b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n',
    ),
}
