"""The command line: run (the default), check, manifest, sandbox."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from bot import __version__
from bot.errors import BotError
from bot.settings.core import load_settings

LAST_PORT = 65535


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
    manifest.add_argument("platform", help="the platform's folder in adapters")
    manifest.add_argument("--url", default=None, help="where the platform reaches this service (HTTP mode)")
    manifest.set_defaults(run=_manifest)
    sandbox = commands.add_parser("sandbox", help="serve the AI API offline, for trying things out")
    sandbox.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    sandbox.add_argument("--port", type=port, default=8081, help="port to listen on (default: %(default)s)")
    sandbox.add_argument("--api-key", default=None, help="the key that callers must send (default: one is made up)")
    sandbox.set_defaults(run=_sandbox)
    top.set_defaults(run=_run)
    return top


def port(text: str) -> int:
    """A port number. Raises `argparse.ArgumentTypeError`."""
    if not text.isdecimal() or int(text) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is no port: give a number from 0 (any free one) to {LAST_PORT}")
    return int(text)


def _run(parsed: argparse.Namespace) -> int:
    from bot import bootstrap

    asyncio.run(bootstrap.run(load_settings(), conversation=parsed.conversation))
    return 0


def _check(_parsed: argparse.Namespace) -> int:
    from bot.ops.check import check

    findings = asyncio.run(check())
    for finding in findings:
        print(f"{'ok  ' if finding.is_ok else 'FIX '} {finding.subject}: {finding.text}")
    return 0 if all(finding.is_ok for finding in findings) else 1


def _manifest(parsed: argparse.Namespace) -> int:
    from bot import bootstrap

    print(bootstrap.manifest(load_settings(), parsed.platform, url=parsed.url))
    return 0


def _sandbox(parsed: argparse.Namespace) -> int:
    from sandbox.config import from_environment

    config = from_environment(load_settings())
    try:
        from sandbox.server import serve
    except ImportError as exc:
        raise BotError(
            f"install the sandbox first: pip install 'channelmuse[sandbox]' ({exc.name} is missing)"
        ) from exc
    asyncio.run(serve(host=parsed.host, port=parsed.port, api_key=parsed.api_key, config=config))
    return 0


if __name__ == "__main__":
    sys.exit(main())
