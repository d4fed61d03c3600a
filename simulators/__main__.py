"""Command line: `python -m simulators slack --port 8082` or `python -m simulators discord --port 8083`."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from simulators.ports import port


class Simulator(Protocol):
    """A simulator that can be started on a port."""

    @property
    def environment(self) -> dict[str, str]:
        """Settings that connect an app to it, by environment variable."""

    async def start(self, port: int = 0) -> None:
        """Listen. Raises `OSError` when the port is taken."""

    async def stop(self) -> None:
        """Close every connection."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one simulator until Ctrl-C; returns the exit status, 2 for a port that is taken."""
    parser = argparse.ArgumentParser(
        prog="python -m simulators", description="Run Slack or Discord offline, for an app to connect to."
    )
    platforms = parser.add_subparsers(title="platforms", metavar="PLATFORM", dest="platform", required=True)
    for name, usual in (("slack", 8082), ("discord", 8083)):
        platform = platforms.add_parser(name, help=f"run the {name.capitalize()} simulator")
        platform.add_argument("--port", type=port, default=usual, help="port to listen on (default: %(default)s)")
    parsed = parser.parse_args(arguments)
    try:
        asyncio.run(serve(parsed.platform, parsed.port))
    except OSError as exc:
        print(f"can't listen on 127.0.0.1:{parsed.port}: {exc.strerror or exc}", file=sys.stderr)
        return 2
    return 0


async def serve(platform: str, port: int) -> None:
    """Run a simulator until SIGINT or SIGTERM and print how to connect to it. Raises `OSError`."""
    simulator = create(platform)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: Ctrl-C cancels this call
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await simulator.start(port)
    try:
        print(greeting(platform, simulator), flush=True)
        await stop.wait()
    finally:
        await simulator.stop()


def create(platform: str) -> Simulator:
    """A simulator that is not started yet."""
    if platform == "slack":
        from simulators.slack import SlackSimulator  # each has libraries of its own

        return SlackSimulator()
    from simulators.discord.server import DiscordSimulator

    return DiscordSimulator()


def greeting(platform: str, simulator: Simulator) -> str:
    """Instructions for connecting the service."""
    lines = "\n".join(f"{name}={value}" for name, value in simulator.environment.items())
    return f"""\
The {platform.capitalize()} simulator runs. To connect the service, put these lines into .env:

{lines}

Then start it in another terminal: make run
Ctrl-C stops the simulator."""


if __name__ == "__main__":
    sys.exit(main())
