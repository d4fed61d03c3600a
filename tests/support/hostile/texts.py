"""Every function that reads long texts, on texts that are slow to match.

Prints each function and text before it runs. The system ends the process when a call has used up its CPU time, which
only work that grows faster than the text does. Texts twice as long would need four times that time to find the same.
"""

import signal
from collections.abc import Callable

from adapters.console.format import clean
from adapters.console.render import finished_length
from adapters.console.table import align_tables
from adapters.discord.inbound.parse import thread_name_of
from adapters.slack.inbound.parse import make_title
from adapters.slack.ui.stream_markdown import neutralize, stable_prefix
from aimodels.parsing import strip_fence
from bot.commandline.parser import parse as parse_command
from bot.commandline.tokenizer import split_words
from bot.commands.code import has_fence, mentioned
from bot.conversation.attachments import code_block, extract_text, truncate_to_tokens
from bot.markdown.disguise import is_disguised
from bot.markdown.indents import normalize_indents
from bot.markdown.split import split
from bot.models import CommandSpec, Option
from bot.moderation.detectors import find_private
from bot.moderation.redaction import merge
from bot.moderation.rules import ContentRules, compile_pattern
from bot.moderation.seen_text import find_as_seen
from sandbox.chat.completions import cut
from sandbox.chat.reply import reply
from sandbox.chat.summary import summarise
from sandbox.code.templates import complete

CPU_SECONDS = 0.25  #: of one call, which takes a third of it at most
SEARCH_SECONDS = 0.75  #: the same for the search for what is private
LENGTH, LESS = 12_500, 5_000  #: characters
MORE, MORE_SECONDS = 250_000, 1.0  #: characters of a whole text that is one run, and its CPU time

CHAT = CommandSpec(name="chat", description="", options=(Option(name="prompt", description="", is_prompt=True),))

RULES = ContentRules(
    redact={"LONG": compile_pattern("(x+x+)+y|1+")},
    refuse_words={"words": ("aaab", "中中b", "a b")},
    refuse_patterns={"pattern": compile_pattern("(a|a)*b$")},
)


def find_all_private(text: str) -> object:
    """Find what is private."""
    return list(merge(find_as_seen(find_private, text)))


QUICK: tuple[Callable[[str], object], ...] = (
    strip_fence,
    has_fence,
    mentioned,
    make_title,
    lambda text: thread_name_of(text, "chat"),
    neutralize,
    stable_prefix,
    clean,
    finished_length,
    align_tables,
    normalize_indents,
    lambda text: extract_text(text.encode(), 32_000),
    lambda text: truncate_to_tokens(text, 8000),
    code_block,
    lambda text: cut(text, 100),
    RULES.find_refusal,
    lambda text: list(RULES.find_private(text)),
)
#: What does more with each character gets fewer.
THOROUGH: tuple[Callable[[str], object], ...] = (
    split_words,
    lambda text: parse_command(f"/chat {text}", (CHAT,)),
    lambda text: is_disguised(text, "https://a.example"),
    lambda text: split(text, 2000),
    lambda text: reply([("user", text)]),
    lambda text: summarise([text]),
    lambda text: complete(text, "python"),
)

UNITS = (
    *("~", "`", "*", "_", "(", "[", "<", "|", ">", "-", "#", "&", "@", "!", '"', "\\", "1", "1.", "1-", "%", "x", "中"),
    *(" ", "\t", "\n", "- ", "> ", "1 ", "+1", "((1", "[a](", "![", "**a", "a\n", "a.", "~~~\n", "```\n", "|a\n|-\n"),
    *("http://", "--a ", "what is ", "which day on ", "5 km ", "days until ", "my name is ", "in python ", "def f("),
    *(
        "a@",
        "a@b.",
        "a.",
        "sk-",
        "eyJa.",
        "token=",
        "-----BEGIN PRIVATE KEY-----",
        "0912-",
        "+1 (",
        "DE89 ",
        "4111 ",
        "4111\n",
        "\u0430",
        "x\u0430",
        "aB1",
        "xx",
    ),
)


def main() -> None:
    """Run them all."""
    for unit in UNITS:
        text = (unit * LENGTH)[:LENGTH]
        for given in (text, f"x{text}a"):
            for function in QUICK:
                run(function, given)
            run(find_all_private, given, SEARCH_SECONDS)
    run(find_all_private, "1 " * (MORE // 2), MORE_SECONDS)
    for function in THOROUGH:
        for unit in UNITS:
            run(function, (unit * LESS)[:LESS])


def run(function: Callable[[str], object], text: str, seconds: float = CPU_SECONDS) -> None:
    """Run one function within its CPU time."""
    print(function.__qualname__, function.__code__.co_firstlineno, repr(text[:20]), flush=True)  # noqa: T201
    signal.setitimer(signal.ITIMER_PROF, seconds)
    function(text)
    signal.setitimer(signal.ITIMER_PROF, 0)
