"""`code`: write or explain a piece of code."""

import re
from pathlib import PurePath

from aimodels.errors import UnexpectedAnswer
from bot.calls.token_usage import to_usage
from bot.commands._base import Context, Parts, command
from bot.commands._family import find_wording
from bot.commands._media import file_title, retry_action
from bot.conversation.attachments import code_block
from bot.models import Actions, CommandSpec, Option, Status, Text, TurnRecord
from bot.scoped_settings.names import ANSWER_TOKENS

#: lines above which the code comes as a file as well
LONG = 40

#: name → file extension; the names are also what Markdown calls the languages
EXTENSIONS = {
    "python": "py",
    "javascript": "js",
    "typescript": "ts",
    "java": "java",
    "kotlin": "kt",
    "swift": "swift",
    "c": "c",
    "cpp": "cpp",
    "csharp": "cs",
    "go": "go",
    "rust": "rs",
    "ruby": "rb",
    "php": "php",
    "scala": "scala",
    "dart": "dart",
    "lua": "lua",
    "perl": "pl",
    "r": "r",
    "julia": "jl",
    "haskell": "hs",
    "bash": "sh",
    "powershell": "ps1",
    "sql": "sql",
    "html": "html",
    "css": "css",
    "json": "json",
    "yaml": "yaml",
    "toml": "toml",
    "dockerfile": "dockerfile",
}
ALIASES = {"c++": "cpp", "c#": "csharp", "golang": "go", "shell": "bash", "node": "javascript", "postgresql": "sql"}
#: what other people call an extension's language
BY_EXTENSION = {extension: name for name, extension in EXTENSIONS.items()}
#: words of ordinary English too; they need an "in" before them
AMBIGUOUS = {"c", "go", "r", "swift", "dart", "node", "shell", "julia"}

_WORD = re.compile(
    r"(?<![\w.+#-])(?P<before>(?:in|using|with|用|以)\s*)?(?P<name>[a-z]+(?:\+\+|#)?)(?![\w+#-])", re.ASCII
)
_NO_LABEL = re.compile(r"[^\w+#.-]")  # characters that no label of a code block has
_FENCE = re.compile(r"^[ \t]*```", re.MULTILINE)


@command(
    CommandSpec(
        name="code",
        description="Write or complete code; attached files are read along.",
        options=(
            Option(name="prompt", description="What the code does, or code to complete", is_prompt=True, required=True),
            Option(
                name="language",
                description="Python, JavaScript, Go, Rust, SQL… taken from the prompt when not given",
                suggestions=tuple(EXTENSIONS),
            ),
            Option(name="model", description="Use this model, once", models="code"),
        ),
        kind="code",
        example="code merge two sorted lists --language rust",
    )
)
async def code(ctx: Context) -> Parts:
    """Request the code and show it as a block, and long code as a file, too."""
    wording = await find_wording(ctx, ctx.prompt())
    prompt = wording.prompt
    language = canonical(ctx.option("language")) or mentioned(prompt) or "python"
    model = ctx.option("model") or ctx.effective.model("code")
    if ctx.event.attachments:
        yield Status(ctx.translate("chat.reading"))
    async with ctx.conversation.read_attachments(ctx.event.attachments, model="") as attached:
        text = "\n\n".join(part for part in (prompt, attached.text) if part)
    yield TurnRecord(user=text)
    yield Status(ctx.translate("code.making"))
    answer = await ctx.calls.ask(
        "code",
        model,
        lambda api: api.create_code,
        prompt=text,
        language=language,
        max_tokens=ctx.effective.integer(ANSWER_TOKENS),
        **ctx.extra_parameters,
    )
    written = answer.data.code.strip("\n")
    if not written.strip():
        raise UnexpectedAnswer("code is empty")
    yield to_usage("code", ctx.calls.answered_by, answer.data.usage)
    if wording.note:
        yield Text(wording.note)
    if attached.notes:
        yield Text("".join(f"> {note}\n" for note in attached.notes) + "\n")
    is_fenced = has_fence(written)
    # A label in part would be kept in the conversation, where redaction no longer knows it.
    label = "" if _NO_LABEL.search(language) else language
    yield Text(written if is_fenced else code_block(written, language=label))
    if not is_fenced and written.count("\n") >= LONG:
        extension = EXTENSIONS.get(language, "txt")
        yield await ctx.spool.write(
            f"{file_title(prompt, 'code')}.{extension}",
            written + "\n",
            content_type="text/plain",
            event=ctx.event.id,
            description=prompt,
        )
    if answer.data.finish_reason == "length":
        yield Text("\n\n" + ctx.translate("chat.cut"))
    yield Actions((retry_action(ctx),))


def has_fence(text: str) -> bool:
    """Return whether a line of the text begins a code block."""
    return bool(_FENCE.search(text))


def canonical(language: str) -> str:
    """Return the name of a language in the API and in Markdown; an unknown name is returned unchanged."""
    name = language.strip().lower()
    return ALIASES.get(name) or BY_EXTENSION.get(PurePath(f"x.{name}").suffix.removeprefix("."), name)


def mentioned(prompt: str) -> str:
    """Return the programming language that a prompt names; "" if there is none."""
    for match in _WORD.finditer(prompt.lower()):
        name = match["name"]
        if (name in EXTENSIONS or name in ALIASES) and (match["before"] or name not in AMBIGUOUS):
            return canonical(name)
    return ""
