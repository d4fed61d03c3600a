"""Rules of the repository's layout: imports, names, the size of modules and folders."""

import os
import re
import subprocess
import sys
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support.layout import (
    FOLDERS,
    PURE,
    ROOT,
    SOURCES,
    TESTS,
    docstrings,
    imported_modules,
    imported_names,
    module_name,
    public_classes,
    summary,
)

#: Folders in which no two public classes share a name; the root of a package includes its folders.
UNIQUE_CLASS_NAMES = ["bot", "aimodels", "sandbox", "simulators/slack", "simulators/discord"]
UNIQUE_CLASS_NAMES += ["adapters/kit", "adapters/console", "adapters/discord", "adapters/slack"]


#: Folders of a platform → folders of the same platform that they must not import.
SEPARATE_FOLDERS = {"inbound": {"outbound"}, "outbound": {"inbound"}, "ui": {"inbound", "outbound"}}

_ROOT = {"bot.bootstrap", "bot.service", "bot.web_servers"}
_REPLAY = "bot.subcommands.replay"
#: What the service works without, and its composition root → the modules of `bot` that use them.
USERS_IN_BOT = {
    "sandbox": {"bot.__main__", "bot.platforms", "bot.settings.api_endpoint"},
    "simulators": {_REPLAY},
    "bot.bootstrap": {*_ROOT, _REPLAY},
    "bot.service": {*_ROOT, _REPLAY, "bot.__main__"},
    "bot.web_servers": _ROOT,
}

#: Imports of what stands no earlier than the importing package in docs/architecture.md; add none.
UPWARD_IMPORTS = {("bot.store.engine", "bot.backup.create")}  # a database is copied before its schema changes


def is_in(module: str, package: str) -> bool:
    """Whether a module is a package, or in it."""
    return f"{module}.".startswith(f"{package}.")


def forbidden_imports(name: str, used: set[str]) -> set[str]:
    """Return which of the modules that the module `name` uses it must not use."""
    wrong = set()
    if is_in(name, "bot.models") or name in {"bot.errors", "bot.limits", "bot.drawable", "bot.values"}:
        others = {u for u in used if not (is_in(name, "bot.models") and is_in(u, "bot.models"))}
        wrong |= others - {"aimodels.reference", "bot.limits", "bot.drawable", "bot.values"}
    if name.startswith("bot.ports"):
        wrong |= {u for u in used if not u.startswith("bot.ports")} - {"bot.models", "bot.errors", "bot.limits"}
    if name.startswith("adapters."):
        own = ".".join(name.split(".")[:2])
        wrong |= {u for u in used if not u.startswith((own, "adapters.kit"))} - PURE
    if name.startswith("bot."):
        wrong |= {u for u in used if u.startswith("adapters")}
        wrong |= {
            u
            for u in used
            for part, users in USERS_IN_BOT.items()
            if is_in(u, part) and name not in users and not is_in(name, part)
        }
    if name.startswith("bot.commands"):
        wrong |= {u for u in used if u.startswith("bot.store")}
    if name.startswith("aimodels"):
        wrong |= {u for u in used if not u.startswith("aimodels")}
    if name.startswith("sandbox"):
        wrong |= {u for u in used if not u.startswith("sandbox")} - {"aimodels.reference"}
    if name.startswith("simulators"):
        wrong |= {u for u in used if not u.startswith("simulators")}
    return wrong


def test_the_dependency_rule_holds() -> None:
    """Models import nothing; adapters import models, ports and pure helpers; the core imports no adapter.

    Nothing in it imports the composition root or an optional package but the modules that are named above for it.
    """
    names = {module_name(path): imported_modules(path) for path in SOURCES}
    wrong = {name: forbidden_imports(name, used) for name, used in names.items()}
    assert {name: used for name, used in wrong.items() if used} == {}


def test_a_package_imports_only_what_stands_before_it() -> None:
    """In the layers of docs/architecture.md, which have each package of `bot`: so no two of them need each other."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("### Layers")[2]
    rows = re.findall(r"^\| [a-z ]+ \| ((?:`\w+`(?:, )?)+) \|$", text, re.MULTILINE)
    place = {name: number for number, name in enumerate(re.findall(r"`(\w+)`", "".join(rows)))}
    used = {name: imported_modules(path) for path in SOURCES if (name := module_name(path)).startswith("bot.")}
    imports = {(name, other) for name in used for other in used[name] if other.startswith("bot.")}
    assert {name.split(".")[1] for name in used} == place.keys()
    assert {(name, other) for name, other in imports if place[name.split(".")[1]] < place[other.split(".")[1]]} == (
        UPWARD_IMPORTS
    )


def test_no_module_needs_itself_through_others() -> None:
    """Imports of types and imports in functions count, too; one import of a type is left."""
    needed = {name: imported_modules(path) - {name} for path in SOURCES if (name := module_name(path))}
    needed["simulators.play.web"].remove("simulators.play.session")
    TopologicalSorter(needed).prepare()  # raises `CycleError`


def test_no_two_pages_need_each_other() -> None:
    """Not by an import in a function either."""
    used = {module_name(path): imported_modules(path) for path in SOURCES if "pages" in path.parts}
    assert [(one, other) for one in used for other in used[one] if one in used.get(other, ())] == []


def test_foreign_files_are_parsed_in_child_processes() -> None:
    """In the core, only what runs in a child process imports a library that parses documents or media."""
    core = [path for path in SOURCES if module_name(path).startswith("bot.") and path.parts[-2] != "isolation"]
    assert [module_name(path) for path in core if any(imported_names(path, ("PIL", "av", "pypdf")))] == []


def test_receiving_and_sending_are_separate() -> None:
    """What a platform sends in and what it shows meet in the types of the platform and in the core, nowhere else."""
    wrong = []
    for path in SOURCES:
        if path.parts[-4] == "adapters" and path.parts[-2] in SEPARATE_FOLDERS:
            platform, folder = path.parts[-3:-1]
            forbidden = {f"adapters.{platform}.{name}" for name in SEPARATE_FOLDERS[folder]}
            used = {used for used in imported_modules(path) if {used.rpartition(".")[0], used} & forbidden}
            wrong += [(module_name(path), name) for name in used]
    assert wrong == []


@pytest.mark.parametrize("adapter", sorted(path.parent.name for path in (ROOT / "adapters").glob("*/__init__.py")))
def test_the_folders_of_an_adapter_need_each_other_one_way(adapter: str) -> None:
    """Neither do two of its folders need each other through others; a module beside the folders counts as one."""
    package = f"adapters.{adapter}."

    def part_of(name: str) -> str:
        return name.removeprefix(package).partition(".")[0]

    needed: dict[str, set[str]] = {}
    for path in SOURCES:
        if (name := module_name(path)).startswith(package):
            used = {part_of(other) for other in imported_modules(path) if other.startswith(package)}
            needed[part_of(name)] = needed.get(part_of(name), set()) | used - {part_of(name)}
    TopologicalSorter(needed).prepare()  # raises `CycleError`


def test_consumers_take_the_facets_of_the_store() -> None:
    """Only the composition root and the engines know the whole store; each consumer names the protocols it needs."""
    consumers = {module_name(path): path for path in SOURCES if path.parts[-3] != "store"}
    whole = {name for name, path in consumers.items() if ("bot.ports", "Store") in imported_names(path, ("bot",))}
    assert whole - {"bot.bootstrap.core", "bot.bootstrap.resources", "bot.store.engine", "bot.ports"} == set()


def test_requests_to_the_api_pass_the_rules_on_words() -> None:
    """Only what applies the rules calls the API's client; others get it from there, or ask whether it works."""
    allowed = {
        "bot.bootstrap.core",
        "bot.bootstrap.resources",
        "bot.ops.check",
        "bot.calls.guarded_api",
        "bot.moderation.moderator",
    }
    allowed |= {"bot.settings.api_endpoint", "bot.calls.workspace_apis"}
    for path in SOURCES:
        name = module_name(path)
        if name.startswith(("bot.", "adapters.")) and name not in allowed:
            used = set(imported_names(path, ("aimodels",)))
            clients = (
                "aimodels.client",
                "aimodels.sync",
                "aimodels.resources",
                "aimodels.request",
                "aimodels.transport",
            )
            assert not [module for module, _ in used if module.startswith(clients)], name
            assert not used & {("aimodels", ""), ("aimodels", "AIModels"), ("aimodels", "AsyncAIModels")}, name
            calls = r"\.client\.(?:chat|code|images|audio|video|moderations|with_\w+|for_caller)\b"
            assert not re.search(rf"{calls}|getattr\([\w.]*\.client\b", path.read_text(encoding="utf-8")), name
        opened = ("bot.settings.api_endpoint", "open_client") in set(imported_names(path, ("bot",)))
        assert not opened or name in {"bot.bootstrap.resources", "bot.ops.check"}


def test_the_core_names_no_platform() -> None:
    """A platform's name in the core, its sentences and statements included, is a seam that leaks."""
    files = [path for kind in ("py", "toml", "sql") for path in (ROOT / "bot").rglob(f"*.{kind}")]
    assert files
    named = re.compile("slack|discord", re.IGNORECASE)
    assert [str(path) for path in files if named.search(path.read_text(encoding="utf-8"))] == []


def test_a_module_is_one_idea() -> None:
    """A module of more than 350 lines has more than one reason to change."""
    lines = {module_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {name: number for name, number in lines.items() if number > 350} == {}


def test_a_folder_has_at_most_15_modules() -> None:
    """A folder stays easy to survey; those with one file per command, or per test of one, are excepted."""
    modules = {folder: [path for path in folder.glob("*.py") if path.name != "__init__.py"] for folder in FOLDERS}
    big = {str(folder.relative_to(ROOT)) for folder, paths in modules.items() if len(paths) > 15}
    assert big - {"bot/commands", "tests/commands"} == set()


@pytest.mark.parametrize("folder", UNIQUE_CLASS_NAMES)
def test_no_two_public_classes_share_a_name(folder: str) -> None:
    """One word names one thing within a package."""
    counts = Counter(name for name, _ in public_classes(ROOT / folder))
    assert [name for name, count in counts.items() if count > 1] == []


def test_no_test_imports_another_test() -> None:
    """Helpers are in `tests/support`, suites to subclass in `tests/contract`."""
    allowed = ("tests.support", "tests.contract")
    others = re.compile(r"\btests(?!\.(?:support|contract)\b)")  # most files name none, and are not parsed
    named = [path for path in TESTS if others.search(path.read_text(encoding="utf-8"))]
    imports = [(module_name(path), module) for path in named for module, _ in imported_names(path, ("tests",))]
    assert [(importing, module) for importing, module in imports if not module.startswith(allowed)] == []


def test_times_are_injected() -> None:
    """Tests pass other times to constructors; no constant of a module is replaced by other seconds."""
    replaced = re.compile(r"setattr\(\s*[\w.]+,\s*\"_?[A-Z][A-Z_]*\",\s*-?[\d.]*\.\d")
    assert [module_name(path) for path in TESTS if replaced.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("port", [{}, {"BOT_PORT": "0"}], ids=["without a port", "with a port"])
def test_an_idle_service_loads_only_what_it_needs(tmp_path: Path, port: dict[str, str]) -> None:
    """Without the sandbox, a run imports no numpy, Pillow, PyAV or FastAPI; without a visitor no page and no cipher.

    Without a port, it imports no web server and no metrics library either.
    """
    unwanted = {
        "numpy",
        "PIL",
        "av",
        "fastapi",
        "opentelemetry",
        "jinja2",
        "authlib",
        "bot.cockpit.app",
        "cryptography",
    }
    if not port:
        unwanted |= {"click", "greenlet", "prometheus_client", "starlette", "uvicorn"}
    script = (
        "import sys; from bot.__main__ import main; assert main([]) == 0;"
        f"print('loaded:', *sorted({unwanted} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input="/help image\n",
        env={**os.environ, "PYTHONPATH": str(ROOT), "AIMODELS_API_KEY": "sk-x", **port},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "/image a red fox" in done.stdout
    assert done.stdout.splitlines()[-1] == "loaded:"


def test_the_map_names_every_folder() -> None:
    """The map in docs/architecture.md lists exactly the existing folders, each with the summary of its package."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = dict(re.findall(r"^\| `([a-z_/0-9]+)/` \| (.+) \|$", text, re.MULTILINE))
    assert named == {str(path.parent.relative_to(ROOT)): summary(path.parent / "__init__.py") for path in SOURCES}


def test_no_sentence_of_a_docstring_begins_with_what_or_who() -> None:
    """A docstring names its object: a noun phrase or an imperative sentence, no clause in its place."""
    wrong = re.compile(r"(?:^|[.!?:]\s+|\n\n)((?:What|Who)(?:ever)?\b[^.:]*)")
    found = [(module_name(path), text) for path in SOURCES for doc in docstrings(path) for text in wrong.findall(doc)]
    assert found == []
