"""Problems of a piece of Python, as far as its syntax tree shows them."""

import ast
import builtins
from dataclasses import dataclass, field

_MUTABLE_CALLS = {"list", "dict", "set"}


@dataclass(slots=True)
class _Names:
    stored: dict[str, int] = field(default_factory=dict)  #: name → first line
    imported: dict[str, int] = field(default_factory=dict)
    loaded: dict[str, int] = field(default_factory=dict)
    is_open: bool = False  #: names come from where the tree does not show them (`import *`)


def diagnose(source: str) -> str:
    """Return the problems as comments, one a line."""
    try:
        tree = ast.parse(source)
    except SyntaxError as exc:
        line = (exc.text or "").rstrip("\n")
        pointer = f"\n#   {line}\n#   {' ' * max(0, (exc.offset or 1) - 1)}^" if line else ""
        return f"# line {exc.lineno}, column {exc.offset}: syntax error: {exc.msg}{pointer}\n"
    except ValueError as exc:  # such as a null byte
        return f"# this can't be read as Python: {exc}\n"
    found = sorted({*_findings(tree), *_name_findings(tree)})
    if not found:
        return "# The syntax is right and the checks of the offline sandbox (no language model) found nothing wrong.\n"
    return "\n".join(f"# line {line}: {text}" for line, text in found) + "\n"


def _findings(tree: ast.Module) -> list[tuple[int, str]]:  # noqa: C901 - one case, one check
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                defaults = [*node.args.defaults, *(default for default in node.args.kw_defaults if default)]
                found += [
                    (default.lineno, "a mutable default is shared by all calls; use None and make it inside")
                    for default in defaults
                    if _is_mutable(default)
                ]
            case ast.ExceptHandler(type=None):
                found.append((node.lineno, "a bare except also catches KeyboardInterrupt; name the exception"))
            case ast.Compare(ops=ops, comparators=sides):
                for op, side in zip(ops, sides, strict=True):
                    if isinstance(op, ast.Eq | ast.NotEq) and isinstance(side, ast.Constant) and side.value is None:
                        is_ = "is" if isinstance(op, ast.Eq) else "is not"
                        found.append((node.lineno, f"compare with None by `{is_} None`"))
                    elif isinstance(op, ast.Is | ast.IsNot) and _is_literal(side):
                        found.append((node.lineno, "`is` compares identity; use == with a literal"))
            case ast.Assert(test=ast.Tuple(elts=[_, *_])):
                found.append((node.lineno, "an assert of a tuple is always true; remove the parentheses"))
            case ast.JoinedStr(values=values) if not any(isinstance(v, ast.FormattedValue) for v in values):
                found.append((node.lineno, "an f-string without placeholders"))
            case ast.Dict(keys=keys):
                constants: list[object] = [key.value for key in keys if isinstance(key, ast.Constant)]
                found += [(node.lineno, f"the key {key!r} is given twice") for key in _doubles(constants)]
    return found


def _is_mutable(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in _MUTABLE_CALLS
    return isinstance(node, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)


def _is_literal(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str | int | float)
        and not isinstance(node.value, bool)
    )


def _doubles(values: list[object]) -> list[object]:
    return [value for place, value in enumerate(values) if value in values[:place]]


def _name_findings(tree: ast.Module) -> list[tuple[int, str]]:
    names = _Names()
    for node in ast.walk(tree):
        _collect(node, names)
    found = []
    known = {*names.stored, *names.imported, *dir(builtins), "__name__", "__file__"}
    if not names.is_open:
        found = [(line, f"undefined name `{name}`") for name, line in names.loaded.items() if name not in known]
    found += [
        (line, f"`{name}` is imported but not used")
        for name, line in names.imported.items()
        if name not in names.loaded and name != "annotations"
    ]
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            found += _unused_locals(function)
    return found


def _collect(node: ast.AST, names: _Names) -> None:  # noqa: C901 - one case, one kind of binding
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            names.loaded.setdefault(name, node.lineno)
        case ast.Name(id=name):
            names.stored.setdefault(name, node.lineno)
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            for alias in aliases:
                names.is_open |= alias.name == "*"
                if alias.name != "*":
                    names.imported.setdefault(alias.asname or alias.name.split(".")[0], node.lineno)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            names.stored.setdefault(name, node.lineno)
        case ast.arg(arg=name):
            names.stored.setdefault(name, node.lineno)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            names.stored.setdefault(name, node.lineno)
        case ast.MatchMapping(rest=str(name)):
            names.stored.setdefault(name, node.lineno)
        case ast.Global(names=declared) | ast.Nonlocal(names=declared):
            for name in declared:
                names.stored.setdefault(name, node.lineno)


def _unused_locals(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[tuple[int, str]]:
    inside = [node for statement in function.body for node in ast.walk(statement)]
    loaded = {node.id for node in inside if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    shared = {name for node in inside if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    assigned = {
        target.id: target.lineno
        for node in inside
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return [
        (line, f"`{name}` is assigned but never used")
        for name, line in assigned.items()
        if name not in loaded | shared and not name.startswith("_")
    ]
