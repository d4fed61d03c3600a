"""Run every measure, or those named: `python -m bench service store`."""

import importlib
import platform
import sys

import psutil

MEASURES = ("service", "footprint", "store", "store_postgres", "api_transport", "media", "discord", "slack", "together")


def main() -> None:
    """Print a Markdown table a measure."""
    names = sys.argv[1:] or MEASURES
    print(
        f"{platform.machine()}, {psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, "
        f"{platform.system()} {platform.release().partition('-')[0]}, Python {platform.python_version()}\n",
        flush=True,
    )
    for name in names:
        importlib.import_module(f"bench.{name}").main()
        print(flush=True)


if __name__ == "__main__":
    main()
