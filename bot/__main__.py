"""The command line: run (the default), check, manifest, sandbox."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from bot import __version__
from bot.errors import BotError, SettingsError
from bot.settings.core import load_settings
from sandbox.__main__ import add_arguments


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status. Wrong settings are told in plain words, with status 2."""
    parsed = parser().parse_args(arguments)
    try:
        status: int = parsed.run(parsed)
    except BotError as exc:
        print(exc, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return status


def parser() -> argparse.ArgumentParser:
    """Every command and flag."""
    top = argparse.ArgumentParser(
        prog="python -m bot",
        description="AI generation (chat, code, images, audio, video) in the channels where people already work.",
    )
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    run = commands.add_parser("run", help="start the service (the default)")
    named = "continue, or start, the terminal conversation NAME"
    top.add_argument("--conversation", metavar="NAME", help=named)
    run.add_argument("--conversation", metavar="NAME", help=named, default=argparse.SUPPRESS)
    run.set_defaults(run=_run)
    check = commands.add_parser("check", help="look at settings, database, API key and each configured platform")
    check.set_defaults(run=_check)
    manifest = commands.add_parser("manifest", help="print what a platform is to be told of this service")
    manifest.add_argument("platform", help="the platform's name")
    manifest.add_argument("--url", default=None, help="where the platform reaches this service (HTTP mode)")
    manifest.set_defaults(run=_manifest)
    sandbox = commands.add_parser("sandbox", help="serve the AI API offline, for trying things out")
    add_arguments(sandbox)
    sandbox.set_defaults(run=_sandbox)
    top.set_defaults(run=_run)
    return top


def _run(parsed: argparse.Namespace) -> int:
    from bot import service

    asyncio.run(service.run(load_settings(), conversation=parsed.conversation))
    return 0


def _check(_parsed: argparse.Namespace) -> int:
    from bot.ops.check import check

    findings = asyncio.run(check())
    for finding in findings:
        print(f"{'ok  ' if finding.is_ok else 'FIX '} {finding.subject}: {finding.text}")
    return 0 if all(finding.is_ok for finding in findings) else 1


def _manifest(parsed: argparse.Namespace) -> int:
    from bot import platforms

    print(platforms.write_manifest(load_settings(), parsed.platform, url=parsed.url))
    return 0


def _sandbox(parsed: argparse.Namespace) -> int:
    from bot.settings.api_endpoint import sandbox_config
    from sandbox.errors import SandboxError

    config = sandbox_config(load_settings())
    try:
        from sandbox.server import serve
    except ImportError as exc:
        raise BotError(
            f"install the sandbox first: .venv/bin/pip install -e '.[sandbox]' ({exc.name} is missing)"
        ) from exc
    try:
        asyncio.run(serve(host=parsed.host, port=parsed.port, api_key=parsed.api_key, config=config))
    except SandboxError as exc:
        raise SettingsError(str(exc)) from exc
    return 0


if __name__ == "__main__":
    sys.exit(main())
