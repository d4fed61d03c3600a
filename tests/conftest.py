"""What every test relies on."""

import os
from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("tests.contract")

#: Set where every real component is installed: there, a test that is skipped for want of one has failed.
REQUIRE_REAL = bool(os.environ.get("REQUIRE_REAL"))

# Tests start the service many times: let those processes share compiled modules.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own tokens and settings never reach a test."""
    for name in tuple(os.environ):
        if name.startswith(("AIMODELS_", "BOT_", "SANDBOX_", "CONSOLE_", "SLACK_", "DISCORD_")):
            monkeypatch.delenv(name)


def pytest_xdist_auto_num_workers() -> int:
    """Two workers for each core: many tests wait for a process or a socket."""
    return 2 * (os.cpu_count() or 1)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Turn a skip into a failure where nothing real may be missing; `optional` tests may be skipped anywhere."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if REQUIRE_REAL and report.skipped and not hasattr(report, "wasxfail") and not item.get_closest_marker("optional"):
        report.outcome = "failed"
        report.longrepr = f"skipped although everything real must be here: {report.longrepr}"
