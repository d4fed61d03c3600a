"""Generate the synchronous client, `aimodels/sync.py`, from the asynchronous one.

Run it after a change of `aimodels/client.py` or `aimodels/resources.py`; a test fails when it was forgotten:

    .venv/bin/python sdk/python/generate_sync.py
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "aimodels"
TARGET = PACKAGE / "sync.py"

#: Parameters and methods of the asynchronous client that make no sense without an event loop of the caller's own.
LEFT_OUT = {
    *("http", "for_caller", "with_limits", "_view", "can_edit", "can_speak", "transcriptions"),
    *("speech", "spoken", "lacks_speech", "aclose", "__aenter__", "__aexit__"),
}
#: Words of the docstrings that differ.
WORDS = {
    "Asynchronous client of the AI Models API.": "Synchronous client of the AI Models API, for scripts and notebooks.",
    "Every call raises `ApiError`, ends within its timeout, and closes its connection when it is cancelled.": (
        "Every call raises `ApiError` and ends within its timeout. The client also works inside a running event loop;\n"
        "    callbacks are called on a thread of its own. It closes itself at the end of the program."
    ),
    ", or if `spoken`,": "",
    "contextlib.aclosing": "contextlib.closing",
}
HEADER = '''"""Synchronous client, generated from the asynchronous one by sdk/python/generate_sync.py; do not edit."""

# ruff: noqa: A002, N803 (the API's own words)

'''
CONTEXT_MANAGER = """
def close(self) -> None:
    '''Close the connections and end the client's thread. Safe to repeat.'''
    self._finalizer()

def __enter__(self) -> Self:
    return self

def __exit__(
    self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
) -> None:
    self.close()
"""


def main(arguments: list[str]) -> int:
    """Write the file; with `--check` only compare it. Returns the exit status, 1 for a file that is out of date."""
    text = generate()
    if arguments == ["--check"]:
        is_current = TARGET.read_text(encoding="utf-8") == text
        if not is_current:
            print("aimodels/sync.py is out of date: run .venv/bin/python sdk/python/generate_sync.py", file=sys.stderr)
        return 0 if is_current else 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


def generate() -> str:
    """The text of `sync.py`."""
    resources, client = (_parse(PACKAGE / name) for name in ("resources.py", "client.py"))
    made = [_resource(node) for node in _async_classes(resources)] + [_client(node) for node in _async_classes(client)]
    body = "\n\n\n".join(ast.unparse(ast.fix_missing_locations(node)) for node in made)
    text = HEADER + "\n".join(_imports(ast.parse(body), resources, client)) + "\n\n\n" + body + "\n"
    for old, new in WORDS.items():
        text = text.replace(old, new)
    for command in (["check", "--select=I", "--fix", "--quiet"], ["format", "--quiet"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(TARGET), "-"]
        text = subprocess.run(ruff, input=text, capture_output=True, encoding="utf-8", check=True).stdout
    return text


def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _async_classes(module: ast.Module) -> Iterator[ast.ClassDef]:
    return (node for node in module.body if isinstance(node, ast.ClassDef) and node.name.startswith("Async"))


def _sync_name(name: str) -> str:
    return name.removeprefix("Async")


def _resource(node: ast.ClassDef) -> ast.ClassDef:
    """A class of one endpoint, or of a group of endpoints."""
    init = f"def __init__(self, thread: EventLoopThread, resource: {node.name}) -> None:\n"
    inner = [f"    self.{name} = {_sync_name(kind)}(thread, resource.{name})\n" for name, kind in _attributes(node)]
    init += "".join(inner) or "    self._thread = thread\n    self._resource = resource\n"
    methods = [_method(item, "self._resource") for item in node.body if _is_public_call(item)]
    return _class(node, [ast.parse(init).body[0], *methods])


def _attributes(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Attribute and class of assignments such as `self.completions = AsyncChatCompletions(…)`."""
    for item in ast.walk(node):
        if isinstance(item, ast.Assign) and isinstance(item.value, ast.Call) and isinstance(item.value.func, ast.Name):
            [target] = item.targets
            if isinstance(target, ast.Attribute) and item.value.func.id.startswith("Async"):
                yield target.attr, item.value.func.id


def _client(node: ast.ClassDef) -> ast.ClassDef:
    """The client's class."""
    functions = [item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)]
    kept = [item for item in functions if item.name not in LEFT_OUT]
    [init] = [item for item in kept if item.name == "__init__"]
    arguments = ", ".join(f"{each.arg}={each.arg}" for each in _arguments(init))
    lines = [f"self._client = {node.name}({arguments})", "self._thread = EventLoopThread()"]
    methods: list[ast.stmt] = []
    for item in kept:
        returned = ast.unparse(item.returns) if item.returns is not None else ""
        if returned.startswith("Async"):
            lines.append(f"self.{item.name} = {_sync_name(returned)}(self._thread, self._client.{item.name})")
        elif item is not init and item.decorator_list:
            methods.append(_property(item))
        elif item is not init:
            methods.append(_method(item, "self._client"))
    lines.append("self._finalizer = weakref.finalize(self, self._thread.close, self._client.aclose)")
    made = _copy_signature(init)
    made.body = [_docstring(init), *ast.parse("\n".join(lines)).body]
    return _class(node, [made, *methods, *ast.parse(CONTEXT_MANAGER).body])


def _class(node: ast.ClassDef, body: list[ast.stmt]) -> ast.ClassDef:
    made = ast.parse(f"class {_sync_name(node.name)}: pass").body[0]
    assert isinstance(made, ast.ClassDef)
    made.body = [_docstring(node), *body]
    return made


def _docstring(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> ast.stmt:
    """The docstring, without the lines of parameters that are left out."""
    text = ast.get_docstring(node, clean=False) or ""
    lines = [line for line in text.splitlines() if not any(f"- `{name}`" in line for name in LEFT_OUT)]
    return ast.Expr(ast.Constant("\n".join(lines)))


def _is_public_call(item: ast.stmt) -> bool:
    return isinstance(item, ast.AsyncFunctionDef) and not item.name.startswith("_")


def _arguments(item: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    """The arguments that are passed on, without `self` and `**extra`."""
    return [each for each in (*item.args.args[1:], *item.args.kwonlyargs) if each.arg not in LEFT_OUT]


def _copy_signature(item: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.FunctionDef:
    made = ast.parse(f"def {item.name}(self): pass").body[0]
    assert isinstance(made, ast.FunctionDef)
    pairs = zip(item.args.kwonlyargs, item.args.kw_defaults, strict=True)
    kept = [(each, default) for each, default in pairs if each.arg not in LEFT_OUT]
    made.args = ast.arguments(
        posonlyargs=[],
        args=item.args.args,
        vararg=None,
        kwonlyargs=[each for each, _ in kept],
        kw_defaults=[default for _, default in kept],
        kwarg=item.args.kwarg,
        defaults=item.args.defaults,
    )
    made.returns = item.returns
    return made


def _method(item: ast.stmt, target: str) -> ast.FunctionDef:
    """A method that runs its asynchronous twin on the client's thread."""
    assert isinstance(item, ast.AsyncFunctionDef)
    made = _copy_signature(item)
    passed = [each.arg if each in item.args.args else f"{each.arg}={each.arg}" for each in _arguments(item)]
    passed += [f"**{item.args.kwarg.arg}"] if item.args.kwarg else []
    call = f"{target}.{item.name}({', '.join(passed)})"
    returned = ast.unparse(item.returns) if item.returns is not None else "None"
    if returned.startswith("AsyncGenerator["):
        inner = returned.removeprefix("AsyncGenerator[").removesuffix(", None]")
        made.returns = ast.parse(f"Generator[{inner}, None, None]", mode="eval").body
        body = f"return self._thread.iterate({call})"
    else:
        body = f"{'' if returned == 'None' else 'return '}self._thread.run({call})"
    made.body = [_docstring(item), *ast.parse(body).body]
    return made


def _property(item: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.FunctionDef:
    made = _copy_signature(item)
    made.decorator_list = item.decorator_list
    made.body = [_docstring(item), *ast.parse(f"return self._client.{item.name}").body]
    return made


def _imports(made: ast.Module, resources: ast.Module, client: ast.Module) -> Iterator[str]:
    """Import statements for the names that the generated classes use."""
    used = {node.id for node in ast.walk(made) if isinstance(node, ast.Name)}
    used -= {node.name for node in made.body if isinstance(node, ast.ClassDef)}
    lines = {"import weakref", "from aimodels.event_loop_thread import EventLoopThread"}
    lines |= {"from collections.abc import Generator"} if "Generator" in used else set()
    for name, module in (("resources", resources), ("client", client)):
        defined = {node.name for node in module.body if isinstance(node, ast.ClassDef)}
        defined |= {ast.unparse(node.targets[0]) for node in module.body if isinstance(node, ast.Assign)}
        lines |= {f"from aimodels.{name} import {each}" for each in used & defined if each.isidentifier()}
        for node in module.body:
            if isinstance(node, ast.ImportFrom):
                names = [each.name for each in node.names if each.name in used and each.name not in defined]
                lines |= {f"from {node.module} import {each}" for each in names if not each.startswith("Async")}
    return iter(sorted(lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
