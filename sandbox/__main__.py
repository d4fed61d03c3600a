"""Command line of the sandbox: `python -m sandbox --port 8081 --api-key test`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from sandbox.config import config_from_environment, port
from sandbox.errors import SandboxError


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C; returns the exit status, 2 for a sandbox that can't start."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="Serve the AI Models API offline. The environment and .env may set SANDBOX_GGUF and "
        "SANDBOX_REQUESTS_PER_MINUTE.",
    )
    add_arguments(parser)
    parsed = parser.parse_args(arguments)
    try:
        from sandbox.server import serve

        asyncio.run(serve(host=parsed.host, port=parsed.port, api_key=parsed.api_key, config=config_from_environment()))
    except ImportError as exc:
        print(f"install the sandbox's libraries first ({exc.name} is missing)", file=sys.stderr)
        return 2
    except SandboxError as exc:
        print(exc, file=sys.stderr)
        return 2
    return 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--host`, `--port` and `--api-key`."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=port, default=8081, help="port to listen on (default: %(default)s)")
    parser.add_argument("--api-key", default=None, help="the key that callers must send (default: a random one)")


if __name__ == "__main__":
    sys.exit(main())
