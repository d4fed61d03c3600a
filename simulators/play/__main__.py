"""Command line: `python -m simulators.play`."""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import webbrowser
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from simulators.play.session import PlaySession
from simulators.ports import port


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the page until Ctrl-C; returns the exit status, 2 for a port that is taken."""
    parser = argparse.ArgumentParser(
        prog="python -m simulators.play",
        description="Try the service in a browser, on a Slack-like and a Discord-like page. Everything stays on this "
        "machine.",
    )
    parser.add_argument("--port", type=port, default=0, help="port of the page (default: any free one)")
    parser.add_argument("--folder", type=Path, help="folder of the data (default: a temporary one)")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument(
        "--until-input-ends", action="store_true", help="end with standard input, as with a program that started it"
    )
    parser.add_argument(
        "--set",
        action="append",
        type=setting,
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the service, such as BOT_QUOTE_ABOVE=0.1; may be repeated",
    )
    parsed = parser.parse_args(arguments)
    with ExitStack() as stack:
        folder = parsed.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="play-")))
        session = PlaySession(folder, dict(parsed.set))
        try:
            asyncio.run(serve(session, parsed.port, opens=not parsed.no_browser, reads=parsed.until_input_ends))
        except OSError as exc:
            reason = str(exc.strerror or exc).partition(" (while")[0]
            print(f"can't listen on 127.0.0.1:{parsed.port}: {reason}", file=sys.stderr)
            return 2
    return 0


async def serve(session: PlaySession, number: int, *, opens: bool, reads: bool) -> None:
    """Run until SIGINT or SIGTERM. `reads`: or until standard input ends. Raises `OSError`."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: Ctrl-C cancels this call
            loop.add_signal_handler(name, stop.set)
    if reads:
        loop.add_reader(sys.stdin, read_input, stop)
    await session.start(number)
    try:
        print(f"Try the service at {session.url}\nIts data is in {session.folder}. Ctrl-C stops it.", flush=True)
        if opens:
            await asyncio.to_thread(webbrowser.open, session.url)
        await stop.wait()
    finally:
        await session.stop()


def read_input(ended: asyncio.Event) -> None:
    """Read what is there of standard input; set `ended` at its end."""
    if not os.read(sys.stdin.fileno(), 4096):
        ended.set()


def setting(text: str) -> tuple[str, str]:
    """A setting. Raises `argparse.ArgumentTypeError`."""
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"{text} is no setting: give NAME=VALUE")
    return name, value


if __name__ == "__main__":
    sys.exit(main())
