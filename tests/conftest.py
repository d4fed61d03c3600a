"""Fixtures and hooks of all tests."""

import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator, Iterator
from itertools import islice
from types import FrameType

import hypothesis
import pytest
from hypothesis.internal.conjecture import providers

pytest.register_assert_rewrite("tests.contract")

#: Set where every real component is installed: there, a test that is skipped for want of one has failed.
REQUIRE_REAL = bool(os.environ.get("REQUIRE_REAL"))

# The same examples in every run; `HYPOTHESIS_PROFILE=search` looks for new ones.
hypothesis.settings.register_profile("suite", derandomize=True, database=None, deadline=None)
hypothesis.settings.register_profile("search", max_examples=5000, deadline=None, print_blob=True)
_PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "suite")
hypothesis.settings.load_profile(_PROFILE)
if _PROFILE == "suite":
    # Else some examples are constants of our modules, which each worker reads: 0.8 s, and 3.5 s in a new clone. With
    # each change of the code they would be other examples.
    providers._get_local_constants = lambda: providers._local_constants

# Tests start the service many times: let those processes, and the next run, share compiled modules.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
#: Workers whose test waits, as measured on two cores: with two of them a tenth of the time was idle.
_WAITING = 3
#: The number of this process, from 0, and how many run tests.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
#: Allocations between two collections of garbage: with Python's 700 they take a twenty-fifth of the processor time.
_YOUNG_THRESHOLD = 50_000
# Databases and files of tests are in memory where there is room: they take a fifth less processor time, and no disk.
_MEMORY = "/dev/shm"
if (
    "TMPDIR" not in os.environ
    and hasattr(os, "statvfs")
    and os.access(_MEMORY, os.W_OK)
    and not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC
    and shutil.disk_usage(_MEMORY).free > 2_000_000_000
):
    os.environ["TMPDIR"], tempfile.tempdir = _MEMORY, None
# Tests ask this machine alone: to read a hundred authorities for each client takes a fiftieth of their processor time.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = os.path.dirname(__file__)  # noqa: PTH120 - a folder without certificates
# Sentences for the operator are expected in English, whatever language the developer's shell speaks.
for name in ("LC_ALL", "LC_MESSAGES"):
    os.environ.pop(name, None)
os.environ["LANG"] = "C.UTF-8"


def pytest_configure() -> None:
    """Let no test's event loop install a handler of its own for Ctrl-C.

    To replace a handler, Python prints the old one, with the result of the test's fixture in it: up to 10 ms each time.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def pytest_sessionfinish() -> None:
    """Stop the PostgreSQL server, if a test needed one."""
    if (postgres := sys.modules.get("tests.support.database.postgres")) is not None:
        postgres.stop()


def _interrupt(number: int, frame: FrameType | None) -> None:
    signal.default_int_handler(number, frame)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Leave what is loaded and collected alone: the garbage collector would look at all of it again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()  # garbage included: to look for it takes half a second of each process
        gc.set_threshold(_YOUNG_THRESHOLD, *gc.get_threshold()[1:])
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Let each worker begin to collect a folder at another file.

    In a new clone the first that gets to a module compiles it for all.
    """
    report = yield
    if isinstance(collector, pytest.Dir) and (found := report.result):
        begin = len(found) * _WORKER // _WORKERS
        report.result = found[begin:] + found[:begin]
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start each worker with its share of the long tests: none of them is left when the others have nothing to do."""
    items.sort(key=lambda item: item.path)  # the same order in each worker
    workers = _WORKERS
    long = [item for item in items if item.get_closest_marker("long")]
    rest = iter([item for item in items if not item.get_closest_marker("long")])
    total, items[:] = len(items), []
    for worker in range(workers):  # it is given the tests from one multiple of a share to the next
        items += long[worker::workers]
        items += islice(rest, max(0, total * (worker + 1) // workers - len(items)))


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove a developer's own tokens and settings from the environment."""
    for name in tuple(os.environ):
        if name.startswith(("AIMODELS_", "BOT_", "SANDBOX_", "CONSOLE_", "SLACK_", "DISCORD_", "OPENAI_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("BOT_CONTENT_CREDENTIALS", "false")  # a process for each file is not what most tests are about


def pytest_xdist_auto_num_workers() -> int:
    """Return more workers than cores, as some tests wait for a process or a socket at any time."""
    return (os.cpu_count() or 1) + _WAITING


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Turn skips into failures if REQUIRE_REAL is set, except for `optional` tests."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if REQUIRE_REAL and report.skipped and not hasattr(report, "wasxfail") and not item.get_closest_marker("optional"):
        report.outcome = "failed"
        report.longrepr = f"skipped although everything real must be here: {report.longrepr}"
