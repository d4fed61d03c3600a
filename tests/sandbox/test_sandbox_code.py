"""Code from templates."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sandbox.code.templates import LANGUAGES, complete, snippets


def run(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(code, names)
    return names


def test_python_templates_do_what_they_say() -> None:
    """Each Python function gives the right results."""
    made = {topic: run(code) for topic, code in snippets("python").items() if topic != "hello"}
    assert [made["fibonacci"]["fibonacci"](n) for n in range(8)] == [0, 1, 1, 2, 3, 5, 8, 13]
    assert [made["factorial"]["factorial"](n) for n in (0, 1, 5)] == [1, 1, 120]
    assert made["primes"]["primes"](30) == [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]
    assert [n for n in range(-1, 30) if made["is_prime"]["is_prime"](n)] == made["primes"]["primes"](30)
    assert made["reverse"]["reverse_string"]("abc") == "cba"
    assert made["palindrome"]["is_palindrome"]("A man, a plan, a canal: Panama")
    assert not made["palindrome"]["is_palindrome"]("ab")
    assert made["fizzbuzz"]["fizzbuzz"](15)[2::2] == ["Fizz", "Buzz", "7", "Fizz", "11", "13", "FizzBuzz"]
    assert [made["binary_search"]["binary_search"]([1, 3, 5], n) for n in (1, 3, 5, 4)] == [0, 1, 2, -1]
    assert made["sort"]["merge_sort"]([3, 1, 2, 1]) == [1, 1, 2, 3]
    assert made["gcd"]["gcd"](12, 18) == 6
    assert next(made["read_file"]["read_lines"](__file__)) == '"""Code from templates."""'


def test_a_function_head_is_completed_as_it_was_begun() -> None:
    """The answer keeps the given name and parameter, and works."""
    assert run(complete("def fibonacci(n):", "python"))["fibonacci"](10) == 55
    assert run(complete("def fib(count: int) -> int:", "Python"))["fib"](count=10) == 55
    assert run(complete("def factorial(number):\n", "py"))["factorial"](number=4) == 24


@pytest.mark.parametrize(
    ("asked", "language", "word"),
    [
        ("write a web server", "go", "ListenAndServe"),
        ("check if a number is prime", "rust", "fn is_prime"),
        ("reverse a string", "js", "reverseString"),
        ("寫一個二分搜尋", "python", "binary_search"),
        ("hello world", "sql", "SELECT"),
    ],
)
def test_requests_in_words_find_their_template(asked: str, language: str, word: str) -> None:
    """The topic is recognised in English and Chinese, the language by its common names."""
    assert word in complete(asked, language)


@pytest.mark.parametrize(
    ("source", "finding"),
    [
        ("def f(:\n    pass\n", "line 1, column 7: syntax error"),
        ("def f(x=[]):\n    return x\n", "line 1: a mutable default"),
        ("try:\n    f = 1\nexcept:\n    pass\n", "line 3: a bare except"),
        ("x = 1\nif x == None:\n    x = 2\n", "line 2: compare with None by `is None`"),
        ("import os\nprint(1)\n", "line 1: `os` is imported but not used"),
        ("print(unknown)\n", "line 1: undefined name `unknown`"),
        ("def f():\n    unused = 1\n    return 2\n", "line 2: `unused` is assigned but never used"),
        ("x = 1\nprint(x is 'a')\n", "line 2: `is` compares identity"),
        ("fix this: def f(x): retrun x+1", "line 1, column 18: syntax error"),
        ("Why?\n```python\nfor i in range(3)\n    print(i)\n```", "line 1, column 18: syntax error"),
    ],
)
@pytest.mark.filterwarnings("default::SyntaxWarning")
def test_python_is_diagnosed(source: str, finding: str) -> None:
    """The place and the reason of what is wrong with given code are told."""
    assert finding in complete(source, "python")


def test_sound_python_is_not_blamed() -> None:
    """Code without a fault gets no finding."""
    source = (
        "import os\n\ndef f(*args, key=None, **more):\n    try:\n        with open(os.devnull) as file:\n"
        "            return [line for line in file if key in more], args\n"
        "    except OSError as exc:\n        return exc\n"
    )
    assert "found nothing wrong" in complete(source, "python")


def test_what_it_does_not_know_is_refused_honestly() -> None:
    """The refusal is a comment that says what it can do and how to get a model; in Python it even runs."""
    assert "no language model" in complete("sort a list of dictionaries by date", "python")
    for language in (*LANGUAGES, "cobol"):
        answer = complete("a neural network that paints cats", language)
        assert "no language model" in answer
        assert "AIMODELS_API_KEY" in answer
    run(complete("a neural network that paints cats", "python"))


#: As `node --check` does, which takes one file.
PARSE_SCRIPTS = """
for (const path of process.argv.slice(1)) new (require("vm").Script)(require("fs").readFileSync(path, "utf8"), path)
"""
#: Of a machine for Java that does not run for long.
QUICK_START = ("-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC")
CHECKS = {
    "javascript": (["node", "-e", PARSE_SCRIPTS], ".js", "{}"),
    "bash": (["bash", "-n"], ".sh", "{}"),
    "c": (["gcc", "-fsyntax-only", "-Wall", "-Werror", "-x", "c"], ".c", "{}"),
    "go": (["gofmt", "-l", "-e"], ".go", "package main\n\n{}"),
    "rust": (["rustc", "--crate-type", "lib", "--emit", "metadata", "-A", "dead_code", "-o", "checked"], ".rs", "{}"),
    "java": (["javac", *QUICK_START, "-proc:none"], ".java", "class Snippet {{\n{}}}\n"),
}
#: Checkers that take several files.
SEVERAL = {"c", "go", "java", "javascript"}


@pytest.mark.optional  # a compiler may be missing
@pytest.mark.parametrize("language", CHECKS)
def test_other_languages_pass_their_own_checker(language: str, tmp_path: Path) -> None:
    """Every template is accepted by its language's compiler or interpreter."""
    command, extension, frame = CHECKS[language]
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    paths: dict[bool, list[Path]] = {True: [], False: []}
    for topic, code in snippets(language).items():
        is_class = "public class" in code
        whole = is_class or "package main" in code
        folder = tmp_path / topic
        folder.mkdir()
        path = folder / f"{'Main' if is_class else 'snippet'}{extension}"
        text = code if whole else frame.format(code).replace("class Snippet ", f"class Snippet_{topic} ")
        path.write_text(text, encoding="utf-8")
        paths[is_class].append(path)
    for group in [paths[False]] if language in SEVERAL else [[path] for path in paths[False]]:
        check(command, group)
    for path in paths[True]:  # all of one name
        check(command, [path])


def check(command: Sequence[str], paths: Sequence[Path]) -> None:
    names = [str(path) for path in paths]
    done = subprocess.run(
        [*command, *names], capture_output=True, text=True, check=False, timeout=120, cwd=paths[0].parent
    )
    assert done.returncode == 0, f"{names}: {done.stderr}"


def test_sql_runs() -> None:
    """The SQL templates run on SQLite."""
    import sqlite3

    database = sqlite3.connect(":memory:")
    try:
        rows = {topic: database.execute(code).fetchall() for topic, code in snippets("sql").items()}
    finally:
        database.close()
    assert rows["fibonacci"][10] == (10, 55)
    assert rows["factorial"][5] == (5, 120)
    assert json.dumps(rows["hello"]) == '[["Hello, world!"]]'
