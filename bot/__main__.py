"""The command line: run (the default), check, manifest, cockpit, sandbox, and the commands of `bot/subcommands`."""

import argparse
import asyncio
import gc
import json
import os
import stat
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from bot import (
    __version__,
    lean_imports,  # noqa: F401 - before anything imports the libraries
)
from bot.characters import escape_lines, replace_surrogates
from bot.errors import BotError, SettingsError
from bot.i18n import LANGUAGES, choose_language, is_known, operator_text
from bot.models import Lane
from bot.settings.core import load_settings
from bot.settings.roles import parse_roles
from bot.subcommands.backup import add_commands
from bot.telemetry.standard_streams import open_standard_streams
from sandbox.config import port

#: Flags of `events list`, with the names of the filters in the addresses of the pages.
_FILTERS = {
    "platform": "adapter",
    "workspace": "workspace",
    "channel": "channel",
    "person": "actor",
    "command": "command",
    "queue": "lane",
}
_NO_READER = 141  #: exit status, as that of a program which the signal ends


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status. Wrong settings are one sentence each, with status 2.

    Piped questions that all failed end with status 1.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    open_standard_streams()
    try:
        choose_language(_find_language(arguments))  # before the parser is made, as its help is translated, too
        parsed = parser().parse_args(arguments)
        status: int = parsed.run(parsed)
    except BotError as exc:
        print(exc, file=sys.stderr)
        return exc.exit_status
    except KeyboardInterrupt:
        return 130
    return status


def _write(text: str) -> None:
    """Write lines to standard output. Raises `BotError` where there is no space.

    Where nobody reads them any more, as after `| head`, the command ends as one does that the signal SIGPIPE ends.
    """
    try:
        print(escape_lines(text), flush=True)
    except OSError as exc:
        with Path(os.devnull).open("w") as nothing:  # else the interpreter writes it again at its end, and fails
            os.dup2(nothing.fileno(), sys.stdout.fileno())
        if isinstance(exc, BrokenPipeError):
            raise SystemExit(_NO_READER) from None
        raise BotError(operator_text("cli.not_written", reason=exc.strerror)) from exc


def _find_language(arguments: Sequence[str]) -> str:
    """The value of `--language`, wherever it is given; "" without one."""
    finder = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    finder.add_argument("--language", default="")
    try:
        found: str = finder.parse_known_args(arguments)[0].language
    except argparse.ArgumentError:  # reported by the parser
        return ""
    return found if is_known(found) else ""


class _HelpFormatter(argparse.HelpFormatter):
    """Help in the operator's language."""

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[argparse._MutuallyExclusiveGroup],
        prefix: str | None = None,
    ) -> None:
        super().add_usage(usage, actions, groups, operator_text("cli.usage") if prefix is None else prefix)


class _Parser(argparse.ArgumentParser):
    """A parser whose flags, `--help` and `--language` among them, are in a group with a translated title."""

    def __init__(self, *, prog: str, description: str, default: str | None = argparse.SUPPRESS) -> None:
        super().__init__(prog=prog, description=description, add_help=False, formatter_class=_HelpFormatter)
        self.flags = self.add_argument_group(operator_text("cli.options"))
        self.flags.add_argument("-h", "--help", action="help", help=operator_text("cli.help"))
        languages = ", ".join(LANGUAGES)
        help_ = operator_text("cli.language", languages=languages)
        self.flags.add_argument("--language", type=language, metavar="LANGUAGE", help=help_, default=default)


def _program() -> str:
    """The name by which the command line was started."""
    script = Path(sys.argv[0]).stem
    return script if script == "channelmuse" else "python -m bot"


def parser() -> argparse.ArgumentParser:
    """Every command and flag, explained in the operator's language."""
    top = _Parser(prog=_program(), description=operator_text("cli.description"), default=None)
    top.flags.add_argument("--version", action="version", version=__version__, help=operator_text("cli.version"))
    commands = top.add_subparsers(title=operator_text("cli.commands"), metavar="COMMAND", parser_class=_Parser)

    def add(name: str, text: str) -> _Parser:
        added: _Parser = commands.add_parser(name, help=text, description=text)
        return added

    run = add("run", operator_text("cli.run"))
    named = operator_text("cli.conversation")
    chosen = operator_text("cli.roles")
    for flags, default in ((top.flags, None), (run.flags, argparse.SUPPRESS)):
        flags.add_argument("--conversation", metavar="NAME", help=named, default=default)
        flags.add_argument("--roles", metavar="ROLES", type=roles, help=chosen, default=default)
    run.set_defaults(run=_run)
    check = add("check", operator_text("cli.check"))
    check.set_defaults(run=_check)
    manifest = add("manifest", operator_text("cli.manifest"))
    given = manifest.add_argument_group(operator_text("cli.arguments"))
    given.add_argument("platform", metavar="PLATFORM", help=operator_text("cli.platform"))
    manifest.flags.add_argument("--url", default=None, help=operator_text("cli.url"))
    manifest.set_defaults(run=_manifest)
    cockpit = add("cockpit", operator_text("cli.cockpit"))
    cockpit.set_defaults(run=_cockpit)
    for name in ("status", "usage"):
        view = add(name, operator_text(f"cli.view.{name}"))
        view.flags.add_argument("--json", action="store_true", help=operator_text("cli.view.json"))
        view.set_defaults(run=_view, view=name)
        if name == "usage":
            view.flags.add_argument("--days", type=number, metavar="N", help=operator_text("cli.view.days"))
    _add_events(add("events", operator_text("cli.events")))
    for name, same in (("requests", "list"), ("cancel", "cancel"), ("retry", "retry")):  # short for `events …`
        _add_event_command(add(name, operator_text(f"cli.events.{same}")), same)
    add_commands(add)
    record = add("record", operator_text("cli.record"))
    kinds = record.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    about = operator_text("cli.record.export")
    export = kinds.add_parser("export", help=about, description=about)
    given = export.add_argument_group(operator_text("cli.arguments"))
    given.add_argument("request", metavar="EVENT", type=replace_surrogates, help=operator_text("cli.view.request"))
    export.flags.add_argument("-o", "--output", metavar="FILE", type=Path, help=operator_text("cli.record.output"))
    export.set_defaults(run=_export_recording)
    replay = add("replay", operator_text("cli.replay"))
    given = replay.add_argument_group(operator_text("cli.arguments"))
    given.add_argument("file", metavar="FILE", type=Path, help=operator_text("cli.replay.file"))
    replay.set_defaults(run=_replay)
    sandbox = add("sandbox", operator_text("cli.sandbox"))
    sandbox.flags.add_argument("--host", default="127.0.0.1", help=operator_text("cli.host"))
    sandbox.flags.add_argument("--port", type=port, default=8081, help=operator_text("cli.port"))
    sandbox.flags.add_argument("--api-key", default=None, metavar="KEY", help=operator_text("cli.api_key"))
    sandbox.set_defaults(run=_sandbox)
    top.set_defaults(run=_run)
    return top


def _add_events(events: _Parser) -> None:
    """Add what can be done with events, the requests that the service has recorded."""
    of_events = events.add_subparsers(
        title=operator_text("cli.commands"), metavar="COMMAND", parser_class=_Parser, required=True
    )
    for name in ("list", "show", "retry", "cancel", "drop"):
        text = operator_text(f"cli.events.{name}")
        _add_event_command(of_events.add_parser(name, help=text, description=text), name)


def _add_event_command(one: _Parser, name: str) -> None:
    """Add the flags and arguments of one of these: list, show, retry, cancel or drop."""
    one.flags.add_argument("--json", action="store_true", help=operator_text("cli.view.json"))
    if name == "list":
        state = operator_text("cli.view.state")
        one.flags.add_argument("--state", choices=("open", "done"), default="", help=state)
        before = operator_text("cli.view.before")
        one.flags.add_argument("--before", type=number, metavar="N", help=before)
        for flag, field in _FILTERS.items():
            text, queues = operator_text(f"cli.view.{flag}"), list(Lane) if flag == "queue" else None
            one.flags.add_argument(f"--{flag}", dest=field, metavar=flag.upper(), choices=queues, help=text)
    else:
        arguments = one.add_argument_group(operator_text("cli.arguments"))
        text = operator_text("cli.view.request")
        many = None if name == "show" else "+"
        arguments.add_argument("event", metavar="EVENT", nargs=many, type=replace_surrogates, help=text)
    if name in {"list", "show"}:
        one.set_defaults(run=_view, view={"list": "requests", "show": "request"}[name])
    else:
        one.set_defaults(run=_act, act=name)


def language(text: str) -> str:
    """A language of the service. Raises `argparse.ArgumentTypeError`."""
    if not is_known(text):
        raise argparse.ArgumentTypeError(operator_text("cli.no_language", name=text, languages=", ".join(LANGUAGES)))
    return text


def number(text: str) -> str:
    """A whole number above 0. Raises `argparse.ArgumentTypeError`."""
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):  # noqa: PLR2004
        raise argparse.ArgumentTypeError(operator_text("cli.no_number", text=text))
    return text


def roles(text: str) -> tuple[str, ...]:
    """The roles of a process. Raises `argparse.ArgumentTypeError`."""
    try:
        return parse_roles(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc


def _run(parsed: argparse.Namespace) -> int:
    gc.disable()  # until the end of the start: nearly all that is made meanwhile stays
    from bot import service  # each subcommand imports its own code, and waits for no other's

    settings = load_settings()
    if parsed.roles is not None:
        settings = settings.model_copy(update={"bot_roles": parsed.roles})
    with asyncio.Runner(loop_factory=_event_loop_factory()) as runner:
        runner.run(service.run(settings, conversation=parsed.conversation))
    return 0


def _event_loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return the factory of the event loop: uvloop's where it is installed, which is everywhere but on Windows."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _check(_parsed: argparse.Namespace) -> int:
    from bot.ops.check import check

    findings = asyncio.run(check())
    for finding in findings:
        key = "check.ok" if finding.is_ok else "check.fix"
        _write(operator_text(key, subject=finding.subject, text=finding.text))
    return 0 if all(finding.is_ok for finding in findings) else 1


def _manifest(parsed: argparse.Namespace) -> int:
    from bot import platforms
    from bot.settings.api_endpoint import find_missing_kinds

    settings = load_settings()
    lacking = asyncio.run(find_missing_kinds(settings))
    _write(platforms.write_manifest(settings, parsed.platform, url=parsed.url, lacking=lacking))
    return 0


def _cockpit(_parsed: argparse.Namespace) -> int:
    from bot.sign_in.address import PageAddress
    from bot.sign_in.links import operator_link

    settings = load_settings()
    if problem := PageAddress.from_settings(settings).problem:
        raise SettingsError(operator_text(problem))
    _write(operator_link(settings))
    return 0


def _view(parsed: argparse.Namespace) -> int:
    from bot.subcommands.running_service import ServiceClient, show

    names = ("state", "before", "days", "event", *_FILTERS.values())
    given = {name: getattr(parsed, name) or "" for name in names if hasattr(parsed, name)}
    found = ServiceClient(load_settings()).get(f"/{parsed.view}", **given)
    _write(show(parsed.view, found, as_json=parsed.json))
    return 0


def _act(parsed: argparse.Namespace) -> int:
    """Do something with each request, and say of each what became of it; the exit status is 0 where all was done."""
    from bot.subcommands.running_service import ServiceClient

    status = 0
    for done, problem in ServiceClient(load_settings()).act_on(parsed.act, parsed.event):
        if problem:
            print(problem, file=sys.stderr)
            status = BotError.exit_status
        if parsed.json or not problem:
            text = operator_text(f"cockpit.cli.{parsed.act}", request=done["request"])
            _write(json.dumps(done) if parsed.json else text)
    return status


def _export_recording(parsed: argparse.Namespace) -> int:
    from bot.subcommands.recording import export_recording

    text = json.dumps(export_recording(load_settings(), parsed.request), ensure_ascii=False, indent=1)
    if parsed.output is None:
        _write(text)
        return 0
    try:
        descriptor = os.open(parsed.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            is_regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
            if hasattr(os, "fchmod") and is_regular:  # it may have been there, for others to read
                os.fchmod(descriptor, 0o600)
            file.write(f"{text}\n")
    except OSError as exc:
        raise BotError(f"{parsed.output}: {exc.strerror}") from exc
    _write(operator_text("record.written", file=parsed.output))
    return 0


def _replay(parsed: argparse.Namespace) -> int:
    try:
        from bot.subcommands.replay import replay
    except ImportError as exc:
        raise BotError(operator_text("replay.no_simulators", missing=exc.name)) from exc
    differences = replay(parsed.file)
    _write("\n".join(differences) or operator_text("replay.same"))
    return 1 if differences else 0


def _sandbox(parsed: argparse.Namespace) -> int:
    from bot.settings.api_endpoint import sandbox_config
    from sandbox.errors import SandboxError

    config = sandbox_config(load_settings())
    try:
        from sandbox.server import serve
    except ImportError as exc:
        raise BotError(operator_text("cli.install_sandbox", missing=exc.name)) from exc
    try:
        asyncio.run(serve(host=parsed.host, port=parsed.port, api_key=parsed.api_key, config=config))
    except SandboxError as exc:
        raise SettingsError(str(exc)) from exc
    return 0


if __name__ == "__main__":
    sys.exit(main())
