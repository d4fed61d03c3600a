"""Code from templates, diagnosis of given Python, and a plain refusal of everything else."""

import ast
import re
import tomllib
from functools import cache
from importlib.resources import files

from sandbox.code.diagnosis import diagnose

LANGUAGES = ("python", "javascript", "typescript", "go", "rust", "java", "c", "bash", "sql")
_ALIASES = {"py": "python", "python3": "python", "js": "javascript", "node": "javascript", "ts": "typescript"} | {
    "golang": "go",
    "rs": "rust",
    "sh": "bash",
    "shell": "bash",
    "sqlite": "sql",
    "postgresql": "sql",
}
#: topic → what a request for it says; the first that matches wins
_TOPICS = {
    "fizzbuzz": r"fizz\W?buzz",
    "fibonacci": r"fib(?:onacci)?\b|_fib|費波那契|斐波那契|費氏",
    "factorial": r"factorial|\bfact\b|階乘|阶乘",
    "is_prime": r"is_?prime|(?:check|test|whether|if)\b.*\bprime|判斷.*[質素]數|判断.*[质素]数",
    "primes": r"primes?\b|sieve|質數|素數|质数|素数",
    "palindrome": r"palindrom|回文",
    "binary_search": r"binary.?search|二分",
    "reverse": r"revers|反轉|反转|倒",
    "gcd": r"\bgcd\b|greatest common|最大公",
    "sort": r"sort(?!.*(?:\bby\b|dict|object|record))|排序(?!.*字典)",
    "http_server": r"(?:http|web)\W?server|伺服器|服务器",
    "http_request": r"(?:http|get|web)\W?request|fetch|download|api call|請求|请求",
    "read_file": r"read.*(?:file|lines)|open.*file|(?:讀|读).*(?:檔|文件)",
    "hello": r"hello.?,? ?world",
}
_FENCE = re.compile(r"```[\w+-]*\n(.*?)```", re.DOTALL)
_AFTER_ORDER = re.compile(  # "fix this: def f(x): …"
    r"[^:：\n]{1,80}[:：]\s*((?:async def|def|class|import|from|for|while|if|print\() ?.*)", re.DOTALL
)
_HEAD = re.compile(r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+\w+", re.MULTILINE)
_LOOKS_LIKE_PYTHON = re.compile(
    r"(?m)^[ \t]*(?:def |class |import |from \w+ import|for .*:|if .*:|while .*:|try:|@\w|\w+ = |print\()"
)


@cache
def snippets(language: str) -> dict[str, str]:
    """The templates of one of `LANGUAGES`, by topic."""
    text = (files("sandbox.code") / "snippets" / f"{language}.toml").read_text(encoding="utf-8")
    return {topic: code.strip("\n") + "\n" for topic, code in tomllib.loads(text).items()}


def complete(prompt: str, language: str) -> str:
    """Answer a request for code, or continue the given code; text that is no code is commented."""
    name = language.strip().lower()
    name = _ALIASES.get(name, name)
    given = match[1] if (match := _FENCE.search(prompt) or _AFTER_ORDER.match(prompt)) else prompt
    if name == "python" and _is_code(given) and not _is_head(given):
        return diagnose(given)
    topic = next((topic for topic, words in _TOPICS.items() if re.search(f"(?i){words}", prompt)), None)
    known = snippets(name) if name in LANGUAGES else {}
    if topic not in known:
        return _refusal(name, known)
    code = known[topic]
    return _rename(given, code) if name == "python" and _is_head(given) else code


def _is_code(text: str) -> bool:
    return bool(_LOOKS_LIKE_PYTHON.search(text))


def _is_head(text: str) -> bool:
    """Whether the code is only the head of a function, perhaps with imports or a docstring."""
    head = text.rstrip()
    if not _HEAD.search(head):
        return False
    try:
        ast.parse(head)
    except SyntaxError:
        pass
    else:
        tree = ast.parse(head).body
        return isinstance(tree[-1], ast.FunctionDef) and all(_says_nothing(node) for node in tree[-1].body)
    try:
        ast.parse(f"{head}\n    pass\n")
    except SyntaxError:
        return False
    return head.endswith(":")


def _says_nothing(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _rename(head: str, code: str) -> str:
    """The template with the given name and parameters, where the number of parameters agrees."""
    try:
        wanted = ast.parse(f"{head.rstrip()}\n    pass\n" if head.rstrip().endswith(":") else head).body[-1]
    except SyntaxError:
        return code
    tree = ast.parse(code)
    have = tree.body[-1]
    if not isinstance(wanted, ast.FunctionDef) or not isinstance(have, ast.FunctionDef):
        return code
    new, old = [arg.arg for arg in wanted.args.args], [arg.arg for arg in have.args.args]
    if len(new) != len(old):
        return code
    for before, after in zip([*old, have.name], [*new, wanted.name], strict=True):
        code = re.sub(rf"\b{before}\b", after, code)
    first = next(line for line in head.splitlines() if _HEAD.match(line))
    return re.sub(r"(?m)^def .*$", lambda _: first.rstrip(), code, count=1)


def _refusal(language: str, known: dict[str, str]) -> str:
    mark = {"python": "#", "bash": "#", "sql": "--"}.get(language, "//")
    if known:
        can = f"For {language} it has templates of: {', '.join(topic.replace('_', ' ') for topic in known)}."
    else:
        can = f"It has templates for: {', '.join(LANGUAGES)}."
    lines = [
        "This is the offline sandbox: it has no language model, so it can't write this.",
        can,
        "Set AIMODELS_API_KEY to connect a real API.",
    ]
    if language == "python":
        lines.insert(2, "Given Python code, it says what is wrong with it.")
    return "\n".join(f"{mark} {line}" for line in lines) + "\n"
