"""Run all benchmarks, or some by name: `python -m bench service store`."""

import importlib
import platform
import sys

import psutil

BENCHMARKS = (
    "service",
    "footprint",
    "store",
    "postgres.store",
    "postgres.claims",
    "postgres.processes",
    "postgres.slack",
    "api_transport",
    "media",
    "discord",
    "slack",
    "aims.process",
    "together",
    "cockpit.viewers",
    "queueing",
)


def main() -> None:
    """Print the Markdown tables of each benchmark."""
    names = sys.argv[1:] or BENCHMARKS
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
