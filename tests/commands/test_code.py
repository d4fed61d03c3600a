"""`code`: a code block in the right language, and a file for long code."""

import pytest

from bot.commands.code import canonical, mentioned
from bot.errors import UsageError
from tests.support.command_runner import CommandRunner


async def test_code_comes_in_a_fenced_block(runner: CommandRunner) -> None:
    """The block names the language, and the API gets its documented parameters."""
    said = await runner.ask("code", "say hi", options={"language": "Py"})
    assert said.text == "```python\nprint('hi')\n```"
    assert said.media == []
    body = {"model": "codellama-70b", "prompt": "say hi", "language": "python", "max_tokens": 2048}
    assert runner.api_server.bodies("code") == [body]
    assert said.usage[0].kind == "code"


async def test_long_code_is_a_file_as_well(runner: CommandRunner) -> None:
    """Long code is also attached as a file with the language's extension."""
    runner.api_server.code = "\n".join(f"let x{n} = {n};" for n in range(60))
    said = await runner.ask("code", "sixty lines of rust")
    assert said.text.startswith("```rust\n")
    (file,) = said.media
    assert file.name.endswith(".rs")
    assert file.path is not None
    assert file.path.read_text() == runner.api_server.code + "\n"


async def test_code_with_fences_of_its_own_stays_as_it_is(runner: CommandRunner) -> None:
    """An answer of prose and code blocks is shown unchanged."""
    runner.api_server.code = "Try this:\n\n```python\nprint(1)\n```\n\nIt prints."
    assert (await runner.ask("code", "print 1")).text == runner.api_server.code


async def test_code_with_backticks_does_not_break_its_block(runner: CommandRunner) -> None:
    """The fence is longer than any run of backticks in the code."""
    runner.api_server.code = 'doc = """``` x ```"""'
    assert (await runner.ask("code", "x")).text == '````python\ndoc = """``` x ```"""\n````'


async def test_code_at_its_limit_says_so(runner: CommandRunner) -> None:
    """Code cut at its token limit has a note, and its block is closed."""
    runner.api_server.finish_reason = "length"
    assert (await runner.ask("code", "x")).text.startswith("```python\nprint('hi')\n```\n\n*The answer reached")


async def test_an_attached_file_is_read_along(runner: CommandRunner) -> None:
    """An attached file is part of the request."""
    await runner.ask("code", "add types", attach={"a.py": b"def f(x): ..."})
    assert "def f(x): ..." in runner.api_server.bodies("code")[0]["prompt"]


async def test_code_becomes_part_of_the_conversation(runner: CommandRunner) -> None:
    """Later chat requests contain the code."""
    await runner.ask("code", "say hi")
    await runner.ask("chat", "make it louder")
    contents = [message["content"] for message in runner.api_server.bodies("chat")[0]["messages"]]
    assert contents[1:] == ["say hi", "```python\nprint('hi')\n```", "make it louder"]


async def test_code_needs_a_prompt(runner: CommandRunner) -> None:
    """A missing prompt is an error."""
    with pytest.raises(UsageError, match="/code"):
        await runner.ask("code")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("C++", "cpp"),
        ("js", "javascript"),
        ("Golang", "go"),
        ("c#", "csharp"),
        ("ABAP", "abap"),
        ("", ""),
        ("x`\n", "x`"),
    ],
)
def test_a_language_has_one_name(given: str, name: str) -> None:
    """All names of a language map to one; an unknown one is passed on as it is."""
    assert canonical(given) == name


async def test_a_language_breaks_no_fence(runner: CommandRunner) -> None:
    """What can't be the label of a code block is none, not even in part."""
    assert (await runner.ask("code", "say hi", options={"language": "x`y"})).text.startswith("```\n")


@pytest.mark.parametrize(
    ("prompt", "language"),
    [
        ("quicksort in Go", "go"),
        ("go through a list", ""),
        ("用 rust 寫一個排序", "rust"),
        ("a C++ class", "cpp"),
        ("a function in c that adds", "c"),
        ("plan c for the weekend", ""),
        ("用python寫一個費氏數列", "python"),
        ("a javascript debounce", "javascript"),
        ("open file.py", ""),
    ],
)
def test_a_language_is_taken_from_the_prompt(prompt: str, language: str) -> None:
    """A language name that is also a word counts only where it must be a language."""
    assert mentioned(prompt) == language
