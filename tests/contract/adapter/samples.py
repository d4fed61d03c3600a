"""Commands, files and long texts for the laws."""

import re
from pathlib import Path

from bot.models import Action, CommandSpec, Media, Option

PROMPT = Option(name="prompt", description="What to say.", is_prompt=True, required=True)
COMMANDS = (
    CommandSpec(name="chat", description="Talk.", kind="chat", options=(PROMPT,), aliases=("ask",)),
    CommandSpec(
        name="image",
        description="Draw.",
        kind="image",
        options=(
            PROMPT,
            Option(name="style", description="Style.", kind="choice", choices=("anime", "photo")),
            Option(name="count", description="How many.", kind="integer", minimum=1, maximum=4, default="1"),
        ),
    ),
    CommandSpec(name="video", description="Film.", kind="video", options=(PROMPT,)),
    CommandSpec(name="stop", description="Stop what is running here."),
    CommandSpec(name="leave", description="Leave the author alone here."),
    CommandSpec(name="usage", description="Tell what was used.", private=True),
)

AGAIN = Action(name="again", label="Again", command="retry")
GOOD = Action(name="good", label="Good answer", command="feedback")
STYLE = Action(name="style", label="Other style", command="image", prompts_for=("style",))
DELETE = Action(name="delete", label="Delete", command="delete", is_danger=True)
ACTIONS = (AGAIN, GOOD, STYLE, DELETE)


def media(folder: Path, name: str, size: int, content_type: str = "image/png") -> Media:
    """A file of an answer."""
    path = folder / name
    path.write_bytes(b"\x89PNG\r\n\x1a\n".ljust(size, b"x"))
    return Media(name=name, content_type=content_type, size=size, path=path, width=8, height=8)


def long_markdown(size: int) -> str:
    """Headings, paragraphs, lists, fences and tables in two languages, every word of it numbered."""
    text, at = "", 0

    def word() -> str:
        nonlocal at
        at += 1
        return f"word{at}" if at % 3 else f"詞{at}"

    while len(text) < size:
        text += f"## {word()}\n\n{' '.join(word() for _ in range(60))}。\n\n- {word()}\n- {word()} {word()}\n\n"
        text += "```python\n" + "".join(f"{word()} = {word()}\n" for _ in range(20)) + "```\n\n"
        text += "| a | b |\n|---|---|\n" + "".join(f"| {word()} | {word()} |\n" for _ in range(10)) + "\n"
    return text


def words(text: str) -> list[str]:
    """The numbered words of `long_markdown`."""
    return re.findall(r"(?:word|詞)\d+", text)
