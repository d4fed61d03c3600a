"""The layout of the repository: its packages, their modules, and the imports and classes in these."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot", "adapters", "aimodels", "sandbox", "simulators")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
FOLDERS = sorted({path.parent for path in [*SOURCES, *TESTS, *(ROOT / "bench").rglob("*.py")]})
#: Modules of the core that an adapter may import: values, errors, ports and pure helpers.
PURE = {"bot.models", "bot.ports", "bot.errors", "bot.settings.base", "bot.commandline.parser", "bot.i18n"}
PURE |= {"bot.catchup.plain_words", "bot.drawable", "bot.values"}
PURE |= {"bot.background", "bot.commandline.mentions", "bot.commandline.secrets", "bot.markdown", "bot.markdown.split"}
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def module_name(path: Path) -> str:
    """Return the dotted name of a module's file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_names(path: Path, packages: tuple[str, ...] = PACKAGES) -> Iterator[tuple[str, str]]:
    """Yield the module and the name of every import from `packages`; the name of an imported module is ""."""
    for node in _parsed(path)[0]:
        if isinstance(node, ast.Import):
            yield from ((name.name, "") for name in node.names if name.name.split(".")[0] in packages)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in packages:
            for name in node.names:
                full = f"{node.module}.{name.name}"
                yield (full, "") if _is_module(full) else (node.module, name.name)


@cache
def _is_module(name: str) -> bool:
    path = ROOT / Path(*name.split("."))
    return path.with_suffix(".py").exists() or path.is_dir()


@cache
def _parsed(path: Path) -> tuple[tuple[ast.AST, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the imports, wherever they stand, the public classes, and the docstrings of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    statements = (tree, *_statements(tree))
    imports = tuple(node for node in statements if isinstance(node, ast.Import | ast.ImportFrom))
    classes = (node.name for node in tree.body if isinstance(node, ast.ClassDef))
    documented = (node for node in statements if isinstance(node, _DOCUMENTED))
    docstrings = tuple(text for node in documented if (text := ast.get_docstring(node)) is not None)
    return imports, tuple(name for name in classes if not name.startswith("_")), docstrings


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements in a statement, and those in them; expressions are not looked at, unlike by `ast.walk`."""
    for field in ("body", "orelse", "handlers", "finalbody", "cases"):
        parts = getattr(node, field, ())
        for part in parts if isinstance(parts, list) else ():
            yield part
            yield from _statements(part)


def summary(path: Path) -> str:
    """Return the first paragraph of a module's docstring, in one line."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n\n")[0].replace("\n", " ")


def imported_modules(path: Path) -> set[str]:
    """Return the modules of the packages that a file imports."""
    return {module for module, _ in imported_names(path)}


def public_classes(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the name and the file of every public class of a folder."""
    for path in sorted(folder.rglob("*.py")):
        yield from ((name, path) for name in _parsed(path)[1])


def docstrings(path: Path) -> tuple[str, ...]:
    """Return the docstrings of a module, its own and those of its classes and functions."""
    return _parsed(path)[2]
