"""What the documents tell people to type works in a fresh clone."""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.__main__ import parser as service_parser
from tests.support.documents import DOCUMENTS, ROOT, Command, blocks, commands
from tests.support.forked.command_line import bot

COMMANDS = [command for document in DOCUMENTS for command in commands(document)]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

#: Programs whose arguments are not looked at, and why.
TRUSTED = {
    "cd": "the folder is made by the line before",
    "chmod": "run for real below",
    "cp": "run for real below",
    "docker": "needs a daemon; what the image runs is in test_deploy",
    "example/bin/channelmuse": "run for real in tests/test_wheel.py",
    "example/bin/pip": "installs the wheel of the line before",
    "git": "needs a network",
    "kubectl": "needs a cluster; the manifests are tried in test_deploy_files",
    "mkdir": "makes a folder",
    "mv": "run for real below",
    "node": "run for real by the tests of sdk/node",
    "npm": "run for real by the tests of sdk/node",
    "printf": "writes its arguments",
    "rm": "removes what the document names",
    "sqlite3": "run for real below",
    "systemctl": "needs systemd; the unit is verified in test_deploy_files",
    "tar": "run for real below",
}
#: Variables that are set before a command and are no settings of the service.
VARIABLES = {
    "AIMODELS_BASE_URL": "a setting",
    "BOT_DATABASE_URL": "a setting",
    "FUZZ_EXAMPLES": "read by a test",
    "HYPOTHESIS_PROFILE": "read by tests/conftest.py",
    "LANG": "the locale",
}


def check_make(command: Command) -> None:
    """The target exists, and its variables are the Makefile's."""
    targets = [word for word in command.arguments if "=" not in word]
    names = [word.partition("=")[0] for word in command.arguments if "=" in word]
    assert targets or names, "no target"
    for target in targets:
        assert re.search(rf"^{re.escape(target)}:", MAKEFILE, re.MULTILINE), f"no target {target}"
    for name in names:
        assert f"$({name})" in MAKEFILE, f"no variable {name}"
    given = {word.partition("=")[0]: word.partition("=")[2] for word in command.arguments if "=" in word}
    if "ARGS" in given and targets[0] in {"run", "check", "manifest"}:
        platform = [given["PLATFORM"]] if "PLATFORM" in given else []
        service_parser().parse_args([targets[0], *platform, *given["ARGS"].split()])


def check_python(command: Command) -> None:
    """The module can be run, and takes the arguments."""
    if command.arguments[0] == "-c":
        compile(command.arguments[1], str(command), "exec")
        return
    if command.arguments[0] != "-m":
        assert command.arguments == ("sample.py",), "no script of a document"
        return
    module, arguments = command.arguments[1], command.arguments[2:]
    if module == "bot":
        service_parser().parse_args(arguments)
        return
    is_package = (ROOT / Path(*module.split("."))).is_dir()
    name = f"{module}.__main__" if is_package else module
    assert importlib.util.find_spec(name) is not None, f"no module {module}"
    if module in {"sandbox", "simulators"}:
        with pytest.raises(SystemExit) as ended:  # after `--help`; it refuses wrong arguments in front of it first
            importlib.import_module(name).main([*arguments, "--help"])
        assert ended.value.code == 0


def check_pip(command: Command) -> None:
    """It installs this project, with extras that exist, or files of exact versions with their hashes."""
    assert command.arguments[0] == "install"
    for name in re.findall(r"\[([\w,]+)\]", " ".join(command.arguments)):
        assert set(name.split(",")) <= PROJECT["optional-dependencies"].keys()
    files = [word for option, word in zip(command.arguments, command.arguments[1:], strict=False) if option == "-r"]
    assert all((ROOT / name).exists() for name in files)
    assert "-c" not in command.arguments, "a file with hashes can't constrain this project, which has none"
    if files:
        assert "--require-hashes" in command.arguments
    else:
        assert "-e" in command.arguments, "not on a package registry"


def check_tool(command: Command) -> None:
    """A program of the development environment."""
    assert (ROOT / ".venv" / "bin" / Path(command.program).name).exists() or shutil.which(Path(command.program).name)


CHECKS: dict[str, Callable[[Command], None]] = {
    "make": check_make,
    "python3": check_python,
    ".venv/bin/python": check_python,
    "example/bin/python": check_python,
    ".venv/bin/pip": check_pip,
    ".venv/bin/ruff": check_tool,
    ".venv/bin/mypy": check_tool,
}


def environment() -> dict[str, str]:
    dropped = ("BOT_", "AIMODELS_", "LC_", "MAKE", "MFLAGS", "ARGS")  # `make test ARGS=…` is for this run
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)} | {"LANG": "C.UTF-8"}


def run(command: list[str], folder: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        cwd=folder,
        env={**environment(), **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        input="",
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_can_be_typed(document: Path) -> None:
    """Targets, modules, flags, extras and files exist; no command is left unchecked without a reason."""
    for command in commands(document):
        assert all((ROOT / name).exists() for name in command.reads), command
        assert set(command.variables) <= VARIABLES.keys(), command
        if command.program:
            assert command.program in CHECKS.keys() | TRUSTED.keys(), f"neither checked nor trusted: {command}"
        if command.program in CHECKS:
            try:
                CHECKS[command.program](command)
            except (AssertionError, SystemExit) as error:  # the latter is the refusal of a parser of arguments
                error.add_note(str(command))
                raise


def test_every_reason_is_needed() -> None:
    """A program that no document names any more is trusted no longer."""
    programs = {command.program for command in COMMANDS}
    assert sorted(TRUSTED.keys() - programs) == []
    assert sorted(CHECKS.keys() - programs) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    """A link to a file of the repository names one that is there; one to a heading names one that is there."""
    text = re.sub(r"^( *)(`{3,}).*?^\1\2$", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"(?:\]\(|src=\")(?!https?://|mailto:)([^)\"\s]+)", text)
    for link in links:
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in [slug(heading) for heading in headings], link


def slug(heading: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# ------------------------------------------------------------------ for real


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The files of the repository in a folder of their own, with the environment that is installed here."""
    folder = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    if listed.returncode:
        pytest.skip("not a checkout")
    names = [name for name in listed.stdout.split("\0") if name and not name.startswith("tests/")]
    compiled = [importlib.util.cache_from_source(name) for name in names if name.endswith(".py")]
    for name in (*names, *compiled):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for name in ("pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        os.utime(folder / name, (0, 0))  # the environment is as new as they are
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / ".run").touch()
    (folder / ".venv" / ".dev").touch()
    (folder / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    (folder / ".venv" / "bin" / "python").chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def typed(line: str, folder: Path) -> str:
    """Run a line of a document; what it prints."""
    done = run(["sh", "-ec", line], folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def make_forked(line: str, folder: Path, text: str = "") -> str:
    """Do what `make` would run for a line, in a process that has the modules loaded; what it prints."""
    *_, last = run(["sh", "-ec", line], folder, MAKEFLAGS="n").stdout.splitlines()
    python, option, module, *arguments = shlex.split(last)
    assert (python, option, module) == (".venv/bin/python", "-m", "bot")
    done = bot(*arguments, environment=environment(), folder=folder, text=text)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def block_with(document: str, text: str) -> str:
    """The one console block of a document with this text."""
    [found] = [block for block in blocks(ROOT / document, "console") if text in block]
    return found


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("make help", "make run"),
        ("cp .env.example .env", ""),
        ("make check ARGS='--language zh-Hant'", "正常 資料庫 data/bot.db"),
        ("make manifest PLATFORM=slack ARGS='--language zh-Hant'", "製作圖片"),
        ("make manifest PLATFORM=slack URL=https://muse.example.com", "https://muse.example.com/slack/events"),
        ("make run ARGS='--conversation bees'", ""),
    ],
)
def test_quick_commands_run(clone: Path, line: str, shown: str) -> None:
    """What takes a moment is done, as it stands in a document."""
    assert any(line == command.line for command in COMMANDS), "in no document"
    do = make_forked if line.startswith(("make check", "make manifest")) else typed
    assert shown in do(line, clone)


def test_a_backup_restores_conversations(clone: Path) -> None:
    """The commands of operating.md, typed: what was said before the backup is known after the restore, both ways."""

    def say(text: str) -> str:
        return make_forked("make run ARGS='--conversation backup'", clone, f"{text}\n")

    shutil.rmtree(clone / "data", ignore_errors=True)
    (clone / ".env").write_text("BOT_RETENTION_DAYS=30\n", encoding="utf-8")
    say("my name is Ada and I keep bees")
    key = (clone / "data" / "secret.key").read_text(encoding="ascii")
    typed(block_with("docs/operating.md", "chmod 600 .env"), clone)
    typed(block_with("docs/operating.md", "bot backup backup.zip"), clone)
    (tar,) = (line for line in block_with("docs/operating.md", "tar -xzf").splitlines() if "tar" in line)
    typed("tar -czf backup.tar.gz data .env", clone)
    assert "Ada" not in say("/reset\nwhat is my name?")

    def check_restored() -> None:
        assert "Your name is Ada" in say("what is my name?")
        assert (clone / "data" / "secret.key").read_text(encoding="ascii") == key
        assert (clone / ".env").read_text(encoding="utf-8") == "BOT_RETENTION_DAYS=30\n"

    typed(f"mv data data.old && rm .env && {tar}", clone)
    check_restored()
    shutil.rmtree(clone / "data")
    (clone / "backup.env").replace(clone / ".env")
    (restore,) = (line for line in block_with("docs/operating.md", "bot restore").splitlines() if "restore" in line)
    typed(restore, clone)
    check_restored()


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="needs the sqlite3 program")
def test_usage_can_be_read_from_the_database(clone: Path) -> None:
    """The query of costs.md shows what was used."""
    make_forked("make run", clone, "hello\n")
    shown = typed(block_with("docs/costs.md", "sqlite3"), clone)
    assert "gpt-4-turbo" in shown
    assert "requests" in shown
